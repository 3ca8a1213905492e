/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quadrature.c: Gauss and Gauss-Radau values of b' A^-1 b by sums of positive terms.
 *
 * The Gauss value is sum_j alpha_j ||r_j||^2. Adding gamma_k ||r_k||^2 gives the Gauss-Radau value, where gamma_k is the coefficient
 * that the next CG step would have if mu were an eigenvalue of the bordered Lanczos matrix:
 *   gamma_0 = 1 / mu,   gamma_(j+1) = (gamma_j - alpha_j) / (mu (gamma_j - alpha_j) + beta_(j+1)).
 * Every step gives an upper bound; the least is taken. When rounding has eaten gamma_j - alpha_j > 0, later steps say nothing more.
 */
#include "hessian/quadrature.h"

#include "tensor/compare.h"

#include <math.h>

/* What round-off can change for a solution of this norm: sums of `terms` terms, and products of an operator of this norm. The lower
 * bound is a value of the quadratic form at the computed x; the upper one speaks of the true solution, of which mu |x|^2 <= b' A^-1 b is
 * known. Norms of operators are known from below: hence 4, not 1. */
static double
get_rounding (gint64 terms, double right_hand_norm, double operator_error, double solution_norm)
{
  return assay_gamma (terms, 0x1p-53) * right_hand_norm * solution_norm + 4 * operator_error * solution_norm * solution_norm;
}

gboolean
assay_quadrature_bounds (const AssaySolveResult *result, double mu, gint64 n, double norm, double product_error, AssayQuadrature *bounds)
{
  double rho = result->right_hand_norm * result->right_hand_norm, gauss = 0, upper = INFINITY, gamma = mu > 0 ? 1 / mu : INFINITY, operator_error;
  gint64 k = result->alpha ? result->alpha->len : 0;

  if (result->reason == ASSAY_SOLVE_CONVERGED_ZERO)
    {
      *bounds = (AssayQuadrature) { 0 };
      return TRUE;
    }
  if (k == 0 || result->reason == ASSAY_SOLVE_NEGATIVE_CURVATURE || result->reason == ASSAY_SOLVE_NAN || !isfinite (rho))
    return FALSE;
  for (gint64 j = 0; j < k; j++)
    {
      double alpha = g_array_index (result->alpha, double, j), beta = g_array_index (result->beta, double, j);

      gauss += alpha * rho;
      rho *= beta;                                                                                  /* ||r_(j+1)||^2 */
      if (isfinite (gamma))
        {
          double rest = gamma - alpha;

          gamma = rest > 0 ? rest / (mu * rest + beta) : INFINITY;
          if (isfinite (gamma))
            upper = MIN (upper, gauss + gamma * rho);
        }
    }
  operator_error = product_error * MAX (norm, result->operator_norm);
  bounds->lo = gauss - get_rounding (n + k, result->right_hand_norm, operator_error, result->solution_norm);
  bounds->hi = isfinite (upper) ? upper + get_rounding (n + k, result->right_hand_norm, operator_error, sqrt (upper / mu)) : INFINITY;
  return TRUE;
}
