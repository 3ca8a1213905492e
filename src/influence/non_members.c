/* SPDX-License-Identifier: GPL-3.0-or-later */
/* non_members.c: the same scores of other examples, and ranks among them. */
#include "influence/non_members.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/module_scores.h"
#include "influence/task.h"
#include "stats/distribution.h"
#include "stats/false_discovery.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

gboolean
assay_non_members_score (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options, const gint64 *outside, gint64 M,
                         double *value, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask own = *task;
  AssayPoint point = assay_influence_task_get_point (task, NULL, outside, M);
  g_autoptr (AssayInfluenceScores) scores = NULL;

  if (method->flags & ASSAY_METHOD_CUTS_EXAMPLES)
    {
      own.scored = outside;
      own.n_scored = M;
    }
  else if (method->flags & ASSAY_METHOD_HAS_DIRECTION)
    own.keep_directions = TRUE;
  else
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "method %s scores only the examples that it was fitted to", method->name);
      return FALSE;
    }
  scores = method->score (&own, options, progress, error);
  if (scores == NULL)
    return FALSE;
  if (own.keep_directions)
    return assay_module_scores_along (&point, task->n_query, scores->direction, value, progress, error);
  memcpy (value, scores->value, task->n_query * M * sizeof *value);
  return TRUE;
}

static int
by_value (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* Magnitudes of x (n), ascending, without what is NaN; their number. */
static gint64
sort_magnitudes (const double *x, gint64 n, double *sorted)
{
  gint64 kept = 0;

  for (gint64 i = 0; i < n; i++)
    if (!isnan (x[i]))
      sorted[kept++] = fabs (x[i]);
  qsort (sorted, kept, sizeof *sorted, by_value);
  return kept;
}

/* How many of sorted (n) are below x, or not above it. */
static gint64
count_below (const double *sorted, gint64 n, double x, gboolean with_ties)
{
  gint64 low = 0, high = n;

  while (low < high)
    {
      gint64 middle = low + (high - low) / 2;

      if (sorted[middle] < x || (with_ties && sorted[middle] == x))
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Adds to share (n), for each of x, the share of sorted (m) below it in magnitude, ties one half; the mean over x. */
static double
add_shares (const double *x, gint64 n, const double *sorted, gint64 m, double weight, double *share)
{
  double sum = 0;
  gint64 kept = 0;

  for (gint64 i = 0; i < n; i++)
    if (!isnan (x[i]) && m > 0)
      {
        double below = (double) (count_below (sorted, m, fabs (x[i]), FALSE) + count_below (sorted, m, fabs (x[i]), TRUE)) / (2 * (double) m);

        share[i] += weight * below;
        sum += below;
        kept++;
      }
  return kept > 0 ? sum / (double) kept : NAN;
}

/* Of the mean of x (n); 0 where one number says nothing about spread. */
static double
variance_of_mean (const double *x, gint64 n)
{
  double mean = 0, square = 0;

  for (gint64 i = 0; i < n; i++)
    mean += x[i] / (double) n;
  for (gint64 i = 0; i < n; i++)
    square += (x[i] - mean) * (x[i] - mean);
  return n > 1 ? square / ((double) n * (double) (n - 1)) : 0;
}

/* p-values of one query's scores (N) against sorted (M) magnitudes. */
static void
test_examples (AssayNonMembers *self, gint64 query, const double *score, const double *sorted, gint64 m, double level, double *p)
{
  gint64 first = -1;

  for (gint64 i = 0; i < self->n_train; i++)
    {
      p[i] = isnan (score[i]) ? NAN : (double) (1 + m - count_below (sorted, m, fabs (score[i]), FALSE)) / (double) (m + 1);
      if (!isnan (score[i]) && (first < 0 || fabs (score[i]) > fabs (score[first])))
        first = i;
    }
  assay_benjamini_hochberg (p, self->n_train, p);
  self->first_p[query] = first >= 0 ? p[first] : NAN;
  for (gint64 i = 0; i < self->n_train; i++)
    self->n_significant[query] += p[i] <= 1 - level;
}

void
assay_non_members_init (AssayNonMembers *self, const AssayInfluenceScores *scores, gint64 M, const double *outside, double level)
{
  gint64 Q = scores->n_query, N = scores->n_train;
  g_autofree double *null = g_new (double, M), *members = g_new (double, N), *p = g_new (double, N);
  g_autofree double *share = g_new0 (double, N), *other = g_new0 (double, M);
  double mean = 0, half;

  *self = (AssayNonMembers) { .n_query = Q, .n_train = N, .n_outside = M, .area = g_new (double, Q), .first_p = g_new (double, Q),
                              .n_significant = g_new0 (gint64, Q) };
  for (gint64 q = 0; q < Q; q++)
    {
      const double *score = scores->value + q * N, *null_score = outside + q * M;
      gint64 m = sort_magnitudes (null_score, M, null), n = sort_magnitudes (score, N, members);

      self->area[q] = add_shares (score, N, null, m, 1 / (double) Q, share);
      add_shares (null_score, M, members, n, 1 / (double) Q, other);
      test_examples (self, q, score, null, m, level, p);
      mean += self->area[q] / (double) Q;
    }
  half = assay_normal_factor (level) * sqrt (variance_of_mean (self->area, Q) + variance_of_mean (share, N) + variance_of_mean (other, M));
  self->mean_area = (AssayEstimate) { mean, MAX (mean - half, 0), MIN (mean + half, 1), level };
}

void
assay_non_members_clear (AssayNonMembers *self)
{
  g_clear_pointer (&self->area, g_free);
  g_clear_pointer (&self->first_p, g_free);
  g_clear_pointer (&self->n_significant, g_free);
}
