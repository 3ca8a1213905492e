/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Minimum residuals on matrices whose spectrum is known, indefinite ones above all. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"

#include <math.h>
#include <string.h>

#define N 50

typedef struct {
  double *matrix, values[N];
  AssayLinop *A;
  double b[2 * N], x[2 * N], truth[2 * N];
  AssaySolveResult result[2];
} Problem;

/* Eigenvalues from first to last, evenly; none is zero unless asked for. */
static void
problem_init (Problem *p, double first, double last, double lower_bound)
{
  double *copy = assay_mem_new (double, N * N, NULL);
  g_autoptr (AssayFactor) factor = NULL;

  memset (p, 0, sizeof *p);
  for (gint64 i = 0; i < N; i++)
    p->values[i] = first + (last - first) * (double) i / (N - 1);
  p->matrix = make_spectrum (1, N, p->values);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, lower_bound);
  fill_normal (2, 2 * N, p->b);
  memcpy (copy, p->matrix, sizeof (double) * N * N);
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, TRUE, NULL);
  memcpy (p->truth, p->b, sizeof p->truth);
  g_assert_true (assay_factor_solve (factor, 2, p->truth, NULL));
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_mem_free (p->matrix);
  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

#define OPTIONS(...) make_options (assay_solver_find ("minres", NULL), ##__VA_ARGS__, NULL)

/* Takes the options. */
static AssaySolveReason
solve (Problem *p, AssayLinop *A, AssayValues *options)
{
  GError *error = NULL;

  assay_solve_result_clear (&p->result[0]);
  assay_solve_result_clear (&p->result[1]);
  g_assert_true (assay_solver_find ("minres", NULL)->solve (A, NULL, options, 2, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_values_free (options);
  return p->result[0].reason;
}

static double
measure_error (const Problem *p, guint k)
{
  double e[N];

  for (gint64 i = 0; i < N; i++)
    e[i] = p->x[k * N + i] - p->truth[k * N + i];
  return assay_f64_norm (N, e);
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
test_indefinite (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, -3, 17, -INFINITY);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=1e-10")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  for (guint k = 0; k < 2; k++)
    {
      g_assert_cmpfloat (measure_residual (&p, k), <=, 1.001e-10);
      assert_close (p.result[k].true_residual, measure_residual (&p, k), 1e-13);
      g_assert_cmpfloat (measure_error (&p, k), <=, 1e-7 * assay_f64_norm (N, p.truth + k * N));
      assert_close (p.result[k].smallest_ritz, -3, 1e-6);
      assert_close (p.result[k].largest_ritz, 17, 1e-6);
      g_assert_true (isinf (p.result[k].error_bound));
      g_assert_cmpint (p.result[k].iterations, ==, p.result[k].history->len);
    }
  g_assert_cmpint (p.result[0].products + p.result[1].products, ==, p.A->n_applied);
}

/* Ritz values never leave the spectrum, however early it is stopped; and the residual never grows. */
static void
test_early (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, -3, 17, -INFINITY);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=1e-10", "max-iterations=6")), ==, ASSAY_SOLVE_ITERATIONS);
  g_assert_cmpfloat (p.result[0].smallest_ritz, >=, -3 - 1e-12);
  g_assert_cmpfloat (p.result[0].largest_ritz, <=, 17 + 1e-12);
  assert_close (p.result[0].true_residual, measure_residual (&p, 0), 1e-12);
  assert_close (p.result[0].true_residual, g_array_index (p.result[0].history, double, 5), 1e-12);
  for (guint j = 1; j < 6; j++)
    g_assert_cmpfloat (g_array_index (p.result[0].history, double, j), <=, g_array_index (p.result[0].history, double, j - 1) * (1 + 1e-14));
}

static void
test_definite (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, 0.5, 20, 0.5);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=1e-9")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
  for (guint k = 0; k < 2; k++)
    g_assert_cmpfloat (measure_error (&p, k), <=, p.result[k].error_bound);
  assert_close (p.result[0].condition_estimate, 40, 1e-3);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=0", "width=1e-5")), ==, ASSAY_SOLVE_CONVERGED_WIDTH);
  g_assert_cmpfloat (measure_error (&p, 0), <=, 1e-5);
}

static void
test_other_ends (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssayLinop) broken = NULL;
  GError *error = NULL;
  AssayValues *options = OPTIONS ();

  problem_init (&p, -3, 17, -INFINITY);
  broken = make_nan_linop (p.A, 3);
  g_assert_cmpint (solve (&p, broken, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=0")), ==, ASSAY_SOLVE_RESIDUAL_GAP);
  g_assert_cmpfloat (measure_residual (&p, 0), <=, 1e-12);
  p.b[3] = NAN;
  memset (p.b + N, 0, sizeof (double) * N);
  g_assert_cmpint (solve (&p, p.A, OPTIONS ()), ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_CONVERGED_ZERO);
  g_assert_false (assay_solver_find ("minres", NULL)->solve (p.A, p.A, options, 1, p.b, p.x, p.result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_clear_error (&error);
  assay_values_free (options);
  fill_normal (2, 2 * N, p.b);
  p.A->is_symmetric = FALSE;
  g_assert_cmpint (solve (&p, p.A, OPTIONS ()), ==, ASSAY_SOLVE_NONSYMMETRIC);
}

/* A right-hand side that a singular matrix cannot reach is not converged on; one that it can is. */
static void
test_singular (void)
{
  g_auto (Problem) p = { 0 };

  problem_init (&p, -3, 17, -INFINITY);
  memset (p.matrix, 0, sizeof (double) * N * N);
  for (gint64 i = 1; i < N; i++)
    p.matrix[i * N + i] = (double) (i % 5) - 1.5;
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=1e-10")), <, 0);
  g_assert_cmpfloat (p.result[0].true_residual, >, 1e-3);
  p.b[0] = 0;
  g_assert_cmpint (solve (&p, p.A, OPTIONS ("tolerance=1e-10")), ==, ASSAY_SOLVE_CONVERGED_RESIDUAL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/solver_minres/an indefinite system is solved, and the smallest eigenvalue seen", test_indefinite);
  g_test_add_func ("/solver_minres/stopped early, Ritz values are within the spectrum and residuals fell", test_early);
  g_test_add_func ("/solver_minres/on a definite matrix the error is within its bound", test_definite);
  g_test_add_func ("/solver_minres/what is not finite, not symmetric or not attainable is named", test_other_ends);
  g_test_add_func ("/solver_minres/a singular system is solved only where it can be", test_singular);
  return g_test_run ();
}
