/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-correlation.c: published correlations, ties, offsets, coverage, and the ceiling that noise leaves. */
#include "stats/correlation.h"

#include "base/rng.h"

#include <math.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

/* Anscombe's first set; R's cor.test gives r = 0.8164205, p = 0.00217, interval (0.4243912, 0.9506933). */
static void
test_anscombe (void)
{
  const double x[] = { 10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5 };
  const double y[] = { 8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68 };
  AssayEstimate e = assay_estimate_pearson (x, y, 11, 0.95);

  assert_near (e.value, 0.81642051634484, 1e-14);
  assert_near (e.lo, 0.4243912, 5e-8);
  assert_near (e.hi, 0.9506933, 5e-8);
  assert_near (assay_correlation_p (e.value, 11), 0.00217, 5e-6);
}

/* Hours of television against IQ, a published example: rho = -29/165, p = 0.627188. */
static void
test_spearman (void)
{
  const double iq[] = { 106, 100, 86, 101, 99, 103, 97, 113, 112, 110 }, tv[] = { 7, 27, 2, 50, 28, 29, 20, 12, 6, 17 };
  AssayEstimate e = assay_estimate_spearman (iq, tv, 10, 0.95);
  double r = -29.0 / 165, half = 1.959963984540054 * sqrt ((1 + r * r / 2) / 7);

  assert_near (e.value, r, 1e-15);
  assert_near (assay_correlation_p (e.value, 10), 0.627188, 5e-7);
  assert_near (e.lo, tanh (atanh (r) - half), 1e-14);
  assert_near (e.hi, tanh (atanh (r) + half), 1e-14);
}

static void
test_ranks (void)
{
  const double x[] = { 30, 10, 20, 20, -INFINITY, 20 }, expected[] = { 6, 2, 4, 4, 1, 4 }, bad[] = { 1, NAN, 0 };
  double rank[6];

  assay_ranks (x, 6, rank);
  for (gint64 i = 0; i < 6; i++)
    g_assert_cmpfloat (rank[i], ==, expected[i]);
  assay_ranks (bad, 3, rank);
  g_assert_true (isnan (rank[0]) && isnan (rank[1]) && isnan (rank[2]));
  assay_ranks (x, 0, rank);
}

static void
test_edges (void)
{
  const double x[] = { 0.1, 0.1, 0.1, 0.1 }, y[] = { 1, 2, 3, 4 }, z[] = { 2, 4, 6, 8 }, bad[] = { 1, NAN, 3, 4 };
  AssayEstimate perfect = assay_estimate_pearson (y, z, 4, 0.95), few = assay_estimate_pearson (y, z, 3, 0.95);

  g_assert_true (isnan (assay_pearson (x, y, 4)));                /* does not vary, though its mean is rounded */
  g_assert_true (isnan (assay_spearman (y, x, 4)));
  g_assert_true (isnan (assay_pearson (bad, y, 4)));
  g_assert_true (isnan (assay_spearman (bad, y, 4)));
  g_assert_true (isnan (assay_pearson (y, z, 1)));
  g_assert_true (isnan (assay_pearson (y, z, 0)));
  g_assert_true (isnan (assay_estimate_spearman (x, y, 4, 0.95).lo));
  assert_near (perfect.value, 1, 1e-15);
  g_assert_cmpfloat (perfect.hi, <=, 1);
  g_assert_cmpfloat (few.lo, ==, -1);
  g_assert_cmpfloat (few.hi, ==, 1);
  g_assert_true (isnan (assay_correlation_p (0.5, 2)));
  g_assert_cmpfloat (assay_correlation_p (1, 5), ==, 0);
  g_assert_cmpfloat (assay_correlation_p (0, 5), ==, 1);
}

/* A large offset must not eat the correlation. */
static void
test_offset (void)
{
  double x[50], y[50], shifted[50];
  AssayRng rng = assay_rng_new (1, 1);

  for (gint64 i = 0; i < 50; i++)
    {
      x[i] = (double) assay_rng_below (&rng, 1000);
      y[i] = x[i] + (double) assay_rng_below (&rng, 1000);
      shifted[i] = x[i] + 0x1p40;                                 /* exact */
    }
  assert_near (assay_pearson (shifted, y, 50), assay_pearson (x, y, 50), 1e-10);
}

/* Fisher's interval covers the truth as often as it says: r = 0.6, n = 25, 4,000 samples. */
static void
test_coverage (void)
{
  const gint64 n = 25, rounds = 4000;
  const double r = 0.6;
  gint64 covered = 0;

  for (gint64 round = 0; round < rounds; round++)
    {
      AssayRng rng = assay_rng_new (2, round);
      double x[25], y[25];
      AssayEstimate e;

      for (gint64 i = 0; i < n; i++)
        {
          x[i] = assay_rng_normal (&rng);
          y[i] = r * x[i] + sqrt (1 - r * r) * assay_rng_normal (&rng);
        }
      e = assay_estimate_pearson (x, y, n, 0.95);
      covered += e.lo <= r && r <= e.hi;
    }
  assert_near ((double) covered / (double) rounds, 0.95, 4 * sqrt (0.95 * 0.05 / (double) rounds));      /* four standard errors */
}

/* The ceiling against a simulated perfect predictor: noise as large as the signal, R = 1, 5, 20. */
static void
test_ceiling (void)
{
  const gint64 M = 20000;
  g_autofree double *truth = g_new (double, M), *a = g_new (double, M), *b = g_new (double, M);
  const gint64 R[] = { 1, 5, 20 };
  AssayRng rng = assay_rng_new (3, 0);
  double rho_1;

  for (gint64 i = 0; i < M; i++)
    {
      truth[i] = assay_rng_normal (&rng);
      a[i] = truth[i] + assay_rng_normal (&rng);
      b[i] = truth[i] + assay_rng_normal (&rng);
    }
  rho_1 = assay_spearman (a, b, M);
  for (gsize k = 0; k < G_N_ELEMENTS (R); k++)
    {
      for (gint64 i = 0; i < M; i++)
        {
          a[i] = truth[i];
          for (gint64 j = 0; j < R[k]; j++)
            a[i] += assay_rng_normal (&rng) / (double) R[k];
        }
      assert_near (assay_correlation_ceiling (rho_1, (double) R[k]), assay_spearman (truth, a, M), 0.01);
    }
  assert_near (assay_reliability (0.5, 5), 5.0 / 6, 1e-15);
  g_assert_true (isnan (assay_correlation_ceiling (-0.1, 3)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/correlation/Pearson is R's on Anscombe's data", test_anscombe);
  g_test_add_func ("/stats/correlation/Spearman is the published one", test_spearman);
  g_test_add_func ("/stats/correlation/ties share their ranks", test_ranks);
  g_test_add_func ("/stats/correlation/what is undefined is NaN", test_edges);
  g_test_add_func ("/stats/correlation/an offset changes nothing", test_offset);
  g_test_add_func ("/stats/correlation/the interval covers as it says", test_coverage);
  g_test_add_func ("/stats/correlation/the ceiling is what a perfect predictor reaches", test_ceiling);
  return g_test_run ();
}
