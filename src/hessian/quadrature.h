/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quadrature.h: certified bounds of b' A^-1 b from the coefficients of a conjugate-gradient run, by Gauss and Gauss-Radau quadrature.
 *
 * The lower bound is the Gauss value ||b||^2 (T_k^-1)_11, the upper one the Gauss-Radau value with a node at mu <= lambda_min (A).
 * Both are rounded outward; an upper bound that is not known is +infinity.
 * Thread rule: pure functions.
 */
#pragma once

#include "hessian/solver.h"

typedef struct {
  double lo, hi;                /* lo <= b' A^-1 b <= hi */
} AssayQuadrature;

/* result: of solver "cg" with A symmetric; mu: a known lower bound of A's spectrum (A->shift); n unknowns; norm: of A, where the caller
 * knows more than this solve has seen (another solve's operator_norm), else 0; product_error: A's.
 * Cost: O(iterations). Numerics: each side is moved outward by gamma_(n+k) ||b|| ||x|| + 4 product_error ||A|| ||x||^2, with the computed
 * x below and sqrt (hi / mu) >= ||A^-1 b|| above.
 * FALSE when the result holds no coefficients (nothing was iterated, or negative curvature was met).
 * Source: Golub & Meurant, Matrices, Moments and Quadrature (2010), chapter 12; the update of the Gauss-Radau coefficient by
 * Meurant & Tichy, Numer. Algorithms 62 (2013), eq. 3.14. */
gboolean assay_quadrature_bounds (const AssaySolveResult *result, double mu, gint64 n, double norm, double product_error,
                                  AssayQuadrature *bounds);
