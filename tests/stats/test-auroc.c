/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-auroc.c: areas and intervals against all pairs, perfect separation, and how often the interval covers. */
#include "stats/auroc.h"

#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

/* 1, one half, or 0. */
static double
compare (double positive, double negative)
{
  return positive > negative ? 1 : positive == negative ? 0.5 : 0;
}

/* Area and DeLong's variance from all pairs. */
static void
by_pairs (const double *x, gint64 m, const double *y, gint64 n, double *area, double *variance)
{
  double of_x = 0, of_y = 0;

  *area = 0;
  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < n; j++)
      *area += compare (x[i], y[j]) / (double) (m * n);
  for (gint64 i = 0; i < m; i++)
    {
      double v = 0;

      for (gint64 j = 0; j < n; j++)
        v += compare (x[i], y[j]) / (double) n;
      of_x += (v - *area) * (v - *area) / (double) (m - 1);
    }
  for (gint64 j = 0; j < n; j++)
    {
      double v = 0;

      for (gint64 i = 0; i < m; i++)
        v += compare (x[i], y[j]) / (double) m;
      of_y += (v - *area) * (v - *area) / (double) (n - 1);
    }
  *variance = of_x / (double) m + of_y / (double) n;
}

static void
test_pairs (void)
{
  for (guint64 round = 0; round < 200; round++)
    {
      AssayRng rng = assay_rng_new (4, round);
      gint64 m = 2 + assay_rng_below (&rng, 12), n = 2 + assay_rng_below (&rng, 12);
      double x[14], y[14], mx[14], my[14], area, variance;
      AssayEstimate e;

      for (gint64 i = 0; i < m; i++)
        mx[i] = -(x[i] = (double) assay_rng_below (&rng, 8) + 1);       /* many ties */
      for (gint64 j = 0; j < n; j++)
        my[j] = -(y[j] = (double) assay_rng_below (&rng, 8));
      by_pairs (x, m, y, n, &area, &variance);
      e = assay_estimate_auroc (x, m, y, n, 0.95);
      assert_near (e.value, area, 1e-14);
      assert_near (assay_auroc (x, m, y, n), area, 1e-14);
      assert_near (assay_auroc (x, m, y, n) + assay_auroc (mx, m, my, n), 1, 1e-12);
      if (variance > 1e-20 && area > 0 && area < 1)                   /* not the rounding of 0 */
        {
          double odds = log (area / (1 - area)), half = 1.959963984540054 * sqrt (variance) / (area * (1 - area));

          assert_near (log (e.lo / (1 - e.lo)), odds - half, 1e-9 * (1 + fabs (odds) + half));
          assert_near (log (e.hi / (1 - e.hi)), odds + half, 1e-6 * (1 + fabs (odds) + half));
        }
    }
}

static void
test_known (void)
{
  const double x[] = { 3, 2, 2 }, y[] = { 1, 2 }, same[] = { 7, 7, 7, 7 };

  assert_near (assay_auroc (x, 3, y, 2), 5.0 / 6, 1e-15);
  g_assert_cmpfloat (assay_auroc (same, 4, same, 3), ==, 0.5);
}

/* Groups that are perfectly apart: the interval stays open, and closes as they grow. */
static void
test_perfect (void)
{
  double high[50], low[50], last = 0;

  for (gint64 i = 0; i < 50; i++)
    {
      high[i] = 10 + (double) i;
      low[i] = -10 - (double) i;
    }
  for (gint64 n = 1; n <= 50; n += 7)
    {
      AssayEstimate e = assay_estimate_auroc (high, n, low, n, 0.95), worst = assay_estimate_auroc (low, n, high, n, 0.95);

      g_assert_cmpfloat (e.value, ==, 1);
      g_assert_cmpfloat (e.hi, ==, 1);
      g_assert_cmpfloat (e.lo, >, last);
      g_assert_cmpfloat (e.lo, <, 1);
      assert_near (worst.hi, 1 - e.lo, 1e-12);
      g_assert_cmpfloat (worst.lo, ==, 0);
      last = e.lo;
    }
  g_assert_cmpfloat (last, >, 0.9);
}

static void
test_edges (void)
{
  const double x[] = { 1, NAN }, y[] = { 0, 2 };

  g_assert_true (isnan (assay_auroc (x, 0, y, 2)));
  g_assert_true (isnan (assay_auroc (x, 2, y, 0)));
  g_assert_true (isnan (assay_auroc (x, 2, y, 2)));
  g_assert_true (isnan (assay_estimate_auroc (x, 2, y, 2, 0.95).lo));
  g_assert_true (isnan (assay_estimate_auroc (y, 2, y, 2, 1.5).lo));
}

/* Normal groups a distance d apart have area Phi (d / sqrt 2). */
static void
test_coverage (void)
{
  const gint64 n = 30, rounds = 3000;
  const double d = 1, truth = assay_normal_cdf (d / sqrt (2));
  gint64 covered = 0;

  for (gint64 round = 0; round < rounds; round++)
    {
      AssayRng rng = assay_rng_new (5, round);
      double x[30], y[30];
      AssayEstimate e;

      for (gint64 i = 0; i < n; i++)
        {
          x[i] = d + assay_rng_normal (&rng);
          y[i] = assay_rng_normal (&rng);
        }
      e = assay_estimate_auroc (x, n, y, n, 0.95);
      covered += e.lo <= truth && truth <= e.hi;
    }
  g_assert_cmpfloat ((double) covered / (double) rounds, >=, 0.94);
  g_assert_cmpfloat ((double) covered / (double) rounds, <=, 0.97);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/auroc/area and error are those of all pairs", test_pairs);
  g_test_add_func ("/stats/auroc/ties count one half", test_known);
  g_test_add_func ("/stats/auroc/perfect separation keeps an open interval", test_perfect);
  g_test_add_func ("/stats/auroc/what is undefined is NaN", test_edges);
  g_test_add_func ("/stats/auroc/the interval covers as it says", test_coverage);
  return g_test_run ();
}
