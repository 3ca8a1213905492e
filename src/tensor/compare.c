/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.c: the largest difference over the reference's largest entry. */
#include "tensor/compare.h"

#include <math.h>

AssayComparison
assay_compare (const double *a, const double *reference, gsize n)
{
  AssayComparison c = { 0 };

  for (gsize i = 0; i < n; i++)
    {
      double error = a[i] == reference[i] ? 0 : fabs (a[i] - reference[i]);

      if (isnan (error))
        error = INFINITY;
      if (error > c.max_error)
        {
          c.max_error = error;
          c.worst = i;
        }
      if (fabs (reference[i]) > c.max_reference)
        c.max_reference = fabs (reference[i]);
    }
  c.relative = c.max_reference > 0 ? c.max_error / c.max_reference : c.max_error;
  return c;
}

double
assay_gamma (gsize n, double unit_roundoff)
{
  double nu = (double) n * unit_roundoff;

  return nu < 1 ? nu / (1 - nu) : INFINITY;
}
