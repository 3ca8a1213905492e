/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-confusion.c: counts of decisions, and every rate as the two counts that it is made of. */
#include "stats/confusion.h"

#include "base/rng.h"

#include <math.h>

/* The published table of the two-year COMPAS cohort, African-American: rates with the counts behind them. */
static void
test_published (void)
{
  const AssayConfusion c = { .true_positives = 1369, .false_positives = 805, .true_negatives = 990, .false_negatives = 532 };
  const struct { AssayRate rate; gint64 part, whole; } expected[] = {
    { ASSAY_RATE_FALSE_POSITIVE, 805, 1795 }, { ASSAY_RATE_FALSE_NEGATIVE, 532, 1901 }, { ASSAY_RATE_SELECTION, 2174, 3696 },
    { ASSAY_RATE_PREVALENCE, 1901, 3696 }, { ASSAY_RATE_ACCURACY, 2359, 3696 }, { ASSAY_RATE_TRUE_POSITIVE, 1369, 1901 },
    { ASSAY_RATE_TRUE_NEGATIVE, 990, 1795 }, { ASSAY_RATE_POSITIVE_VALUE, 1369, 2174 }, { ASSAY_RATE_NEGATIVE_VALUE, 990, 1522 },
  };

  g_assert_cmpint (assay_confusion_get_n (&c), ==, 3696);
  g_assert_cmpuint (G_N_ELEMENTS (expected), ==, ASSAY_N_RATES);
  for (gsize k = 0; k < G_N_ELEMENTS (expected); k++)
    {
      gint64 whole, part = assay_confusion_get_part (&c, expected[k].rate, &whole);
      AssayEstimate e = assay_confusion_get_rate (&c, expected[k].rate, 0.95);

      g_assert_cmpint (part, ==, expected[k].part);
      g_assert_cmpint (whole, ==, expected[k].whole);
      g_assert_cmpfloat (e.value, ==, (double) part / (double) whole);
      g_assert_cmpfloat (e.lo, <, e.value);
      g_assert_cmpfloat (e.hi, >, e.value);
    }
}

/* Shares of one denominator add up to 1, whatever the decisions. */
static void
test_identities (void)
{
  for (guint64 round = 0; round < 100; round++)
    {
      AssayRng rng = assay_rng_new (1, round);
      gint64 n = 1 + assay_rng_below (&rng, 50), whole, decided = 0, came = 0, right = 0;
      guint8 decision[51], outcome[51];
      AssayConfusion c;

      for (gint64 i = 0; i < n; i++)
        {
          decision[i] = assay_rng_below (&rng, 2);
          outcome[i] = assay_rng_below (&rng, 2);
          decided += decision[i];
          came += outcome[i];
          right += decision[i] == outcome[i];
        }
      c = assay_confusion_count (decision, outcome, n);
      g_assert_cmpint (assay_confusion_get_n (&c), ==, n);
      g_assert_cmpint (assay_confusion_get_part (&c, ASSAY_RATE_SELECTION, &whole), ==, decided);
      g_assert_cmpint (whole, ==, n);
      g_assert_cmpint (assay_confusion_get_part (&c, ASSAY_RATE_PREVALENCE, &whole), ==, came);
      g_assert_cmpint (assay_confusion_get_part (&c, ASSAY_RATE_ACCURACY, &whole), ==, right);
      g_assert_cmpint (assay_confusion_get_part (&c, ASSAY_RATE_FALSE_NEGATIVE, &whole) + assay_confusion_get_part (&c, ASSAY_RATE_TRUE_POSITIVE, &whole),
                       ==, came);
      g_assert_cmpint (whole, ==, came);
      g_assert_cmpint (assay_confusion_get_part (&c, ASSAY_RATE_FALSE_POSITIVE, &whole) + assay_confusion_get_part (&c, ASSAY_RATE_TRUE_NEGATIVE, &whole),
                       ==, n - came);
      g_assert_cmpint (whole, ==, n - came);
    }
}

static void
test_empty (void)
{
  const AssayConfusion none = { 0 }, one = { .true_negatives = 1 };

  for (AssayRate rate = 0; rate < ASSAY_N_RATES; rate++)
    {
      g_assert_true (isnan (assay_confusion_get_rate (&none, rate, 0.95).value));
      g_assert_nonnull (assay_rate_name (rate));
      g_assert_nonnull (assay_rate_title (rate));
      g_assert_nonnull (assay_rate_definition (rate));
    }
  g_assert_true (isnan (assay_confusion_get_rate (&one, ASSAY_RATE_TRUE_POSITIVE, 0.95).value));
  g_assert_cmpfloat (assay_confusion_get_rate (&one, ASSAY_RATE_TRUE_NEGATIVE, 0.95).value, ==, 1);
  g_assert_cmpfloat (assay_confusion_get_rate (&one, ASSAY_RATE_TRUE_NEGATIVE, 0.95).lo, <, 0.5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/confusion/a published table gives its published rates", test_published);
  g_test_add_func ("/stats/confusion/rates of one denominator add up", test_identities);
  g_test_add_func ("/stats/confusion/a rate of nobody is NaN", test_empty);
  return g_test_run ();
}
