/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_there.h: rows of values that a walk has on a device: the wanted ones are gathered and rounded to the stored type there, and only they are copied,
 * while the next batch is walked; or only those of their numbers that lie outside bounds, as entries.
 *
 * Rounded numbers have the bits of assay_store_convert. A type that is wider than the walk's is left for who takes the rows.
 * Shape letters: n rows of a batch, C channels of a tap.
 * Ownership: backend and taps outlive it; rows and entries are its own and valid until the next send. Thread rule: that of the walk. Internal to this floor.
 */
#pragma once

#include "model/exec.h"
#include "run/record_taps.h"
#include "run/record_walk.h"

typedef struct _AssayRecordThere AssayRecordThere;

/* Room for batches of at most most_rows rows of those of the taps (AssayRecordTap) that are no patterns, on their way to be stored as type; bounded: entries, too.
 * Memory, there and pinned here: for each tap and row the stored numbers and 8 to 12 bytes more; 8 bytes a row. Bounded: for each tap and row 8 bytes more, of the widest tap
 * a bit for each number, and 16 bytes a channel. Errors: NO_MEMORY. */
AssayRecordThere *assay_record_there_new  (AssayBackend *backend, const GPtrArray *taps, AssayDtype dtype, AssayStoreType type, gint64 most_rows, gboolean bounded,
                                           GError **error);
void              assay_record_there_free (AssayRecordThere *there);

/* Queues what row r of each tap is, at (n) of the rows of the walk's values. bounds (taps): entries alone, where they take no more room than the rows, which waits for
 * the walk; NULL: rows. Errors: those of the device; NO_MEMORY leaves the walk's values as they are. */
gboolean          assay_record_there_send    (AssayRecordThere *there, const AssayExec *exec, const gint64 *at, gint64 n, const AssayRecordBounds *bounds, GError **error);
/* Waits for what was sent. Errors: those of the device, also of the copy. */
gboolean          assay_record_there_receive (AssayRecordThere *there, GError **error);

/* What rows are of; and the rows (n,C) of tap k that were received. */
AssayStoreType    assay_record_there_get_type (const AssayRecordThere *there);
gconstpointer     assay_record_there_get_rows (const AssayRecordThere *there, guint k);
/* Which rows of the walk's values were sent, there. */
gconstpointer     assay_record_there_get_at (const AssayRecordThere *there);
/* Whether entries were sent in place of rows; and those of tap k. */
gboolean          assay_record_there_has_entries (const AssayRecordThere *there);
AssayRecordEntries assay_record_there_get_entries (const AssayRecordThere *there, guint k);
/* The first row of tap k with a number that the type cannot hold, that number's channel and the number; -1 when there is none. */
gint64            assay_record_there_find_unfit (const AssayRecordThere *there, guint k, gint64 *channel, double *number);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecordThere, assay_record_there_free)
