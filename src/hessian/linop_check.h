/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_check.h: operators that test themselves at run time, on the user's own model and data.
 *
 * Each check is a row: what was compared, the number, the bound it must not pass. A NaN never passes.
 * Shape letters: N examples, P parameters.
 * Ownership: the table owns its rows. Thread rule: as the operators checked.
 */
#pragma once

#include "base/progress.h"
#include "hessian/curvature.h"

#include <jansson.h>

typedef struct {
  char *name;                   /* "Hessian: symmetric" */
  char *meaning;                /* the number as a formula */
  double value, bound;
  gboolean passed;              /* value <= bound */
} AssayCheck;

/* A table of AssayCheck, freed with g_ptr_array_unref. */
GPtrArray *assay_check_table_new (void);
/* Appends a row; the texts are copied. */
void       assay_check_table_add (GPtrArray *table, const char *name, const char *meaning, double value, double bound);
/* [{"name", "meaning", "value", "bound", "passed"}]. New reference. */
json_t    *assay_check_table_to_json (const GPtrArray *table);
/* FALSE for an empty table: nothing was checked. */
gboolean   assay_check_table_has_passed (const GPtrArray *table);

/* Appends linear, symmetric (where the operator says so) and, with is_semidefinite, v'Av >= 0, each the worst of n_directions pairs of
 * normal random directions of (seed). Bounds: 10 product_error, a tenth of it for symmetry, and never below ten roundings.
 * Cost: 3 products a pair. Errors: those of the operator. */
gboolean   assay_linop_check (AssayLinop *op, gboolean is_semidefinite, guint64 seed, guint n_directions, GPtrArray *table, GError **error);

/* Appends op against an independent operator: largest difference over the largest entry of the other's product, at most `bound`. */
gboolean   assay_linop_check_against (AssayLinop *op, AssayLinop *other, double bound, guint64 seed, guint n_directions, GPtrArray *table,
                                      GError **error);

/* Every curvature matrix at a point: the checks above; the Hessian against the complex-step oracle; in f64 and by differences (Taylor)
 * gradient against losses and Hessian against gradients; derivatives along a direction against the gradient; the Fisher product against
 * single gradients.
 * Numerics: differences are bounded by their own change when the step is halved, plus their rounding: coarse, but of no kin with the
 * rules; the oracle is the sharp one.
 * Cost: about 40 gradient walks and 2 in complex doubles over the point's examples, and N gradients of batch 1: choose few.
 * Errors: those of the walks; stopped on request. */
gboolean   assay_curvature_check (const AssayPoint *point, guint64 seed, GPtrArray *table, AssayProgress *progress, GError **error);
