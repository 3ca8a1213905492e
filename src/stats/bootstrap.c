/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bootstrap.c: draws with replacement, sorted results, percentiles. */
#include "stats/bootstrap.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

double
assay_quantile_sorted (const double *sorted, gint64 n, double p)
{
  double at = p * ((double) n - 1), below = floor (at);
  gint64 i = (gint64) below;

  if (n < 1 || !(p >= 0 && p <= 1))
    return NAN;
  return i + 1 < n ? sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

static int
ascending (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
set_limits (AssayEstimate *e, double *results, guint n, guint draws)
{
  if (n == 0 || 2 * n <= draws || !(e->level > 0 && e->level < 1))
    return;
  qsort (results, n, sizeof *results, ascending);
  e->lo = assay_quantile_sorted (results, n, (1 - e->level) / 2);
  e->hi = assay_quantile_sorted (results, n, (1 + e->level) / 2);
}

static void
resample (AssayRng *rng, gint64 n, gint64 *index)
{
  for (gint64 i = 0; i < n; i++)
    index[i] = (gint64) assay_rng_below (rng, n);
}

AssayEstimate
assay_bootstrap_two_way (gint64 M, gint64 Q, guint draws, double level, guint64 seed, AssayTwoWayStatistic statistic, gpointer data,
                         guint *undefined)
{
  AssayEstimate e = { NAN, NAN, NAN, level };
  g_autofree gint64 *rows = g_new (gint64, MAX (M, 1)), *columns = g_new (gint64, MAX (Q, 1));
  g_autofree double *results = g_new (double, MAX (draws, 1));
  guint defined = 0;

  if (undefined != NULL)
    *undefined = 0;
  if (M < 1 || Q < 1)
    return e;
  for (gint64 i = 0; i < M; i++)
    rows[i] = i;
  for (gint64 i = 0; i < Q; i++)
    columns[i] = i;
  e.value = statistic (rows, M, columns, Q, data);
  for (guint d = 0; d < draws; d++)
    {
      AssayRng rng = assay_rng_new (seed, assay_rng_stream ("bootstrap", d));

      resample (&rng, M, rows);
      resample (&rng, Q, columns);
      results[defined] = statistic (rows, M, columns, Q, data);
      defined += !isnan (results[defined]);
    }
  if (undefined != NULL)
    *undefined = draws - defined;
  set_limits (&e, results, defined, draws);
  return e;
}

/* One way is two ways with a single column. */
typedef struct {
  AssayStatistic statistic;
  gpointer data;
} OneWay;

static double
call_one_way (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data)
{
  const OneWay *one = data;

  (void) columns;
  (void) n_columns;
  return one->statistic (rows, n_rows, one->data);
}

AssayEstimate
assay_bootstrap (gint64 M, guint draws, double level, guint64 seed, AssayStatistic statistic, gpointer data, guint *undefined)
{
  OneWay one = { statistic, data };

  return assay_bootstrap_two_way (M, 1, draws, level, seed, call_one_way, &one, undefined);
}
