/* SPDX-License-Identifier: GPL-3.0-or-later */
/* error_bars.c: scores computed several times, with running means and squared deviations of each. */
#include "influence/error_bars.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "stats/distribution.h"

#include <math.h>
#include <string.h>

/* Means and squared deviations of the scores seen so far; arrays (n). */
typedef struct {
  gint64 n, count;
  double *mean, *deviation;
} Spread;

static void
add_scores (Spread *spread, const double *value)
{
  spread->count++;
  for (gint64 i = 0; i < spread->n; i++)
    {
      double step = value[i] - spread->mean[i];

      spread->mean[i] += step / (double) spread->count;
      spread->deviation[i] += step * (value[i] - spread->mean[i]);
    }
}

static double *
new_zeros (gint64 n, GError **error)
{
  double *zeros = assay_mem_new (double, n, error);

  if (zeros != NULL)
    memset (zeros, 0, n * sizeof *zeros);
  return zeros;
}

/* se (n) <- sqrt (factor deviation), in place. */
static void
finish (Spread *spread, double factor)
{
  for (gint64 i = 0; i < spread->n; i++)
    spread->deviation[i] = sqrt (factor * spread->deviation[i]);
}

gboolean
assay_error_bars_set (AssayInfluenceScores *scores, const double *se, double degrees, const char *words, GError **error)
{
  gint64 n = scores->n_query * scores->n_train;
  double factor = assay_student_quantile (0.975, degrees);

  if (scores->lo == NULL)
    {
      if ((scores->lo = assay_mem_new (double, n, error)) == NULL || (scores->hi = assay_mem_new (double, n, error)) == NULL)
        return FALSE;
      memcpy (scores->lo, scores->value, n * sizeof *scores->lo);
      memcpy (scores->hi, scores->value, n * sizeof *scores->hi);
    }
  for (gint64 i = 0; i < n; i++)
    {
      scores->lo[i] -= factor * se[i];
      scores->hi[i] += factor * se[i];
    }
  scores->interval_kind = ASSAY_INTERVAL_SAMPLING;
  scores->interval_reason = words;
  return TRUE;
}

static AssayValues *
set_value (const AssayValues *options, const char *name, json_t *value, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_copy (options);
  gboolean ok = assay_values_set_json (values, name, value, error);

  json_decref (value);
  return ok ? g_steal_pointer (&values) : NULL;
}

static gint64
count_drawn (const AssayInfluenceTask *task, const AssayValues *options)
{
  gint64 M = assay_values_get_int (options, "curvature-examples");

  return M == 0 ? task->n_train : MIN (M, task->n_train);
}

static gint64
count_groups (const AssayInfluenceTask *task, const AssayValues *options)
{
  return MIN (assay_values_get_int (options, "error-bars"), count_drawn (task, options));
}

double
assay_sampled_count (const AssayInfluenceTask *task, const AssayValues *options)
{
  gint64 M = count_drawn (task, options);

  return M == task->n_train ? 1 : (double) M / (double) task->n_train * (1 + (double) count_groups (task, options));
}

/* se_sample of scores from the task's M examples, which are all different: without each of G runs of them in turn. */
static gboolean
leave_groups (const AssayInfluenceTask *task, const AssayValues *options, gint64 G, gboolean of_self, AssayScoreFunc score, AssayInfluenceScores *scores,
              AssayProgress *progress, GError **error)
{
  AssayInfluenceTask own = *task;
  gint64 M = task->n_sampled, n = scores->n_query * scores->n_train;
  g_autoptr (AssayValues) same = set_value (options, "damping", json_real (scores->damping), error);       /* one that was chosen counts for all */
  g_autoptr (AssayBuffer) mean = new_zeros (n, error);
  g_autofree gint64 *left = g_new (gint64, M);
  Spread spread = { .n = n, .mean = mean, .deviation = scores->se_sample = new_zeros (n, error) };

  if (same == NULL || mean == NULL || spread.deviation == NULL)
    return FALSE;
  own.sampled = left;
  own.keep_directions = FALSE;
  for (gint64 g = 0; g < G; g++)
    {
      gint64 first = g * M / G, end = (g + 1) * M / G;
      g_autoptr (AssayInfluenceScores) one = NULL;

      memcpy (left, task->sampled, first * sizeof *left);
      memcpy (left + first, task->sampled + end, (M - end) * sizeof *left);
      own.n_sampled = M - (end - first);
      one = score (&own, same, of_self, progress, error);
      if (one == NULL)
        return FALSE;
      add_scores (&spread, one->value);
    }
  finish (&spread, (1 - (double) M / (double) task->n_train) * (double) (G - 1) / (double) G);
  return assay_error_bars_set (scores, scores->se_sample, (double) (G - 1),
                               "the score by the curvature of all examples lies between lo and hi with 95 % confidence, by the spread without groups of those drawn and "
                               "the bound of the solve; this is not what retraining would give", error);
}

AssayInfluenceScores *
assay_sampled_score (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayScoreFunc score,
                     AssayProgress *progress, GError **error)
{
  gint64 M = count_drawn (task, options), G = count_groups (task, options);
  AssayInfluenceTask own = *task;
  AssayRng rng = assay_rng_new ((guint64) assay_values_get_int (options, "curvature-seed"), assay_rng_stream ("curvature examples", 0));
  g_autofree gint64 *drawn = NULL;
  g_autoptr (AssayInfluenceScores) scores = NULL;

  if (M == task->n_train)
    return score (task, options, of_self, progress, error);
  if (M < 2 || G == 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, M < 2 ? "curvature-examples: 2 or more expected, 1 found; give 0 for all of them"
                                                                : "error-bars: 2 or more groups expected, 1 found; give 0 for none");
      return NULL;
    }
  own.sampled = drawn = g_memdup2 (task->train, task->n_train * sizeof *drawn);
  own.n_sampled = M;
  assay_rng_shuffle (&rng, drawn, task->n_train);
  scores = score (&own, options, of_self, progress, error);
  if (scores == NULL)
    return NULL;
  g_string_append_printf (scores->notes, "the curvature is that of %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " examples, drawn at random\n", M, task->n_train);
  if (G > 0)
    return leave_groups (&own, options, G, of_self, score, scores, progress, error) ? g_steal_pointer (&scores) : NULL;
  /* The bound of the solve alone would be taken for one of the score. */
  assay_mem_free (g_steal_pointer (&scores->lo));
  assay_mem_free (g_steal_pointer (&scores->hi));
  scores->interval_kind = ASSAY_INTERVAL_NONE;
  scores->interval_reason = "the curvature is that of some of the examples, and error-bars 0 leaves the error of the draw unmeasured";
  return g_steal_pointer (&scores);
}

AssayInfluenceScores *
assay_seeded_score (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayScoreFunc score,
                    AssayProgress *progress, GError **error)
{
  gint64 R = assay_values_get_int (options, "projection-seeds"), first = assay_values_get_int (options, "seed"), n;
  g_autoptr (AssayInfluenceScores) mean = score (task, options, of_self, progress, error);
  Spread spread;

  if (mean == NULL || R == 1)
    return g_steal_pointer (&mean);
  n = mean->n_query * mean->n_train;
  assay_mem_free (g_steal_pointer (&mean->direction));
  assay_mem_free (g_steal_pointer (&mean->se_seed));
  assay_mem_free (g_steal_pointer (&mean->lo));
  assay_mem_free (g_steal_pointer (&mean->hi));
  mean->se_seed = new_zeros (n, error);
  if (mean->se_seed == NULL)
    return NULL;
  spread = (Spread) { .n = n, .count = 1, .mean = mean->value, .deviation = mean->se_seed };
  for (gint64 r = 1; r < R; r++)
    {
      g_autoptr (AssayValues) own = set_value (options, "seed", json_integer (first + r), error);
      g_autoptr (AssayInfluenceScores) one = own ? score (task, own, of_self, progress, error) : NULL;

      if (one == NULL)
        return NULL;
      add_scores (&spread, one->value);
    }
  finish (&spread, 1 / ((double) R * (double) (R - 1)));
  g_string_append_printf (mean->notes, "the mean over %" G_GINT64_FORMAT " seeds\n", R);
  return assay_error_bars_set (mean, mean->se_seed, (double) (R - 1),
                               "the mean over all projections lies between lo and hi with 95 % confidence; how far that is from the gradients "
                               "themselves nothing here bounds", error) ? g_steal_pointer (&mean) : NULL;
}
