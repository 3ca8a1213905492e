/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-chain_calibration.c: estimates from features, their intervals, and when nothing is said. */
#include "probes/chain_calibration.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

#define F 3
#define PROMPTS 80
#define N (PROMPTS * 5)

static const gboolean all[F] = { TRUE, TRUE, TRUE };

/* Doses with noise of different size in each feature; the third is pure noise. */
static void
make (double *x, double *truth, gint64 *fold, guint64 seed)
{
  AssayRng rng = assay_rng_new (seed, 1);

  for (gint64 i = 0; i < N; i++)
    {
      truth[i] = (double) (i % 5) / 4;
      fold[i] = i / 5 % ASSAY_CHAIN_CALIBRATION_N_FOLDS;
      x[i * F] = truth[i] + 0.03 * assay_rng_normal (&rng);
      x[i * F + 1] = 2 * truth[i] - 1 + 0.2 * assay_rng_normal (&rng);
      x[i * F + 2] = assay_rng_normal (&rng);
    }
}

static AssayUse
judge (AssayChainCalibration *c, const double *x, gint64 fold)
{
  AssayUse use;
  GError *error = NULL;

  g_assert_true (assay_chain_calibration_judge (c, x, fold, &use, &error));
  g_assert_no_error (error);
  return use;
}

static void
test_coverage (void)
{
  gint64 held = 0, n = 0;
  double width = 0;

  for (guint64 seed = 0; seed < 10; seed++)
    {
      double x[N * F], truth[N], fresh[N * F], same[N];
      gint64 fold[N];
      g_autoptr (AssayChainCalibration) c = NULL;

      make (x, truth, fold, 2 * seed);
      make (fresh, same, fold, 2 * seed + 1);
      c = assay_chain_calibration_new (x, truth, fold, N, F, all);
      for (gint64 i = 0; i < N; i++)
        {
          AssayUse use = judge (c, fresh + i * F, -1);

          g_assert_true (0 <= use.lo && use.lo <= use.estimate && use.estimate <= use.hi && use.hi <= 1);
          held += use.lo <= truth[i] && truth[i] <= use.hi;
          width += use.hi - use.lo;
          n++;
        }
    }
  /* 4,000 draws: 95 % within five standard errors; held in [0, 1] the ends are a little generous. */
  g_assert_cmpfloat ((double) held / (double) n, >, 0.95 - 5 * sqrt (0.95 * 0.05 / (double) n));
  g_assert_cmpfloat ((double) held / (double) n, <, 0.99);
  g_assert_cmpfloat (width / (double) n, <, 0.15);                /* the sharp feature has 4 * 0.03 */
}

static void
test_own_label (void)
{
  double x[N * F], truth[N];
  gint64 fold[N];
  g_autoptr (AssayChainCalibration) before = NULL, after = NULL;

  make (x, truth, fold, 5);
  before = assay_chain_calibration_new (x, truth, fold, N, F, all);
  for (gint64 i = 0; i < N; i++)
    if (fold[i] == 2)
      truth[i] = 1 - truth[i];                                    /* the labels of a fold are turned around */
  after = assay_chain_calibration_new (x, truth, fold, N, F, all);
  for (gint64 i = 0; i < N; i++)
    if (fold[i] == 2)
      g_assert_cmpfloat (judge (before, x + i * F, 2).score, ==, judge (after, x + i * F, 2).score);
  g_assert_cmpfloat (judge (before, x, -1).score, !=, judge (after, x, -1).score);
}

static void
test_missing (void)
{
  double x[N * F], truth[N], one[F] = { 0.5, 0, 0 }, blind[F] = { NAN, 0, 0 }, nothing[F] = { NAN, NAN, NAN };
  const gboolean second[F] = { FALSE, TRUE, TRUE };
  gint64 fold[N];
  g_autoptr (AssayChainCalibration) c = NULL, without = NULL;
  AssayUse use;

  make (x, truth, fold, 6);
  c = assay_chain_calibration_new (x, truth, fold, N, F, all);
  without = assay_chain_calibration_new (x, truth, fold, N, F, second);
  use = judge (c, blind, -1);
  g_assert_cmpfloat (fabs (use.estimate - 0.5), <, 0.1);
  g_assert_cmpfloat (use.hi - use.lo, >, 2 * (judge (c, one, -1).hi - judge (c, one, -1).lo));     /* less is known */
  g_assert_cmpfloat (use.score, ==, judge (without, one, -1).score);      /* as if the feature were not there */
  use = judge (c, nothing, -1);
  g_assert_true (isnan (use.estimate) && isnan (use.lo) && isnan (use.hi));
  g_assert_cmpstr (assay_use_verdict (&use), ==, "cannot tell");
}

static void
test_too_few (void)
{
  double x[N * F], truth[N];
  gint64 fold[N];
  g_autoptr (AssayChainCalibration) c = NULL;
  AssayUse use;

  make (x, truth, fold, 7);
  c = assay_chain_calibration_new (x, truth, fold, 39, F, all);         /* 95 % of so few cannot be known */
  use = judge (c, x, -1);
  g_assert_cmpfloat (use.lo, ==, 0);
  g_assert_cmpfloat (use.hi, ==, 1);
  g_assert_cmpstr (assay_use_verdict (&use), ==, "cannot tell");
}

static void
test_words (void)
{
  static const struct { double estimate, lo, hi; const char *word; } cases[] = {
    { 0.1, 0, 0.2, "decorative" }, { 0.1, 0, 0.2000001, "partly used" }, { 0.9, 0.8, 1, "used" }, { 0.9, 0.7999999, 1, "partly used" },
    { 0.5, 0.36, 0.64, "partly used" }, { 0.5, 0.3, 0.61, "cannot tell" }, { 0.1, 0, 0.31, "cannot tell" }, { NAN, NAN, NAN, "cannot tell" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      AssayUse use = { cases[k].estimate, cases[k].estimate, cases[k].lo, cases[k].hi };

      g_assert_cmpstr (assay_use_verdict (&use), ==, cases[k].word);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chain_calibration/intervals hold the truth as often as they say", test_coverage);
  g_test_add_func ("/chain_calibration/labels of an instance's own fold do not touch its estimate", test_own_label);
  g_test_add_func ("/chain_calibration/an instance is judged by the features that it has", test_missing);
  g_test_add_func ("/chain_calibration/with too few instances nothing can be told", test_too_few);
  g_test_add_func ("/chain_calibration/the words have the edges that they are said to have", test_words);
  return g_test_run ();
}
