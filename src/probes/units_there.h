/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_there.h: what units of float16 did, counted on a device where a walk left it: histograms and exact sums, which come back once.
 *
 * Everything is whole numbers, so that summaries have the bits that the processor gives them. The best rows are not looked for here.
 * Shape letters: n rows of a batch, C units of a tap.
 * Ownership: backend and taps outlive it. Thread rule: that of the walk. Internal to this floor.
 */
#pragma once

#include "probes/unit_summary.h"
#include "run/record_taps.h"
#include "tensor/backend.h"

typedef struct _AssayUnitsThere AssayUnitsThere;

/* Nothing counted yet, of those of the taps (AssayRecordTap) that are no patterns. Memory there: 2,080 bytes a unit. Errors: NO_MEMORY. */
AssayUnitsThere *assay_units_there_new     (AssayBackend *backend, const GPtrArray *taps, AssayDtype dtype, GError **error);
void             assay_units_there_free    (AssayUnitsThere *there);
/* Queues the counting of rows at (n) of tap k's value, both there, which must be finite as float16. Errors: those of the device: what was counted is of no use then. */
gboolean         assay_units_there_add     (AssayUnitsThere *there, guint k, gconstpointer value, gconstpointer at, gint64 n, GError **error);
/* Whether sums have room for n rows more of each tap. */
gboolean         assay_units_there_has_room (const AssayUnitsThere *there, gint64 n);
/* Adds what was counted since the last time to the summaries, those of all units of all taps, and begins anew. Errors: those of the device, and memory: as above. */
gboolean         assay_units_there_collect (AssayUnitsThere *there, AssayUnitSummary *unit, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitsThere, assay_units_there_free)
