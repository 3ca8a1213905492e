/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-bootstrap.c: percentile intervals, one way and two ways, draws that are undefined, quantiles. */
#include "stats/bootstrap.h"

#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>
#include <string.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

#define M 40
#define Q 12

typedef struct { double y[M * Q]; guint calls; } Bank;

static double
row_mean (const gint64 *rows, gint64 n, gpointer data)
{
  const double *x = data;
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += x[rows[i]];
  return sum / (double) n;
}

static double
bank_mean (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data)
{
  Bank *bank = data;
  double sum = 0;

  bank->calls++;
  for (gint64 i = 0; i < n_rows; i++)
    for (gint64 j = 0; j < n_columns; j++)
      sum += bank->y[rows[i] * Q + columns[j]];
  return sum / (double) (n_rows * n_columns);
}

static void
test_mean (void)
{
  double x[M], mean = 0, squares = 0;
  AssayRng rng = assay_rng_new (6, 0);
  AssayEstimate e, again, other;
  guint undefined = 99;

  for (gint64 i = 0; i < M; i++)
    mean += (x[i] = assay_rng_normal (&rng)) / M;
  for (gint64 i = 0; i < M; i++)
    squares += (x[i] - mean) * (x[i] - mean);
  e = assay_bootstrap (M, 4000, 0.95, 1, row_mean, x, &undefined);
  again = assay_bootstrap (M, 4000, 0.95, 1, row_mean, x, NULL);
  other = assay_bootstrap (M, 4000, 0.95, 2, row_mean, x, NULL);
  assert_near (e.value, mean, 1e-14);
  g_assert_cmpuint (undefined, ==, 0);
  g_assert_cmpfloat (e.lo, ==, again.lo);
  g_assert_cmpfloat (e.hi, ==, again.hi);
  g_assert_true (e.lo != other.lo);
  /* The bootstrap's standard error of a mean is sqrt (sum of squares) / n; half width 1.96 of it within some percent at n = 40. */
  assert_near ((e.hi - e.lo) / 2, 1.96 * sqrt (squares) / M, 0.1 * 1.96 * sqrt (squares) / M);
}

/* y = a_row + b_column + noise around 0: a mean whose rows and columns are both luck. */
static void
fill_bank (Bank *bank, guint64 round)
{
  AssayRng rng = assay_rng_new (7, round);
  double a[M], b[Q];

  for (gint64 i = 0; i < M; i++)
    a[i] = assay_rng_normal (&rng);
  for (gint64 j = 0; j < Q; j++)
    b[j] = assay_rng_normal (&rng);
  for (gint64 i = 0; i < M; i++)
    for (gint64 j = 0; j < Q; j++)
      bank->y[i * Q + j] = a[i] + b[j] + assay_rng_normal (&rng);
}

/* The two-way interval covers; resampling rows alone, columns as they are, does not. */
static void
test_two_ways (void)
{
  const gint64 rounds = 400;
  gint64 both = 0, one = 0;

  for (gint64 round = 0; round < rounds; round++)
    {
      Bank bank = { 0 };
      double means[M] = { 0 };
      AssayEstimate two_way, one_way;

      fill_bank (&bank, round);
      for (gint64 i = 0; i < M; i++)
        for (gint64 j = 0; j < Q; j++)
          means[i] += bank.y[i * Q + j] / Q;
      two_way = assay_bootstrap_two_way (M, Q, 300, 0.95, round, bank_mean, &bank, NULL);
      one_way = assay_bootstrap (M, 300, 0.95, round, row_mean, means, NULL);
      g_assert_cmpuint (bank.calls, ==, 301);
      assert_near (two_way.value, one_way.value, 1e-14);
      both += two_way.lo <= 0 && 0 <= two_way.hi;
      one += one_way.lo <= 0 && 0 <= one_way.hi;
    }
  /* Mostly the 12 columns' luck: a half width of 1.96 sqrt (11/12) standard errors, where Student's t has 11 degrees of freedom, covers
   * 0.913; the standard error over 400 rounds is 0.014. */
  g_assert_cmpfloat ((double) both / (double) rounds, >=, 0.913 - 3 * 0.014);
  g_assert_cmpfloat ((double) both / (double) rounds, <=, 0.95 + 3 * 0.014);
  g_assert_cmpfloat ((double) one / (double) rounds, <, 0.75);
}

static double
defined_seldom (const gint64 *rows, gint64 n, gpointer data)
{
  gint64 limit = *(gint64 *) data;

  (void) n;
  return rows[0] < limit ? (double) rows[1] : NAN;
}

static void
test_undefined (void)
{
  gint64 most = M * 3 / 4, few = M / 4;
  guint undefined;
  AssayEstimate e = assay_bootstrap (M, 400, 0.95, 3, defined_seldom, &most, &undefined);

  g_assert_cmpuint (undefined, >, 50);
  g_assert_cmpuint (undefined, <, 150);
  g_assert_true (isfinite (e.lo) && isfinite (e.hi));
  e = assay_bootstrap (M, 400, 0.95, 3, defined_seldom, &few, &undefined);
  g_assert_cmpuint (undefined, >, 200);
  g_assert_true (isnan (e.lo) && isnan (e.hi));
  e = assay_bootstrap (0, 400, 0.95, 3, defined_seldom, &few, &undefined);
  g_assert_true (isnan (e.value) && isnan (e.lo));
  e = assay_bootstrap (M, 0, 0.95, 3, defined_seldom, &few, &undefined);
  g_assert_cmpfloat (e.value, ==, 1);
  g_assert_true (isnan (e.lo));
}

static void
test_quantile (void)
{
  const double x[] = { 1, 2, 4, 8 };

  g_assert_cmpfloat (assay_quantile_sorted (x, 4, 0), ==, 1);
  g_assert_cmpfloat (assay_quantile_sorted (x, 4, 1), ==, 8);
  g_assert_cmpfloat (assay_quantile_sorted (x, 4, 0.5), ==, 3);
  assert_near (assay_quantile_sorted (x, 4, 0.9), 6.8, 1e-14);
  g_assert_cmpfloat (assay_quantile_sorted (x, 1, 0.3), ==, 1);
  g_assert_true (isnan (assay_quantile_sorted (x, 0, 0.3)));
  g_assert_true (isnan (assay_quantile_sorted (x, 4, 1.1)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/bootstrap/a mean gets its interval, the same each time", test_mean);
  g_test_add_func ("/stats/bootstrap/two ways cover where one does not", test_two_ways);
  g_test_add_func ("/stats/bootstrap/undefined draws are left out and counted", test_undefined);
  g_test_add_func ("/stats/bootstrap/quantiles are linear between neighbours", test_quantile);
  return g_test_run ();
}
