/* SPDX-License-Identifier: GPL-3.0-or-later */
/* estimate.c: Student's and Wilson's intervals. */
#include "stats/estimate.h"

#include "stats/distribution.h"

#include <math.h>

AssayEstimate
assay_estimate_mean (const double *x, gint64 n, double level)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  double mean = 0, squares = 0, half;

  if (n < 1)
    return e;
  for (gint64 i = 0; i < n; i++)
    mean += x[i] / (double) n;
  e.value = mean;
  if (n < 2)
    return e;
  for (gint64 i = 0; i < n; i++)
    squares += (x[i] - mean) * (x[i] - mean);
  half = assay_student_quantile (0.5 + level / 2, (double) n - 1) * sqrt (squares / ((double) n - 1) / (double) n);
  e.lo = mean - half;
  e.hi = mean + half;
  return e;
}

AssayEstimate
assay_estimate_proportion (gint64 successes, gint64 n, double level)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  double z = assay_normal_factor (level), N = (double) n, p, centre, half;

  if (n < 1 || successes < 0 || successes > n)
    return e;
  p = (double) successes / N;
  centre = (p + z * z / (2 * N)) / (1 + z * z / N);
  half = z * sqrt (p * (1 - p) / N + z * z / (4 * N * N)) / (1 + z * z / N);
  e.value = p;
  e.lo = successes == 0 ? 0 : MAX (0, centre - half);
  e.hi = successes == n ? 1 : MIN (1, centre + half);
  return e;
}
