/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contrast.c: square-and-add differences, score intervals of ratios, and exact quotients. */
#include "stats/contrast.h"

#include "stats/distribution.h"

#include <math.h>

AssayEstimate
assay_estimate_difference (AssayEstimate a, AssayEstimate b)
{
  AssayEstimate d = { a.value - b.value, NAN, NAN, a.level };

  d.lo = d.value - hypot (a.value - a.lo, b.hi - b.value);
  d.hi = d.value + hypot (a.hi - a.value, b.value - b.lo);
  return d;
}

/* --- quotients ------------------------------------------------------------------------------------------------------ */

typedef unsigned __int128 Wide;

static guint
count_bits (Wide x)
{
  guint n = 0;

  for (; x != 0; x >>= 1)
    n++;
  return n;
}

/* Long division, one bit at a time, until 64 bits of the quotient are known; what is left over only decides ties. So nothing is rounded
 * before the end. Numerator and denominator are below 2^126. */
static double
divide (Wide numerator, Wide denominator)
{
  int exponent = 0;
  guint64 quotient = 0;
  Wide rest;

  if (numerator == 0)
    return 0;
  for (guint n = count_bits (numerator), d = count_bits (denominator); n < d; n++)   /* 1/2 < numerator / denominator < 4 */
    numerator <<= 1, exponent--;
  for (guint n = count_bits (numerator), d = count_bits (denominator); n > d; d++)
    denominator <<= 1, exponent++;
  rest = numerator;
  for (guint bit = 0; bit < 55; bit++, exponent--)                 /* 53 bits, one to round by, one for a leading 0 */
    {
      quotient <<= 1;
      if (rest >= denominator)
        {
          quotient |= 1;
          rest -= denominator;
        }
      rest <<= 1;
    }
  return ldexp ((double) (quotient << 1 | (rest != 0)), exponent);  /* one rounding: 56 bits, the last says whether any follow */
}

double
assay_exact_quotient (gint64 a, gint64 b, gint64 c, gint64 d)
{
  if (c == 0 || d == 0)
    return NAN;
  return divide ((Wide) a * (Wide) b, (Wide) c * (Wide) d);
}

/* --- ratios ----------------------------------------------------------------------------------------------------------- */

#define FAR 300.0               /* logarithm of a ratio that no counts reach */

typedef struct { double k_a, n_a, k_b, n_b; } Counts;

/* (k - n p)^2 / (n p (1 - p)); 0 where p is 0 or 1, which happens only when the count says the same. */
static double
term (double k, double n, double p)
{
  double variance = n * p * (1 - p);

  return variance > 0 ? (k - n * p) * (k - n * p) / variance : 0;
}

/* Koopman's chi-square of the counts where the true ratio is r: with the likeliest shares p and p / r. */
static double
chi_square_at (const Counts *c, double r)
{
  double s = r * (c->n_a + c->k_b) + c->k_a + c->n_b, product = r * (c->n_a + c->n_b) * (c->k_a + c->k_b);
  double p = 2 * r * (c->k_a + c->k_b) / (s + sqrt (fmax (0, s * s - 4 * product)));   /* the smaller root, without cancellation */

  return term (c->k_a, c->n_a, fmin (p, 1)) + term (c->k_b, c->n_b, fmin (p / r, 1));
}

/* The ratio between near, which the test accepts, and far, which it refuses, where it turns. Logarithms: both scales count alike. */
static double
find_end (const Counts *c, double near, double far, double limit)
{
  for (guint i = 0; i < 200 && fabs (far - near) > 1e-13 * (1 + fabs (near)); i++)
    {
      double middle = (near + far) / 2;

      if (chi_square_at (c, exp (middle)) <= limit)
        near = middle;
      else
        far = middle;
    }
  return exp ((near + far) / 2);
}

AssayEstimate
assay_estimate_ratio (gint64 k_a, gint64 n_a, gint64 k_b, gint64 n_b, double level)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  Counts c = { (double) k_a, (double) n_a, (double) k_b, (double) n_b };
  double z = assay_normal_factor (level), start;

  if (n_a < 1 || n_b < 1 || k_a < 0 || k_b < 0 || k_a > n_a || k_b > n_b || (k_a == 0 && k_b == 0))
    return e;
  e.value = k_b == 0 ? INFINITY : assay_exact_quotient (k_a, n_b, n_a, k_b);
  if (isnan (z))
    return e;
  /* Where a count is 0 the ratio's own end is never refused. */
  start = k_a == 0 ? -FAR : k_b == 0 ? FAR : log (e.value);
  e.lo = k_a == 0 ? 0 : find_end (&c, start, -FAR, z * z);
  e.hi = k_b == 0 ? INFINITY : find_end (&c, start, FAR, z * z);
  return e;
}
