/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cholesky.h: a small dense factorisation that never fails, for preconditioning: A ~ D L L' D with D^2 the diagonal of A.
 *
 * Scaling by D makes it indifferent to the units of the parameters; a pivot that rounding has eaten is replaced by 1, so the factor is
 * always positive definite. It is our own because LAPACK's dpotrf does neither: it stops at the first pivot that is not positive, which
 * collinear terms of a regression give, and tells no smallest one; and because LAPACK's door is the hessian floor, above this one, whose
 * solvers are for exact answers of any size. Here a few hundred unknowns only shorten an iteration whose answer does not depend on it.
 * Shape letters: n unknowns. Cost: factor n^3/3 flops, solve 2 n^2. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* Overwrites the lower triangle of A (n,n) by L and scale (n) by the diagonal of D. Returns the smallest pivot, of a diagonal of ones: what is
 * below zero by more than rounding says that A is indefinite. */
double assay_cholesky_factor (gint64 n, double *A, double *scale);
/* x <- (D L L' D)^-1 b; x and b may be the same. */
void   assay_cholesky_solve  (gint64 n, const double *L, const double *scale, const double *b, double *x);
