/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exact.c: dense solves with refinement and true residuals. */
#include "influence/exact.h"

#include "base/mem.h"
#include "hessian/vector_f64.h"
#include "influence/replicated.h"

#include <math.h>
#include <string.h>

double *
assay_exact_assemble (const char *curvature, const AssayPoint *point, guint copies, guint64 memory_limit, AssayProgress *progress,
                      GError **error)
{
  g_autoptr (AssayLinop) op = assay_replicated_curvature_open (curvature, point, error);
  double *matrix = op ? assay_dense_assemble (op, 0, copies, memory_limit, progress, error) : NULL;

  if (matrix != NULL)
    assay_dense_symmetrise (op->n, matrix);
  return matrix;
}

gboolean
assay_exact_solver_open (AssayLinop *damped, double *matrix, double lambda, const double *scale, double tolerance, AssayExactSolver *out,
                         GError **error)
{
  gint64 n = damped->n;
  AssayFactor *factor;

  for (gint64 i = 0; i < n; i++)
    matrix[i * n + i] += lambda;                                                                    /* A = C + lambda I */
  for (gint64 i = 0; i < n && scale != NULL; i++)
    for (gint64 j = 0; j < n; j++)
      matrix[i * n + j] *= scale[i] * scale[j];
  factor = assay_factor_new (NULL, damped->name, ASSAY_F64, n, matrix, TRUE, error);
  if (factor == NULL)
    return FALSE;
  *out = (AssayExactSolver) { .damped = damped, .factor = factor, .tolerance = tolerance };
  return TRUE;
}

void
assay_exact_solver_clear (AssayExactSolver *self)
{
  g_clear_pointer (&self->factor, assay_factor_free);
}

/* R <- B - A X */
static gboolean
residuals (const AssayExactSolver *self, gint64 K, const double *B, const double *X, double *R, GError **error)
{
  if (!assay_linop_apply (self->damped, K, X, R, error))
    return FALSE;
  for (gint64 i = 0; i < K * self->damped->n; i++)
    R[i] = B[i] - R[i];
  return TRUE;
}

static void
set_result (const AssayExactSolver *self, const double *b, const double *x, const double *r, AssaySolveResult *result)
{
  gint64 n = self->damped->n;
  double norm = assay_f64_norm (n, b), residual = assay_f64_norm (n, r);

  *result = (AssaySolveResult) { .products = 2, .right_hand_norm = norm, .solution_norm = assay_f64_norm (n, x),
                                 .true_residual = norm > 0 ? residual / norm : 0, .error_bound = INFINITY, .smallest_curvature = INFINITY,
                                 .smallest_ritz = NAN, .largest_ritz = NAN, .operator_norm = self->factor->norm,
                                 .n_negative = self->factor->n_negative,
                                 .condition_estimate = 1 / self->factor->reciprocal_condition };
  if (self->damped->shift > 0)
    result->error_bound = (residual + 2 * self->damped->product_error * result->operator_norm * result->solution_norm) / self->damped->shift;
  if (norm == 0)
    result->reason = ASSAY_SOLVE_CONVERGED_ZERO;
  else if (!isfinite (norm))
    result->reason = ASSAY_SOLVE_NAN;
  else
    result->reason = result->true_residual <= self->tolerance ? ASSAY_SOLVE_CONVERGED_DIRECT : ASSAY_SOLVE_BREAKDOWN;
}

gboolean
assay_exact_solver_solve (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results, AssayProgress *progress,
                          GError **error)
{
  const AssayExactSolver *self = data;
  gint64 n = self->damped->n;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (K * n, sizeof (double), error);
  double *R = memory;

  (void) progress;
  if (memory == NULL)
    return FALSE;
  if (self->factor->is_singular)
    {
      memset (X, 0, K * n * sizeof *X);
      memcpy (R, B, K * n * sizeof *R);
    }
  else
    {
      memcpy (X, B, K * n * sizeof *X);
      if (!assay_factor_solve (self->factor, K, X, error)                                           /* X <- A^-1 B */
          || !residuals (self, K, B, X, R, error) || !assay_factor_solve (self->factor, K, R, error))
        return FALSE;
      assay_f64_add (K * n, 1, R, X);                                                            /* X <- X + A^-1 (B - A X) */
      if (!residuals (self, K, B, X, R, error))
        return FALSE;
    }
  for (gint64 k = 0; k < K; k++)
    set_result (self, B + k * n, X + k * n, R + k * n, &results[k]);
  return TRUE;
}
