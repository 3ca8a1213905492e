/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-false_discovery.c: adjusted p-values: a worked example, tests that were not made, the rate itself. */
#include "stats/false_discovery.h"

#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>

static void
test_known (void)
{
  double p[] = { 0.01, 0.04, 0.03, 0.005, 0.8 };
  const double expected[] = { 0.025, 0.05, 0.05, 0.025, 0.8 };

  assay_benjamini_hochberg (p, 5, p);
  for (gint64 i = 0; i < 5; i++)
    g_assert_cmpfloat (fabs (p[i] - expected[i]), <=, 1e-15);
}

static void
test_edges (void)
{
  const double p[] = { 0.02, NAN, 0.01, 1 };
  double adjusted[4];

  assay_benjamini_hochberg (p, 4, adjusted);
  g_assert_cmpfloat (fabs (adjusted[0] - 0.03), <=, 1e-15);       /* three tests were made */
  g_assert_true (isnan (adjusted[1]));
  g_assert_cmpfloat (fabs (adjusted[2] - 0.03), <=, 1e-15);
  g_assert_cmpfloat (adjusted[3], ==, 1);
  assay_benjamini_hochberg (p, 0, adjusted);
}

/* 900 tests of nothing and 100 of something: the share of false discoveries stays near 0.9 x 0.1, on average over 200 rounds. */
static void
test_rate (void)
{
  double share = 0, found = 0;

  for (guint64 round = 0; round < 200; round++)
    {
      AssayRng rng = assay_rng_new (8, round);
      double p[1000];
      gint64 wrong = 0, all = 0;

      for (gint64 i = 0; i < 1000; i++)
        p[i] = assay_normal_two_sided (assay_rng_normal (&rng) + (i < 100 ? 4 : 0));
      assay_benjamini_hochberg (p, 1000, p);
      for (gint64 i = 0; i < 1000; i++)
        {
          all += p[i] <= 0.1;
          wrong += p[i] <= 0.1 && i >= 100;
        }
      share += (double) wrong / (double) MAX (all, 1) / 200;
      found += (double) (all - wrong) / 100 / 200;
    }
  g_assert_cmpfloat (fabs (share - 0.09), <=, 0.01);
  g_assert_cmpfloat (found, >, 0.8);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/false_discovery/a worked example is met", test_known);
  g_test_add_func ("/stats/false_discovery/tests that were not made do not count", test_edges);
  g_test_add_func ("/stats/false_discovery/the rate is what was asked", test_rate);
  return g_test_run ();
}
