/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss_difference.c: ranks, retrains without the first and without random ones, and compares. */
#include "influence/loss_difference.h"

#include "stats/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
assay_loss_difference_clear (AssayLossDifference *d)
{
  g_clear_pointer (&d->place, g_free);
  g_clear_pointer (&d->rise, g_free);
  g_clear_pointer (&d->random_mean, g_free);
  g_clear_pointer (&d->p, g_free);
  d->n_random = 0;
}

/* --- ranking ------------------------------------------------------------------------------------------------------------- */

typedef struct { double score; gint64 place; } Ranked;

static int
highest_first (gconstpointer a, gconstpointer b)
{
  const Ranked *x = a, *y = b;

  return x->score > y->score ? -1 : x->score < y->score ? 1 : x->place < y->place ? -1 : x->place > y->place;
}

static double
get_score (const AssayInfluenceScores *scores, gint64 query, gint64 place)
{
  double sum = 0;

  if (query >= 0)
    return scores->value[query * scores->n_train + place];
  for (gint64 q = 0; q < scores->n_query; q++)
    sum += scores->value[q * scores->n_train + place];
  return sum / (double) scores->n_query;
}

gint64 *
assay_influence_scores_rank (const AssayInfluenceScores *scores, gint64 query)
{
  g_autofree Ranked *ranked = g_new (Ranked, scores->n_train);
  gint64 *place = g_new (gint64, scores->n_train);

  for (gint64 i = 0; i < scores->n_train; i++)
    {
      double score = get_score (scores, query, i);

      ranked[i] = (Ranked) { isnan (score) ? -INFINITY : score, i };
    }
  qsort (ranked, scores->n_train, sizeof *ranked, highest_first);
  for (gint64 i = 0; i < scores->n_train; i++)
    place[i] = ranked[i].place;
  return place;
}

/* --- contrasts ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  const double *rise;           /* (Q) */
  const double *random;         /* (G,Q) */
  gint64 Q;
  double of_rise, of_random;    /* the statistic is of_rise mean rise + of_random mean random */
} Contrast;

static double
mean_contrast (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data)
{
  const Contrast *c = data;
  double sum = 0;

  for (gint64 k = 0; k < n_columns; k++)
    {
      double random = 0;

      for (gint64 s = 0; s < n_rows; s++)
        random += c->random[rows[s] * c->Q + columns[k]] / (double) n_rows;
      sum += c->of_rise * c->rise[columns[k]] + c->of_random * random;
    }
  return sum / (double) n_columns;
}

static AssayEstimate
estimate (const AssayLossDifference *d, const double *random, double of_rise, double of_random, const AssayResamplingPlan *plan)
{
  Contrast c = { d->rise, random, d->n_query, of_rise, of_random };

  return assay_bootstrap_two_way (d->n_random, d->n_query, plan->draws, plan->level, plan->seed, mean_contrast, &c, NULL);
}

static void
compare (AssayLossDifference *d, const double *random, const AssayResamplingPlan *plan)
{
  gint64 Q = d->n_query;

  for (gint64 q = 0; q < Q; q++)
    {
      gint64 n_as_much = 1;

      for (gint64 g = 0; g < d->n_random; g++)
        {
          d->random_mean[q] += random[g * Q + q] / (double) d->n_random;
          n_as_much += random[g * Q + q] >= d->rise[q];
        }
      d->p[q] = isnan (d->rise[q]) ? NAN : (double) n_as_much / (double) (d->n_random + 1);
    }
  d->mean_rise = estimate (d, random, 1, 0, plan);
  d->mean_random = estimate (d, random, 0, 1, plan);
  d->estimate = estimate (d, random, 1, -1, plan);
}

/* --- retraining ---------------------------------------------------------------------------------------------------------- */

gint64
assay_loss_difference_count (AssayRanking ranking, gint64 n_query, gint64 n_random, guint n_seeds)
{
  gint64 tops = ranking == ASSAY_RANKING_NONE ? 0 : ranking == ASSAY_RANKING_OF_ALL ? 1 : n_query;

  return tops > 0 ? (1 + tops + n_random) * n_seeds : 0;
}

/* Changes (G,Q) of the random shares that ended well; the number of them. */
static gint64
gather_random (const AssayGroundTruth *truth, gint64 first, double *random)
{
  gint64 Q = truth->n_query, n = 0;

  for (guint s = (guint) first; s < truth->removals->len; s++)
    {
      gboolean fine = TRUE;

      for (gint64 q = 0; q < Q; q++)
        fine = fine && isfinite (truth->change[s * Q + q]);
      if (fine)
        memcpy (random + n++ * Q, truth->change + s * Q, Q * sizeof *random);
    }
  return n;
}

gboolean
assay_loss_difference_init (AssayLossDifference *d, const AssayInfluenceTask *task, const AssayInfluenceScores *scores, AssayRanking ranking, gint64 size,
                            gint64 n_random, guint n_seeds, const AssayResamplingPlan *plan, AssayProgress *progress, GError **error)
{
  gint64 Q = task->n_query, tops = ranking == ASSAY_RANKING_OF_ALL ? 1 : Q;
  g_autoptr (AssayGroundTruth) truth = assay_ground_truth_new (Q);
  g_autofree double *random = g_new (double, n_random * Q);

  *d = (AssayLossDifference) { .ranking = ranking, .n_query = Q, .size = size, .place = g_new (gint64, tops * size), .rise = g_new (double, Q),
                               .random_mean = g_new0 (double, Q), .p = g_new (double, Q) };
  for (gint64 t = 0; t < tops; t++)
    {
      gint64 query = ranking == ASSAY_RANKING_OF_ALL ? -1 : t;
      g_autofree gint64 *ranked = assay_influence_scores_rank (scores, query);

      memcpy (d->place + t * size, ranked, size * sizeof *ranked);
      assay_ground_truth_add (truth, ASSAY_REMOVAL_TOP, query, ranked, size);
    }
  assay_ground_truth_add_groups (truth, task->n_train, n_random, size, plan->seed);
  truth->n_seeds = n_seeds;
  if (!assay_ground_truth_run (truth, task, progress, error))
    {
      assay_loss_difference_clear (d);
      return FALSE;
    }
  for (gint64 q = 0; q < Q; q++)
    d->rise[q] = truth->change[(ranking == ASSAY_RANKING_OF_ALL ? 0 : q) * Q + q];
  d->n_random = gather_random (truth, tops, random);
  compare (d, random, plan);
  return TRUE;
}
