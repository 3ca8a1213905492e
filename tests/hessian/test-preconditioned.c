/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a preconditioner changes in an iterative solve, and what it must not: fewer products, the same claims. */
#include "matrices.h"

#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

#define N 60

typedef struct {
  double *matrix, *inverse;
  AssayLinop *A, *M;            /* M: A^-1 of an eigenvalue-wise perturbed A, or what the test puts here */
  double b[N], x[N];
  AssaySolveResult result;
} Problem;

/* Eigenvalues from 1e-3 to 1e3 on a logarithmic scale; those of M are their inverses times 1 + spread times a number in [0, 1). */
static void
problem_init (Problem *p, double spread)
{
  double values[N], inverses[N];

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    {
      values[i] = pow (10, -3 + 6 * (double) i / (N - 1));
      inverses[i] = (1 + spread * fmod (0.61803398875 * (double) i, 1)) / values[i];
    }
  p->matrix = make_spectrum (1, N, values);
  p->inverse = make_spectrum (1, N, inverses);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, values[0]);
  p->M = assay_linop_dense_new (N, p->inverse, TRUE, 0);
  fill_normal (2, N, p->b);
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_linop_unref (p->M);
  assay_mem_free (p->matrix);
  assay_mem_free (p->inverse);
  assay_solve_result_clear (&p->result);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

static AssaySolveReason
solve (Problem *p, const char *name, AssayLinop *M)
{
  const AssaySolver *solver = assay_solver_find (name, NULL);
  g_autoptr (AssayValues) options = make_options (solver, "tolerance=1e-8", NULL);
  GError *error = NULL;

  assay_solve_result_clear (&p->result);
  g_assert_true (solver->solve (p->A, M, options, 1, p->b, p->x, &p->result, NULL, &error));
  g_assert_no_error (error);
  return p->result.reason;
}

/* ||b - A x|| / ||b|| by hand. */
static double
measure_residual (const Problem *p)
{
  double r[N];

  assay_dense_multiply (N, p->matrix, 1, p->x, r);
  for (gint64 i = 0; i < N; i++)
    r[i] = p->b[i] - r[i];
  return assay_f64_norm (N, r) / assay_f64_norm (N, p->b);
}

static const char *const solvers[] = { "cg", "block-cg" };

static void
test_fewer_products (void)
{
  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      g_auto (Problem) p = { 0 };
      gint64 plain;

      problem_init (&p, 1);
      g_assert_cmpint (solve (&p, solvers[s], NULL), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      plain = p.result.products;
      g_assert_cmpint (solve (&p, solvers[s], p.M), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      g_assert_cmpfloat (measure_residual (&p), <=, 1.01e-8);
      assert_close (p.result.true_residual, measure_residual (&p), 1e-12);
      /* The condition number of M A is below 2: 0.172 an iteration and the root of A's condition, 1e3, in front. */
      g_assert_cmpint (p.result.iterations, <=, 17);
      g_assert_cmpint (p.result.products, <, plain / 2);
      if (isfinite (p.result.condition_estimate))
        g_assert_cmpfloat (p.result.condition_estimate, <=, 2.001);
    }
}

/* The exact inverse ends it in one step; the true residual is looked at all the same. */
static void
test_exact_inverse (void)
{
  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      g_auto (Problem) p = { 0 };

      problem_init (&p, 0);
      g_assert_cmpint (solve (&p, solvers[s], p.M), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
      g_assert_cmpint (p.result.iterations, <=, 2);
    }
}

/* What is claimed of x is in the terms of A x = b. */
static void
test_bound_holds (void)
{
  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      g_auto (Problem) p = { 0 };
      double truth[N], error[N];
      AssayFactor *factor;
      double *copy;

      problem_init (&p, 1);
      copy = assay_mem_new (double, N * N, NULL);
      memcpy (copy, p.matrix, sizeof (double) * N * N);
      factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, TRUE, NULL);
      memcpy (truth, p.b, sizeof truth);
      g_assert_true (assay_factor_solve (factor, 1, truth, NULL));
      assay_factor_free (factor);
      g_assert_cmpint (solve (&p, solvers[s], p.M), >, 0);
      for (gint64 i = 0; i < N; i++)
        error[i] = p.x[i] - truth[i];
      g_assert_cmpfloat (assay_f64_norm (N, error), <=, p.result.error_bound);
      g_assert_cmpfloat (p.result.operator_norm, <=, 1e3 * (1 + 1e-12));
      g_assert_null (p.result.alpha);
    }
}

static void
test_indefinite (void)
{
  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      g_auto (Problem) p = { 0 };

      problem_init (&p, 0);
      for (gint64 i = 0; i < N * N; i++)
        p.inverse[i] = -p.inverse[i];
      g_assert_cmpint (solve (&p, solvers[s], p.M), ==, ASSAY_SOLVE_PRECONDITIONER);
      g_assert_cmpfloat (p.result.true_residual, ==, 1);
    }
}

static void
test_not_finite (void)
{
  for (gsize s = 0; s < G_N_ELEMENTS (solvers); s++)
    {
      g_auto (Problem) p = { 0 };

      problem_init (&p, 1);
      p.inverse[3 * N + 5] = NAN;
      g_assert_cmpint (solve (&p, solvers[s], p.M), ==, ASSAY_SOLVE_NAN);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/preconditioned/a good preconditioner saves products and the residual is that of the system", test_fewer_products);
  g_test_add_func ("/preconditioned/the exact inverse ends the solve at once", test_exact_inverse);
  g_test_add_func ("/preconditioned/the certified error of x holds and speaks of A, not of M A", test_bound_holds);
  g_test_add_func ("/preconditioned/a preconditioner that is not positive definite is named", test_indefinite);
  g_test_add_func ("/preconditioned/a preconditioner that is not finite ends the solve", test_not_finite);
  return g_test_run ();
}
