/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-discrimination.c: Kolmogorov-Smirnov by every threshold, gains in area by every pair, and how often their intervals cover. */
#include "stats/discrimination.h"

#include "base/rng.h"
#include "stats/auroc.h"
#include "stats/distribution.h"

#include <math.h>
#include <string.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

static double
share_from (const double *x, gint64 n, double t)
{
  gint64 k = 0;

  for (gint64 i = 0; i < n; i++)
    k += x[i] >= t;
  return (double) k / (double) n;
}

static void
test_every_threshold (void)
{
  for (guint64 round = 0; round < 200; round++)
    {
      AssayRng rng = assay_rng_new (6, round);
      gint64 m = 1 + assay_rng_below (&rng, 20), n = 1 + assay_rng_below (&rng, 20);
      double x[20], y[20], best = 0, at;
      AssayEstimate e;

      for (gint64 i = 0; i < m; i++)
        x[i] = (double) assay_rng_below (&rng, 9);
      for (gint64 j = 0; j < n; j++)
        y[j] = (double) assay_rng_below (&rng, 9);
      for (gint64 t = 0; t < 9; t++)
        best = fmax (best, fabs (share_from (x, m, t) - share_from (y, n, t)));
      e = assay_estimate_kolmogorov_smirnov (x, m, y, n, 0.95, &at);
      assert_near (e.value, best, 1e-14);
      g_assert_true (isnan (at) == (best == 0));
      if (best > 0)
        assert_near (fabs (share_from (x, m, at) - share_from (y, n, at)), best, 1e-14);
      g_assert_cmpfloat (e.lo, >=, 0);
      g_assert_cmpfloat (e.hi, <=, 1);
    }
}

/* Normal groups a distance d apart: the distance of their distribution functions is 2 Phi (d / 2) - 1. */
static void
test_distance_covers (void)
{
  const gint64 n = 200, rounds = 300;
  const double truth = 2 * assay_normal_cdf (0.4) - 1;
  gint64 covered = 0;

  for (gint64 round = 0; round < rounds; round++)
    {
      AssayRng rng = assay_rng_new (7, round);
      double x[200], y[200];
      AssayEstimate e;

      for (gint64 i = 0; i < n; i++)
        {
          x[i] = 0.8 + assay_rng_normal (&rng);
          y[i] = assay_rng_normal (&rng);
        }
      e = assay_estimate_kolmogorov_smirnov (x, n, y, n, 0.95, NULL);
      covered += e.lo <= truth && truth <= e.hi;
    }
  g_assert_cmpint (covered, >=, 285);                             /* it never covers less than it says */
}

static void
test_gini (void)
{
  const double x[] = { 3, 2, 2 }, y[] = { 1, 2 };
  AssayEstimate area = assay_estimate_auroc (x, 3, y, 2, 0.95), gini = assay_estimate_gini (area);

  assert_near (gini.value, 2.0 / 3, 1e-15);
  g_assert_cmpfloat (gini.lo, ==, 2 * area.lo - 1);
  g_assert_cmpfloat (gini.hi, ==, 2 * area.hi - 1);
}

static double
compare (double positive, double negative)
{
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

/* Placements of every case by all pairs; the variance of their paired difference. */
static void
gain_by_pairs (const double *a, const double *b, gint64 m, gint64 n, double *gain, double *variance)
{
  double d[40] = { 0 }, mean[2] = { 0 }, squares[2] = { 0 };

  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < n; j++)
      {
        double won = compare (a[i], a[m + j]) - compare (b[i], b[m + j]);

        d[i] += won / (double) n;
        d[m + j] += won / (double) m;
      }
  for (gint64 i = 0; i < m + n; i++)
    mean[i >= m] += d[i] / (double) (i < m ? m : n);
  for (gint64 i = 0; i < m + n; i++)
    squares[i >= m] += (d[i] - mean[i >= m]) * (d[i] - mean[i >= m]);
  *gain = mean[0];
  *variance = squares[0] / (double) (m - 1) / (double) m + squares[1] / (double) (n - 1) / (double) n;
}

static void
test_gain (void)
{
  for (guint64 round = 0; round < 200; round++)
    {
      AssayRng rng = assay_rng_new (8, round);
      gint64 m = 2 + assay_rng_below (&rng, 18), n = 2 + assay_rng_below (&rng, 18);
      double a[40], b[40], gain, variance;
      AssayEstimate e, back;

      for (gint64 i = 0; i < m + n; i++)
        {
          a[i] = (double) assay_rng_below (&rng, 9);
          b[i] = a[i] + (double) assay_rng_below (&rng, 4);
        }
      gain_by_pairs (a, b, m, n, &gain, &variance);
      e = assay_estimate_auroc_gain (a, b, m, n, 0.95);
      back = assay_estimate_auroc_gain (b, a, m, n, 0.95);
      assert_near (e.value, gain, 1e-13);
      assert_near (e.value, assay_auroc (a, m, a + m, n) - assay_auroc (b, m, b + m, n), 1e-13);
      assert_near (e.hi - e.value, 1.959963984540054 * sqrt (variance), 1e-9);
      assert_near (back.lo, -e.hi, 1e-13);
    }
}

static void
test_edges (void)
{
  const double x[] = { 1, NAN, 3 }, apart[] = { 5, 6, 1, 2 }, same[] = { 9, 8, 3, 2 };
  AssayEstimate e = assay_estimate_auroc_gain (apart, same, 2, 2, 0.95);

  g_assert_true (isnan (assay_estimate_kolmogorov_smirnov (x, 3, x, 1, 0.95, NULL).value));
  g_assert_true (isnan (assay_estimate_kolmogorov_smirnov (x, 0, x, 1, 0.95, NULL).value));
  g_assert_true (isnan (assay_estimate_auroc_gain (x, x, 1, 2, 0.95).value));
  g_assert_true (e.value == 0 && e.lo == 0 && e.hi == 0);
  e = assay_estimate_auroc_gain (apart, same, 1, 3, 0.95);
  g_assert_true (!isnan (e.value) && isnan (e.lo));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/discrimination/the distance is the largest over all thresholds", test_every_threshold);
  g_test_add_func ("/stats/discrimination/its interval covers", test_distance_covers);
  g_test_add_func ("/stats/discrimination/Gini is the area on another scale", test_gini);
  g_test_add_func ("/stats/discrimination/a gain in area and its error are those of all pairs", test_gain);
  g_test_add_func ("/stats/discrimination/what is undefined is NaN", test_edges);
  return g_test_run ();
}
