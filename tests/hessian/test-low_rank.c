/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanczos, low-rank approximations and approximate inverses on matrices whose spectrum is known. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/lanczos.h"
#include "hessian/low_rank.h"
#include "hessian/vector_f64.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 80
#define LAMBDA 0.05

typedef struct {
  double *matrix;
  double values[N];             /* descending */
  AssayLinop *C, *A;            /* A = C + LAMBDA I */
  double b[2 * N], x[2 * N], truth[2 * N];
  AssaySolveResult result[2];
} Problem;

/* Eigenvalues 10 (i + 1)^-power, zero from `rank` on, the last `negative` of them below zero. */
static void
problem_init (Problem *p, double power, gint64 rank, gint64 negative)
{
  double *copy = assay_mem_new (double, N * N, NULL);
  g_autoptr (AssayFactor) factor = NULL;

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    p->values[i] = i < rank ? 10 * pow ((double) i + 1, -power) * (i >= rank - negative ? -1 : 1) : 0;
  p->matrix = make_spectrum (1, N, p->values);
  p->C = assay_linop_dense_new (N, p->matrix, TRUE, negative ? -INFINITY : 0);
  p->A = assay_linop_shift_new (p->C, LAMBDA);
  fill_normal (2, 2 * N, p->b);
  memcpy (copy, p->matrix, sizeof (double) * N * N);
  for (gint64 i = 0; i < N; i++)
    copy[i * N + i] += LAMBDA;
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, TRUE, NULL);
  memcpy (p->truth, p->b, sizeof p->truth);
  g_assert_true (assay_factor_solve (factor, 2, p->truth, NULL));
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_linop_unref (p->C);
  assay_mem_free (p->matrix);
  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

/* The largest difference from the dense solve, in the norm of the solution. */
static double
measure_error (const Problem *p)
{
  double largest = 0;

  for (guint k = 0; k < 2; k++)
    {
      double e[N];

      for (gint64 i = 0; i < N; i++)
        e[i] = p->x[k * N + i] - p->truth[k * N + i];
      largest = MAX (largest, assay_f64_norm (N, e) / assay_f64_norm (N, p->truth + k * N));
    }
  return largest;
}

/* Takes M. */
static void
solve (Problem *p, const char *name, AssayLinop *M, const char *tolerance)
{
  const AssaySolver *solver = assay_solver_find (name, NULL);
  g_autoptr (AssayValues) options = make_options (solver, tolerance, NULL);
  GError *error = NULL;

  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
  g_assert_nonnull (M);
  g_assert_true (solver->solve (p->A, M, options, 2, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_linop_unref (M);
}

static void
test_lanczos (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLanczos) part = NULL, whole = NULL;
  double start[N];

  problem_init (&p, 1, N, 0);
  fill_normal (7, N, start);
  part = assay_lanczos_new (p.C, 20, start, TRUE, NULL, NULL);
  g_assert_cmpint (part->k, ==, 20);
  for (gint64 j = 0; j < 20; j++)
    {
      double nearest = INFINITY, product[N], v[N] = { 0 };

      for (gint64 i = 0; i < N; i++)
        nearest = MIN (nearest, fabs (p.values[i] - part->ritz[j]));
      g_assert_cmpfloat (nearest, <=, assay_lanczos_get_error (part, j) + 1e-13);
      for (gint64 i = 0; i < 20; i++)                             /* the Ritz vector's residual is what it says */
        assay_f64_add (N, part->rotation[j * 20 + i], part->basis + i * N, v);
      assay_dense_multiply (N, p.matrix, 1, v, product);
      assay_f64_add (N, -part->ritz[j], v, product);
      assert_close (assay_f64_norm (N, product), assay_lanczos_get_error (part, j), 1e-12);
    }
  whole = assay_lanczos_new (p.C, 10 * N, start, FALSE, NULL, NULL);
  g_assert_cmpint (whole->k, ==, N);
  g_assert_null (whole->basis);
  for (gint64 i = 0; i < N; i++)
    assert_close (whole->ritz[N - 1 - i], p.values[i], 1e-12);
}

static void
test_lanczos_ends (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLanczos) lanczos = NULL;
  g_autoptr (AssayLinop) broken = NULL;
  GError *error = NULL;
  double start[N];

  problem_init (&p, 1, 5, 0);
  fill_normal (7, N, start);
  lanczos = assay_lanczos_new (p.C, 40, start, FALSE, NULL, NULL);
  g_assert_cmpint (lanczos->k, ==, 6);                            /* five eigenvalues and zero */
  g_assert_cmpfloat (lanczos->last_beta, ==, 0);
  broken = make_nan_linop (p.C, 3);
  g_assert_null (assay_lanczos_new (broken, 40, start, FALSE, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_clear_error (&error);
  memset (start, 0, sizeof start);
  g_assert_null (assay_lanczos_new (p.C, 40, start, FALSE, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
}

/* With all directions, and with a few more than the matrix has rank. */
static void
test_nystrom_is_exact (void)
{
  const gint64 ranks[] = { N, 12 }, sketches[] = { N, 16 };

  for (gsize c = 0; c < G_N_ELEMENTS (ranks); c++)
    {
      g_auto (Problem) p = { 0 };
      AssayLowRank *low_rank;

      problem_init (&p, 1, ranks[c], 0);
      low_rank = assay_low_rank_new_nystrom (p.C, sketches[c], 3, NULL, NULL);
      g_assert_cmpint (low_rank->rank, >=, ranks[c]);
      for (gint64 i = 0; i < ranks[c]; i++)
        assert_close (low_rank->values[i], p.values[i], 1e-10);
      solve (&p, "inverse", assay_low_rank_inverse_new (low_rank, LAMBDA, NULL), "tolerance=1e-9");
      g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      g_assert_cmpfloat (measure_error (&p), <=, 1e-10);
    }
}

/* An indefinite matrix is no hindrance to Lanczos. */
static void
test_lanczos_is_exact (void)
{
  for (gint64 negative = 0; negative <= 3; negative += 3)
    {
      g_auto (Problem) p = { 0 };

      problem_init (&p, 1, N, negative);
      solve (&p, "inverse", assay_low_rank_inverse_new (assay_low_rank_new_lanczos (p.C, N, N, 3, NULL, NULL), LAMBDA, NULL), "tolerance=1e-9");
      g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      g_assert_cmpfloat (measure_error (&p), <=, 1e-10);
    }
}

/* Never above the matrix: x'C x - x'C_nys x >= 0. */
static void
test_nystrom_is_below (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLowRank) low_rank = NULL;
  double x[N], y[N];

  problem_init (&p, 0.5, N, 0);
  low_rank = assay_low_rank_new_nystrom (p.C, 10, 3, NULL, NULL);
  for (guint t = 0; t < 50; t++)
    {
      double below = 0;

      fill_normal (100 + t, N, x);
      assay_dense_multiply (N, p.matrix, 1, x, y);
      for (gint64 j = 0; j < low_rank->rank; j++)
        {
          double c = assay_f64_dot (N, low_rank->vectors + j * N, x);

          below += low_rank->values[j] * c * c;
        }
      g_assert_cmpfloat (below, <=, assay_f64_dot (N, x, y) + 1e-10);
    }
}

/* Too few directions: said, with the residual that there is and a bound that holds. */
static void
test_approximate (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, 1, N, 0);
  solve (&p, "inverse", assay_low_rank_inverse_new (assay_low_rank_new_nystrom (p.C, 10, 3, NULL, NULL), LAMBDA, NULL), "tolerance=1e-6");
  for (guint k = 0; k < 2; k++)
    {
      double r[N], e[N];

      g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_APPROXIMATE);
      g_assert_false (assay_solve_has_converged (p.result[k].reason));
      assay_dense_multiply (N, p.matrix, 1, p.x + k * N, r);
      for (gint64 i = 0; i < N; i++)
        {
          r[i] = p.b[k * N + i] - r[i] - LAMBDA * p.x[k * N + i];
          e[i] = p.x[k * N + i] - p.truth[k * N + i];
        }
      assert_close (p.result[k].true_residual, assay_f64_norm (N, r) / assay_f64_norm (N, p.b + k * N), 1e-12);
      g_assert_cmpfloat (assay_f64_norm (N, e), <=, p.result[k].error_bound);
    }
}

/* As a preconditioner it takes the directions that it knows out of the condition number. */
static void
test_preconditions (void)
{
  g_auto (Problem) p = { 0 };
  gint64 plain;

  problem_init (&p, 1.5, N, 0);
  solve (&p, "cg", assay_linop_shift_new (assay_linop_scale_new (p.C, 0), 1), "tolerance=1e-8");
  plain = p.result[0].iterations;
  solve (&p, "cg", assay_low_rank_preconditioner_new (assay_low_rank_new_nystrom (p.C, 30, 3, NULL, NULL), LAMBDA, NULL), "tolerance=1e-8");
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpint (p.result[0].iterations, <, plain / 2);
  g_assert_cmpfloat (measure_error (&p), <=, 1e-6);
}

static void
test_bad_input (void)
{
  g_auto (Problem) p = { 0 };
  GError *error = NULL;

  problem_init (&p, 1, N, 3);
  g_assert_null (assay_low_rank_new_nystrom (p.C, N, 3, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "positive semi-definite"));
  g_clear_error (&error);
  g_assert_null (assay_low_rank_inverse_new (assay_low_rank_new_lanczos (p.C, 10, 5, 3, NULL, NULL), 0, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  p.b[3] = NAN;
  solve (&p, "inverse", assay_low_rank_inverse_new (assay_low_rank_new_lanczos (p.C, 10, 5, 3, NULL, NULL), LAMBDA, NULL), "tolerance=1e-6");
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_APPROXIMATE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/low_rank/Ritz pairs have the residual that is said of them, and all of them are the spectrum", test_lanczos);
  g_test_add_func ("/low_rank/Lanczos ends at an invariant space, and names what it cannot begin with", test_lanczos_ends);
  g_test_add_func ("/low_rank/the Nystrom inverse of full rank equals the dense solve", test_nystrom_is_exact);
  g_test_add_func ("/low_rank/the Lanczos inverse of full rank equals the dense solve, indefinite or not", test_lanczos_is_exact);
  g_test_add_func ("/low_rank/the Nystrom approximation is never above the matrix", test_nystrom_is_below);
  g_test_add_func ("/low_rank/an inverse of too low a rank is called approximate, with its true residual and a bound that holds", test_approximate);
  g_test_add_func ("/low_rank/the Nystrom preconditioner saves iterations", test_preconditions);
  g_test_add_func ("/low_rank/indefinite for Nystrom, no damping, right-hand sides that are not finite", test_bad_input);
  return g_test_run ();
}
