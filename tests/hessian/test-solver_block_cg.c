/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block conjugate gradients on matrices whose spectrum is known: they agree with the dense solve, they need fewer products than the same
 * right-hand sides alone, and right-hand sides that depend on each other, vanish or break change nothing for the others. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/block.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

#define N 200
#define K 8

typedef struct {
  double *matrix;
  AssayLinop *A;
  double b[K * N], x[K * N], truth[K * N];
  AssaySolveResult result[K];
} Problem;

/* Eigenvalues i^-power and a shift: what damped curvature looks like. */
static void
problem_init (Problem *p, double power, double shift)
{
  double values[N];

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    values[i] = 40 * pow ((double) i + 1, -power) + shift;
  p->matrix = make_spectrum (1, N, values);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, shift);
  fill_normal (2, K * N, p->b);
}

static void
clear_results (Problem *p)
{
  for (guint k = 0; k < K; k++)
    assay_solve_result_clear (&p->result[k]);
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_mem_free (p->matrix);
  clear_results (p);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

#define OPTIONS(...) make_options (assay_solver_find ("block-cg", NULL), ##__VA_ARGS__, NULL)

/* Takes the options. */
static void
solve (Problem *p, const char *name, AssayLinop *A, gint64 count, AssayValues *options)
{
  GError *error = NULL;

  clear_results (p);
  g_assert_true (assay_solver_find (name, NULL)->solve (A, NULL, options, count, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_values_free (options);
}

static void
find_truth (Problem *p)
{
  double *copy = assay_mem_new (double, N * N, NULL);
  g_autoptr (AssayFactor) factor = NULL;

  memcpy (copy, p->matrix, sizeof (double) * N * N);
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, TRUE, NULL);
  memcpy (p->truth, p->b, sizeof p->truth);
  g_assert_true (assay_factor_solve (factor, K, p->truth, NULL));
}

static double
measure_residual (const Problem *p, guint k)
{
  double r[N];

  assay_dense_multiply (N, p->matrix, 1, p->x + k * N, r);
  for (gint64 i = 0; i < N; i++)
    r[i] = p->b[k * N + i] - r[i];
  return assay_f64_norm (N, r) / assay_f64_norm (N, p->b + k * N);
}

static void
assert_within_bound (Problem *p, guint k)
{
  double e[N];

  for (gint64 i = 0; i < N; i++)
    e[i] = p->x[k * N + i] - p->truth[k * N + i];
  g_assert_cmpfloat (assay_f64_norm (N, e), <=, p->result[k].error_bound * (1 + 1e-10) + 1e-13 * assay_f64_norm (N, p->truth + k * N));
}

static gint64
count_products (const Problem *p)
{
  gint64 products = 0;

  for (guint k = 0; k < K; k++)
    products += p->result[k].products;
  return products;
}

static void
test_converges (void)
{
  const double powers[] = { 0, 0.5, 1, 2 };
  const char *const tolerances[] = { "tolerance=1e-3", "tolerance=1e-8", "tolerance=1e-12" };
  const double limits[] = { 1e-3, 1e-8, 1e-12 };

  for (gsize s = 0; s < G_N_ELEMENTS (powers); s++)
    for (gsize t = 0; t < G_N_ELEMENTS (tolerances); t++)
      {
        g_auto (Problem) p = { 0 };

        problem_init (&p, powers[s], 0.1);
        find_truth (&p);
        solve (&p, "block-cg", p.A, K, OPTIONS (tolerances[t]));
        for (guint k = 0; k < K; k++)
          {
            g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
            assert_close (p.result[k].true_residual, measure_residual (&p, k), 1e-13);
            g_assert_cmpfloat (measure_residual (&p, k), <=, limits[t] + 1e-13);
            assert_within_bound (&p, k);
            g_assert_cmpint (p.result[k].iterations, ==, p.result[k].history->len);
            g_assert_cmpfloat (p.result[k].smallest_curvature, >=, 0.1 * (1 - 1e-12));
            g_assert_cmpfloat (p.result[k].operator_norm, <=, (40 + 0.1) * (1 + 1e-12));
          }
        g_assert_cmpint (count_products (&p), ==, p.A->n_applied);
      }
}

/* Where the spectrum decays, each right-hand side profits from the directions of the others. */
static void
test_saves_products (void)
{
  g_auto (Problem) p = { 0 };
  gint64 alone;

  problem_init (&p, 1, 0.02);
  solve (&p, "cg", p.A, K, make_options (assay_solver_find ("cg", NULL), "tolerance=1e-6", NULL));
  alone = count_products (&p);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-6"));
  for (guint k = 0; k < K; k++)
    g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_cmpint (count_products (&p), <, alone * 2 / 3);
}

/* One right-hand side in a block of one is plain conjugate gradients. */
static void
test_block_of_one (void)
{
  g_auto (Problem) p = { 0 };
  gint64 iterations;

  problem_init (&p, 1, 0.1);
  solve (&p, "cg", p.A, 1, make_options (assay_solver_find ("cg", NULL), "tolerance=1e-6", NULL));
  iterations = p.result[0].iterations;
  solve (&p, "block-cg", p.A, 1, OPTIONS ("tolerance=1e-6"));
  g_assert_cmpint (p.result[0].iterations, ==, iterations);
}

/* A copy, a multiple, a zero and a sum of others: the block has rank 5, and every solution is right. */
static void
test_dependent (void)
{
  g_auto (Problem) p = { 0 };
  gint64 most;

  problem_init (&p, 1, 0.1);
  memcpy (p.b + N, p.b, sizeof (double) * N);
  for (gint64 i = 0; i < N; i++)
    {
      p.b[3 * N + i] = 1e-40 * p.b[2 * N + i];
      p.b[4 * N + i] = 0;
      p.b[5 * N + i] = p.b[i] + p.b[6 * N + i];
    }
  find_truth (&p);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-9"));
  for (guint k = 0; k < K; k++)
    {
      g_assert_cmpint (p.result[k].reason, ==, k == 4 ? ASSAY_SOLVE_CONVERGED_ZERO : ASSAY_SOLVE_CONVERGED_RESIDUAL);
      assert_within_bound (&p, k);
    }
  for (gint64 i = 0; i < N; i++)
    {
      g_assert_cmpfloat (p.x[4 * N + i], ==, 0);
      assert_close (p.x[i], p.x[N + i], 1e-12 * assay_f64_norm (N, p.x));
    }
  most = p.result[0].iterations;
  g_assert_cmpint (count_products (&p), <=, 4 * most + 3 * 7);    /* of rank 4: 0, 2, 6, 7; and the looks at the true residual */
}

/* Eight right-hand sides in an invariant space of three dimensions: three directions are all there is. */
static void
test_invariant_space (void)
{
  g_auto (Problem) p = { 0 };
  double basis[3 * N];

  problem_init (&p, 1, 0.1);
  fill_normal (9, 3 * N, basis);
  memset (p.matrix, 0, sizeof (double) * N * N);
  for (gint64 i = 0; i < N; i++)
    p.matrix[i * N + i] = i < 3 ? (double) i + 1 : 50;
  for (guint k = 0; k < K; k++)
    for (gint64 i = 0; i < N; i++)
      p.b[k * N + i] = i < 3 ? basis[i] * (double) (k + 1) + (double) ((k * 7 + 3 * (guint) i) % 5) : 0;
  find_truth (&p);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-12"));
  for (guint k = 0; k < K; k++)
    {
      g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      assert_within_bound (&p, k);
    }
  g_assert_cmpint (count_products (&p), <=, 3 + K);
}

static void
test_not_finite (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) broken = NULL;

  problem_init (&p, 1, 0.1);
  p.b[2 * N + 5] = INFINITY;
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-6"));
  for (guint k = 0; k < K; k++)
    g_assert_cmpint (p.result[k].reason, ==, k == 2 ? ASSAY_SOLVE_NAN : ASSAY_SOLVE_CONVERGED_RESIDUAL);
  g_assert_true (isnan (p.result[2].true_residual));
  p.b[2 * N + 5] = 0;
  broken = make_nan_linop (p.A, 3 * K);
  solve (&p, "block-cg", broken, K, OPTIONS ("tolerance=1e-12"));
  for (guint k = 0; k < K; k++)
    g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_NAN);
}

static void
test_other_ends (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) shifted = NULL;

  problem_init (&p, 1, 0.1);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-10", "max-iterations=2"));
  for (guint k = 0; k < K; k++)
    {
      g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_ITERATIONS);
      assert_close (p.result[k].true_residual, measure_residual (&p, k), 1e-13);
    }
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=0"));
  for (guint k = 0; k < K; k++)
    g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_RESIDUAL_GAP);
  shifted = assay_linop_shift_new (p.A, -5);                      /* most eigenvalues are negative then */
  solve (&p, "block-cg", shifted, K, OPTIONS ());
  for (guint k = 0; k < K; k++)
    g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_NEGATIVE_CURVATURE);
  g_assert_cmpfloat (p.result[0].smallest_curvature, <=, 0);
  p.A->is_symmetric = FALSE;
  solve (&p, "block-cg", p.A, K, OPTIONS ());
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_NONSYMMETRIC);
}

/* Looking at the true residuals on the way changes nothing of the way. */
static void
test_looks (void)
{
  g_auto (Problem) p = { 0 };
  gint64 iterations;

  problem_init (&p, 1, 0.1);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-6"));
  iterations = p.result[0].iterations;
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-6", "recompute=2"));
  g_assert_cmpint (p.result[0].iterations, ==, iterations);
  g_assert_cmpfloat (p.result[0].residual_gap, <=, 1e-12);
}

/* Sides of very different size are each solved to their own tolerance. */
static void
test_scales (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, 1, 0.1);
  for (guint k = 0; k < K; k++)
    for (gint64 i = 0; i < N; i++)
      p.b[k * N + i] *= pow (10, 30.0 * (double) k - 100);
  find_truth (&p);
  solve (&p, "block-cg", p.A, K, OPTIONS ("tolerance=1e-9"));
  for (guint k = 0; k < K; k++)
    {
      g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      assert_within_bound (&p, k);
    }
}

static void
test_basis (void)
{
  double X[6 * N], copy[6 * N], G[36], C[36];

  fill_normal (3, 6 * N, X);
  memset (X + N, 0, sizeof (double) * N);
  for (gint64 i = 0; i < N; i++)
    X[4 * N + i] = 1e8 * (X[i] - 3 * X[2 * N + i]);
  memcpy (copy, X, sizeof X);
  g_assert_cmpint (assay_block_basis (N, 6, X, 1e-8), ==, 4);
  assay_block_inner (N, 4, X, 4, X, G);
  for (guint i = 0; i < 16; i++)
    assert_close (G[i], i % 5 == 0, 1e-15);
  assay_block_inner (N, 4, X, 6, copy, C);                        /* what was given is in the span */
  assay_block_combine (N, 4, X, 6, -1, C, copy);
  for (gint64 i = 0; i < 6 * N; i++)
    assert_close (copy[i], 0, i / N == 4 ? 1e-6 : 1e-13);
}

/* More vectors than are made orthogonal one by one: some that hold little beside those of the panels before, and some nothing. */
static void
test_large_basis (void)
{
  enum { n = 150, many = 90, rank = 80 };
  g_autofree double *X = g_new (double, many * n), *copy = NULL, *G = g_new (double, many * many), *C = g_new (double, many * many);

  fill_normal (4, many * n, X);
  for (gint64 k = 40; k < 60; k++)                                /* two of those before; the even ones with a little of their own */
    for (gint64 i = 0; i < n; i++)
      X[k * n + i] = X[(k - 40) * n + i] - 2 * X[(k - 7) * n + i] + (k % 2 == 0 ? 1e-6 * X[k * n + i] : 0);
  copy = g_memdup2 (X, many * n * sizeof *X);
  g_assert_cmpint (assay_block_basis (n, many, X, 1e-8), ==, rank);
  assay_block_inner (n, rank, X, rank, X, G);
  for (gint64 i = 0; i < rank * rank; i++)
    assert_close (G[i], i % (rank + 1) == 0, 1e-14);
  assay_block_inner (n, rank, X, many, copy, C);
  assay_block_combine (n, rank, X, many, -1, C, copy);
  for (gint64 i = 0; i < many * n; i++)
    assert_close (copy[i], 0, 1e-12);
}

static void
test_refines (void)
{
  double *rounded;
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) coarse = NULL;
  AssayLinop *A;

  problem_init (&p, 1, 1);
  A = assay_linop_shift_new (p.A, 0);
  coarse = make_coarse_linop (N, p.matrix, &rounded);
  assay_linop_set_coarse (A, coarse);
  solve (&p, "block-cg", A, K, OPTIONS ("tolerance=1e-12"));
  for (guint k = 0; k < K; k++)
    {
      double r2 = 0, b2 = 0;

      g_assert_cmpint (p.result[k].reason, ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      for (gint64 i = 0; i < N; i++)
        {
          double r = p.b[k * N + i];

          for (gint64 j = 0; j < N; j++)
            r -= p.matrix[i * N + j] * p.x[k * N + j];
          r2 += r * r;
          b2 += p.b[k * N + i] * p.b[k * N + i];
        }
      g_assert_cmpfloat (sqrt (r2 / b2), <=, 1e-12 + 1e-14);
    }
  g_assert_cmpuint (p.A->n_applied, <=, 14 * K);
  g_assert_cmpuint (coarse->n_applied, >, p.A->n_applied);
  assay_linop_unref (A);
  assay_mem_free (rounded);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/solver_block_cg/solutions agree with the dense solve to their own bound", test_converges);
  g_test_add_func ("/solver_block_cg/a block needs far fewer products than its right-hand sides alone", test_saves_products);
  g_test_add_func ("/solver_block_cg/a block of one is conjugate gradients", test_block_of_one);
  g_test_add_func ("/solver_block_cg/copies, multiples, sums and zeros among the right-hand sides leave the block", test_dependent);
  g_test_add_func ("/solver_block_cg/no more directions than an invariant space has", test_invariant_space);
  g_test_add_func ("/solver_block_cg/a right-hand side or product that is not finite", test_not_finite);
  g_test_add_func ("/solver_block_cg/iterations run out, accuracy runs out, curvature is negative, the operator is not symmetric", test_other_ends);
  g_test_add_func ("/solver_block_cg/looks at the true residual do not disturb the iteration", test_looks);
  g_test_add_func ("/solver_block_cg/sizes of right-hand sides do not matter", test_scales);
  g_test_add_func ("/solver_block_cg/a basis is orthonormal, has the rank and spans what was given", test_basis);
  g_test_add_func ("/solver_block_cg/a basis of more vectors than a panel holds is as good", test_large_basis);
  g_test_add_func ("/solver_block_cg/steps by a rounded operator end at the residuals of the one itself", test_refines);
  return g_test_run ();
}
