/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auroc.c: areas and their standard errors from ranks. */
#include "stats/auroc.h"

#include "stats/correlation.h"
#include "stats/distribution.h"

#include <math.h>
#include <string.h>

/* Ranks of both groups together (positives first) and of each by itself. */
typedef struct {
  gint64 m, n;
  double *all, *of_positive, *of_negative;
} Ranks;

static void
ranks_clear (Ranks *r)
{
  g_free (r->all);
  g_free (r->of_positive);
  g_free (r->of_negative);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ranks, ranks_clear)

static void
ranks_init (Ranks *r, const double *positive, gint64 m, const double *negative, gint64 n)
{
  g_autofree double *both = g_new (double, m + n);

  *r = (Ranks) { m, n, g_new (double, m + n), g_new (double, m), g_new (double, n) };
  memcpy (both, positive, m * sizeof *both);
  memcpy (both + m, negative, n * sizeof *both);
  assay_ranks (both, m + n, r->all);
  assay_ranks (positive, m, r->of_positive);
  assay_ranks (negative, n, r->of_negative);
}

/* Pairs won by the positives: their rank sum less its least value. A multiple of one half, exact in doubles. */
static double
count_won (const Ranks *r)
{
  double sum = 0, m = (double) r->m;

  for (gint64 i = 0; i < r->m; i++)
    sum += r->all[i];
  return sum - m * (m + 1) / 2;
}

static double
get_area (const Ranks *r)
{
  return count_won (r) / ((double) r->m * (double) r->n);
}

double
assay_auroc (const double *positive, gint64 n_positive, const double *negative, gint64 n_negative)
{
  g_auto (Ranks) r = { 0 };

  if (n_positive < 1 || n_negative < 1)
    return NAN;
  ranks_init (&r, positive, n_positive, negative, n_negative);
  return get_area (&r);
}

/* DeLong: variance of each group's placements (the share of the other group that a member beats) over its size. Differences are taken
 * of numbers of pairs, so that they are exactly 0 where they should be. */
static double
get_variance (const Ranks *r)
{
  double m = (double) r->m, n = (double) r->n, won = count_won (r), of_positive = 0, of_negative = 0;

  if (r->m < 2 || r->n < 2)
    return 0;
  for (gint64 i = 0; i < r->m; i++)
    {
      double d = ((r->all[i] - r->of_positive[i]) * m - won) / (m * n);

      of_positive += d * d / (m - 1);
    }
  for (gint64 j = 0; j < r->n; j++)
    {
      double d = ((m - r->all[r->m + j] + r->of_negative[j]) * n - won) / (m * n);

      of_negative += d * d / (n - 1);
    }
  return of_positive / m + of_negative / n;
}

/* Newcombe: variance of the estimate when the true area is `area`. */
static double
get_variance_at (double area, double m, double n)
{
  double half = (m + n) / 2 - 1;

  return area * (1 - area) * (1 + half * ((1 - area) / (2 - area) + area / (1 + area))) / (m * n);
}

/* The area between `estimate` and `end` (0 or 1) that is z standard errors from the estimate. */
static double
find_limit (double estimate, double end, double z, double m, double n)
{
  double near = estimate, far = end;

  for (guint i = 0; i < 100; i++)
    {
      double middle = (near + far) / 2;

      if (fabs (middle - estimate) < z * sqrt (get_variance_at (middle, m, n)))
        near = middle;
      else
        far = middle;
    }
  return estimate == end ? end : far;
}

AssayEstimate
assay_estimate_auroc (const double *positive, gint64 n_positive, const double *negative, gint64 n_negative, double level)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  g_auto (Ranks) r = { 0 };
  double z = assay_normal_factor (level), variance;

  if (n_positive < 1 || n_negative < 1)
    return e;
  ranks_init (&r, positive, n_positive, negative, n_negative);
  e.value = get_area (&r);
  if (isnan (e.value) || isnan (z))
    return e;
  variance = get_variance (&r);
  if (variance > 0 && e.value > 0 && e.value < 1)
    {
      double odds = log (e.value / (1 - e.value)), half = z * sqrt (variance) / (e.value * (1 - e.value));

      e.lo = 1 / (1 + exp (half - odds));
      e.hi = 1 / (1 + exp (-half - odds));
    }
  else
    {
      e.lo = find_limit (e.value, 0, z, (double) n_positive, (double) n_negative);
      e.hi = find_limit (e.value, 1, z, (double) n_positive, (double) n_negative);
    }
  return e;
}
