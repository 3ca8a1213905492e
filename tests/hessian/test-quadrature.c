/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds of b' A^-1 b: against the tridiagonal formulas they come from, and against long double truth on many random problems, at every
 * stage of the iteration and far past its convergence.
 */
#include "matrices.h"

#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/quadrature.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define MAX_N 14

/* b' A^-1 b in long double, by Cholesky: error about n^2 kappa 2^-64. */
static double
exact_value (gint64 n, const double *A, const double *b)
{
  long double L[MAX_N][MAX_N], y[MAX_N], value = 0;

  for (gint64 j = 0; j < n; j++)
    {
      for (gint64 i = j; i < n; i++)
        {
          long double s = A[i * n + j];

          for (gint64 k = 0; k < j; k++)
            s -= L[i][k] * L[j][k];
          L[i][j] = i == j ? sqrtl (s) : s / L[j][j];
        }
      y[j] = b[j];
      for (gint64 k = 0; k < j; k++)
        y[j] -= L[j][k] * y[k];
      y[j] /= L[j][j];
      value += y[j] * y[j];
    }
  return (double) value;
}

static void
solve (AssayLinop *A, const double *b, double *x, gint64 max_iterations, AssaySolveResult *result)
{
  const AssaySolver *cg = assay_solver_find ("cg", NULL);
  g_autofree char *limit = g_strdup_printf ("max-iterations=%" G_GINT64_FORMAT, max_iterations);
  g_autoptr (AssayValues) options = make_options (cg, "tolerance=0", limit, NULL);

  g_assert_true (cg->solve (A, NULL, options, 1, b, x, result, NULL, NULL));
}

/* PSD spectrum of a random shape, shifted by mu: a power law with a null space, clusters, or uniform. */
static void
draw_spectrum (AssayRng *rng, gint64 n, double mu, double *values)
{
  guint64 shape = assay_rng_below (rng, 3), null = assay_rng_below (rng, n);
  double decay = 1 + 8 * assay_rng_uniform (rng);

  for (gint64 i = 0; i < n; i++)
    switch (shape)
      {
      case 0:
        values[i] = mu + ((guint64) i < null ? 0 : pow (10, -decay * (double) i / (double) n));
        break;
      case 1:
        values[i] = mu + (double) assay_rng_below (rng, 3);
        break;
      default:
        values[i] = mu + assay_rng_uniform (rng);
      }
}

static void
test_many (void)
{
  guint64 rounds = 100000, finite = 0, tight = 0;

  for (guint64 round = 0; round < rounds; round++)
    {
      AssayRng rng = assay_rng_new (11, round);
      gint64 n = 1 + assay_rng_below (&rng, MAX_N), steps = 1 + assay_rng_below (&rng, 4 * n);
      double mu = pow (10, -6 * assay_rng_uniform (&rng)), values[MAX_N], b[MAX_N], x[MAX_N], exact, largest = 0;
      g_autoptr (AssayBuffer) matrix = NULL;
      g_autoptr (AssayLinop) A = NULL;
      AssaySolveResult result = { 0 };
      AssayQuadrature q;

      draw_spectrum (&rng, n, mu, values);
      for (gint64 i = 0; i < n; i++)
        largest = MAX (largest, values[i]);
      matrix = make_spectrum (round, n, values);
      A = assay_linop_dense_new (n, matrix, TRUE, mu);
      fill_normal (round, n, b);
      solve (A, b, x, steps, &result);
      exact = exact_value (n, matrix, b);
      g_assert_true (assay_quadrature_bounds (&result, mu, n, largest, A->product_error, &q));
      g_assert_cmpfloat (q.lo, <=, exact);
      g_assert_cmpfloat (q.hi, >=, exact);
      finite += isfinite (q.hi);
      tight += steps > 2 * n && q.hi - q.lo <= 1e-3 * exact;
      assay_solve_result_clear (&result);
    }
  g_assert_cmpuint (finite, >, rounds * 9 / 10);                  /* a bound of infinity would pass all the rest */
  g_assert_cmpuint (tight, >, rounds / 3);
}

/* The chapter's own check: n = 400, power law plus null space. */
static void
test_narrows (void)
{
  gint64 n = 400;
  g_autofree double *values = g_new (double, n), *b = g_new (double, n), *x = g_new (double, n);
  g_autoptr (AssayBuffer) matrix = NULL;
  g_autoptr (AssayLinop) A = NULL;
  AssayFactor *factor;
  double last_lo = 0, last_hi = INFINITY, truth = 0;

  for (gint64 i = 0; i < n; i++)
    values[i] = 1e-3 + (i < 100 ? pow (1.0 + (double) i, -2) : 0);
  matrix = make_spectrum (5, n, values);
  A = assay_linop_dense_new (n, matrix, TRUE, 1e-3);
  fill_normal (6, n, b);
  for (gint64 steps = 10; steps <= 200; steps += 10)
    {
      AssaySolveResult result = { 0 };
      AssayQuadrature q;

      solve (A, b, x, steps, &result);
      g_assert_true (assay_quadrature_bounds (&result, 1e-3, n, 0, A->product_error, &q));
      g_assert_cmpfloat (q.lo, >=, last_lo * (1 - 1e-9));
      g_assert_cmpfloat (q.hi, <=, last_hi * (1 + 1e-9));
      last_lo = q.lo;
      last_hi = q.hi;
      if (steps == 40)
        g_assert_cmpfloat ((q.hi - q.lo) / q.lo, <, 1e-3);
      assay_solve_result_clear (&result);
    }
  factor = assay_factor_new (NULL, "matrix", ASSAY_F64, n, g_steal_pointer (&matrix), TRUE, NULL);
  memcpy (x, b, n * sizeof *x);
  g_assert_true (assay_factor_solve (factor, 1, x, NULL));
  for (gint64 i = 0; i < n; i++)
    truth += b[i] * x[i];
  g_assert_cmpfloat (last_lo, <, truth);
  g_assert_cmpfloat (last_hi, >, truth);
  g_assert_cmpfloat (truth - last_lo, <=, 1e-8 * truth);
  g_assert_cmpfloat (last_hi - truth, <=, 1e-8 * truth);
  assay_factor_free (factor);
}

/* (T^-1)_11 of a tridiagonal matrix by elimination from its end. */
static double
first_of_inverse (gint64 k, const double *diagonal, const double *off)
{
  double pivot = diagonal[k - 1];

  for (gint64 j = k - 2; j >= 0; j--)
    pivot = diagonal[j] - off[j] * off[j] / pivot;
  return 1 / pivot;
}

/* Golub and Meurant's own form: Gauss from T_k, Radau from T_k bordered by sqrt (beta_k) / alpha_k with the last entry
 * mu + e_k' (T_k - mu I)^-1 e_k beta_k / alpha_k^2. */
static void
test_formulas (void)
{
  const double values[] = { 0.3, 0.5, 1, 2, 3, 5, 8, 13 }, mu = 0.2;
  gint64 n = G_N_ELEMENTS (values);
  double b[8], x[8];
  g_autoptr (AssayBuffer) matrix = make_spectrum (8, n, values);
  g_autoptr (AssayLinop) A = assay_linop_dense_new (n, matrix, TRUE, mu);

  fill_normal (9, n, b);
  for (gint64 k = 1; k <= 6; k++)
    {
      AssaySolveResult result = { 0 };
      double diagonal[8], off[8], b2, pivot, gauss, radau;
      const double *alpha, *beta;
      AssayQuadrature q;

      solve (A, b, x, k, &result);
      alpha = (const double *) (void *) result.alpha->data;
      beta = (const double *) (void *) result.beta->data;
      b2 = result.right_hand_norm * result.right_hand_norm;
      for (gint64 j = 0; j < k; j++)
        {
          diagonal[j] = 1 / alpha[j] + (j ? beta[j - 1] / alpha[j - 1] : 0);
          off[j] = sqrt (beta[j]) / alpha[j];
        }
      gauss = b2 * first_of_inverse (k, diagonal, off);
      pivot = diagonal[0] - mu;                                   /* last pivot of T_k - mu I, whose inverse's last entry is 1 / pivot */
      for (gint64 j = 1; j < k; j++)
        pivot = diagonal[j] - mu - off[j - 1] * off[j - 1] / pivot;
      diagonal[k] = mu + beta[k - 1] / (alpha[k - 1] * alpha[k - 1]) / pivot;
      radau = b2 * first_of_inverse (k + 1, diagonal, off);
      g_assert_true (assay_quadrature_bounds (&result, mu, n, 0, 0, &q));
      g_assert_cmpfloat (q.lo, <, gauss);
      g_assert_cmpfloat (q.hi, >, radau);
      g_assert_cmpfloat (gauss - q.lo, <=, 1e-13 * gauss);
      g_assert_cmpfloat (q.hi - radau, <=, 1e-13 * radau);
      assay_solve_result_clear (&result);
    }
}

static void
test_refuses (void)
{
  const double values[] = { -1, -2, -3 };
  double b[3] = { 1, 1, 1 }, x[3], zero[3] = { 0 };
  g_autoptr (AssayBuffer) matrix = make_spectrum (1, 3, values);
  g_autoptr (AssayLinop) A = assay_linop_dense_new (3, matrix, TRUE, -INFINITY), positive = assay_linop_scale_new (A, -1);
  AssaySolveResult result = { 0 };
  AssayQuadrature q;

  solve (A, b, x, 5, &result);
  g_assert_false (assay_quadrature_bounds (&result, 1, 3, 0, 0, &q));
  assay_solve_result_clear (&result);
  solve (positive, b, x, 2, &result);
  g_assert_true (assay_quadrature_bounds (&result, 0, 3, 0, 0, &q));   /* no lower bound of A: none above */
  g_assert_cmpfloat (q.hi, ==, INFINITY);
  g_assert_true (isfinite (q.lo));
  assay_solve_result_clear (&result);
  solve (positive, zero, x, 2, &result);
  g_assert_true (assay_quadrature_bounds (&result, 1, 3, 0, 0, &q));
  g_assert_cmpfloat (q.lo, ==, 0);
  g_assert_cmpfloat (q.hi, ==, 0);
  assay_solve_result_clear (&result);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hessian/quadrature/no bound is ever violated, past convergence included", test_many);
  g_test_add_func ("/hessian/quadrature/bounds narrow around the truth", test_narrows);
  g_test_add_func ("/hessian/quadrature/bounds are those of Golub and Meurant", test_formulas);
  g_test_add_func ("/hessian/quadrature/no bound is given where there is none", test_refuses);
  return g_test_run ();
}
