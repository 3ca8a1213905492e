/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curvature.h: the curvature matrices of a mean loss, as linear operators that are exact to rounding and never formed.
 *
 *   "hessian"       H = (1/N) sum_i  d2 l_i / d theta2                    exact, indefinite
 *   "gauss-newton"  G = (1/N) sum_i  J_i' H_i J_i,  H_i of the loss in its logits; positive semi-definite
 *   "fisher"        F = (1/N) sum_i  g_i g_i'  at the true labels (empirical); positive semi-definite
 *   "complex-step"  H once more, as Im grad (theta + i h v) / h: no second-order rule in it. The oracle; slow.
 * None holds the l2 term or damping: add them with assay_linop_shift_new.
 * One linop_*.c and one line in local.mk each.
 * Shape letters: N examples, P parameters. Thread rule: one apply at a time per operator; walks use the backend's crew.
 */
#pragma once

#include "hessian/linop.h"
#include "hessian/point.h"

typedef struct {
  const char *name, *help;
  gboolean is_semidefinite;     /* v' A v >= 0 for every v */
  /* The operator at a point. Cost: memory of the walks, reserved here; nothing is allocated while applying.
   * Errors: the data set does not fit the model; not enough memory; an empty list of examples. */
  AssayLinop *(*open) (const AssayPoint *point, GError **error);
} AssayCurvature;

#define ASSAY_CURVATURE_DEFINE(symbol)                                                                                  \
  extern const AssayCurvature assay_curvature_##symbol;                                                                 \
  const AssayCurvature assay_curvature_##symbol

/* Errors: USAGE with the names there are. */
const AssayCurvature *assay_curvature_find (const char *name, GError **error);
const AssayCurvature *const *assay_curvature_list (void);         /* NULL-terminated */

/* The operator of that name at a point. Source: influence chapter, section 2; Pearlmutter 1994; Schraudolph 2002. */
AssayLinop *assay_curvature_open (const char *name, const AssayPoint *point, GError **error);
