/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Assembly, factorisations and eigenvectors against formulas and residuals. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/dense.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 75                    /* more than one block of columns, and no multiple of it */

static void
fill_values (double *values, gboolean indefinite)
{
  for (gint64 i = 0; i < N; i++)
    values[i] = (indefinite && i % 3 == 0 ? -1 : 1) * (1 + (double) i / 10);
}

static void
test_assemble (void)
{
  double values[N];
  g_autoptr (AssayBuffer) A = NULL, M = NULL, random = assay_mem_new (double, N * N, NULL), T = NULL;
  g_autoptr (AssayLinop) op = NULL, general = NULL;

  fill_values (values, TRUE);
  A = make_spectrum (1, N, values);
  op = assay_linop_dense_new (N, A, TRUE, -INFINITY);
  M = assay_dense_assemble (op, 0, 1, 1 << 20, NULL, NULL);
  g_assert_cmpmem (A, N * N * sizeof (double), M, N * N * sizeof (double));
  g_assert_cmpuint (op->n_applied, ==, N);

  fill_normal (2, N * N, random);
  general = assay_linop_dense_new (N, random, FALSE, -INFINITY);
  T = assay_dense_assemble (general, 7, 1, 1 << 20, NULL, NULL);
  for (gint64 i = 0; i < N; i++)
    for (gint64 j = 0; j < N; j++)
      g_assert_cmpfloat (((double *) T)[j * N + i], ==, ((double *) random)[i * N + j]);   /* column j is A e_j */
}

static void
test_memory (void)
{
  double x = 1;
  g_autoptr (AssayLinop) small = assay_linop_dense_new (1, &x, TRUE, 0), large = assay_linop_dense_new (100000, &x, TRUE, 0);
  g_autoptr (GError) error = NULL, too_large = NULL;

  g_assert_null (assay_dense_assemble (small, 0, 3, 23, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_nonnull (strstr (error->message, "24 bytes needed"));
  g_assert_null (assay_dense_assemble (large, 0, 1, G_MAXUINT64, NULL, &too_large));
  g_assert_error (too_large, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  g_assert_cmpuint (large->n_applied, ==, 0);
}

static void
test_symmetrise (void)
{
  double A[] = { 4, 1, 2, 3, 5, 6, 2.5, 6, 8 };

  g_assert_cmpfloat (assay_dense_symmetrise (3, A), ==, 2.0 / 8);
  g_assert_cmpfloat (A[1], ==, 2);
  g_assert_cmpfloat (A[3], ==, 2);
  g_assert_cmpfloat (A[2], ==, 2.25);
  g_assert_cmpfloat (assay_dense_symmetrise (3, A), ==, 0);
}

/* |b - A x| <= gamma (|A| |x| + |b|), as backward stable solvers give. */
static void
expect_solution (gint64 n, const double *A, const double *x, const double *b, double factor)
{
  for (gint64 i = 0; i < n; i++)
    {
      double sum = -b[i], size = fabs (b[i]);

      for (gint64 j = 0; j < n; j++)
        {
          sum += A[j * n + i] * x[j];
          size += fabs (A[j * n + i] * x[j]);
        }
      g_assert_cmpfloat (fabs (sum), <=, factor * n * DBL_EPSILON * size);
    }
}

static void
solve (const double *A, gboolean is_symmetric, AssayFactorKind kind, gint64 n_negative)
{
  double *copy = assay_mem_new (double, N * N, NULL), b[2 * N], x[2 * N];
  g_autoptr (AssayFactor) factor = NULL;
  GError *error = NULL;

  memcpy (copy, A, N * N * sizeof *copy);
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, N, copy, is_symmetric, &error);
  g_assert_no_error (error);
  g_assert_cmpint (factor->kind, ==, kind);
  g_assert_cmpint (factor->n_negative, ==, n_negative);
  g_assert_false (factor->is_singular);
  fill_normal (5, 2 * N, b);
  memcpy (x, b, sizeof b);
  g_assert_true (assay_factor_solve (factor, 2, x, NULL));
  expect_solution (N, A, x, b, 10);
  expect_solution (N, A, x + N, b + N, 10);
}

static void
test_factors (void)
{
  double values[N];
  g_autoptr (AssayBuffer) positive = NULL, indefinite = NULL, general = assay_mem_new (double, N * N, NULL);

  fill_values (values, FALSE);
  positive = make_spectrum (1, N, values);
  fill_values (values, TRUE);
  indefinite = make_spectrum (1, N, values);
  fill_normal (9, N * N, general);
  solve (positive, TRUE, ASSAY_FACTOR_CHOLESKY, 0);
  solve (indefinite, TRUE, ASSAY_FACTOR_LDL, N / 3);
  solve (general, FALSE, ASSAY_FACTOR_LU, -1);
}

/* Bunch-Kaufman needs 2 x 2 pivots where the diagonal is zero. */
static void
test_inertia_of_blocks (void)
{
  static const double swap[] = { 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2, 0 };
  double *A = assay_mem_new (double, 16, NULL), x[] = { 1, 2, 3, 4 };
  g_autoptr (AssayFactor) factor = NULL;

  memcpy (A, swap, sizeof swap);
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, 4, A, TRUE, NULL);
  g_assert_cmpint (factor->n_negative, ==, 2);
  g_assert_true (assay_factor_solve (factor, 1, x, NULL));
  assert_close (x[0], 2, 4 * DBL_EPSILON);
  assert_close (x[1], 1, 4 * DBL_EPSILON);
  assert_close (x[2], 2, 4 * DBL_EPSILON);
  assert_close (x[3], 1.5, 4 * DBL_EPSILON);
}

static void
test_singular (void)
{
  double *ones = assay_mem_new (double, 9, NULL), *bad = assay_mem_new (double, 4, NULL), *zero = assay_mem_new (double, 4, NULL);
  g_autoptr (AssayFactor) singular = NULL, nothing = NULL, hilbert = assay_factor_new (NULL, "matrix", ASSAY_F64, 14, make_hilbert (14), TRUE, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 9; i++)
    ones[i] = 1;
  singular = assay_factor_new (NULL, "matrix", ASSAY_F64, 3, ones, TRUE, NULL);
  g_assert_true (singular->is_singular);
  nothing = assay_factor_new (NULL, "matrix", ASSAY_F64, 2, zero, FALSE, NULL);
  g_assert_true (nothing->is_singular);
  g_assert_cmpfloat (nothing->reciprocal_condition, ==, 0);
  g_assert_cmpfloat (hilbert->reciprocal_condition, <, DBL_EPSILON);
  bad[2] = NAN;
  g_assert_null (assay_factor_new (NULL, "matrix", ASSAY_F64, 2, bad, TRUE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_nonnull (strstr (error->message, "row 0, column 1"));
}

static void
test_eigen (void)
{
  double expected[N], values[N];
  g_autoptr (AssayBuffer) A = NULL;
  double *Q;
  AssayEigenCheck check;
  GError *error = NULL;

  for (gint64 i = 0; i < N; i++)
    expected[i] = (double) i - 20 + (i % 4 == 3 ? 0 : 0.5);
  A = make_spectrum (3, N, expected);
  assay_dense_eigen (NULL, "matrix", ASSAY_F64, N, A, values, &check, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < N; i++)
    assert_close (values[i], expected[i], N * DBL_EPSILON * 55);
  g_assert_cmpfloat (check.residual, <=, 10 * N * DBL_EPSILON / 2);
  g_assert_cmpfloat (check.orthogonality, <=, 10 * N * DBL_EPSILON / 2);
  Q = A;
  for (gint64 j = 0; j < N; j++)
    {
      double largest = 0;

      for (gint64 i = 0; i < N; i++)
        largest = fabs (Q[j * N + i]) > fabs (largest) ? Q[j * N + i] : largest;
      g_assert_cmpfloat (largest, >, 0);
    }
}

static void
test_eigen_refuses (void)
{
  double A[] = { 1, INFINITY, INFINITY, 1 }, zero[] = { 0, 0, 0, 0 }, values[2];
  g_autoptr (GError) error = NULL;

  g_assert_false (assay_dense_eigen (NULL, "matrix", ASSAY_F64, 2, A, values, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_true (assay_dense_eigen (NULL, "matrix", ASSAY_F64, 2, zero, values, NULL, NULL));
  g_assert_cmpfloat (values[1], ==, 0);
}

static void
test_floats (void)
{
  double exact[N], A64[N * N];
  g_autoptr (AssayBuffer) A = NULL, work = assay_mem_new (float, N * N, NULL);
  float *copy = assay_mem_new (float, N * N, NULL), *negative = assay_mem_new (float, 4, NULL), values[N], b[2 * N], x[2 * N];
  g_autoptr (AssayFactor) factor = NULL;
  g_autoptr (GError) indefinite = NULL, general = NULL;
  AssayEigenCheck check;
  GError *error = NULL;

  fill_values (exact, FALSE);
  A = make_spectrum (4, N, exact);
  for (gint64 k = 0; k < N * N; k++)
    A64[k] = copy[k] = ((float *) work)[k] = (float) ((double *) A)[k];
  assay_dense_eigen (NULL, "floats", ASSAY_F32, N, work, values, &check, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (check.residual, <=, 10 * N * FLT_EPSILON / 2);
  g_assert_cmpfloat (check.residual, >, DBL_EPSILON * N);
  for (gint64 i = 0; i < N; i++)
    assert_close (values[i], exact[i], 10 * N * (double) FLT_EPSILON * exact[N - 1]);
  factor = assay_factor_new (NULL, "floats", ASSAY_F32, N, copy, TRUE, &error);
  g_assert_no_error (error);
  for (gint64 k = 0; k < 2 * N; k++)
    b[k] = x[k] = (float) (k % 7) - 3;
  g_assert_true (assay_factor_solve (factor, 2, x, &error));
  for (gint64 i = 0; i < N; i++)
    {
      double sum = 0, size = 0;

      for (gint64 j = 0; j < N; j++)
        {
          sum += A64[i * N + j] * (double) x[j];
          size += fabs (A64[i * N + j] * (double) x[j]);
        }
      g_assert_cmpfloat (fabs (sum - (double) b[i]), <=, 10 * N * (double) FLT_EPSILON * (size + fabs ((double) b[i])));
    }
  negative[0] = negative[3] = -1;
  g_assert_null (assay_factor_new (NULL, "less than nothing", ASSAY_F32, 2, negative, TRUE, &indefinite));
  g_assert_error (indefinite, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (indefinite->message, "less than nothing: a positive definite matrix expected"));
  g_assert_null (assay_factor_new (NULL, "general", ASSAY_F32, 2, assay_mem_new (float, 4, NULL), FALSE, &general));
  g_assert_error (general, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
}

/* A factor with one wrong digit, of each kind, and a right-hand side that nothing solves. */
static void
test_planted_faults (void)
{
  for (guint kind = 0; kind < 3; kind++)
    {
      double values[N], x[N];
      double *A = NULL;
      g_autoptr (AssayFactor) factor = NULL;
      g_autoptr (GError) wrong = NULL, infinite = NULL;

      fill_values (values, kind == 1);
      A = make_spectrum (1, N, values);
      A[1] += kind == 2 ? 0.25 : 0;
      factor = assay_factor_new (NULL, "planted", ASSAY_F64, N, A, kind < 2, NULL);
      fill_normal (5, N, x);
      x[3] = INFINITY;
      g_assert_false (assay_factor_solve (factor, 1, x, &infinite));
      g_assert_error (infinite, ASSAY_ERROR, ASSAY_ERROR_NAN);
      fill_normal (5, N, x);
      ((double *) factor->matrix)[(N - 1) * (N + 1)] *= 1 + 1e-6;
      g_assert_false (assay_factor_solve (factor, 1, x, &wrong));
      g_assert_error (wrong, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
      g_assert_true (g_str_has_prefix (wrong->message, "planted: solution 0, row "));
    }
}

/* The second difference matrix has eigenvalues 2 - 2 cos (pi j / (k + 1)). */
static void
test_tridiagonal (void)
{
  double diagonal[N], off[N];

  for (gint64 i = 0; i < N; i++)
    {
      diagonal[i] = 2;
      off[i] = -1;
    }
  g_assert_true (assay_tridiagonal_eigenvalues (N, diagonal, off));
  for (gint64 j = 1; j <= N; j++)
    assert_close (diagonal[j - 1], 2 - 2 * cos (G_PI * (double) j / (N + 1)), N * DBL_EPSILON * 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hessian/dense/assembly gives the operator's columns", test_assemble);
  g_test_add_func ("/hessian/dense/assembly refuses what does not fit before the first product", test_memory);
  g_test_add_func ("/hessian/dense/symmetrising says how much it averaged away", test_symmetrise);
  g_test_add_func ("/hessian/dense/each kind of matrix gets its factorisation and inertia", test_factors);
  g_test_add_func ("/hessian/dense/inertia counts two by two pivots", test_inertia_of_blocks);
  g_test_add_func ("/hessian/dense/singular and not finite matrices are found", test_singular);
  g_test_add_func ("/hessian/dense/eigenvectors pass their checks and have fixed signs", test_eigen);
  g_test_add_func ("/hessian/dense/eigenvectors refuse infinity and take zero", test_eigen_refuses);
  g_test_add_func ("/hessian/dense/floats are decomposed and solved to their own rounding", test_floats);
  g_test_add_func ("/hessian/dense/a factor with one wrong digit is found by its solutions, and named", test_planted_faults);
  g_test_add_func ("/hessian/dense/tridiagonal eigenvalues are those of the second difference", test_tridiagonal);
  return g_test_run ();
}
