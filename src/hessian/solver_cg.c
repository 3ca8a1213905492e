/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_cg.c: (preconditioned) conjugate gradients for A x = b, A symmetric positive definite (damped), with an honest ending.
 *
 * The recurrence is Hestenes and Stiefel's. Every `recompute` iterations, and before any claim of convergence, the true residual
 * b - A x is computed. Where the recurrence's residual has left it behind, the iteration starts again from the true one; when that no
 * longer halves it, the attainable accuracy is reached and the solve says so. The curvature p'Ap of every step is looked at, the
 * first included. b is scaled by a power of two, so that the size of b (a gradient that has all but vanished) changes no bits.
 * Where A has a coarse operator the steps are its, and true residuals A's: iterative refinement, by the same restarts.
 * A preconditioner M only turns the direction of a step, z = M r for r: every test is of r itself.
 * Source: influence chapter, section 3; Saad, Iterative Methods for Sparse Linear Systems (2003), section 6.7, for the Lanczos matrix.
 */
#include "hessian/solver.h"

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
  { .name = "recompute", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 1, .max = 1e9, .unit = "iterations",
    .help = "iterations between two looks at the true residual" },
  { .name = "divergence", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e6, .min = 1, .max = G_MAXDOUBLE, .help = "relative residual at which to give up" },
  { .name = NULL }
};

typedef struct {
  AssayLinop *A, *M;                                              /* M: NULL, not preconditioned */
  gint64 n;
  double tolerance, width, divergence;
  gint64 max_iterations, recompute;
  double *r, *p, *q, *b, *z;                                      /* (n) each; b scaled; z = M r, or r itself */
  double r_norm;                                                  /* of the recurrence's r */
  double b_norm, scale;                                           /* of the scaled b; x = scaled x / scale */
  double restart_norm;                                            /* true residual at the last restart */
  gint64 k, K;                                                    /* right-hand side, of how many */
  AssayProgress *progress;
} Run;

/* --- what the coefficients say about the spectrum ------------------------------------------------------------------------- */

/* T_jj = 1 / alpha_j + beta_(j-1) / alpha_(j-1),  T_j,j+1 = sqrt (beta_j) / alpha_j */
static gboolean
estimate_spectrum (AssaySolveResult *result, gboolean is_preconditioned, GError **error)
{
  gint64 k = result->alpha->len;
  const double *alpha = (const double *) (void *) result->alpha->data, *beta = (const double *) (void *) result->beta->data;
  g_autoptr (AssayBuffer) diagonal = NULL, off = NULL;
  double *T = NULL, *U = NULL;

  if (k == 0)
    return TRUE;
  T = diagonal = assay_mem_new (double, k, error);
  U = off = diagonal ? assay_mem_new (double, k, error) : NULL;
  if (U == NULL)
    return FALSE;
  for (gint64 j = 0; j < k; j++)
    {
      T[j] = 1 / alpha[j] + (j ? beta[j - 1] / alpha[j - 1] : 0);
      U[j] = sqrt (beta[j]) / alpha[j];
    }
  if (assay_tridiagonal_eigenvalues (k, T, U))
    {
      result->smallest_ritz = T[0];
      result->largest_ritz = T[k - 1];
      result->condition_estimate = T[k - 1] / T[0];
      if (!is_preconditioned)
        result->operator_norm = MAX (result->operator_norm, T[k - 1]);
    }
  return TRUE;
}

/* --- one solve ------------------------------------------------------------------------------------------------------------ */

/* z <- M r, rho <- r'z, and the norm of r. A rho that no positive definite M can give ends the solve. */
static gboolean
precondition (Run *run, double *rho, AssaySolveResult *result, GError **error)
{
  if (run->M != NULL && !assay_linop_apply (run->M, 1, run->r, run->z, error))
    return FALSE;
  *rho = assay_f64_dot (run->n, run->r, run->z);                                                    /* rho <- r'z */
  run->r_norm = run->M ? assay_f64_norm (run->n, run->r) : sqrt (*rho);
  if (run->M != NULL && !(*rho > 0) && run->r_norm > 0 && result->reason == 0)
    result->reason = isfinite (*rho) ? ASSAY_SOLVE_PRECONDITIONER : ASSAY_SOLVE_NAN;
  return TRUE;
}

/* t = b - A x, into q; the largest gap is kept. *norm NaN when a product was not finite. */
static gboolean
true_residual (Run *run, const double *x, AssaySolveResult *result, double *norm, GError **error)
{
  double gap = 0;

  if (!assay_linop_apply (run->A, 1, x, run->q, error))
    return FALSE;
  result->products++;
  if (run->A->coarse != NULL && assay_f64_norm (run->n, x) > 0)   /* steps say nothing certain of it */
    result->operator_norm = fmax (result->operator_norm, assay_f64_norm (run->n, run->q) / assay_f64_norm (run->n, x));
  for (gint64 i = 0; i < run->n; i++)
    {
      run->q[i] = run->b[i] - run->q[i];
      gap += (run->q[i] - run->r[i]) * (run->q[i] - run->r[i]);
    }
  *norm = assay_f64_norm (run->n, run->q);
  result->residual_gap = MAX (result->residual_gap, sqrt (gap) / run->b_norm);
  return TRUE;
}

/* 0 when a residual of this norm is not yet small enough. */
static AssaySolveReason
converged (const Run *run, double norm, const double *x, const AssaySolveResult *result)
{
  return assay_solve_judge (run->A, x, norm, result->operator_norm, run->b_norm, run->tolerance, run->width * run->scale);
}

static void
report (const Run *run, const AssaySolveResult *result, double relative)
{
  char note[96];

  if (run->progress == NULL)
    return;
  g_snprintf (note, sizeof note, "right-hand side %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", residual %.1e", run->k + 1, run->K, relative);
  assay_progress_report (run->progress, "conjugate gradients", result->iterations, 0, "iterations", note);
}

/* Looks at the true residual where it is due. Sets the reason when the solve ends here, or restarts the recurrence from it. */
static gboolean
look (Run *run, const double *x, double *rho, AssaySolveResult *result, GError **error)
{
  double recurrence = run->r_norm, norm;
  /* Far below rounding the recurrence has nothing more to say, whatever the tolerance. */
  gboolean claims = converged (run, recurrence, x, result) != 0 || recurrence < DBL_EPSILON / 4 * run->b_norm;
  gboolean last = result->iterations >= run->max_iterations;

  if (run->A->coarse != NULL)
    claims = claims || recurrence < ASSAY_SOLVE_REFINE * fmin (run->restart_norm, run->b_norm);
  if (!claims && !last && (result->iterations == 0 || result->iterations % run->recompute != 0))
    return TRUE;
  if (!true_residual (run, x, result, &norm, error))
    return FALSE;
  result->true_residual = norm / run->b_norm;
  if (!isfinite (norm))
    result->reason = ASSAY_SOLVE_NAN;
  else if (converged (run, norm, x, result))
    result->reason = converged (run, norm, x, result);
  else if (last)
    result->reason = ASSAY_SOLVE_ITERATIONS;
  else if (claims || norm > 2 * recurrence)                       /* the recurrence has left the truth behind */
    {
      if (norm > run->restart_norm / 2)
        result->reason = ASSAY_SOLVE_RESIDUAL_GAP;
      run->restart_norm = norm;
      result->restarts++;
      memcpy (run->r, run->q, run->n * sizeof (double));                                            /* r <- b - A x */
      if (!precondition (run, rho, result, error))
        return FALSE;
      memcpy (run->p, run->z, run->n * sizeof (double));                                            /* p <- z */
    }
  return TRUE;
}

/* One iteration: q = A p and its consequences. */
static gboolean
step (Run *run, double *x, double *rho, AssaySolveResult *result, GError **error)
{
  double pAp, pp, curvature, stretch, alpha, beta, rho_next, relative;

  if (!assay_linop_apply_coarse (run->A, 1, run->p, run->q, error))                                       /* q <- A p */
    return FALSE;
  result->products++;
  pAp = assay_f64_dot (run->n, run->p, run->q);
  pp = assay_f64_dot (run->n, run->p, run->p);
  curvature = pAp / pp;
  if (!isfinite (curvature))
    {
      result->reason = ASSAY_SOLVE_NAN;
      return TRUE;
    }
  result->smallest_curvature = MIN (result->smallest_curvature, curvature);
  stretch = assay_f64_norm (run->n, run->q) / sqrt (pp);
  if (run->A->coarse == NULL)
    result->operator_norm = MAX (result->operator_norm, stretch);
  if (curvature <= 0)
    {
      result->reason = ASSAY_SOLVE_NEGATIVE_CURVATURE;
      return TRUE;
    }
  if (curvature <= DBL_EPSILON * stretch)                         /* p'Ap is its own rounding: A p is orthogonal to p */
    {
      result->reason = ASSAY_SOLVE_BREAKDOWN;
      return TRUE;
    }
  alpha = *rho / pAp;
  assay_f64_add (run->n, alpha, run->p, x);                                                      /* x <- x + alpha p */
  assay_f64_add (run->n, -alpha, run->q, run->r);                                                /* r <- r - alpha q */
  if (!precondition (run, &rho_next, result, error))
    return FALSE;
  beta = rho_next / *rho;
  for (gint64 i = 0; i < run->n; i++)                                                               /* p <- z + beta p */
    run->p[i] = run->z[i] + beta * run->p[i];
  *rho = rho_next;
  result->iterations++;
  relative = run->r_norm / run->b_norm;
  g_array_append_val (result->history, relative);
  if (result->restarts == 0)
    {
      g_array_append_val (result->alpha, alpha);
      g_array_append_val (result->beta, beta);
    }
  if (!isfinite (relative))
    result->reason = ASSAY_SOLVE_NAN;
  else if (relative > run->divergence)
    result->reason = ASSAY_SOLVE_DIVERGED;
  report (run, result, relative);
  return TRUE;
}

static gboolean
iterate (Run *run, double *x, AssaySolveResult *result, GError **error)
{
  double rho;

  memcpy (run->r, run->b, run->n * sizeof (double));
  if (!precondition (run, &rho, result, error))
    return FALSE;
  memcpy (run->p, run->z, run->n * sizeof (double));
  while (result->reason == 0)
    {
      if (!look (run, x, &rho, result, error))
        return FALSE;
      if (result->reason == 0 && assay_progress_is_cancelled (run->progress, NULL))
        result->reason = ASSAY_SOLVE_CANCELLED;
      if (result->reason == 0 && !step (run, x, &rho, result, error))
        return FALSE;
    }
  return TRUE;
}

/* Ends that no look at the true residual has led to. */
static gboolean
finish (Run *run, const double *x, AssaySolveResult *result, GError **error)
{
  double norm;

  switch (result->reason)
    {
    case ASSAY_SOLVE_DIVERGED: case ASSAY_SOLVE_BREAKDOWN: case ASSAY_SOLVE_NEGATIVE_CURVATURE: case ASSAY_SOLVE_PRECONDITIONER:
      if (!true_residual (run, x, result, &norm, error))
        return FALSE;
      result->true_residual = norm / run->b_norm;
      return TRUE;
    case ASSAY_SOLVE_NAN: case ASSAY_SOLVE_CANCELLED:
      result->true_residual = NAN;
      return TRUE;
    default:
      return TRUE;
    }
}

static gboolean
solve_one (Run *run, const double *b, double *x, AssaySolveResult *result, GError **error)
{
  const gboolean is_other = run->M != NULL || run->A->coarse != NULL;     /* coefficients are of M A, or of another A */
  gint64 n = run->n, capacity = MIN (run->max_iterations, 1 << 16);
  double largest = assay_f64_max (n, b);

  *result = (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                                 .condition_estimate = NAN, .n_negative = -1,
                                 .history = g_array_sized_new (FALSE, FALSE, sizeof (double), capacity),
                                 .alpha = g_array_sized_new (FALSE, FALSE, sizeof (double), capacity),
                                 .beta = g_array_sized_new (FALSE, FALSE, sizeof (double), capacity) };
  memset (x, 0, n * sizeof *x);
  run->scale = assay_f64_unit_scale (n, b);
  run->restart_norm = INFINITY;
  for (gint64 i = 0; i < n; i++)
    run->b[i] = b[i] * run->scale;
  run->b_norm = assay_f64_norm (n, run->b);
  result->right_hand_norm = run->b_norm / run->scale;
  if (!isfinite (largest))
    result->reason = ASSAY_SOLVE_NAN;
  else if (largest == 0)
    {
      result->reason = ASSAY_SOLVE_CONVERGED_ZERO;
      result->error_bound = 0;
      return TRUE;
    }
  else if (!run->A->is_symmetric)
    result->reason = ASSAY_SOLVE_NONSYMMETRIC;
  if (result->reason != 0)
    {
      result->true_residual = result->reason == ASSAY_SOLVE_NAN ? NAN : 1;
      return TRUE;
    }
  if (!iterate (run, x, result, error) || !finish (run, x, result, error) || !estimate_spectrum (result, is_other, error))
    return FALSE;
  if (is_other)                                                   /* not what quadrature.h reads */
    {
      g_clear_pointer (&result->alpha, g_array_unref);
      g_clear_pointer (&result->beta, g_array_unref);
    }
  if (isfinite (result->true_residual))
    result->error_bound = assay_solve_bound (run->A, x, result->true_residual * run->b_norm, result->operator_norm) / run->scale;
  assay_f64_scale (n, 1 / run->scale, x);
  result->solution_norm = assay_f64_norm (n, x);
  return TRUE;
}

static gboolean
solve_cg (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
          AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array ((M ? 5 : 4) * A->n, sizeof (double), error);
  Run run = { .A = A, .M = M, .n = A->n, .tolerance = assay_values_get_double (options, "tolerance"),
              .width = assay_values_get_double (options, "width"), .divergence = assay_values_get_double (options, "divergence"),
              .max_iterations = assay_values_get_int (options, "max-iterations"),
              .recompute = assay_values_get_int (options, "recompute"), .K = K, .progress = progress };

  if (memory == NULL)
    return FALSE;
  run.r = memory;
  run.p = run.r + A->n;
  run.q = run.p + A->n;
  run.b = run.q + A->n;
  run.z = M ? run.b + A->n : run.r;
  for (run.k = 0; run.k < K; run.k++)
    if (!solve_one (&run, B + run.k * A->n, X + run.k * A->n, &results[run.k], error))
      {
        for (gint64 k = 0; k <= run.k; k++)
          assay_solve_result_clear (&results[k]);
        return FALSE;
      }
  return TRUE;
}

ASSAY_SOLVER_DEFINE (cg) = { .name = "cg", .help = "conjugate gradients with true residuals; needs a positive definite (damped) matrix",
                             .params = params, .solve = solve_cg };
