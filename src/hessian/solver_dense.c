/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_dense.c: the matrix itself, factored: Cholesky where A is positive definite, LDL' with its inertia where it is not, LU where A
 * is not symmetric. The truth that iterative solvers are held against, for up to some ten thousand unknowns.
 *
 * Residuals are computed with the assembled matrix; up to three steps of iterative refinement follow while they help.
 * Source: influence chapter, section 3 ("explicit"); Higham, Accuracy and Stability (2002), chapters 10 to 12.
 */
#include "hessian/solver.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <float.h>
#include <string.h>

#define REFINEMENTS 3

static const AssayParam params[] = {
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "relative residual ||b - A x|| / ||b|| to reach" },
  { .name = "asymmetry", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1,
    .help = "largest |A - A'| / |A| that is averaged away as rounding" },
  { .name = "max-memory", .type = ASSAY_PARAM_DOUBLE, .def.d = 8e9, .min = 0, .max = G_MAXDOUBLE, .unit = "bytes",
    .help = "what the matrix and its factor may take" },
  { .name = NULL }
};

typedef struct {
  const AssayLinop *A;
  gint64 n;
  double tolerance;
  const AssayFactor *factor;
  double *b, *r, *trial;                                          /* (n) each; b scaled */
} Run;

static AssaySolveResult
blank_result (void)
{
  return (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                              .condition_estimate = NAN, .true_residual = NAN, .n_negative = -1 };
}

/* r = b - A x; its norm. */
static double
residual (const Run *run, const double *x)
{
  assay_dense_multiply (run->n, run->factor->original, 1, x, run->r);
  for (gint64 i = 0; i < run->n; i++)
    run->r[i] = run->b[i] - run->r[i];
  return assay_f64_norm (run->n, run->r);
}

/* x in the scale of b, and the residual's norm: NaN, which is a result, where x overflows. */
static gboolean
refine (const Run *run, double *x, double *norm, GError **error)
{
  g_autoptr (GError) failed = NULL;
  double next;

  memcpy (x, run->b, run->n * sizeof *x);
  if (!assay_factor_solve (run->factor, 1, x, &failed))
    {
      *norm = NAN;
      if (g_error_matches (failed, ASSAY_ERROR, ASSAY_ERROR_NAN))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&failed));
      return FALSE;
    }
  *norm = residual (run, x);
  for (guint i = 0; i < REFINEMENTS && *norm > 0 && isfinite (*norm); i++)
    {
      memcpy (run->trial, run->r, run->n * sizeof *x);
      if (!assay_factor_solve (run->factor, 1, run->trial, error))
        return FALSE;
      assay_f64_add (run->n, 1, x, run->trial);                                                  /* x + A^-1 r */
      next = residual (run, run->trial);
      if (!(next < *norm))
        break;
      memcpy (x, run->trial, run->n * sizeof *x);
      *norm = next;
    }
  return TRUE;
}

static gboolean
solve_one (const Run *run, const double *b, double *x, AssaySolveResult *result, GError **error)
{
  gint64 n = run->n;
  double largest = assay_f64_max (n, b), scale = assay_f64_unit_scale (n, b), b_norm, norm, x_norm;

  memset (x, 0, n * sizeof *x);
  for (gint64 i = 0; i < n; i++)
    run->b[i] = b[i] * scale;
  b_norm = assay_f64_norm (n, run->b);
  result->right_hand_norm = b_norm / scale;
  if (!isfinite (largest))
    {
      result->reason = ASSAY_SOLVE_NAN;
      return TRUE;
    }
  if (largest == 0)
    {
      result->reason = ASSAY_SOLVE_CONVERGED_ZERO;
      result->true_residual = result->error_bound = 0;
      return TRUE;
    }
  result->true_residual = 1;
  if (run->factor->is_singular)
    {
      result->reason = ASSAY_SOLVE_BREAKDOWN;
      return TRUE;
    }
  if (!refine (run, x, &norm, error))
    return FALSE;
  x_norm = assay_f64_norm (n, x);
  result->true_residual = norm / b_norm;
  if (x_norm > 0)
    result->smallest_curvature = assay_f64_dot (n, x, run->b) / (x_norm * x_norm);     /* x'Ax / x'x */
  if (run->A->shift > 0)
    result->error_bound = (norm + 2 * run->A->product_error * result->operator_norm * x_norm) / run->A->shift / scale;
  if (!isfinite (norm))
    result->reason = ASSAY_SOLVE_NAN;
  else if (run->factor->reciprocal_condition < DBL_EPSILON)
    result->reason = ASSAY_SOLVE_BREAKDOWN;
  else
    result->reason = result->true_residual <= run->tolerance ? ASSAY_SOLVE_CONVERGED_DIRECT : ASSAY_SOLVE_RESIDUAL_GAP;
  assay_f64_scale (n, 1 / scale, x);
  result->solution_norm = x_norm / scale;
  return TRUE;
}

/* All systems end in the same way, unsolved. */
static gboolean
refuse (AssaySolveReason reason, gint64 n, gint64 K, double *X, AssaySolveResult *results)
{
  memset (X, 0, K * n * sizeof *X);
  for (gint64 k = 0; k < K; k++)
    results[k].reason = reason;
  return TRUE;
}

static gboolean
solve_dense (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
             AssayProgress *progress, GError **error)
{
  gint64 n = A->n;
  g_autoptr (AssayBuffer) work = assay_mem_alloc_array (3 * n, sizeof (double), error), matrix = NULL;
  g_autoptr (AssayFactor) factor = NULL;
  g_autoptr (GError) stopped = NULL;
  Run run = { .A = A, .n = n, .tolerance = assay_values_get_double (options, "tolerance"), .b = work };
  double limit = assay_values_get_double (options, "max-memory");

  (void) M;
  if (work == NULL)
    return FALSE;
  run.r = run.b + n;
  run.trial = run.r + n;
  for (gint64 k = 0; k < K; k++)
    results[k] = blank_result ();
  matrix = assay_dense_assemble (A, 0, 2, limit < 0x1p63 ? limit : G_MAXUINT64, progress, &stopped);
  if (matrix == NULL)
    {
      if (assay_progress_is_cancelled (progress, NULL))
        return refuse (ASSAY_SOLVE_CANCELLED, n, K, X, results);
      g_propagate_error (error, g_steal_pointer (&stopped));
      return FALSE;
    }
  for (gint64 k = 0; k < K; k++)
    results[k].products = n;
  if (!assay_dense_check_finite (A->name, n, matrix, NULL))
    return refuse (ASSAY_SOLVE_NAN, n, K, X, results);
  if (A->is_symmetric && assay_dense_symmetrise (n, matrix) > assay_values_get_double (options, "asymmetry"))
    return refuse (ASSAY_SOLVE_NONSYMMETRIC, n, K, X, results);
  factor = assay_factor_new (NULL, A->name, ASSAY_F64, n, g_steal_pointer (&matrix), A->is_symmetric, error);
  if (factor == NULL)
    return FALSE;
  run.factor = factor;
  for (gint64 k = 0; k < K; k++)
    {
      if (assay_progress_is_cancelled (progress, NULL))
        return refuse (ASSAY_SOLVE_CANCELLED, n, K - k, X + k * n, results + k);
      results[k].n_negative = factor->n_negative;
      results[k].operator_norm = factor->norm;
      results[k].condition_estimate = 1 / factor->reciprocal_condition;
      if (!solve_one (&run, B + k * n, X + k * n, &results[k], error))
        return FALSE;
    }
  return TRUE;
}

ASSAY_SOLVER_DEFINE (dense) = { .name = "dense", .help = "the whole matrix and its factorisation; for small models", .params = params,
                                .solve = solve_dense };
