/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop_check.h: operators that test themselves at run time, on the user's own model and data.
 *
 * Each check is a row: what was compared, the number, the bound it must not pass. A NaN never passes.
 * Ownership: the table owns its rows. Thread rule: as the operators checked.
 */
#pragma once

#include "base/progress.h"
#include "hessian/curvature.h"

typedef struct {
  char *name;                   /* "Hessian: symmetry" */
  char *meaning;                /* the formula, in words */
  double value, bound;
  gboolean passed;              /* value <= bound */
} AssayCheck;

/* A table of AssayCheck. */
GPtrArray *assay_check_table_new (void);
/* Appends a row. */
void       assay_check_table_add (GPtrArray *table, const char *name, const char *meaning, double value, double bound);
gboolean   assay_check_table_has_passed (const GPtrArray *table);

/* Linearity, symmetry and, where `is_semidefinite`, v'Av >= 0, on `n_directions` normal random directions of (seed).
 * Bounds: 10 product_error. Cost: 3 products a direction. Errors: those of the operator. */
gboolean   assay_linop_check (AssayLinop *op, gboolean is_semidefinite, guint64 seed, guint n_directions, GPtrArray *table, GError **error);

/* Every curvature operator at a point: the checks above; the Hessian against the complex-step oracle and against differences of
 * gradients (Taylor); the gradient against differences of losses and against directional derivatives; the Fisher product against
 * single gradients. Cost: about 30 gradient walks in the point's type and 10 in complex doubles over the point's examples: choose
 * few. Errors: those of the walks; cancelled. */
gboolean   assay_curvature_check (const AssayPoint *point, guint64 seed, GPtrArray *table, AssayProgress *progress, GError **error);
