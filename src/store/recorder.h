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
 * Several processes may record one object together in a case that they share: each its rows, run by run (assay_recorder_move), and who finds that all are
 * there ends it (assay_recorder_end_share). Rows that another process has committed meanwhile are dropped: the first stay.
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
/* The number of the object that is continued or begun; 0: none so far. Only between calls that append. */
guint64        assay_recorder_get_object (AssayRecorder *self);
/* Commits what has been appended so far as a part of its own, so that readers see it. All arrays must be equally long. */
gboolean       assay_recorder_flush  (AssayRecorder *self, GError **error);
/* Commits the rest and marks the object complete. Owns: the caller. */
AssayObject   *assay_recorder_finish (AssayRecorder *self, GError **error);

/* Commits what has been appended and goes on at the first run of rows from *first to *end - 1 that nobody has committed yet; narrows both to it. *found is
 * FALSE when there is none. */
gboolean       assay_recorder_move   (AssayRecorder *self, gint64 *first, gint64 *end, gboolean *found, GError **error);
/* Commits the rest, and marks the object complete where all n_rows rows are there now; *here: this process did, and no other. *object receives it,
 * complete or not; NULL when nobody has committed a row. Owns: the caller. */
gboolean       assay_recorder_end_share (AssayRecorder *self, gint64 n_rows, AssayObject **object, gboolean *here, GError **error);

/* Which rows one of several processes sees to, for those who record on its behalf in a case that it shares. */
typedef struct _AssayRecorderShare {
  void (*choose) (gpointer data, gint64 n_rows, gint64 *first, gint64 *end);      /* of n_rows: first .. end - 1 */
  void (*done)   (gpointer data, const AssayObject *object, gint64 n_rows, gboolean is_last);   /* the recording so far, or NULL; is_last: whole, and by this
                                                                                                 * process or since before it began */
  gpointer data;
} AssayRecorderShare;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecorder, assay_recorder_free)
