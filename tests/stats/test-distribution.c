/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-distribution.c: published values, and the edges of the ranges. */
#include "stats/distribution.h"

#include <math.h>

#define assert_near(a, b) g_assert_cmpfloat (fabs ((a) - (b)), <=, 1e-13 * fabs (b))

static void
test_values (void)
{
  assert_near (assay_normal_quantile (0.975), 1.959963984540054);
  assert_near (assay_normal_factor (0.95), 1.959963984540054);
  assert_near (assay_normal_cdf (-1.959963984540054), 0.025);
  assert_near (assay_normal_two_sided (1.959963984540054), 0.05);
  assert_near (assay_student_quantile (0.975, 10), 2.228138851986274);
  assert_near (assay_student_two_sided (-2.228138851986274, 10), 0.05);
  assert_near (assay_student_quantile (0.75, 1), 1.0);            /* Cauchy */
  assert_near (assay_chi_square_upper (3.841458820694124, 1), 0.05);
  assert_near (assay_chi_square_upper (2, 2), exp (-1.0));
}

/* Far out, where 1 - P would have no digits left: the leading terms of the asymptotic series, error below 15 / z^6. */
static void
test_tails (void)
{
  double z = 30, series = 2 * exp (-z * z / 2) / (z * sqrt (2 * G_PI)) * (1 - 1 / (z * z) + 3 / (z * z * z * z));

  g_assert_cmpfloat (fabs (assay_normal_two_sided (z) / series - 1), <=, 15 / pow (z, 6));
  g_assert_cmpfloat (assay_normal_two_sided (0), ==, 1);
  g_assert_cmpfloat (assay_normal_two_sided (INFINITY), ==, 0);
  g_assert_cmpfloat (assay_student_two_sided (INFINITY, 3), ==, 0);
}

static void
test_edges (void)
{
  g_assert_cmpfloat (assay_normal_quantile (0), ==, -INFINITY);
  g_assert_cmpfloat (assay_normal_quantile (1), ==, INFINITY);
  g_assert_cmpfloat (assay_student_quantile (0, 4), ==, -INFINITY);
  g_assert_true (isnan (assay_normal_quantile (-0.1)));
  g_assert_true (isnan (assay_normal_quantile (1.1)));
  g_assert_true (isnan (assay_normal_quantile (NAN)));
  g_assert_true (isnan (assay_normal_cdf (NAN)));
  g_assert_true (isnan (assay_normal_two_sided (NAN)));
  g_assert_true (isnan (assay_student_quantile (0.5, 0)));
  g_assert_true (isnan (assay_student_two_sided (1, -1)));
  g_assert_true (isnan (assay_student_two_sided (NAN, 3)));
  g_assert_true (isnan (assay_chi_square_upper (NAN, 1)));
  g_assert_true (isnan (assay_chi_square_upper (1, 0)));
  g_assert_cmpfloat (assay_chi_square_upper (-1, 3), ==, 1);
  g_assert_cmpfloat (assay_chi_square_upper (INFINITY, 3), ==, 0);
  g_assert_true (isnan (assay_normal_factor (1)));
  g_assert_true (isnan (assay_normal_factor (0)));
  assert_near (assay_student_quantile (0.975, INFINITY), assay_normal_quantile (0.975));
  assert_near (assay_student_two_sided (2, INFINITY), assay_normal_two_sided (2));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/distribution/published values are met", test_values);
  g_test_add_func ("/stats/distribution/tails keep their digits", test_tails);
  g_test_add_func ("/stats/distribution/outside its range a function is NaN", test_edges);
  return g_test_run ();
}
