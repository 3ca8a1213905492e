/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_minres.c: minimum residuals for A x = b, A symmetric, definite or not: no curvature is too negative for it.
 *
 * The residual never grows, and the Lanczos matrix of the iteration holds Ritz values: the smallest is at least the smallest eigenvalue of
 * A, so a negative one proves that A is indefinite. Before any claim of convergence, and at the end, the true residual decides, and the
 * iteration starts again from it where the recurrence had left it behind; b is scaled as in solver_cg.c.
 * Source: Paige & Saunders, SIAM J. Numer. Anal. 12 (1975).
 */
#include "hessian/solver.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <float.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "relative residual ||b - A x|| / ||b|| to reach" },
  { .name = "width", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = G_MAXDOUBLE,
    .help = "certified error of x to stop at, where a lower bound mu > 0 of A is known; 0: not used" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "iterations", .help = "iterations of one solve" },
  { .name = NULL }
};

/* Letters as in the paper; vectors (n). */
typedef struct {
  AssayLinop *A;
  gint64 n;
  double tolerance, width;
  gint64 max_iterations;
  double *b, *r1, *r2, *v, *w, *w1, *w2;                          /* b scaled; r2 is beta v of the step to come */
  double b_norm, scale, restart_norm;
  double beta, old_beta, dbar, epsln, phibar, cs, sn;             /* phibar: the recurrence's residual norm */
  GArray *diagonal, *off;                                         /* of the Lanczos matrix before the first restart */
  gint64 k, K;
  AssayProgress *progress;
} Run;

static AssaySolveReason
converged (const Run *run, double norm, const double *x, const AssaySolveResult *result)
{
  return assay_solve_judge (run->A, x, norm, result->operator_norm, run->b_norm, run->tolerance, run->width * run->scale);
}

/* The iteration begins at a residual r of that norm, which is in r2. */
static void
start (Run *run, double norm)
{
  memset (run->w, 0, run->n * sizeof (double));
  memset (run->w2, 0, run->n * sizeof (double));
  memset (run->r1, 0, run->n * sizeof (double));
  run->beta = run->phibar = norm;
  run->old_beta = run->dbar = run->epsln = run->sn = 0;
  run->cs = -1;
}

/* v <- b - A x; its norm. */
static gboolean
true_residual (Run *run, const double *x, AssaySolveResult *result, double *norm, GError **error)
{
  if (!assay_linop_apply (run->A, 1, x, run->v, error))
    return FALSE;
  result->products++;
  for (gint64 i = 0; i < run->n; i++)
    run->v[i] = run->b[i] - run->v[i];
  *norm = assay_f64_norm (run->n, run->v);
  result->true_residual = *norm / run->b_norm;
  result->residual_gap = MAX (result->residual_gap, fabs (*norm - run->phibar) / run->b_norm);
  return TRUE;
}

/* The true residual where the recurrence claims to be done, or must be. */
static gboolean
look (Run *run, const double *x, AssaySolveResult *result, GError **error)
{
  double norm;
  gboolean claims = converged (run, run->phibar, x, result) != 0 || run->phibar < DBL_EPSILON / 4 * run->b_norm || run->beta == 0;
  gboolean last = result->iterations >= run->max_iterations;

  if (!claims && !last)
    return TRUE;
  if (!true_residual (run, x, result, &norm, error))
    return FALSE;
  if (!isfinite (norm))
    result->reason = ASSAY_SOLVE_NAN;
  else if (converged (run, norm, x, result))
    result->reason = converged (run, norm, x, result);
  else if (last)
    result->reason = ASSAY_SOLVE_ITERATIONS;
  else if (norm > run->restart_norm / 2)
    result->reason = run->beta == 0 && result->restarts == 0 ? ASSAY_SOLVE_BREAKDOWN : ASSAY_SOLVE_RESIDUAL_GAP;
  else
    {
      run->restart_norm = norm;
      result->restarts++;
      memcpy (run->r2, run->v, run->n * sizeof (double));
      start (run, norm);
    }
  return TRUE;
}

/* One Lanczos step and its Givens rotation. */
static gboolean
step (Run *run, double *x, AssaySolveResult *result, GError **error)
{
  gint64 n = run->n;
  double *y = run->w1, alpha, old_epsln, delta, gbar, gamma, phi;

  for (gint64 i = 0; i < n; i++)
    run->v[i] = run->r2[i] / run->beta;
  if (!assay_linop_apply (run->A, 1, run->v, y, error))                                             /* y <- A v */
    return FALSE;
  result->products++;
  result->operator_norm = MAX (result->operator_norm, assay_f64_norm (n, y));
  if (run->old_beta > 0)
    assay_f64_add (n, -run->beta / run->old_beta, run->r1, y);
  alpha = assay_f64_dot (n, run->v, y);
  if (!isfinite (alpha))
    {
      result->reason = ASSAY_SOLVE_NAN;
      return TRUE;
    }
  result->smallest_curvature = MIN (result->smallest_curvature, alpha);
  assay_f64_add (n, -alpha / run->beta, run->r2, y);
  memcpy (run->r1, run->r2, n * sizeof *y);
  memcpy (run->r2, y, n * sizeof *y);
  run->old_beta = run->beta;
  run->beta = assay_f64_norm (n, y);
  if (run->beta <= (double) n * DBL_EPSILON * result->operator_norm)                                /* an invariant space */
    run->beta = 0;
  if (result->restarts == 0)
    {
      g_array_append_val (run->diagonal, alpha);
      g_array_append_val (run->off, run->beta);
    }
  old_epsln = run->epsln;
  delta = run->cs * run->dbar + run->sn * alpha;
  gbar = run->sn * run->dbar - run->cs * alpha;
  run->epsln = run->sn * run->beta;
  run->dbar = -run->cs * run->beta;
  gamma = hypot (gbar, run->beta);
  result->iterations++;
  if (gamma <= DBL_EPSILON * result->operator_norm)               /* b has a part that A cannot reach */
    {
      result->reason = ASSAY_SOLVE_BREAKDOWN;
      return TRUE;
    }
  run->cs = gbar / gamma;
  run->sn = run->beta / gamma;
  phi = run->cs * run->phibar;
  run->phibar *= run->sn;
  for (gint64 i = 0; i < n; i++)
    run->w1[i] = (run->v[i] - old_epsln * run->w2[i] - delta * run->w[i]) / gamma;
  y = run->w2;
  run->w2 = run->w;
  run->w = run->w1;
  run->w1 = y;
  assay_f64_add (n, phi, run->w, x);                                                                /* x <- x + phi w */
  return TRUE;
}

static void
note (const Run *run, AssaySolveResult *result)
{
  double relative = run->phibar / run->b_norm;
  char text[96];

  g_array_append_val (result->history, relative);
  g_snprintf (text, sizeof text, "right-hand side %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", residual %.1e", run->k + 1, run->K, relative);
  assay_progress_report (run->progress, "minimum residuals", result->iterations, 0, "iterations", text);
}

static void
take_spectrum (Run *run, AssaySolveResult *result)
{
  gint64 k = run->diagonal->len;

  if (k == 0 || !assay_tridiagonal_eigenvalues (k, (double *) (void *) run->diagonal->data, (double *) (void *) run->off->data))
    return;
  result->smallest_ritz = g_array_index (run->diagonal, double, 0);
  result->largest_ritz = g_array_index (run->diagonal, double, k - 1);
  result->operator_norm = MAX (result->operator_norm, MAX (fabs (result->smallest_ritz), fabs (result->largest_ritz)));
  if (result->smallest_ritz > 0)
    result->condition_estimate = result->largest_ritz / result->smallest_ritz;
}

static gboolean
iterate (Run *run, double *x, AssaySolveResult *result, GError **error)
{
  double norm;

  memcpy (run->r2, run->b, run->n * sizeof (double));
  start (run, run->b_norm);
  while (result->reason == 0)
    {
      if (!look (run, x, result, error))
        return FALSE;
      if (result->reason == 0 && assay_progress_is_cancelled (run->progress, NULL))
        result->reason = ASSAY_SOLVE_CANCELLED;
      if (result->reason == 0)
        {
          if (!step (run, x, result, error))
            return FALSE;
          note (run, result);
        }
    }
  take_spectrum (run, result);
  if (result->reason == ASSAY_SOLVE_BREAKDOWN)
    return true_residual (run, x, result, &norm, error);
  if (result->reason == ASSAY_SOLVE_NAN || result->reason == ASSAY_SOLVE_CANCELLED)
    result->true_residual = NAN;
  return TRUE;
}

static gboolean
solve_one (Run *run, const double *b, double *x, AssaySolveResult *result, GError **error)
{
  gint64 n = run->n;
  double largest = assay_f64_max (n, b);

  *result = (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                                 .condition_estimate = NAN, .n_negative = -1, .true_residual = 1,
                                 .history = g_array_new (FALSE, FALSE, sizeof (double)) };
  memset (x, 0, n * sizeof *x);
  run->scale = assay_f64_unit_scale (n, b);
  run->restart_norm = INFINITY;
  g_array_set_size (run->diagonal, 0);
  g_array_set_size (run->off, 0);
  for (gint64 i = 0; i < n; i++)
    run->b[i] = b[i] * run->scale;
  run->b_norm = assay_f64_norm (n, run->b);
  result->right_hand_norm = run->b_norm / run->scale;
  if (largest == 0)
    {
      result->reason = ASSAY_SOLVE_CONVERGED_ZERO;
      result->true_residual = result->error_bound = 0;
      return TRUE;
    }
  if (!isfinite (largest))
    {
      result->reason = ASSAY_SOLVE_NAN;
      result->true_residual = NAN;
      return TRUE;
    }
  if (!run->A->is_symmetric)
    {
      result->reason = ASSAY_SOLVE_NONSYMMETRIC;
      return TRUE;
    }
  if (!iterate (run, x, result, error))
    return FALSE;
  if (isfinite (result->true_residual))
    result->error_bound = assay_solve_bound (run->A, x, result->true_residual * run->b_norm, result->operator_norm) / run->scale;
  assay_f64_scale (n, 1 / run->scale, x);
  result->solution_norm = assay_f64_norm (n, x);
  return TRUE;
}

static gboolean
solve_minres (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
              AssayProgress *progress, GError **error)
{
  gint64 n = A->n;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (7 * n, sizeof (double), error);
  g_autoptr (GArray) diagonal = g_array_new (FALSE, FALSE, sizeof (double)), off = g_array_new (FALSE, FALSE, sizeof (double));
  Run run = { .A = A, .n = n, .tolerance = assay_values_get_double (options, "tolerance"), .width = assay_values_get_double (options, "width"),
              .max_iterations = assay_values_get_int (options, "max-iterations"), .diagonal = diagonal, .off = off, .b = memory, .K = K,
              .progress = progress };

  if (memory == NULL)
    return FALSE;
  if (M != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "solver minres: no preconditioner expected, one given; leave it out, or choose solver block-cg");
      return FALSE;
    }
  run.r1 = run.b + n;
  run.r2 = run.r1 + n;
  run.v = run.r2 + n;
  run.w = run.v + n;
  run.w1 = run.w + n;
  run.w2 = run.w1 + n;
  for (run.k = 0; run.k < K; run.k++)
    if (!solve_one (&run, B + run.k * n, X + run.k * n, &results[run.k], error))
      {
        for (gint64 k = 0; k <= run.k; k++)
          assay_solve_result_clear (&results[k]);
        return FALSE;
      }
  return TRUE;
}

ASSAY_SOLVER_DEFINE (minres) = { .name = "minres", .help = "minimum residuals: for symmetric matrices that are not positive definite", .params = params,
                                 .solve = solve_minres };
