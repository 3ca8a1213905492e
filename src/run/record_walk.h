/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_walk.h: forward walks over examples that hand the rows of taps to whoever keeps or counts them.
 *
 * A batch's rows are handed over in the order of the recording: first which they are, then tap by tap, some rows at a time while they are near in memory.
 * Shape letters: n rows, C channels of a tap.
 * Ownership: a walk owns its buffers; what it hands over is valid during the call. Thread rule: one thread at a time.
 */
#pragma once

#include "run/record.h"
#include "store/types.h"

/* What is wanted of a tap: numbers that are, as stored, at most lo or at least hi of their channel, (C) each. */
typedef struct { const double *lo, *hi; } AssayRecordBounds;

/* Wanted numbers of n rows of a tap, by row, then channel: those of row r end at end[r] - before. */
typedef struct {
  gint64 n, before;
  const gint64 *end;            /* (n) */
  AssayStoreType type;
  gconstpointer value;          /* of each entry */
  const gint32 *channel;
} AssayRecordEntries;

/* Calls return FALSE to end the walk. */
typedef struct {
  AssayStoreType type;          /* what numbers are to be kept as: the first that it cannot hold ends the walk */
  gboolean (*index) (gpointer data, const gint64 *example, const gint32 *position, gint64 n, GError **error);
  gboolean (*rows)  (gpointer data, guint tap, AssayStoreType from, gconstpointer x, gint64 n, GError **error);      /* x (n,C) */
  gboolean (*batch) (gpointer data, GError **error);              /* all rows of a batch have been handed over */
  /* NULL: rows alone are wanted. Else a batch that is on a device may be handed over as entries of some taps, where these are few. bounds: (taps), valid during
   * the walk; NULL: of this batch rows. It is asked for one batch ahead of what has been handed over. */
  const AssayRecordBounds *(*bounds) (gpointer data);
  gboolean (*entries) (gpointer data, guint tap, const AssayRecordEntries *entries, GError **error);
  /* NULL, or what else is to be queued with each tap's value (n_walked,C) of a batch of which entries were sent, before they are handed over; at (n): its rows, both there.
   * What fails ends the walk. give_up: memory that was taken there is needed. */
  gboolean (*there) (gpointer data, guint tap, gconstpointer value, gconstpointer at, gint64 n, GError **error);
  gboolean (*give_up) (gpointer data, GError **error);
  gpointer data;
} AssayRecordSink;

typedef struct _AssayRecordWalk AssayRecordWalk;

/* recording and rows must outlive the walk; rows are of its examples. Errors: USAGE (no tap), NOT_FOUND (tap), memory, those of a pass. */
AssayRecordWalk *assay_record_walk_new      (const AssayRecording *recording, const AssayRecordRows *rows, GError **error);
void             assay_record_walk_free     (AssayRecordWalk *walk);
/* Elements are AssayRecordTap. */
const GPtrArray *assay_record_walk_get_taps (const AssayRecordWalk *walk);
/* Most rows of a batch. */
gint64           assay_record_walk_get_most_rows (const AssayRecordWalk *walk);
/* Rows first .. end - 1. Errors: NAN, naming example, tap, position and channel; those of the walk and of the sink; INTERRUPTED or TERMINATED, between
 * two batches: what was handed over is whole. */
gboolean         assay_record_walk_run      (AssayRecordWalk *walk, gint64 first, gint64 end, const AssayRecordSink *sink, AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecordWalk, assay_record_walk_free)
