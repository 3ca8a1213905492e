/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_stream.h: the units of a corpus summarised while the model walks over it. No row is kept, so that memory is the same for any corpus.
 *
 * The walking thread rounds rows to the stored type and goes on; a thread of its own turns them round, unit by unit, and adds them to the units'
 * summaries. Rows wait in a fixed number of slots; the walk waits for an empty one when all are full. On a device with room for counts rows of float16 are counted there
 * (units_there.h), to the same bits, from the batch on before which every unit has met as many rows as are kept, and only those that may be among these leave it.
 * Shape letters: C units of a tap, R rows. Ownership: the caller. Thread rule: one stream at a time per recording.
 */
#pragma once

#include "probes/units.h"
#include "run/record.h"

typedef struct {
  GPtrArray *taps;              /* AssayUnits, as far as a summary knows them, in the order of evaluation */
  gint64 R, R_there;            /* rows; of them those that a device counted */
  double waited, took;          /* seconds: of the walk for the other thread, of all */
} AssayUnitsStream;

/* Bytes that units and slots take, for taps (AssayRecordTap) and `top` rows at either end. */
gsize assay_units_stream_measure (const GPtrArray *taps, gint64 top);

/* Walks the recording's examples, those rows of them that its options ask for. A walk that is stopped leaves what it has in the case (units_part.h), as it
 * does every half hour, and the same walk goes on from there; recording->store may be NULL: then nothing is left. Errors: those of assay_record_walk_run; memory; SHAPE for no rows. */
AssayUnitsStream *assay_units_stream_run  (const AssayRecording *recording, gint64 top, AssayProgress *progress, GError **error);
void              assay_units_stream_free (AssayUnitsStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitsStream, assay_units_stream_free)
