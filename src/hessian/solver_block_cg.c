/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver_block_cg.c: conjugate gradients for several right-hand sides at once, A symmetric positive definite (damped).
 *
 * All right-hand sides search the space that the products of all of them have opened, so that each needs far fewer iterations than
 * alone; and the products of an iteration are one call, which walks that share their primal pass make cheap. The directions P of an
 * iteration are an orthonormal basis of the residuals' next directions with its rank revealed, so that right-hand sides that depend on each
 * other, or are solved, leave the block and nothing breaks down:
 *
 *   Q = A P,  T = P'Q,  X += P T^-1 P'R,  R -= Q T^-1 P'R,  Z = M R,  P <- basis (Z - P T^-1 Q'Z)
 *
 * A right-hand side whose recurrence claims to be done rests: it opens no more directions, and still gains from those of the others. When
 * all rest, and every `recompute` iterations, true residuals decide, as in solver_cg.c, where the words of the ends are explained.
 * Shape letters: n unknowns, K right-hand sides, rank directions.
 * Source: Ji & Li, A breakdown-free block conjugate gradient method, BIT 57 (2017); O'Leary 1980; influence chapter, section 3.
 */
#include "hessian/solver.h"

#include "base/mem.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"
#include "tensor/gemm.h"

#include <float.h>
#include <string.h>

/* A direction of which less than this is not in the span of the others is left out: what it could still do, a later iteration does. */
#define RANK_TOLERANCE 1e-8

static const AssayParam params[] = {
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-8, .min = 0, .max = 1, .help = "relative residual ||b - A x|| / ||b|| to reach" },
  { .name = "width", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = G_MAXDOUBLE,
    .help = "certified error of x to stop at, where a lower bound mu > 0 of A is known; 0: not used" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "iterations", .help = "iterations of a block" },
  { .name = "recompute", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 1, .max = 1e9, .unit = "iterations",
    .help = "iterations between two looks at the true residuals" },
  { .name = "divergence", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e6, .min = 1, .max = G_MAXDOUBLE, .help = "relative residual at which to give up" },
  { .name = NULL }
};

/* One right-hand side, in the scale of its own that solver_cg.c explains. */
typedef struct {
  double scale, b_norm;
  double r_norm;                                                  /* of the recurrence */
  double restart_norm;                                            /* true residual at the last restart */
  gboolean rests;
} Side;

typedef struct {
  AssayLinop *A, *M;
  gint64 n, K, rank;
  double tolerance, width, divergence;
  gint64 max_iterations, recompute, iterations, products;
  double operator_norm, smallest_curvature;
  const double *B;                                                /* (K,n) as given */
  double *X, *R, *P, *Q, *W;                                      /* (K,n) each */
  double *T, *values, *small, *coefficients;                      /* (K,K); (K); (K,K) twice */
  Side *side;                                                     /* (K) */
  AssaySolveResult *results;                                      /* (K); a side is live while its reason is 0 */
  AssayProgress *progress;
} Run;

static gboolean
is_live (const Run *run, gint64 k)
{
  return run->results[k].reason == 0;
}

static gint64
count_live (const Run *run, gboolean only_searching)
{
  gint64 count = 0;

  for (gint64 k = 0; k < run->K; k++)
    count += is_live (run, k) && !(only_searching && run->side[k].rests);
  return count;
}

static gboolean
multiply (Run *run, gint64 K, const double *X, double *Y, GError **error)
{
  run->products += K;
  return K == 0 || assay_linop_apply (run->A, K, X, Y, error);
}

/* Of the steps' directions. */
static gboolean
multiply_coarse (Run *run, GError **error)
{
  run->products += run->rank;
  return run->rank == 0 || assay_linop_apply_coarse (run->A, run->rank, run->P, run->Q, error);
}

/* What the true products A X say of ||A||, where those of the steps are another operator's. */
static void
look_at_products (Run *run, gint64 first, gint64 past)
{
  for (gint64 k = first; k < past && run->A->coarse != NULL; k++)
    {
      double norm = assay_f64_norm (run->n, run->X + k * run->n);

      if (norm > 0)
        run->operator_norm = fmax (run->operator_norm, assay_f64_norm (run->n, run->W + k * run->n) / norm);
    }
}

/* --- when a right-hand side is done --------------------------------------------------------------------------------------- */

static AssaySolveReason
converged (const Run *run, gint64 k, double norm)
{
  const Side *side = &run->side[k];

  return assay_solve_judge (run->A, run->X + k * run->n, norm, run->operator_norm, side->b_norm, run->tolerance, run->width * side->scale);
}

/* An end: nothing of this side changes any more. */
static void
end (Run *run, gint64 k, AssaySolveReason reason)
{
  run->results[k].reason = reason;
  memset (run->R + k * run->n, 0, run->n * sizeof (double));
}

static void
end_all (Run *run, AssaySolveReason reason)
{
  for (gint64 k = 0; k < run->K; k++)
    if (is_live (run, k))
      end (run, k, reason);
}

/* The true residual of one side, t (n), against the recurrence's. TRUE when the recurrence has to start again from it. */
static gboolean
judge (Run *run, gint64 k, const double *t)
{
  Side *side = &run->side[k];
  AssaySolveResult *result = &run->results[k];
  double *r = run->R + k * run->n, norm = assay_f64_norm (run->n, t), gap = 0;

  for (gint64 i = 0; i < run->n; i++)
    gap += (t[i] - r[i]) * (t[i] - r[i]);
  result->residual_gap = MAX (result->residual_gap, sqrt (gap) / side->b_norm);
  result->true_residual = norm / side->b_norm;
  if (!isfinite (norm))
    end (run, k, ASSAY_SOLVE_NAN);
  else if (converged (run, k, norm))
    end (run, k, converged (run, k, norm));
  else if (run->iterations >= run->max_iterations)
    end (run, k, ASSAY_SOLVE_ITERATIONS);
  else if ((side->rests || norm > 2 * side->r_norm) && norm > side->restart_norm / 2)
    end (run, k, ASSAY_SOLVE_RESIDUAL_GAP);
  else if (side->rests || norm > 2 * side->r_norm)
    {
      side->restart_norm = side->r_norm = norm;
      side->rests = FALSE;
      result->restarts++;
      memcpy (r, t, run->n * sizeof *r);                                                            /* r <- b - A x */
      return TRUE;
    }
  return FALSE;
}

/* Row k of W <- b_k - A x_k for the sides that `is_wanted`, neighbours together; P and Q stay as the recurrence needs them. */
static gboolean
find_true_residuals (Run *run, gboolean (*is_wanted) (const Run *run, gint64 k), GError **error)
{
  gint64 n = run->n;

  for (gint64 first = 0, past; first < run->K; first = past)
    {
      for (past = first; past < run->K && is_wanted (run, past); past++)
        ;
      if (!multiply (run, past - first, run->X + first * n, run->W + first * n, error))
        return FALSE;
      look_at_products (run, first, past);
      for (gint64 k = first; k < past; k++)
        for (gint64 i = 0; i < n; i++)
          run->W[k * n + i] = run->B[k * n + i] * run->side[k].scale - run->W[k * n + i];
      past += past == first;
    }
  return TRUE;
}

/* True residuals of the live sides, where they are due. *restart: some recurrence was behind the truth. */
static gboolean
look (Run *run, gboolean *restart, GError **error)
{
  *restart = FALSE;
  for (gint64 k = 0; k < run->K; k++)                             /* far below rounding a recurrence has nothing more to say */
    {
      Side *side = &run->side[k];
      double enough = run->A->coarse ? ASSAY_SOLVE_REFINE * fmin (side->restart_norm, side->b_norm) : DBL_EPSILON / 4 * side->b_norm;

      side->rests = is_live (run, k) && (converged (run, k, side->r_norm) || side->r_norm < enough);
    }
  if (count_live (run, TRUE) > 0 && run->iterations < run->max_iterations && (run->iterations == 0 || run->iterations % run->recompute != 0))
    return TRUE;
  if (!find_true_residuals (run, is_live, error))
    return FALSE;
  for (gint64 k = 0; k < run->K; k++)
    if (is_live (run, k) && judge (run, k, run->W + k * run->n))
      *restart = TRUE;
  return TRUE;
}

/* --- one iteration -------------------------------------------------------------------------------------------------------- */

/* C (rank,K) <- T^-1 C by the eigenvectors of T, the rows of run->T. */
static void
solve_small (const Run *run, gint64 K, double *C)
{
  gint64 r = run->rank;

  assay_gemm_f64 (NULL, FALSE, FALSE, r, K, r, 1, run->T, r, C, K, FALSE, run->small, K);
  for (gint64 j = 0; j < r; j++)
    assay_f64_scale (K, 1 / run->values[j], run->small + j * K);
  assay_gemm_f64 (NULL, TRUE, FALSE, r, K, r, 1, run->T, r, run->small, K, FALSE, C, K);
}

/* Next directions: basis of Z - P T^-1 Q'Z over the sides that search; without the second term when the recurrence starts. */
static gboolean
choose_directions (Run *run, gboolean starts, GError **error)
{
  gint64 n = run->n, count = 0;
  double *t;

  if (run->M != NULL && !assay_linop_apply (run->M, run->K, run->R, run->W, error))                 /* Z <- M R */
    return FALSE;
  for (gint64 k = 0; k < run->K; k++)
    if (is_live (run, k) && !run->side[k].rests)
      {
        const double *z = (run->M ? run->W : run->R) + k * n;

        if (run->M != NULL)
          {
            double rho = assay_f64_dot (n, z, run->R + k * n);

            if (!(rho > 0))
              {
                end (run, k, isfinite (rho) ? ASSAY_SOLVE_PRECONDITIONER : ASSAY_SOLVE_NAN);
                continue;
              }
          }
        memmove (run->W + count++ * n, z, n * sizeof *z);
      }
  if (!starts)
    {
      assay_block_inner (n, run->rank, run->Q, count, run->W, run->coefficients);
      solve_small (run, count, run->coefficients);
      assay_block_combine (n, run->rank, run->P, count, -1, run->coefficients, run->W);
    }
  run->rank = assay_block_basis (n, count, run->W, RANK_TOLERANCE);
  t = run->P;
  run->P = run->W;
  run->W = t;
  return TRUE;
}

/* T = P'Q with its eigenvectors: P is orthonormal, so its eigenvalues are curvatures and Ritz values. FALSE ends the solve. */
static gboolean
look_at_curvature (Run *run, GError **error)
{
  gint64 r = run->rank;

  assay_block_inner (run->n, r, run->P, r, run->Q, run->T);
  for (gint64 i = 0; i < r * r; i++)
    if (!isfinite (run->T[i]))
      {
        end_all (run, ASSAY_SOLVE_NAN);
        return TRUE;
      }
  assay_dense_symmetrise (r, run->T);
  if (!assay_dense_eigen (NULL, "curvature along the search directions", ASSAY_F64, r, run->T, run->values, NULL, error))
    return FALSE;
  run->smallest_curvature = MIN (run->smallest_curvature, run->values[0]);
  if (run->A->coarse == NULL)
    run->operator_norm = MAX (run->operator_norm, run->values[r - 1]);
  if (run->values[0] <= 0)
    end_all (run, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  else if (run->values[0] <= DBL_EPSILON * run->values[r - 1])    /* its own rounding */
    end_all (run, ASSAY_SOLVE_BREAKDOWN);
  return TRUE;
}

static void
report (const Run *run)
{
  double worst = 0;
  char note[96];

  if (run->progress == NULL)
    return;
  for (gint64 k = 0; k < run->K; k++)
    if (is_live (run, k))
      worst = MAX (worst, run->side[k].r_norm / run->side[k].b_norm);
  g_snprintf (note, sizeof note, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " right-hand sides to go, largest residual %.1e", count_live (run, TRUE),
              run->K, worst);
  assay_progress_report (run->progress, "block conjugate gradients", run->iterations, 0, "iterations", note);
}

static gboolean
step (Run *run, GError **error)
{
  gint64 n = run->n;

  if (!multiply_coarse (run, error) || !look_at_curvature (run, error))         /* Q <- A P */
    return FALSE;
  if (count_live (run, FALSE) == 0)
    return TRUE;
  assay_block_inner (n, run->rank, run->P, run->K, run->R, run->coefficients);
  solve_small (run, run->K, run->coefficients);                                                     /* T^-1 P'R */
  assay_block_combine (n, run->rank, run->P, run->K, 1, run->coefficients, run->X);
  assay_block_combine (n, run->rank, run->Q, run->K, -1, run->coefficients, run->R);
  run->iterations++;
  for (gint64 k = 0; k < run->K; k++)
    if (is_live (run, k))
      {
        Side *side = &run->side[k];
        double relative = (side->r_norm = assay_f64_norm (n, run->R + k * n)) / side->b_norm;

        g_array_append_val (run->results[k].history, relative);
        run->results[k].iterations = run->iterations;
        if (!isfinite (relative))
          end (run, k, ASSAY_SOLVE_NAN);
        else if (relative > run->divergence)
          end (run, k, ASSAY_SOLVE_DIVERGED);
      }
  report (run);
  return TRUE;
}

static gboolean
iterate (Run *run, GError **error)
{
  gboolean starts = TRUE, restart;

  while (count_live (run, FALSE) > 0)
    {
      if (!look (run, &restart, error))
        return FALSE;
      starts = starts || restart;
      if (assay_progress_is_cancelled (run->progress, NULL))
        end_all (run, ASSAY_SOLVE_CANCELLED);
      if (count_live (run, TRUE) == 0)
        continue;
      if (!choose_directions (run, starts, error) || (run->rank > 0 && !step (run, error)))
        return FALSE;
      if (run->rank == 0 && starts)                               /* residuals, and no direction in them */
        end_all (run, ASSAY_SOLVE_BREAKDOWN);
      starts = run->rank == 0;
    }
  return TRUE;
}

/* --- ends ----------------------------------------------------------------------------------------------------------------- */

static gboolean
lacks_residual (const Run *run, gint64 k)
{
  AssaySolveReason reason = run->results[k].reason;

  return reason == ASSAY_SOLVE_DIVERGED || reason == ASSAY_SOLVE_BREAKDOWN || reason == ASSAY_SOLVE_NEGATIVE_CURVATURE
         || reason == ASSAY_SOLVE_PRECONDITIONER;
}

/* True residuals of ends that no look has led to. */
static gboolean
finish_residuals (Run *run, GError **error)
{
  if (!find_true_residuals (run, lacks_residual, error))
    return FALSE;
  for (gint64 k = 0; k < run->K; k++)
    if (lacks_residual (run, k))
      run->results[k].true_residual = assay_f64_norm (run->n, run->W + k * run->n) / run->side[k].b_norm;
    else if (run->results[k].reason == ASSAY_SOLVE_NAN || run->results[k].reason == ASSAY_SOLVE_CANCELLED)
      run->results[k].true_residual = NAN;
  return TRUE;
}

/* What the block has in common is said of each; its products are shared out, so that they add up. */
static void
finish (Run *run)
{
  for (gint64 k = 0; k < run->K; k++)
    {
      AssaySolveResult *result = &run->results[k];
      const Side *side = &run->side[k];

      if (side->b_norm == 0 || result->reason == ASSAY_SOLVE_NONSYMMETRIC)
        continue;
      result->smallest_curvature = run->smallest_curvature;
      result->operator_norm = run->operator_norm;
      if (isfinite (result->true_residual))
        result->error_bound = assay_solve_bound (run->A, run->X + k * run->n, result->true_residual * side->b_norm, run->operator_norm) / side->scale;
      assay_f64_scale (run->n, 1 / side->scale, run->X + k * run->n);
      result->solution_norm = assay_f64_norm (run->n, run->X + k * run->n);
    }
  for (gint64 k = 0; k < run->K; k++)
    run->results[k].products = run->products / run->K + (k < run->products % run->K);
}

static void
begin (Run *run, gint64 k)
{
  const double *b = run->B + k * run->n;
  double largest = assay_f64_max (run->n, b), scale = assay_f64_unit_scale (run->n, b), *r = run->R + k * run->n;
  AssaySolveResult *result = &run->results[k];

  *result = (AssaySolveResult) { .smallest_curvature = INFINITY, .error_bound = INFINITY, .smallest_ritz = NAN, .largest_ritz = NAN,
                                 .condition_estimate = NAN, .n_negative = -1, .true_residual = 1,
                                 .history = g_array_new (FALSE, FALSE, sizeof (double)) };
  for (gint64 i = 0; i < run->n; i++)
    r[i] = b[i] * scale;
  run->side[k] = (Side) { .scale = scale, .b_norm = assay_f64_norm (run->n, r), .restart_norm = INFINITY };
  run->side[k].r_norm = run->side[k].b_norm;
  result->right_hand_norm = run->side[k].b_norm / scale;
  if (!isfinite (largest))
    {
      run->side[k].b_norm = 0;
      result->true_residual = NAN;
      end (run, k, ASSAY_SOLVE_NAN);
    }
  else if (largest == 0)
    {
      result->true_residual = result->error_bound = 0;
      end (run, k, ASSAY_SOLVE_CONVERGED_ZERO);
    }
  else if (!run->A->is_symmetric)
    end (run, k, ASSAY_SOLVE_NONSYMMETRIC);
}

static gboolean
solve_block_cg (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
                AssayProgress *progress, GError **error)
{
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (4 * K * A->n, sizeof (double), error),
                          small = memory ? assay_mem_alloc_array (3 * K * K + K, sizeof (double), error) : NULL;
  g_autofree Side *side = g_new0 (Side, K);
  Run run = { .A = A, .M = M, .n = A->n, .K = K, .tolerance = assay_values_get_double (options, "tolerance"),
              .width = assay_values_get_double (options, "width"), .divergence = assay_values_get_double (options, "divergence"),
              .max_iterations = assay_values_get_int (options, "max-iterations"), .recompute = assay_values_get_int (options, "recompute"),
              .smallest_curvature = INFINITY, .B = B, .X = X, .side = side, .results = results, .progress = progress };

  if (small == NULL)
    return FALSE;
  run.R = memory;
  run.P = run.R + K * A->n;
  run.Q = run.P + K * A->n;
  run.W = run.Q + K * A->n;
  run.T = small;
  run.small = run.T + K * K;
  run.coefficients = run.small + K * K;
  run.values = run.coefficients + K * K;
  memset (X, 0, K * A->n * sizeof *X);
  for (gint64 k = 0; k < K; k++)
    begin (&run, k);
  if (!iterate (&run, error) || !finish_residuals (&run, error))
    {
      for (gint64 k = 0; k < K; k++)
        assay_solve_result_clear (&results[k]);
      return FALSE;
    }
  finish (&run);
  return TRUE;
}

ASSAY_SOLVER_DEFINE (block_cg) = { .name = "block-cg",
                                   .help = "conjugate gradients that share the products of all right-hand sides; needs a positive definite (damped) matrix",
                                   .params = params, .solve = solve_block_cg };
