/* SPDX-License-Identifier: GPL-3.0-or-later */
/* damped_curvature.h: the matrix that a method inverts, A = C + lambda I, with what is known of its spectrum.
 *
 * lambda = l2 of training + damping, stored apart. Unset damping means
 *   0                       for a convex model with l2, or a small one whose Hessian is definite without: A is then exactly the Hessian of
 *                           what was minimised;
 *   largest eigenvalue/400  else: it keeps the condition number near 400, so that conjugate gradients end in about 200 products
 *                           whatever the model, and on small language models it is about where predictions of retraining are best.
 * Columns of a table may differ in size by factors of a million, which alone makes a matrix look singular and a bound useless. So a small
 * convex model is looked at in coordinates of its own, theta = S theta': S is diagonal, of powers of two, and brings the diagonal of
 * S A S to about 1. A power of two rounds nothing, and a model that is affine in theta computes the same bits for columns times S as it does
 * for theta times S: what is known of errors of products holds for S A S as it does for A. Scores do not depend on S.
 * Source: van der Sluis 1969 (a diagonal of ones is within a factor P of the best diagonal scaling).
 *
 * Shape letters: P parameters.
 * Ownership: the caller clears it. Thread rule: one apply at a time.
 */
#pragma once

#include "hessian/curvature.h"
#include "influence/method.h"

typedef struct {
  AssayLinop *curvature;                /* C */
  double *scale;                        /* (P) the diagonal of S; NULL: S is the identity */
  AssayLinop *damped;                   /* S A S */
  double damping, lambda;
  double lower_bound;                   /* S A S >= lower_bound I; -infinity when not known */
  double norm;                          /* about ||S A S||, from below; within a factor of two where a damping was given */
  gboolean is_convex;                   /* C is known to be positive semi-definite because the model is affine in theta */
} AssayDampedCurvature;

/* For tables of options: entries "curvature" and "damping". */
#define ASSAY_DAMPED_CURVATURE_PARAMS                                                                                   \
  { .name = "curvature", .type = ASSAY_PARAM_CHOICE, .def.s = "gauss-newton", .choices = assay_damped_curvature_choices, \
    .help = "matrix to invert: positive semi-definite Gauss-Newton, the exact Hessian, or that by the oracle: slow, an audit" }, \
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = NAN, .min = 0, .max = 1e300, .flags = ASSAY_PARAM_OPTIONAL, \
    .help = "added to l2 on the diagonal; unset: 0 for a convex model whose Hessian with l2 is definite, else the largest eigenvalue / 400" }

extern const char *const assay_damped_curvature_choices[];

/* damping NaN: the default above, described in notes. Errors: those of the walks; memory; cancelled. */
gboolean assay_damped_curvature_open  (const AssayInfluenceTask *task, const char *curvature, double damping, GString *notes,
                                       AssayDampedCurvature *out, AssayProgress *progress, GError **error);
/* From here on damped has a coarse operator, of products formed so: for solvers that measure their residuals with damped itself. */
gboolean assay_damped_curvature_add_coarse (AssayDampedCurvature *self, const AssayInfluenceTask *task, const char *curvature, AssayCompute compute,
                                            GError **error);
/* X <- S X for K vectors, X (K,P): takes gradients to the coordinates of the solve, and solutions back from them. */
void     assay_damped_curvature_scale (const AssayDampedCurvature *self, gint64 K, double *X);
void     assay_damped_curvature_clear (AssayDampedCurvature *self);

/* The largest eigenvalue in magnitude by 16 steps of the power method from a fixed random start: a lower estimate.
 * Cost: 16 products. */
gboolean assay_curvature_estimate_norm (AssayLinop *op, double *norm, AssayProgress *progress, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayDampedCurvature, assay_damped_curvature_clear)
