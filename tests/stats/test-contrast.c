/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-contrast.c: differences and ratios against published examples, against a test computed here, and against exact fractions. */
#include "stats/contrast.h"

#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>

#define assert_near(a, b, bound) g_assert_cmpfloat (fabs ((a) - (b)), <=, bound)

/* Newcombe 1998, table II, method 10: 56/70 - 48/80, 9/10 - 3/10, 10/10 - 0/10. */
static void
test_newcombe (void)
{
  const struct { gint64 a, m, b, n; double lo, hi; } rows[] = {
    { 56, 70, 48, 80, 0.0524, 0.3339 }, { 9, 10, 3, 10, 0.1705, 0.8090 }, { 6, 7, 2, 7, 0.0582, 0.8062 }, { 5, 56, 0, 29, -0.0381, 0.1926 },
    { 0, 10, 0, 20, -0.1611, 0.2775 }, { 10, 10, 0, 20, 0.6791, 1.0000 },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (rows); k++)
    {
      AssayEstimate e = assay_estimate_difference (assay_estimate_proportion (rows[k].a, rows[k].m, 0.95),
                                                   assay_estimate_proportion (rows[k].b, rows[k].n, 0.95));

      assert_near (e.lo, rows[k].lo, 5.1e-5);
      assert_near (e.hi, rows[k].hi, 5.1e-5);
      assert_near (e.value, (double) rows[k].a / (double) rows[k].m - (double) rows[k].b / (double) rows[k].n, 1e-15);
    }
}

static void
test_unknown_ends (void)
{
  AssayEstimate known = { 1, 0, 2, 0.95 }, open = { 3, NAN, NAN, 0.95 }, e = assay_estimate_difference (known, open);

  g_assert_cmpfloat (e.value, ==, -2);
  g_assert_true (isnan (e.lo) && isnan (e.hi));
}

/* Koopman's statistic written as Miettinen and Nurminen's, with the restricted estimate found by search and not by the formula:
 * (p_a - r p_b)^2 over its variance where p_a = r p_b and the likelihood is largest. */
static double
score_of (gint64 k_a, gint64 n_a, gint64 k_b, gint64 n_b, double r)
{
  double low = 0, high = fmin (1, 1 / r), d;

  for (guint i = 0; i < 200; i++)                                 /* the derivative of the likelihood in p_b falls */
    {
      double p = (low + high) / 2, slope = (double) (k_a + k_b) / p - (double) (n_b - k_b) / (1 - p) - (double) (n_a - k_a) * r / (1 - r * p);

      if (slope > 0)
        low = p;
      else
        high = p;
    }
  d = (double) k_a / (double) n_a - r * (double) k_b / (double) n_b;
  return d * d / (r * low * (1 - r * low) / (double) n_a + r * r * low * (1 - low) / (double) n_b);
}

static void
test_ratio (void)
{
  AssayEstimate e = assay_estimate_ratio (36, 40, 16, 80, 0.95);       /* Koopman's own example */
  double z = assay_normal_quantile (0.975);

  assert_near (e.value, 4.5, 1e-15);
  assert_near (e.lo, 2.94, 5.1e-3);
  assert_near (e.hi, 7.15, 5.1e-3);
  for (guint64 round = 0; round < 300; round++)
    {
      AssayRng rng = assay_rng_new (2, round);
      gint64 n_a = 1 + assay_rng_below (&rng, 60), n_b = 1 + assay_rng_below (&rng, 60);
      gint64 k_a = assay_rng_below (&rng, n_a + 1), k_b = assay_rng_below (&rng, n_b + 1);

      e = assay_estimate_ratio (k_a, n_a, k_b, n_b, 0.95);
      if (k_a == 0 && k_b == 0)
        {
          g_assert_true (isnan (e.value));
          continue;
        }
      g_assert_cmpfloat (e.lo, <=, e.value);
      g_assert_cmpfloat (e.hi, >=, e.value);
      g_assert_true (k_a > 0 || (e.value == 0 && e.lo == 0));
      g_assert_true (k_b > 0 || (isinf (e.value) && isinf (e.hi)));
      if (k_a > 0)
        assert_near (score_of (k_a, n_a, k_b, n_b, e.lo), z * z, 1e-6);
      if (k_b > 0)
        assert_near (score_of (k_a, n_a, k_b, n_b, e.hi), z * z, 1e-6);
    }
}

/* The interval of a ratio holds it as often as it says. */
static void
test_coverage (void)
{
  const gint64 n_a = 80, n_b = 120, rounds = 4000;
  const double p_a = 0.2, p_b = 0.35;
  gint64 covered = 0, defined = 0;

  for (gint64 round = 0; round < rounds; round++)
    {
      AssayRng rng = assay_rng_new (3, round);
      gint64 k_a = 0, k_b = 0;
      AssayEstimate e;

      for (gint64 i = 0; i < n_a; i++)
        k_a += assay_rng_uniform (&rng) < p_a;
      for (gint64 i = 0; i < n_b; i++)
        k_b += assay_rng_uniform (&rng) < p_b;
      e = assay_estimate_ratio (k_a, n_a, k_b, n_b, 0.95);
      defined += !isnan (e.value);
      covered += e.lo <= p_a / p_b && p_a / p_b <= e.hi;
    }
  g_assert_cmpint (defined, ==, rounds);
  g_assert_cmpfloat ((double) covered / (double) rounds, >=, 0.94);
  g_assert_cmpfloat ((double) covered / (double) rounds, <=, 0.965);
}

/* q = a b / (c d) is the nearest double: no neighbour is nearer. Compared as integers: |2 a b - (2 q) c d| scaled by powers of two. */
static void
assert_nearest (gint64 a, gint64 b, gint64 c, gint64 d)
{
  double q = assay_exact_quotient (a, b, c, d);
  unsigned __int128 n = (unsigned __int128) a * (unsigned __int128) b, m = (unsigned __int128) c * (unsigned __int128) d;
  int exponent;
  guint64 fraction = (guint64) ldexp (frexp (q, &exponent), 53);
  unsigned __int128 whole, rest, half;

  /* n / m = fraction 2^(exponent - 53) up to half a unit: n 2^(53 - exponent) = fraction m + rest, |rest| <= m / 2. */
  g_assert_cmpint (exponent, <=, 53);
  whole = 0;
  rest = n;
  for (int bit = 0; bit < 53 - exponent; bit++)                   /* long multiplication, kept as whole * m + rest with rest < m */
    {
      whole = 2 * whole + (2 * (rest % m)) / m + 2 * (rest / m);
      rest = (2 * (rest % m)) % m;
    }
  if (exponent == 53)
    {
      whole = n / m;
      rest = n % m;
    }
  half = m - rest;                                                /* distance to the next */
  if (rest < half)
    g_assert_true (whole == fraction);
  else if (rest > half)
    g_assert_true (whole + 1 == fraction);
  else
    g_assert_true (fraction % 2 == 0 && (whole == fraction || whole + 1 == fraction));
}

static void
test_quotient (void)
{
  g_assert_cmpfloat (assay_exact_quotient (1, 1, 3, 1), ==, 1.0 / 3);
  g_assert_cmpfloat (assay_exact_quotient (0, 5, 3, 1), ==, 0);
  g_assert_true (isnan (assay_exact_quotient (1, 1, 0, 1)));
  g_assert_cmpfloat (assay_exact_quotient (G_MAXINT64, G_MAXINT64, G_MAXINT64, 1), ==, 9223372036854775808.0);
  for (guint64 round = 0; round < 2000; round++)
    {
      AssayRng rng = assay_rng_new (4, round);
      guint64 most = (guint64) 1 << (3 + round % 50);
      gint64 a = 1 + assay_rng_below (&rng, most), b = 1 + assay_rng_below (&rng, most), c = 1 + assay_rng_below (&rng, most);
      gint64 d = 1 + assay_rng_below (&rng, most);

      if (a >= c)                                                 /* keeps the quotient below 2^53 */
        {
          gint64 swap = a;

          a = c;
          c = swap;
        }
      if (a < ((gint64) 1 << 30) && b < ((gint64) 1 << 30) && c < ((gint64) 1 << 30) && d < ((gint64) 1 << 30) && (double) b / (double) d < 1e15)
        assert_nearest (a, b, c, d);
      g_assert_cmpfloat (fabs (assay_exact_quotient (a, b, c, d) / ((double) a * (double) b / ((double) c * (double) d)) - 1), <, 1e-15);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/contrast/differences of shares are Newcombe's", test_newcombe);
  g_test_add_func ("/stats/contrast/an end that is not known leaves none", test_unknown_ends);
  g_test_add_func ("/stats/contrast/ratios end where the score test turns", test_ratio);
  g_test_add_func ("/stats/contrast/the interval of a ratio covers as it says", test_coverage);
  g_test_add_func ("/stats/contrast/quotients of products are rounded once", test_quotient);
  return g_test_run ();
}
