/* SPDX-License-Identifier: GPL-3.0-or-later */
/* correlation.c: moments, ranks and Fisher's z. */
#include "stats/correlation.h"

#include "stats/distribution.h"

#include <math.h>
#include <stdlib.h>

/* Asked of the numbers themselves: deviations from a rounded mean need not be zero. */
static gboolean
varies (const double *x, gint64 n)
{
  for (gint64 i = 1; i < n; i++)
    if (x[i] != x[0])
      return TRUE;
  return FALSE;
}

double
assay_pearson (const double *x, const double *y, gint64 n)
{
  double x_mean = 0, y_mean = 0, xx = 0, yy = 0, xy = 0, r;

  if (!varies (x, n) || !varies (y, n))
    return NAN;
  for (gint64 i = 0; i < n; i++)
    {
      x_mean += x[i] / (double) n;
      y_mean += y[i] / (double) n;
    }
  for (gint64 i = 0; i < n; i++)
    {
      double dx = x[i] - x_mean, dy = y[i] - y_mean;

      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
  r = xy / (sqrt (xx) * sqrt (yy));
  return isnan (r) ? r : CLAMP (r, -1, 1);
}

typedef struct { double x; gint64 i; } Item;

static int
ascending (const void *a, const void *b)
{
  const Item *x = a, *y = b;

  return x->x < y->x ? -1 : x->x > y->x;
}

void
assay_ranks (const double *x, gint64 n, double *rank)
{
  g_autofree Item *items = g_new (Item, MAX (n, 1));
  gboolean has_nan = FALSE;

  for (gint64 i = 0; i < n; i++)
    {
      items[i] = (Item) { x[i], i };
      has_nan |= isnan (x[i]);
    }
  if (!has_nan)
    qsort (items, n, sizeof *items, ascending);
  for (gint64 first = 0, end; first < n; first = end)
    {
      for (end = first + 1; end < n && items[end].x == items[first].x; end++)
        ;
      for (gint64 i = first; i < end; i++)
        rank[items[i].i] = has_nan ? NAN : (double) (first + 1 + end) / 2;      /* mean of first + 1 .. end */
    }
}

double
assay_spearman (const double *x, const double *y, gint64 n)
{
  g_autofree double *x_rank = g_new (double, MAX (n, 1)), *y_rank = g_new (double, MAX (n, 1));

  assay_ranks (x, n, x_rank);
  assay_ranks (y, n, y_rank);
  return assay_pearson (x_rank, y_rank, n);
}

/* variance: of atanh (r), times n - 3. */
static AssayEstimate
get_estimate (double r, gint64 n, double variance, double level)
{
  AssayEstimate e = { r, NAN, NAN, level };
  double z = assay_normal_factor (level);

  if (isnan (r) || isnan (z))
    return e;
  if (n < 4)
    {
      e.lo = -1;
      e.hi = 1;
      return e;
    }
  e.lo = tanh (atanh (r) - z * sqrt (variance / ((double) n - 3)));
  e.hi = tanh (atanh (r) + z * sqrt (variance / ((double) n - 3)));
  return e;
}

AssayEstimate
assay_estimate_pearson (const double *x, const double *y, gint64 n, double level)
{
  return get_estimate (assay_pearson (x, y, n), n, 1, level);
}

AssayEstimate
assay_estimate_spearman (const double *x, const double *y, gint64 n, double level)
{
  double r = assay_spearman (x, y, n);

  return get_estimate (r, n, 1 + r * r / 2, level);
}

double
assay_correlation_p (double r, gint64 n)
{
  double degrees = (double) n - 2;

  if (n < 3)
    return NAN;
  return assay_student_two_sided (r * sqrt (degrees / ((1 - r) * (1 + r))), degrees);
}

double
assay_correlation_fisher_p (double r, gint64 n)
{
  return n < 4 ? NAN : assay_normal_two_sided (atanh (r) * sqrt ((double) n - 3));
}

double
assay_reliability (double rho_1, double R)
{
  return R * rho_1 / (1 + (R - 1) * rho_1);
}

double
assay_correlation_ceiling (double rho_1, double R)
{
  return sqrt (assay_reliability (rho_1, R));
}
