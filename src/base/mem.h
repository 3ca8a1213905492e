/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.h: counted memory for the large buffers of the numerical floors.
 *
 * Buffers are 64-byte aligned and zeroed. Allocation can fail: it says how many bytes were asked for. The counters serve
 * the progress line, the planner's check and the tests; assay_mem_fail_at makes the n-th allocation from now fail once,
 * and assay_mem_forbid makes every allocation fail until it is lifted (nothing allocates inside a training step).
 * Small objects use GLib. Thread rule: all functions may be called from any thread.
 */
#pragma once

#include <glib.h>

gpointer assay_mem_alloc     (gsize bytes, GError **error);
void     assay_mem_free      (gpointer buffer);
/* Gives back the memory of the pages that lie wholly within these bytes of a buffer; they read as zero then, and may be written again. The counters go on
 * counting them. */
void     assay_mem_give_back (gpointer first, gsize bytes);

/* Typed form: assay_mem_new (float, n, error). The product is checked. */
#define assay_mem_new(type, n, error) ((type *) assay_mem_alloc_array ((n), sizeof (type), (error)))
gpointer assay_mem_alloc_array (guint64 n, gsize width, GError **error);

gsize    assay_mem_get_live  (void);    /* bytes held now */
gsize    assay_mem_get_peak  (void);    /* most bytes held since the last reset */
void     assay_mem_reset_peak (void);
guint64  assay_mem_get_count (void);    /* allocations so far */
void     assay_mem_fail_at   (guint64 n);   /* the n-th allocation from now fails; 0 disarms */
void     assay_mem_forbid    (gboolean forbid);

typedef void AssayBuffer;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayBuffer, assay_mem_free)
