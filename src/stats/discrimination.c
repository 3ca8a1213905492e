/* SPDX-License-Identifier: GPL-3.0-or-later */
/* discrimination.c: distances of distribution functions, and covariances of placements. */
#include "stats/discrimination.h"

#include "stats/correlation.h"
#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

AssayEstimate
assay_estimate_gini (AssayEstimate auroc)
{
  return (AssayEstimate) { 2 * auroc.value - 1, 2 * auroc.lo - 1, 2 * auroc.hi - 1, auroc.level };
}

/* --- Kolmogorov-Smirnov ------------------------------------------------------------------------------------------------ */

static int
descending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x > y ? -1 : x < y;
}

static double *
sort_copy (const double *x, gint64 n)
{
  double *copy = g_new (double, MAX (n, 1));

  memcpy (copy, x, n * sizeof *x);
  qsort (copy, n, sizeof *copy, descending);
  return copy;
}

static gboolean
has_nan (const double *x, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    if (isnan (x[i]))
      return TRUE;
  return FALSE;
}

/* Half the width of a band that a distribution function of n cases leaves with probability 1 - level. */
static double
band (gint64 n, double level)
{
  return sqrt (log (2 / (1 - level)) / (2 * (double) n));
}

AssayEstimate
assay_estimate_kolmogorov_smirnov (const double *positive, gint64 m, const double *negative, gint64 n, double level, double *threshold)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  g_autofree double *x = NULL, *y = NULL;
  double each = 1 - (1 - level) / 2, half, at = NAN;              /* both bands together hold with the level */
  gint64 best = -1;

  if (threshold != NULL)
    *threshold = NAN;
  if (m < 1 || n < 1 || has_nan (positive, m) || has_nan (negative, n))
    return e;
  x = sort_copy (positive, m);
  y = sort_copy (negative, n);
  for (gint64 i = 0, j = 0; i < m || j < n;)
    {
      double t = i < m && (j >= n || x[i] >= y[j]) ? x[i] : y[j];
      gint64 distance;

      while (i < m && x[i] == t)
        i++;
      while (j < n && y[j] == t)
        j++;
      distance = ABS (i * n - j * m);                             /* m n times the distance: no rounding decides */
      if (distance >= best)
        {
          best = distance;
          at = t;
        }
    }
  e.value = (double) best / ((double) m * (double) n);
  if (threshold != NULL && best > 0)
    *threshold = at;
  if (!(level > 0 && level < 1))
    return e;
  half = band (m, each) + band (n, each);
  e.lo = fmax (0, e.value - half);
  e.hi = fmin (1, e.value + half);
  return e;
}

/* --- paired areas ------------------------------------------------------------------------------------------------------ */

/* Twice the number of members of the other group that each member beats, ties counted one: whole numbers. */
static void
place (const double *score, gint64 m, gint64 n, double *placement)
{
  g_autofree double *all = g_new (double, m + n), *own = g_new (double, MAX (m, n));

  assay_ranks (score, m + n, all);
  assay_ranks (score, m, own);
  for (gint64 i = 0; i < m; i++)
    placement[i] = 2 * (all[i] - own[i]);
  assay_ranks (score + m, n, own);
  for (gint64 j = 0; j < n; j++)
    placement[m + j] = 2 * ((double) m - all[m + j] + own[j]);
}

static double
get_mean (const double *x, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += x[i];
  return sum / (double) n;
}

/* Variance of a mean of d (n). */
static double
variance_of_mean (const double *d, gint64 n)
{
  double mean = get_mean (d, n), squares = 0;

  for (gint64 i = 0; i < n; i++)
    squares += (d[i] - mean) * (d[i] - mean);
  return n > 1 ? squares / ((double) n - 1) / (double) n : 0;
}

AssayEstimate
assay_estimate_auroc_gain (const double *a, const double *b, gint64 m, gint64 n, double level)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  g_autofree double *d = NULL, *other = NULL;
  double z = assay_normal_factor (level), half;

  if (m < 1 || n < 1 || has_nan (a, m + n) || has_nan (b, m + n))
    return e;
  d = g_new (double, m + n);
  other = g_new (double, m + n);
  place (a, m, n, d);
  place (b, m, n, other);
  for (gint64 i = 0; i < m + n; i++)
    d[i] = (d[i] - other[i]) / (2 * (double) (i < m ? n : m));
  e.value = get_mean (d, m);
  if (m < 2 || n < 2)
    return e;
  half = z * sqrt (variance_of_mean (d, m) + variance_of_mean (d + m, n));
  e.lo = e.value - half;
  e.hi = e.value + half;
  return e;
}
