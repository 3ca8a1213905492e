/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_forms.h: the damped inverse of curvature factors as a quadratic form of every example's own gradient.
 *
 *   g_i' A^-1 g_i = sum over modules  sum over entries  (Q_S' D_i Q_A)^2 / (spectrum + lambda)
 *
 * Shape letters: N examples. Thread rule: one call at a time per backend.
 */
#pragma once

#include "base/progress.h"
#include "hessian/factors_inverse.h"
#include "hessian/point.h"

/* forms (N) of the point's examples. Cost: one walk of their gradients, two rotations of the sides of each and one D, formed in the basis. Numerics: D in the
 * point's type, squares and sums in double, in a fixed order for any crew. Errors: those of the walk; memory; stopped on request. */
gboolean assay_factors_forms (const AssayFactorsInverse *inverse, AssayFactorsSpectrum spectrum, const AssayPoint *point, double *forms, AssayProgress *progress,
                              GError **error);
