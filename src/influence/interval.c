/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.c: the one-sided residual bound with its rounding terms. */
#include "influence/interval.h"

#include <float.h>
#include <math.h>

double
assay_interval_half_width (const AssayIntervalTerms *terms, const AssaySolveResult *solve, double gradient_norm)
{
  double b = solve->right_hand_norm, x = solve->solution_norm, r = solve->true_residual * b;
  double rounding = 2 * terms->product_error * terms->norm * x + terms->gradient_error * b;   /* in r and g_q */
  double half = gradient_norm * ((r + rounding) / terms->lower_bound + terms->gradient_error * x);

  /* Norms and the sum above are a few roundings more; a product of two tiny numbers must not become 0. */
  return half * (1 + 16 * DBL_EPSILON) + DBL_MIN;
}

void
assay_interval_set (double value, double half_width, double n, double *lo, double *hi)
{
  *lo = nextafter (nextafter (value - half_width, -INFINITY) / n, -INFINITY);
  *hi = nextafter (nextafter (value + half_width, INFINITY) / n, INFINITY);
}
