/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_directions.h: what a unit reads and what it writes, by the weights of the model alone.
 *
 * From the value of a tap the graph is followed backwards and forwards over functions of single units (activations, flattening) to the linear
 * map that made the unit and to the one that reads it. A side then has one weight for each
 *
 *   TOKENS   entry of the vocabulary: reads   E (gamma * w_in)       E embedding (V,d), w_in the row of the unit, gamma of the norm before it
 *                                     writes  U (gamma_f * w_out)    U head (V,d), w_out the column of the unit, gamma_f of the final norm
 *   INPUT    number of an example: a column of a table, a pixel of an image
 *   UNITS    unit of another value
 *   OUTPUT   output of the model: a class
 *
 * With LayerNorm, which takes the mean out, w_in gamma and w_out are centred first. For TOKENS the factor 1/sigma of the norm, which depends on the
 * example, is left out: a write is the change of a logit for one unit of activation at sigma = 1, on the direct path alone; later layers may
 * undo it. What no single row or column of weights decides is MISSING, with the reason.
 * Shape letters: C units of the tap, n weights of a side. Ownership: the caller. Thread rule: immutable once made.
 * Source: F14 of the manual's chapter on units; Elhage et al. 2021 for the direct path.
 */
#pragma once

#include "base/workers.h"
#include "model/model.h"

typedef enum { ASSAY_SIDE_MISSING, ASSAY_SIDE_TOKENS, ASSAY_SIDE_INPUT, ASSAY_SIDE_UNITS, ASSAY_SIDE_OUTPUT, ASSAY_N_SIDES } AssayUnitSideKind;

typedef struct {
  AssayUnitSideKind kind;
  char *reason;                 /* MISSING */
  char *through;                /* the weight, by its name in checkpoints */
  char *of;                     /* UNITS, OUTPUT: the value that is read or written */
  char *norm;                   /* TOKENS: the norm between, by the name of its weight */
  gboolean centred;
  gint64 n;
  guint node;                   /* of the linear map or convolution */
  guint norm_node;
  gboolean is_write;
} AssayUnitSide;

typedef struct {
  AssayModel *model;            /* borrowed: outlives this */
  gint64 C;
  guint n_reads;                /* 1, or 2 for a gated unit: the gate first */
  AssayUnitSide reads[2], writes;
} AssayUnitDirections;

/* NULL where the model has no such tap. */
AssayUnitDirections *assay_unit_directions_new  (AssayModel *model, const char *tap, GError **error);
void                 assay_unit_directions_free (AssayUnitDirections *directions);

/* "tokens", "input", "units", "output", "missing". */
const char *assay_unit_side_get_word (AssayUnitSideKind kind);

/* weight (n_units, side->n) of units first .. first+n_units-1. The side must not be MISSING.
 * Numerics: sums in the model's type. Cost: TOKENS 2 n d flops a unit. Errors: memory. */
gboolean    assay_unit_side_compute  (const AssayUnitDirections *directions, const AssayUnitSide *side, gint64 first, gint64 n_units,
                                      AssayWorkers *workers, double *weight, GError **error);

typedef struct { gint64 index; double weight; } AssayUnitEffect;

/* The k largest weights above 0, and the k smallest below 0, each from the extreme on, equal ones by index. Returns how many through n_*. */
void        assay_unit_side_top      (const double *weight, gint64 n, guint k, AssayUnitEffect *positive, guint *n_positive,
                                      AssayUnitEffect *negative, guint *n_negative);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitDirections, assay_unit_directions_free)
