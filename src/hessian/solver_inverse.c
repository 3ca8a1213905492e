/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_inverse.c: x = M b, once, for an M that is taken for A^-1 (a low rank and its completion, Kronecker factors), and what came of it:
 * the true residual b - A x. A residual above the tolerance is the rule for such an M, and is then said; nothing is claimed of M.
 */
#include "hessian/solver.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/vector_f64.h"

#include <string.h>

static const AssayParam params[] = {
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "relative residual ||b - A x|| / ||b|| to reach" },
  { .name = NULL }
};

static void
judge (const AssayLinop *A, double tolerance, const double *b, const double *x, double *product, AssaySolveResult *result)
{
  gint64 n = A->n;
  double largest = assay_f64_max (n, b), norm;
  gboolean is_finite = result->reason == 0;

  *result = (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                                 .condition_estimate = NAN, .n_negative = -1, .products = 1, .right_hand_norm = assay_f64_norm (n, b),
                                 .solution_norm = assay_f64_norm (n, x), .true_residual = NAN };
  if (!is_finite)
    {
      result->reason = ASSAY_SOLVE_NAN;
      return;
    }
  if (largest == 0)
    {
      result->reason = ASSAY_SOLVE_CONVERGED_ZERO;
      result->true_residual = result->error_bound = 0;
      return;
    }
  if (result->solution_norm > 0)
    {
      result->operator_norm = assay_f64_norm (n, product) / result->solution_norm;
      result->smallest_curvature = assay_f64_dot (n, x, product) / (result->solution_norm * result->solution_norm);
    }
  for (gint64 i = 0; i < n; i++)                                                                    /* b - A x */
    product[i] = b[i] - product[i];
  norm = assay_f64_norm (n, product);
  result->true_residual = norm / result->right_hand_norm;
  if (A->shift > 0)
    result->error_bound = (norm + 2 * A->product_error * result->operator_norm * result->solution_norm) / A->shift;
  result->reason = !isfinite (norm) ? ASSAY_SOLVE_NAN : result->true_residual <= tolerance ? ASSAY_SOLVE_CONVERGED_RESIDUAL : ASSAY_SOLVE_APPROXIMATE;
}

static gboolean
solve_inverse (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
               AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) product = assay_mem_alloc_array (K * A->n, sizeof (double), error);

  (void) progress;
  if (product == NULL)
    return FALSE;
  if (M == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "solver inverse: an approximate inverse expected, none given");
      return FALSE;
    }
  if (!assay_linop_apply (M, K, B, X, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      gboolean is_finite = isfinite (assay_f64_max (A->n, X + k * A->n)) && isfinite (assay_f64_max (A->n, B + k * A->n));

      memset (&results[k], 0, sizeof results[k]);
      if (is_finite)
        continue;
      results[k].reason = ASSAY_SOLVE_NAN;
      memset (X + k * A->n, 0, A->n * sizeof *X);                 /* walks refuse to go along what is not finite */
    }
  if (!assay_linop_apply (A, K, X, product, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    judge (A, assay_values_get_double (options, "tolerance"), B + k * A->n, X + k * A->n, (double *) product + k * A->n, &results[k]);
  return TRUE;
}

ASSAY_SOLVER_DEFINE (inverse) = { .name = "inverse", .help = "an approximate inverse applied once, and the residual that it leaves", .params = params,
                                  .solve = solve_inverse };
