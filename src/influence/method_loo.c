/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_loo.c: the truth that influence predicts to first order: leave an example out, train again, look at the query.
 *
 *   score[q, i] = f_q (trained without i) - f_q (trained with all)          unit: nats per removed example
 *
 * For a convex model both trainings end in their unique optimum. For others the difference is that of one deterministic run, and may be
 * drowned in what any small change of the run would do.
 */
#include "base/error.h"
#include "influence/ground_truth.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>

#define PASSES 10

static const AssayParam params[] = {
  { .name = "examples", .type = ASSAY_PARAM_LIST, .metavar = "INDEX",
    .help = "training example to leave out, or a range FIRST-LAST (default: each of them)" },
  { .name = NULL }
};

static gboolean
refuse (const char *text, gint64 N, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
               "examples: INDEX or FIRST-LAST from 0 to %" G_GINT64_FORMAT " expected, \"%s\" found",
               N - 1, text);
  return FALSE;
}

/* Sets wanted[i] for what "17" or "3-9" names. */
static gboolean
mark_range (const char *text, gint64 N, gboolean *wanted, GError **error)
{
  g_auto (GStrv) ends = g_strsplit (text, "-", 2);
  guint64 range[2];
  guint n = g_strv_length (ends);

  for (guint e = 0; e < n; e++)
    if (!g_ascii_string_to_unsigned (ends[e], 10, 0, N - 1, &range[e], NULL))
      return refuse (text, N, error);
  if (n == 0 || (n == 2 && range[1] < range[0]))
    return refuse (text, N, error);
  for (guint64 i = range[0]; i <= range[n - 1]; i++)
    wanted[i] = TRUE;
  return TRUE;
}

/* (N), or NULL with an error. */
static gboolean *
choose_examples (const AssayValues *options, gint64 N, GError **error)
{
  const char *const *list = assay_values_get_list (options, "examples");
  g_autofree gboolean *wanted = g_new0 (gboolean, N);

  for (gint64 i = 0; list[0] == NULL && i < N; i++)
    wanted[i] = TRUE;
  for (gsize k = 0; list[k] != NULL; k++)
    if (!mark_range (list[k], N, wanted, error))
      return NULL;
  return g_steal_pointer (&wanted);
}

/* A query's change is the mean over its examples. first: the place of the first example that is scored. */
static void
set_scores (AssayInfluenceScores *scores, const AssayGroundTruth *truth, gint64 first, gint64 size)
{
  for (guint s = 0; s < truth->removals->len; s++)
    for (gint64 q = 0; q < scores->n_query; q++)
      {
        gint64 place = g_array_index (truth->removals, AssayRemoval, s).place[0] - first;
        double sum = 0;

        for (gint64 m = 0; m < size; m++)
          sum += truth->change[(s * scores->n_query + q) * size + m];
        scores->value[q * scores->n_train + place] = sum / (double) size;
      }
}

/* Those have no score. A line each: parts of the examples then say together what all of them say. */
static void
note_diverged (AssayInfluenceScores *scores, const AssayGroundTruth *truth)
{
  for (guint s = 0; s < truth->removals->len; s++)
    if (isnan (truth->change[s * truth->n_query]))
      g_string_append_printf (scores->notes, "without example %" G_GINT64_FORMAT " the training diverged: it has no score\n",
                              g_array_index (truth->removals, AssayRemoval, s).place[0]);
}

static AssayInfluenceScores *
score_loo (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  gint64 size = assay_influence_task_get_query_size (task);
  g_autoptr (AssayGroundTruth) truth = assay_ground_truth_new (task->n_query * size);
  g_autofree gboolean *wanted = NULL;
  const AssayInfluenceTask scored = assay_influence_task_narrow (task);
  const gint64 first = scored.train - task->train;
  gint64 n_wanted = 0;

  if (!assay_influence_task_check (task, error) || (wanted = choose_examples (options, task->n_train, error)) == NULL
      || (scores = assay_influence_scores_new (task->n_query, scored.n_train, FALSE, FALSE, error)) == NULL)
    return NULL;
  for (gint64 i = 0; i < task->n_train; i++)
    {
      n_wanted += wanted[i] != 0;
      if (wanted[i] && i >= first && i < first + scored.n_train)
        assay_ground_truth_add (truth, ASSAY_REMOVAL_ONE, -1, &i, 1);
    }
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "retraining";
  scores->interval_reason = "measured by retraining: nothing was solved for";
  scores->l2 = task->l2;
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " examples left out in turn\n", n_wanted, task->n_train);
  if (!assay_model_is_affine (task->model))
    g_string_append (scores->notes,
                     "the model is not convex: one run each, so a difference may be that of the run and not of the example\n");
  if (!assay_ground_truth_run (truth, task, progress, error))
    return NULL;
  set_scores (scores, truth, first, size);
  note_diverged (scores, truth);
  return g_steal_pointer (&scores);
}

/* The training's options are no part of the question: PASSES gradients over the data stand for one retraining. */
static void
cost_loo (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  g_autofree gboolean *wanted = choose_examples (options, task->n_train, NULL);
  gint64 n = 1;

  for (gint64 i = 0; wanted != NULL && i < task->n_train; i++)
    n += wanted[i] != 0;
  *flops = (double) n * PASSES * assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 16.0 * (double) (task->n_query * task->n_train);
}

ASSAY_METHOD_DEFINE (loo) = { .name = "loo", .help = "true leave-one-out retraining", .flags = ASSAY_METHOD_RETRAINS | ASSAY_METHOD_CUTS_EXAMPLES, .params = params, .score = score_loo,
                             .cost = cost_loo };
