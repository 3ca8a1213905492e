/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recording.h: what both recordings share: options, identity, and a recorder that is opened, fed row by row and closed.
 * Internal to this floor. Thread rule: as the recorder's: one thread at a time.
 */
#pragma once

#include "run/record.h"
#include "store/recorder.h"

/* The stored type that the options ask for; by_default where they leave it open. */
AssayStoreType assay_recording_get_type (const AssayRecording *recording, AssayStoreType by_default);

/* Whether the finished object of this identity is there, and then all of share but its rows; else a meta for a recorder of it. */
gboolean       assay_recording_find     (const AssayRecording *recording, const char *kind, AssayRecordShare *share, json_t **meta);

/* The first of n numbers (F32 or F64) that the stored type cannot hold: NaN, infinity, or rounded to infinity; -1 when there is none. */
gint64         assay_recording_find_unfit (AssayDtype dtype, gconstpointer numbers, gint64 n, AssayStoreType type);

/* Calls walk for each run of rows first .. end - 1 that is to be recorded, and ends the recording; share->rows are those that it will have. */
typedef gboolean (*AssayRecordingWalk) (gpointer data, gint64 first, gint64 end, AssayProgress *progress, GError **error);
gboolean       assay_recording_run      (AssayRecorder *recorder, AssayRecordingWalk walk, gpointer data, AssayRecordShare *share, AssayProgress *progress,
                                         GError **error);

/* Commits what waits when half a minute has passed since *last, so that a kill costs no more. */
gboolean       assay_recording_keep_up  (AssayRecorder *recorder, gint64 *last, GError **error);
