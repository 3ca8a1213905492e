/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-exact_sum.c: sums against integers that hold them, in any order, and the rounding at the end. */
#include "stats/exact_sum.h"

#include "base/rng.h"

#include <float.h>
#include <math.h>

static double
sum_of (const double *x, gsize n)
{
  AssayExactSum sum = { 0 };

  for (gsize i = 0; i < n; i++)
    assay_exact_sum_add (&sum, x[i]);
  return assay_exact_sum_get (&sum);
}

static void
test_known (void)
{
  g_assert_cmpfloat (sum_of (NULL, 0), ==, 0);
  g_assert_cmpfloat (sum_of ((double[]) { 1e308, 1, -1e308 }, 3), ==, 1);
  g_assert_cmpfloat (sum_of ((double[]) { 0x1p-1074, 1e300, -1e300 }, 3), ==, 0x1p-1074);
  g_assert_cmpfloat (sum_of ((double[]) { -0x1p-1074, -0x1p-1074 }, 2), ==, -0x1p-1073);
  g_assert_cmpfloat (sum_of ((double[]) { DBL_MAX, -DBL_MAX, -3.5 }, 3), ==, -3.5);
  g_assert_cmpfloat (sum_of ((double[]) { DBL_MAX, DBL_MAX, -DBL_MAX }, 3), ==, DBL_MAX);
  g_assert_true (isinf (sum_of ((double[]) { DBL_MAX, DBL_MAX }, 2)));
}

static void
test_rounding (void)
{
  g_assert_cmpfloat (sum_of ((double[]) { 1, 0x1p-53 }, 2), ==, 1);                       /* a tie goes to the even one */
  g_assert_cmpfloat (sum_of ((double[]) { 1 + 0x1p-52, 0x1p-53 }, 2), ==, 1 + 0x1p-51);
  g_assert_cmpfloat (sum_of ((double[]) { 1, 0x1p-53, 0x1p-1074 }, 3), ==, 1 + 0x1p-52);  /* the least bit decides */
  g_assert_cmpfloat (sum_of ((double[]) { 1, 0x1p-53, -0x1p-1074 }, 3), ==, 1);
  g_assert_cmpfloat (sum_of ((double[]) { -1, -0x1p-53, -0x1p-1074 }, 3), ==, -1 - 0x1p-52);
}

/* Multiples of 2^-40 below 2^20 in size: 10,000 of them fit into a 128-bit integer many times over. */
static void
test_against_integers (void)
{
  enum { N = 10000 };
  AssayRng rng = assay_rng_new (11, assay_rng_stream ("exact", 0));
  double x[N], forwards;
  __int128 exact = 0;
  AssayExactSum halves[2] = { { { 0 }, 0 }, { { 0 }, 0 } };

  for (guint i = 0; i < N; i++)
    {
      gint64 k = (gint64) (assay_rng_u64 (&rng) >> 4) - ((gint64) 1 << 59);

      k >>= assay_rng_below (&rng, 59);
      x[i] = ldexp ((double) k, -40);
      exact += (__int128) ldexp (x[i], 40);
      assay_exact_sum_add (&halves[i % 3 == 0], x[i]);
    }
  forwards = sum_of (x, N);
  g_assert_cmpfloat (forwards, ==, ldexp ((double) exact, -40));
  for (guint i = 0; i < N / 2; i++)
    {
      double swap = x[i];

      x[i] = x[N - 1 - i];
      x[N - 1 - i] = swap;
    }
  g_assert_cmpfloat (sum_of (x, N), ==, forwards);
  assay_exact_sum_merge (&halves[0], &halves[1]);
  g_assert_cmpfloat (assay_exact_sum_get (&halves[0]), ==, forwards);
}

static void
test_products (void)
{
  AssayExactSum sum = { 0 };
  double a = 1 + 0x1p-52, b = 1 - 0x1p-52;                        /* their product is 1 - 2^-104 */

  assay_exact_sum_add_product (&sum, a, b);
  assay_exact_sum_add (&sum, -1);
  g_assert_cmpfloat (assay_exact_sum_get (&sum), ==, -0x1p-104);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exact sum/what ordinary addition loses is kept", test_known);
  g_test_add_func ("/exact sum/the result is rounded once, ties to even", test_rounding);
  g_test_add_func ("/exact sum/equals integer arithmetic in any order and merged from parts", test_against_integers);
  g_test_add_func ("/exact sum/products are not rounded", test_products);
  return g_test_run ();
}
