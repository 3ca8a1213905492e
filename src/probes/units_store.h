/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_store.h: everything that was found about the units of one tap, together, as an object units/RECORDING/TAP of a case.
 *
 *   /statistics/mean variance least most nonzero distinct twin (C)   /statistics/quantile (C,quantile)   /histogram/count (C,256)
 *   /histogram/edges (257)   /largest/ and /smallest/ value example position (C,k)   /bands/ lo hi count drawn (C,B)
 *   /drawn/ value example position (C,B,E)   /similar/ unit other cosine   /SIDE/ positive positive_weight negative negative_weight (C,k)
 *   /ablation/ unit, changes, controls: one row for each ablated unit, and one with unit -1 for all of them together
 *
 * Places of lists that are not filled hold -1 and NaN. A SIDE is reads, reads_2 (the other factor of a gated unit) or writes.
 * Ownership: the caller. Thread rule: as the store's.
 */
#pragma once

#include "probes/unit_ablation.h"
#include "probes/unit_effects.h"

enum { ASSAY_TAP_READS, ASSAY_TAP_READS_2, ASSAY_TAP_WRITES, ASSAY_TAP_N_SIDES };

typedef struct {
  AssayUnits *units;
  AssayUnitEffects *side[ASSAY_TAP_N_SIDES];    /* NULL: there is no such side */
  AssayUnitAblations *ablations;                /* NULL: none was run */
} AssayTapUnits;

AssayTapUnits *assay_tap_units_new  (void);
void           assay_tap_units_free (AssayTapUnits *tap);

/* "reads", "reads_2", "writes". */
const char    *assay_tap_side_get_name (guint side);

/* kind: "units", or "summary" for what was summarised while the model walked. meta: what else the object is to say of itself; borrowed.
 * Errors: those of the store. Owns: the caller. */
AssayObject   *assay_tap_units_save (const AssayTapUnits *tap, AssayCase *cas, const char *kind, const char *name, json_t *meta, GError **error);
/* Errors: NOT_FOUND; DAMAGED when the object is not what assay_tap_units_save makes. */
AssayTapUnits *assay_tap_units_load (AssayCase *cas, AssayObject *object, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTapUnits, assay_tap_units_free)
