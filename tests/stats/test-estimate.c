/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-estimate.c: the intervals of a mean and of a proportion. */
#include "stats/estimate.h"

#include <math.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

static void
test_mean (void)
{
  const double x[] = { 1, 2, 3, 4, 5 }, half = 2.7764451051977944 * sqrt (0.5);     /* t_(.975, 4), s^2 / n = 2.5 / 5 */
  AssayEstimate e = assay_estimate_mean (x, 5, 0.95);

  assert_near (e.value, 3, 1e-15);
  assert_near (e.lo, 3 - half, 1e-12);
  assert_near (e.hi, 3 + half, 1e-12);
  g_assert_cmpfloat (e.level, ==, 0.95);
}

static void
test_mean_edges (void)
{
  const double x[] = { 2, NAN, 2 };
  AssayEstimate one = assay_estimate_mean (x, 1, 0.95), none = assay_estimate_mean (x, 0, 0.95), bad = assay_estimate_mean (x, 3, 0.95);

  g_assert_cmpfloat (one.value, ==, 2);
  g_assert_true (isnan (one.lo) && isnan (one.hi));
  g_assert_true (isnan (none.value) && isnan (none.lo));
  g_assert_true (isnan (bad.value) && isnan (bad.lo) && isnan (bad.hi));
}

static void
test_wilson (void)
{
  AssayEstimate none = assay_estimate_proportion (0, 10, 0.95), half = assay_estimate_proportion (5, 10, 0.95);
  AssayEstimate all = assay_estimate_proportion (10, 10, 0.95);

  g_assert_cmpfloat (none.lo, ==, 0);
  assert_near (none.hi, 0.277532799862889, 1e-14);                /* z^2 / (n + z^2) */
  assert_near (half.lo, 0.236593090512564, 1e-14);
  assert_near (half.hi, 0.763406909487436, 1e-14);
  assert_near (all.lo, 1 - none.hi, 1e-15);
  g_assert_cmpfloat (all.hi, ==, 1);
  g_assert_true (isnan (assay_estimate_proportion (1, 0, 0.95).value));
  g_assert_true (isnan (assay_estimate_proportion (3, 2, 0.95).value));
  g_assert_true (isnan (assay_estimate_proportion (-1, 2, 0.95).value));
}

/* Wilson's limits are the proportions that are z standard errors (of their own) away from the estimate. */
static void
test_wilson_inverts (void)
{
  for (gint64 k = 1; k < 20; k++)
    {
      AssayEstimate e = assay_estimate_proportion (k, 20, 0.9);
      double z = 1.6448536269514722;

      assert_near (fabs (e.value - e.lo), z * sqrt (e.lo * (1 - e.lo) / 20), 1e-14);
      assert_near (fabs (e.value - e.hi), z * sqrt (e.hi * (1 - e.hi) / 20), 1e-14);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/estimate/a mean has Student's interval", test_mean);
  g_test_add_func ("/stats/estimate/too few numbers and NaN have no interval", test_mean_edges);
  g_test_add_func ("/stats/estimate/a proportion has Wilson's interval", test_wilson);
  g_test_add_func ("/stats/estimate/Wilson's limits solve their equation", test_wilson_inverts);
  return g_test_run ();
}
