/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-impact.c: impact ratios against integer arithmetic; small, unknown and empty groups; four fifths exactly. */
#include "stats/impact.h"

#include "base/rng.h"

#include <math.h>

/* A table of the form that the New York rule prints: sex, with a category of 1 % and persons of no known one. */
static void
test_rule (void)
{
  const AssayImpactGroup group[] = { { 1390, 667, FALSE }, { 1181, 555, FALSE }, { 20, 20, FALSE }, { 110, 60, TRUE } };
  AssayImpact impact[4];

  g_assert_cmpint (assay_impact_ratios (4, group, 2701, 0.02, 0.95, impact), ==, 0);
  g_assert_true (impact[0].is_highest && impact[0].ratio.value == 1);
  g_assert_cmpfloat (impact[1].ratio.value, ==, (555.0 * 1390) / (1181.0 * 667));
  g_assert_cmpfloat (impact[1].ratio.lo, <, impact[1].ratio.value);
  g_assert_cmpfloat (impact[1].ratio.hi, >, impact[1].ratio.value);
  g_assert_true (impact[2].is_small && !impact[2].is_highest && impact[2].ratio.value > 1);
  g_assert_false (impact[3].is_small);
  g_assert_true (isnan (impact[3].ratio.value));
  g_assert_cmpfloat (impact[3].rate.value, ==, 60.0 / 110);
}

/* Two percent of the whole is not below two percent; one person fewer is. */
static void
test_small (void)
{
  for (gint64 total = 50; total <= 5000; total += 50)
    {
      const AssayImpactGroup group[] = { { total, 1, FALSE }, { total / 50, 1, FALSE }, { total / 50 - 1, 1, FALSE } };
      AssayImpact impact[3];

      assay_impact_ratios (3, group, total, 0.02, 0.95, impact);
      g_assert_false (impact[0].is_small || impact[1].is_small);
      g_assert_true (impact[2].is_small);
    }
}

static void
test_four_fifths (void)
{
  const AssayImpactGroup group[] = { { 1000, 500, FALSE }, { 1000, 400, FALSE }, { 1000, 399, FALSE } };
  AssayImpact impact[3];

  assay_impact_ratios (3, group, 3000, 0, 0.95, impact);
  g_assert_false (impact[0].is_below_four_fifths || impact[1].is_below_four_fifths);
  g_assert_true (impact[2].is_below_four_fifths);
}

/* The highest group by search over all pairs of fractions; ratios as integers. */
static void
test_integers (void)
{
  for (guint64 round = 0; round < 500; round++)
    {
      AssayRng rng = assay_rng_new (5, round);
      gint64 G = 1 + assay_rng_below (&rng, 6), total = 0, highest;
      AssayImpactGroup group[6];
      AssayImpact impact[6];

      for (gint64 g = 0; g < G; g++)
        {
          group[g].n = assay_rng_below (&rng, 30);
          group[g].selected = group[g].n > 0 ? assay_rng_below (&rng, group[g].n + 1) : 0;
          group[g].is_unknown = assay_rng_below (&rng, 5) == 0;
          total += group[g].n;
        }
      highest = assay_impact_ratios (G, group, total, 0.1, 0.95, impact);
      for (gint64 g = 0; g < G; g++)
        {
          gboolean may_be = !group[g].is_unknown && 10 * group[g].n >= total && group[g].selected > 0;

          if (may_be)
            {
              g_assert_cmpint (highest, >=, 0);
              g_assert_cmpint (group[g].selected * group[highest].n, <=, group[highest].selected * group[g].n);
            }
          g_assert_true (isnan (impact[g].ratio.value) == (highest < 0 || group[g].is_unknown || group[g].n == 0));
          if (!isnan (impact[g].ratio.value))
            g_assert_cmpfloat (impact[g].ratio.value, ==, (double) (group[g].selected * group[highest].n) / (double) (group[g].n * group[highest].selected));
        }
    }
}

static void
test_nobody (void)
{
  const AssayImpactGroup none[] = { { 0, 0, FALSE }, { 10, 0, FALSE } };
  AssayImpact impact[2];

  g_assert_cmpint (assay_impact_ratios (2, none, 10, 0.02, 0.95, impact), ==, -1);
  g_assert_true (isnan (impact[0].ratio.value) && isnan (impact[1].ratio.value) && isnan (impact[0].rate.value));
  g_assert_cmpfloat (impact[1].rate.value, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/impact/a table with a small and an unknown group", test_rule);
  g_test_add_func ("/stats/impact/the least share is exact", test_small);
  g_test_add_func ("/stats/impact/four fifths are no less than four fifths", test_four_fifths);
  g_test_add_func ("/stats/impact/ratios and the highest group are those of integers", test_integers);
  g_test_add_func ("/stats/impact/where nobody is selected there is no ratio", test_nobody);
  return g_test_run ();
}
