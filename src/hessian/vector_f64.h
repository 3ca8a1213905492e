/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vector_f64.h: the few operations on vectors of doubles that solvers and operators need, on the calling thread.
 *
 * Numerics: sums as run/vector.h takes them, in an order fixed by the length alone. Thread rule: pure functions.
 */
#pragma once

#include "run/vector.h"

#include <math.h>

/* x'y */
static inline double
assay_f64_dot (gint64 n, const double *x, const double *y)
{
  return assay_vector_dot (NULL, ASSAY_F64, n, x, y);
}

static inline double
assay_f64_norm (gint64 n, const double *x)
{
  return assay_vector_norm (NULL, ASSAY_F64, n, x);
}

/* y <- y + a x */
static inline void
assay_f64_add (gint64 n, double a, const double *x, double *y)
{
  assay_vector_add (NULL, ASSAY_F64, n, a, x, y);
}

/* x <- a x */
static inline void
assay_f64_scale (gint64 n, double a, double *x)
{
  assay_vector_scale (NULL, ASSAY_F64, n, a, x);
}

/* The largest magnitude; NaN when any entry is NaN. */
static inline double
assay_f64_max (gint64 n, const double *x)
{
  double largest = 0;

  for (gint64 i = 0; i < n; i++)
    {
      if (isnan (x[i]))
        return x[i];
      largest = MAX (largest, fabs (x[i]));
    }
  return largest;
}

/* The power of two that brings a vector's largest entry into [1, 2); 1 for a vector that is zero or not finite. Multiplying by it and
 * dividing again changes no bits as long as nothing leaves the range of normal numbers. */
static inline double
assay_f64_unit_scale (gint64 n, const double *x)
{
  double largest = assay_f64_max (n, x);
  int exponent = 0;

  if (largest == 0 || !isfinite (largest))
    return 1;
  frexp (largest, &exponent);
  return ldexp (1, CLAMP (1 - exponent, -1021, 1021));
}
