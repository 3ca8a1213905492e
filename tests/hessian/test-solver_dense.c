/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The direct solver: which factorisation it took, what it says about the matrix, and how it ends. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 30

typedef struct {
  double *matrix;
  double b[2 * N], x[2 * N];
  AssaySolveResult result[2];
} Problem;

static void
problem_clear (Problem *p)
{
  assay_mem_free (p->matrix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

#define OPTIONS(...) make_options (assay_solver_find ("dense", NULL), ##__VA_ARGS__, NULL)

static AssaySolveReason
solve (Problem *p, gint64 n, gboolean is_symmetric, double lower_bound, AssayValues *options)
{
  g_autoptr (AssayLinop) A = assay_linop_dense_new (n, p->matrix, is_symmetric, lower_bound);
  GError *error = NULL;

  g_assert_true (assay_solver_find ("dense", NULL)->solve (A, NULL, options, 2, p->b, p->x, p->result, NULL, &error));
  g_assert_no_error (error);
  assay_values_free (options);
  return p->result[0].reason;
}

/* The worst residual of a row relative to its own terms, over both systems. */
static double
measure (const Problem *p)
{
  double worst = 0;

  for (guint k = 0; k < 2; k++)
    for (gint64 i = 0; i < N; i++)
      {
        double r = p->b[k * N + i], size = fabs (r);

        for (gint64 j = 0; j < N; j++)
          {
            r -= p->matrix[i * N + j] * p->x[k * N + j];
            size += fabs (p->matrix[i * N + j] * p->x[k * N + j]);
          }
        worst = MAX (worst, fabs (r) / size);
      }
  return worst;
}

static void
test_positive (void)
{
  g_auto (Problem) p = { 0 };
  double values[N];

  for (gint64 i = 0; i < N; i++)
    values[i] = 1 + (double) i;
  p.matrix = make_spectrum (1, N, values);
  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, TRUE, 1, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_DIRECT);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_CONVERGED_DIRECT);
  g_assert_cmpfloat (measure (&p), <=, N * DBL_EPSILON);
  g_assert_cmpint (p.result[0].n_negative, ==, 0);
  g_assert_cmpint (p.result[0].products, ==, N);
  g_assert_cmpfloat (p.result[0].true_residual, <, 1e-14);
  g_assert_cmpfloat (p.result[0].condition_estimate, >, 5);       /* kappa is 30 in the two-norm */
  g_assert_cmpfloat (p.result[0].condition_estimate, <, 30 * N);
  g_assert_cmpfloat (p.result[0].smallest_curvature, >=, 1 - 1e-12);
  g_assert_cmpfloat (p.result[0].error_bound, <, 1e-11);
}

static void
test_indefinite (void)
{
  g_auto (Problem) p = { 0 };
  double values[N];

  for (gint64 i = 0; i < N; i++)
    values[i] = (i < 7 ? -1 : 1) * (1 + (double) i);
  p.matrix = make_spectrum (1, N, values);
  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, TRUE, -INFINITY, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_DIRECT);
  g_assert_cmpfloat (measure (&p), <=, N * DBL_EPSILON);
  g_assert_cmpint (p.result[0].n_negative, ==, 7);
  g_assert_cmpfloat (p.result[0].error_bound, ==, INFINITY);
}

static void
test_general (void)
{
  g_auto (Problem) p = { .matrix = assay_mem_new (double, N * N, NULL) };

  fill_normal (4, N * N, p.matrix);
  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, FALSE, -INFINITY, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_DIRECT);
  g_assert_cmpfloat (measure (&p), <=, N * DBL_EPSILON);
  g_assert_cmpint (p.result[0].n_negative, ==, -1);
}

static void
test_nonsymmetric (void)
{
  g_auto (Problem) p = { .matrix = assay_mem_new (double, N * N, NULL) };

  fill_normal (4, N * N, p.matrix);
  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, TRUE, -INFINITY, OPTIONS ()), ==, ASSAY_SOLVE_NONSYMMETRIC);
  for (gint64 i = 0; i < 2 * N; i++)
    g_assert_cmpfloat (p.x[i], ==, 0);
}

static void
test_singular (void)
{
  g_auto (Problem) p = { .matrix = make_hilbert (N) };

  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, TRUE, 0, OPTIONS ()), ==, ASSAY_SOLVE_BREAKDOWN);
  g_assert_cmpfloat (p.result[0].condition_estimate, >, 1 / DBL_EPSILON);
  memset (p.matrix, 0, N * N * sizeof *p.matrix);
  g_assert_cmpint (solve (&p, N, TRUE, 0, OPTIONS ()), ==, ASSAY_SOLVE_BREAKDOWN);
  g_assert_cmpfloat (p.result[0].condition_estimate, ==, INFINITY);
  g_assert_cmpfloat (p.result[0].true_residual, ==, 1);
}

/* A tolerance of zero cannot be met by doubles that are not whole numbers. */
static void
test_gap (void)
{
  g_auto (Problem) p = { 0 };
  double values[N];

  for (gint64 i = 0; i < N; i++)
    values[i] = pow (10, (double) i / 4);
  p.matrix = make_spectrum (1, N, values);
  fill_normal (2, 2 * N, p.b);
  g_assert_cmpint (solve (&p, N, TRUE, 1, OPTIONS ("tolerance=0")), ==, ASSAY_SOLVE_RESIDUAL_GAP);
  g_assert_cmpfloat (p.result[0].true_residual, >, 0);
}

static void
test_right_hand_sides (void)
{
  g_auto (Problem) p = { 0 };
  double values[N];

  for (gint64 i = 0; i < N; i++)
    values[i] = 1 + (double) i;
  p.matrix = make_spectrum (1, N, values);
  fill_normal (2, 2 * N, p.b);
  memset (p.b, 0, N * sizeof *p.b);
  p.b[N + 3] = NAN;
  g_assert_cmpint (solve (&p, N, TRUE, 1, OPTIONS ()), ==, ASSAY_SOLVE_CONVERGED_ZERO);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_NAN);
  for (gint64 i = 0; i < N; i++)
    g_assert_cmpfloat (p.x[i], ==, 0);
}

static void
test_nan_operator (void)
{
  g_auto (Problem) p = { 0 };
  double values[N] = { 0 };
  g_autoptr (AssayLinop) A = NULL, broken = NULL;
  g_autoptr (AssayValues) options = OPTIONS ();

  for (gint64 i = 0; i < N; i++)
    values[i] = 1;
  p.matrix = make_spectrum (1, N, values);
  fill_normal (2, 2 * N, p.b);
  A = assay_linop_dense_new (N, p.matrix, TRUE, 1);
  broken = make_nan_linop (A, 0);
  g_assert_true (assay_solver_find ("dense", NULL)->solve (broken, NULL, options, 2, p.b, p.x, p.result, NULL, NULL));
  g_assert_cmpint (p.result[0].reason, ==, ASSAY_SOLVE_NAN);
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_NAN);
}

static void
test_memory (void)
{
  g_auto (Problem) p = { .matrix = make_hilbert (N) };
  g_autoptr (AssayLinop) A = assay_linop_dense_new (N, p.matrix, TRUE, 0);
  g_autoptr (AssayValues) options = OPTIONS ("max-memory=1000");
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_solver_find ("dense", NULL)->solve (A, NULL, options, 2, p.b, p.x, p.result, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "cg"));
}

static void
cancel (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  (void) stage;
  (void) done;
  (void) total;
  (void) unit;
  (void) note;
  assay_progress_cancel (*(AssayProgress **) data, ASSAY_ERROR_INTERRUPTED);
}

static void
test_cancelled (void)
{
  g_auto (Problem) p = { .matrix = make_hilbert (N) };
  g_autoptr (AssayLinop) A = assay_linop_dense_new (N, p.matrix, TRUE, 0);
  g_autoptr (AssayValues) options = OPTIONS ();
  AssayProgress *watched = NULL;
  g_autoptr (AssayProgress) progress = assay_progress_new (cancel, &watched);

  watched = progress;
  g_assert_true (assay_solver_find ("dense", NULL)->solve (A, NULL, options, 2, p.b, p.x, p.result, progress, NULL));
  g_assert_cmpint (p.result[1].reason, ==, ASSAY_SOLVE_CANCELLED);
}

#define CASE(name, func) g_test_add_func ("/hessian/solver_dense/" name, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE ("a positive definite matrix is solved with Cholesky's inertia", test_positive);
  CASE ("an indefinite matrix is solved and its negative eigenvalues counted", test_indefinite);
  CASE ("a general matrix is solved", test_general);
  CASE ("a matrix that should be symmetric and is not is refused", test_nonsymmetric);
  CASE ("a singular matrix is a breakdown, Hilbert's included", test_singular);
  CASE ("a tolerance that cannot be reached is said", test_gap);
  CASE ("each right-hand side ends in its own way", test_right_hand_sides);
  CASE ("NaN from the operator is found before the factorisation", test_nan_operator);
  CASE ("too little memory is an error with advice", test_memory);
  CASE ("a request to stop is obeyed", test_cancelled);
  return g_test_run ();
}
