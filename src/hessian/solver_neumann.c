/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_neumann.c: the (preconditioned) Neumann series for A x = b:  x <- x + step M (b - A x).
 *
 * Without M and with step 1 / s it is LiSSA of scale s: for A = C + lambda I the published h <- b + (1 - d) h - C h / s with d = lambda / s has x = h / s.
 * With M an approximate inverse it is the iteration of ASTRA. It converges when step times the largest eigenvalue of M A is below 2, by
 * 1 - step x the smallest an iteration: slow where conjugate gradients are not, and robust where products are noisy. Every residual here is
 * the true one.
 * Shape letters: n unknowns, K right-hand sides.
 * Source: Agarwal, Bullins & Hazan 2017; Koh & Liang 2017 (1703.04730); 2507.14740; influence chapter, section 3.
 */
#include "hessian/solver.h"

#include "base/mem.h"
#include "base/rng.h"
#include "hessian/vector_f64.h"

#include <string.h>

#define POWER_STEPS 16

static const AssayParam params[] = {
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "relative residual ||b - A x|| / ||b|| to reach" },
  { .name = "step", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = G_MAXDOUBLE,
    .help = "factor of the correction; 0: one over the largest eigenvalue of M A, by the power method" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 5000, .min = 1, .max = 1e9, .unit = "iterations", .help = "terms of the series" },
  { .name = "divergence", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e6, .min = 1, .max = G_MAXDOUBLE, .help = "relative residual at which to give up" },
  { .name = NULL }
};

typedef struct {
  AssayLinop *A, *M;
  gint64 n, K, iterations, products;
  double step, norm;                                              /* norm: of A, from below */
  double *R, *W;                                                  /* (K,n) each: residuals, and scratch */
  double *scale, *b_norm;                                         /* (K) */
} Run;

/* step <- 1 / lambda_max (M A). */
static gboolean
choose_step (Run *run, GError **error)
{
  AssayRng rng = assay_rng_new (0, assay_rng_stream ("Neumann", 0));
  double *x = run->R, *y = run->W, size = 0;

  for (gint64 i = 0; i < run->n; i++)
    x[i] = assay_rng_normal (&rng);
  for (guint k = 0; k < POWER_STEPS; k++)
    {
      size = assay_f64_norm (run->n, x);
      if (!(size > 0) || !isfinite (size))
        break;
      assay_f64_scale (run->n, 1 / size, x);
      run->products++;
      if (!assay_linop_apply (run->A, 1, x, y, error))
        return FALSE;
      run->norm = MAX (run->norm, assay_f64_norm (run->n, y));
      if (run->M != NULL && !assay_linop_apply (run->M, 1, y, x, error))
        return FALSE;
      if (run->M == NULL)
        memcpy (x, y, run->n * sizeof *x);
    }
  size = assay_f64_norm (run->n, x);
  run->step = size > 0 && isfinite (size) ? 1 / size : 1;
  return TRUE;
}

static void
begin (Run *run, gint64 k, const double *b, AssaySolveResult *result)
{
  double largest = assay_f64_max (run->n, b);

  *result = (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                                 .condition_estimate = NAN, .n_negative = -1, .true_residual = 1,
                                 .history = g_array_new (FALSE, FALSE, sizeof (double)) };
  run->scale[k] = assay_f64_unit_scale (run->n, b);
  for (gint64 i = 0; i < run->n; i++)
    run->R[k * run->n + i] = b[i] * run->scale[k];
  run->b_norm[k] = assay_f64_norm (run->n, run->R + k * run->n);
  result->right_hand_norm = run->b_norm[k] / run->scale[k];
  if (isfinite (largest) && largest != 0)
    return;
  result->reason = largest == 0 ? ASSAY_SOLVE_CONVERGED_ZERO : ASSAY_SOLVE_NAN;
  result->true_residual = largest == 0 ? 0 : NAN;
  result->error_bound = largest == 0 ? 0 : INFINITY;
  memset (run->R + k * run->n, 0, run->n * sizeof (double));
}

/* x <- x + step M r for all: r is zero where a side has ended. */
static gboolean
correct (Run *run, double *X, GError **error)
{
  if (run->M != NULL && !assay_linop_apply (run->M, run->K, run->R, run->W, error))
    return FALSE;
  assay_f64_add (run->K * run->n, run->step, run->M ? run->W : run->R, X);
  run->iterations++;
  return TRUE;
}

/* r <- b - A x of the sides that go on, and what that says. */
static gboolean
look (Run *run, const double *B, const double *X, double tolerance, double divergence, gint64 max_iterations, AssaySolveResult *results, GError **error)
{
  gint64 n = run->n;

  for (gint64 first = 0, past; first < run->K; first = past)      /* neighbours together */
    {
      for (past = first; past < run->K && results[past].reason == 0; past++)
        ;
      if (past > first && !assay_linop_apply (run->A, past - first, X + first * n, run->W + first * n, error))
        return FALSE;
      run->products += past - first;
      past += past == first;
    }
  for (gint64 k = 0; k < run->K; k++)
    if (results[k].reason == 0)
      {
        double *r = run->R + k * n, x_norm = assay_f64_norm (n, X + k * n), relative;

        if (x_norm > 0)
          run->norm = MAX (run->norm, assay_f64_norm (n, run->W + k * n) / x_norm);
        for (gint64 i = 0; i < n; i++)
          r[i] = B[k * n + i] * run->scale[k] - run->W[k * n + i];
        relative = results[k].true_residual = assay_f64_norm (n, r) / run->b_norm[k];
        g_array_append_val (results[k].history, relative);
        results[k].iterations = run->iterations;
        results[k].reason = !isfinite (relative) ? ASSAY_SOLVE_NAN : relative <= tolerance ? ASSAY_SOLVE_CONVERGED_RESIDUAL
                            : relative > divergence ? ASSAY_SOLVE_DIVERGED : run->iterations >= max_iterations ? ASSAY_SOLVE_ITERATIONS : 0;
        if (results[k].reason != 0)
          memset (r, 0, n * sizeof *r);
      }
  return TRUE;
}

static gint64
count_live (const Run *run, const AssaySolveResult *results)
{
  gint64 count = 0;

  for (gint64 k = 0; k < run->K; k++)
    count += results[k].reason == 0;
  return count;
}

static void
finish (const Run *run, double *X, AssaySolveResult *results)
{
  for (gint64 k = 0; k < run->K; k++)
    {
      AssaySolveResult *result = &results[k];
      double *x = X + k * run->n;

      result->products = run->products / run->K + (k < run->products % run->K);
      if (result->reason == ASSAY_SOLVE_CONVERGED_ZERO || result->reason == ASSAY_SOLVE_NAN)
        continue;
      result->operator_norm = run->norm;
      if (run->A->shift > 0 && isfinite (result->true_residual))
        result->error_bound = (result->true_residual * run->b_norm[k] + 2 * run->A->product_error * run->norm * assay_f64_norm (run->n, x)) / run->A->shift
                              / run->scale[k];
      assay_f64_scale (run->n, 1 / run->scale[k], x);
      result->solution_norm = assay_f64_norm (run->n, x);
    }
}

static gboolean
iterate (Run *run, const AssayValues *options, const double *B, double *X, AssaySolveResult *results, AssayProgress *progress, GError **error)
{
  double tolerance = assay_values_get_double (options, "tolerance"), divergence = assay_values_get_double (options, "divergence");
  gint64 max_iterations = assay_values_get_int (options, "max-iterations"), live;

  while ((live = count_live (run, results)) > 0)
    {
      char note[64];

      if (assay_progress_is_cancelled (progress, NULL))
        {
          for (gint64 k = 0; k < run->K; k++)
            if (results[k].reason == 0)
              results[k].reason = ASSAY_SOLVE_CANCELLED;
          return TRUE;
        }
      if (!correct (run, X, error) || !look (run, B, X, tolerance, divergence, max_iterations, results, error))
        return FALSE;
      g_snprintf (note, sizeof note, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " right-hand sides to go", live, run->K);
      assay_progress_report (progress, "Neumann series", run->iterations, max_iterations, "iterations", note);
    }
  return TRUE;
}

static gboolean
solve_neumann (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
               AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (2 * K * A->n, sizeof (double), error);
  g_autofree double *small = g_new0 (double, 2 * K);
  Run run = { .A = A, .M = M, .n = A->n, .K = K, .step = assay_values_get_double (options, "step"), .R = memory, .scale = small, .b_norm = small + K };
  gboolean ok;

  if (memory == NULL)
    return FALSE;
  run.W = run.R + K * A->n;
  if (run.step == 0 && !choose_step (&run, error))
    return FALSE;
  memset (X, 0, K * A->n * sizeof *X);
  for (gint64 k = 0; k < K; k++)
    begin (&run, k, B + k * A->n, &results[k]);
  ok = iterate (&run, options, B, X, results, progress, error);
  for (gint64 k = 0; k < K && !ok; k++)
    assay_solve_result_clear (&results[k]);
  if (ok)
    finish (&run, X, results);
  return ok;
}

ASSAY_SOLVER_DEFINE (neumann) = { .name = "neumann", .help = "the (preconditioned) Neumann series, of which LiSSA and ASTRA are cases", .params = params,
                                  .solve = solve_neumann };
