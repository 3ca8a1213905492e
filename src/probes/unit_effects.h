/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_effects.h: the strongest weights of every unit of a tap, on each side: the tokens, columns or units that it reads and writes most.
 *
 * Shape letters: C units, k weights at either end. Ownership: the caller. Thread rule: immutable once made.
 */
#pragma once

#include "base/progress.h"
#include "probes/unit_directions.h"

typedef struct {
  AssayUnitSideKind kind;
  gboolean is_write;
  char *reason, *through, *of, *norm;   /* as in AssayUnitSide; NULL where it has none */
  gboolean centred;
  gint64 C, n;                  /* units; weights that k were taken from */
  guint k;
  AssayUnitEffect *positive, *negative; /* (C,k) from the extreme on */
  guint *n_positive, *n_negative;       /* (C) */
} AssayUnitEffects;

/* Errors: memory; INTERRUPTED, TERMINATED. */
AssayUnitEffects *assay_unit_effects_find (const AssayUnitDirections *directions, const AssayUnitSide *side, guint k, AssayWorkers *workers,
                                           AssayProgress *progress, GError **error);
/* Room for C units; for the store. Errors: memory. */
AssayUnitEffects *assay_unit_effects_new  (AssayUnitSideKind kind, gint64 C, gint64 n, guint k, GError **error);
void              assay_unit_effects_free (AssayUnitEffects *effects);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitEffects, assay_unit_effects_free)
