/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-calibration.c: bins and edges, errors against their definition, luck, the line against a search, and coverage. */
#include "stats/calibration.h"

#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

/* Every edge as a double, and its neighbours, are in the bins that the edges say. */
static void
test_edges (void)
{
  for (gint64 B = 1; B <= 50; B++)
    for (gint64 b = 0; b <= B; b++)
      {
        double edge = (double) b / (double) B;

        g_assert_cmpint (assay_calibration_bin (edge, B), ==, MIN (b, B - 1));
        if (b > 0)
          g_assert_cmpint (assay_calibration_bin (nextafter (edge, 0), B), ==, b - 1);
        if (b < B)
          g_assert_cmpint (assay_calibration_bin (nextafter (edge, 1), B), ==, b);
      }
}

static void
draw (guint64 round, gint64 N, double tilt, double *p, guint8 *y)
{
  AssayRng rng = assay_rng_new (9, round);

  for (gint64 i = 0; i < N; i++)
    {
      double z = 1.5 * assay_rng_normal (&rng);

      p[i] = 1 / (1 + exp (-z));
      y[i] = assay_rng_uniform (&rng) < 1 / (1 + exp (-(0.3 * tilt + (1 - 0.4 * tilt) * z)));
    }
}

static void
test_definition (void)
{
  double p[300], sums[10] = { 0 }, error = 0, excess = 0, brier = 0, loss = 0;
  gint64 n[10] = { 0 }, positives[10] = { 0 };
  guint8 y[300];
  g_autoptr (AssayCalibration) c = NULL;

  draw (1, 300, 1, p, y);
  for (gint64 i = 0; i < 300; i++)
    {
      gint64 b = 0;

      while (b < 9 && p[i] >= (double) (b + 1) / 10)
        b++;
      n[b]++;
      positives[b] += y[i];
      sums[b] += p[i];
      excess += (p[i] - y[i]) / 300;
      brier += (p[i] - y[i]) * (p[i] - y[i]) / 300;
      loss -= log (y[i] ? p[i] : 1 - p[i]) / 300;
    }
  c = assay_calibration_new (p, y, 300, 10, 0.95, 1);
  for (gint64 b = 0; b < 10; b++)
    {
      g_assert_cmpint (c->bin[b].n, ==, n[b]);
      g_assert_cmpint (c->bin[b].positives, ==, positives[b]);
      assert_near (c->bin[b].mean_probability, sums[b] / (double) n[b], 1e-14);
      g_assert_cmpfloat (c->bin[b].observed.value, ==, (double) positives[b] / (double) n[b]);
      error += (double) n[b] / 300 * fabs ((double) positives[b] / (double) n[b] - sums[b] / (double) n[b]);
    }
  assert_near (c->error.value, error, 1e-13);
  assert_near (c->excess.value, excess, 1e-13);
  assert_near (assay_estimate_brier (p, y, 300, 0.95).value, brier, 1e-13);
  assert_near (assay_estimate_log_loss (p, y, 300, 0.95).value, loss, 1e-12);
}

static double
log_likelihood (const double *p, const guint8 *y, gint64 N, double a, double b)
{
  double sum = 0;

  for (gint64 i = 0; i < N; i++)
    {
      double q = 1 / (1 + exp (-(a + b * log (p[i] / (1 - p[i])))));

      sum += log (y[i] ? q : 1 - q);
    }
  return sum;
}

/* No step in any direction gains; and the curvature of the likelihood, by differences, gives the width. */
static void
test_line (void)
{
  double p[500], h = 1e-3, aa, bb, ab, best, variance;
  guint8 y[500];
  g_autoptr (AssayCalibration) c = NULL;

  draw (2, 500, 1, p, y);
  c = assay_calibration_new (p, y, 500, 10, 0.95, 1);
  g_assert_null (c->line_reason);
#define L(da, db) log_likelihood (p, y, 500, c->intercept.value + (da), c->slope.value + (db))
  best = L (0, 0);
  for (guint k = 0; k < 8; k++)
    g_assert_cmpfloat (L (1e-5 * cos (k * G_PI_4), 1e-5 * sin (k * G_PI_4)), <, best);
  aa = -(L (h, 0) - 2 * best + L (-h, 0)) / (h * h);
  bb = -(L (0, h) - 2 * best + L (0, -h)) / (h * h);
  ab = -(L (h, h) - L (h, -h) - L (-h, h) + L (-h, -h)) / (4 * h * h);
#undef L
  variance = aa / (aa * bb - ab * ab);
  assert_near ((c->slope.hi - c->slope.lo) / 2, 1.959963984540054 * sqrt (variance), 1e-4);
}

/* Over and over: the true slope and intercept, the true mean excess and the true binned error lie in their intervals. */
static void
test_coverage (void)
{
  const gint64 rounds = 150, N = 400;
  gint64 slope = 0, excess = 0, error = 0, lucky = 0;
  double truth[2] = { 0 }, sums[10] = { 0 };
  AssayRng rng = assay_rng_new (10, 0);

  /* The binned error and the excess of the population, by a large sample without outcomes. */
  for (gint64 i = 0; i < 400000; i++)
    {
      double z = 1.5 * assay_rng_normal (&rng), p = 1 / (1 + exp (-z)), miss = p - 1 / (1 + exp (-(0.3 + 0.6 * z)));

      sums[assay_calibration_bin (p, 10)] += miss / 400000;
      truth[0] += miss / 400000;
    }
  for (gint64 b = 0; b < 10; b++)
    truth[1] += fabs (sums[b]);
  for (gint64 round = 0; round < rounds; round++)
    {
      double p[400];
      guint8 y[400];
      g_autoptr (AssayCalibration) c = NULL, fair = NULL;

      draw (100 + round, N, 1, p, y);
      c = assay_calibration_new (p, y, N, 10, 0.95, round);
      slope += c->slope.lo <= 0.6 && 0.6 <= c->slope.hi;
      excess += c->excess.lo <= truth[0] && truth[0] <= c->excess.hi;
      error += c->error.lo <= truth[1] && truth[1] <= c->error.hi;
      draw (1000 + round, N, 0, p, y);
      fair = assay_calibration_new (p, y, N, 10, 0.95, round);
      lucky += fair->error.value <= fair->error_by_luck_95;
    }
  /* Of 150 draws with probability .95 fewer than 133 succeed about once in 1,000 runs. */
  g_assert_cmpint (slope, >=, 133);
  g_assert_cmpint (excess, >=, 133);
  g_assert_cmpint (error, >=, 133);
  g_assert_cmpint (lucky, >=, 133);
  g_assert_cmpint (lucky, <=, 149);
}

static void
test_refusals (void)
{
  const double p[] = { 0.2, 0.7, 0.4, 0.9 }, sure[] = { 0, 1, 0, 1 }, same[] = { 0.5, 0.5, 0.5, 0.5 }, bad[] = { 0.5, 1.5, 0, 0 };
  const guint8 y[] = { 0, 1, 0, 1 }, ones[] = { 1, 1, 1, 1 }, wrong[] = { 1, 0, 1, 0 };
  g_autoptr (AssayCalibration) separated = assay_calibration_new (p, y, 4, 2, 0.95, 1), certain = assay_calibration_new (sure, y, 4, 2, 0.95, 1);
  g_autoptr (AssayCalibration) constant = assay_calibration_new (same, y, 4, 2, 0.95, 1), one = assay_calibration_new (p, ones, 4, 2, 0.95, 1);

  g_assert_nonnull (separated->line_reason);
  g_assert_true (isnan (separated->slope.value));
  g_assert_nonnull (certain->line_reason);
  g_assert_nonnull (constant->line_reason);
  g_assert_nonnull (one->line_reason);
  g_assert_cmpfloat (certain->error.value, ==, 0);
  g_assert_cmpint (constant->bin[0].n, ==, 0);
  g_assert_true (isnan (constant->bin[0].mean_probability) && isnan (constant->bin[0].observed.value));
  g_assert_null (assay_calibration_new (bad, y, 4, 2, 0.95, 1));
  g_assert_null (assay_calibration_new (p, y, 0, 2, 0.95, 1));
  g_assert_cmpfloat (assay_estimate_log_loss (sure, y, 4, 0.95).value, ==, 0);
  g_assert_true (isinf (assay_estimate_log_loss (sure, wrong, 4, 0.95).value));
  g_assert_true (isnan (assay_estimate_log_loss (sure, wrong, 4, 0.95).hi));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/calibration/an edge belongs to the bin above it", test_edges);
  g_test_add_func ("/stats/calibration/bins, errors and scores are those of their definitions", test_definition);
  g_test_add_func ("/stats/calibration/the line is the likeliest, with the width of its curvature", test_line);
  g_test_add_func ("/stats/calibration/intervals cover and luck is what it says", test_coverage);
  g_test_add_func ("/stats/calibration/where there is no line the reason is told", test_refusals);
  return g_test_run ();
}
