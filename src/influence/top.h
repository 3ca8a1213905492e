/* SPDX-License-Identifier: GPL-3.0-or-later */
/* top.h: the k scores of largest magnitude out of a stream of any length, in memory for k.
 *
 * Ties go to the smaller example, so the answer does not depend on how the stream was cut. NaN (not scored) never enters.
 * Thread rule: one thread at a time per object.
 */
#pragma once

#include <glib.h>

typedef struct {
  gint64 example;               /* index into the training examples */
  double score, lo, hi;         /* lo, hi NaN where nothing is certified */
} AssayTopEntry;

typedef struct _AssayTop AssayTop;

/* k < 0: keep all. */
AssayTop *assay_top_new  (gint64 k);
void      assay_top_free (AssayTop *top);
/* Cost: O(log k). */
void      assay_top_add  (AssayTop *top, const AssayTopEntry *entry);
/* What was kept, largest magnitude first; *n entries, valid until the next add. Cost: O(k log k). */
const AssayTopEntry *assay_top_get (AssayTop *top, gint64 *n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTop, assay_top_free)
