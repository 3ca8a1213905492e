/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder.h: a long sequence of rows (activations, gradients, per-step metrics) as one object of many parts.
 *
 * Shapes: each array is (N) or (N,C); N grows as rows are appended, and all arrays of a recorder share the row axis.
 *
 * Rows are converted and copied into a bounded queue; the store's thread tiles them, and commits a part whenever it is full.
 * The appending thread sleeps only while the queue is full. Rows are acknowledged part by part
 * (assay_recorder_get_committed): these are never lost. After a crash the readable rows are a prefix of the appended ones.
 *
 * A recorder over an unfinished object of the same kind, name, arrays and meta continues it: ask
 * assay_recorder_get_committed and append from that row on. With other meta a new object is begun.
 *
 * Thread rule: one thread at a time per recorder. Errors of queued work come with the next call.
 */
#pragma once

#include "store/case.h"
#include "store/shard.h"

typedef struct _AssayRecorder AssayRecorder;

/* arrays: rank 1 or 2 each, numeric; dims[0] is not read; all name the same axes[0]. meta as in shard.h. */
AssayRecorder *assay_recorder_new    (AssayCase *cas, const char *kind, const char *name, json_t *meta,
                                      const AssayArraySpec *arrays, guint n_arrays, GError **error);
/* Rows that were not committed are dropped; the object stays unfinished and can be continued. */
void           assay_recorder_free   (AssayRecorder *self);

/* Before the first row. part_bytes: size of a part (default 64 MiB); queue_bytes: most memory waiting (default 64 MiB). */
void           assay_recorder_set_limits (AssayRecorder *self, gsize part_bytes, gsize queue_bytes);

/* n_rows rows of array a, row-major. Arrays may run ahead of each other by less than a part. */
gboolean       assay_recorder_append (AssayRecorder *self, guint a, AssayStoreType from, const void *rows, gint64 n_rows,
                                      GError **error);

/* Rows that are on disk for ever. */
gint64         assay_recorder_get_committed (AssayRecorder *self);
/* Commits what has been appended so far as a part of its own, so that readers see it. All arrays must be equally long. */
gboolean       assay_recorder_flush  (AssayRecorder *self, GError **error);
/* Commits the rest and marks the object complete. Owns: the caller. */
AssayObject   *assay_recorder_finish (AssayRecorder *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecorder, assay_recorder_free)
