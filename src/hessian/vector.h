/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vector.h: the few operations on vectors of doubles that solvers need, summed in an order fixed by the length alone.
 *
 * Numerics: eight partial sums, so the rounding of a dot product is at most gamma_(n/8 + 8) |x|'|y|.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <math.h>

/* x'y */
static inline double
assay_vector_dot (gint64 n, const double *x, const double *y)
{
  double s[8] = { 0 };
  gint64 i = 0;

  for (; i + 8 <= n; i += 8)
    for (int lane = 0; lane < 8; lane++)
      s[lane] += x[i + lane] * y[i + lane];
  for (; i < n; i++)
    s[i % 8] += x[i] * y[i];
  return ((s[0] + s[4]) + (s[1] + s[5])) + ((s[2] + s[6]) + (s[3] + s[7]));
}

static inline double
assay_vector_norm (gint64 n, const double *x)
{
  return sqrt (assay_vector_dot (n, x, x));
}

/* y <- y + a x */
static inline void
assay_vector_add (gint64 n, double a, const double *x, double *y)
{
  for (gint64 i = 0; i < n; i++)
    y[i] += a * x[i];
}

static inline void
assay_vector_scale (gint64 n, double a, double *x)
{
  for (gint64 i = 0; i < n; i++)
    x[i] *= a;
}

/* The largest magnitude; NaN when any entry is NaN. */
static inline double
assay_vector_max (gint64 n, const double *x)
{
  double largest = 0;

  for (gint64 i = 0; i < n; i++)
    if (!(fabs (x[i]) <= largest))                                /* true for NaN too, */
      {
        largest = fabs (x[i]);
        if (isnan (largest))
          break;                                                  /* which then stays */
      }
  return largest;
}

/* The power of two that brings a vector's largest entry into [1, 2); 1 for a vector that is zero or not finite. Multiplying by it and
 * dividing again changes no bits as long as nothing leaves the range of normal numbers. */
static inline double
assay_vector_unit_scale (gint64 n, const double *x)
{
  double largest = assay_vector_max (n, x);
  int exponent = 0;

  if (largest == 0 || !isfinite (largest))
    return 1;
  frexp (largest, &exponent);
  return ldexp (1, CLAMP (1 - exponent, -1021, 1021));
}
