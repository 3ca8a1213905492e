/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_tracin.c: TracInCP: inner products of gradients summed over the checkpoints of the training run, weighted by learning rate.
 *
 *   score[q, i] = sum_c eta_c g_q (theta_c)' g_i (theta_c)          unit: relative
 *
 * Source: Pruthi et al. 2020 (2002.08484).
 */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/module_scores.h"
#include "influence/score.h"
#include "influence/task.h"

#include <string.h>

static const AssayParam params[] = { { .name = NULL } };

/* scores += those of one checkpoint, for the queries first .. first+K-1. */
static gboolean
add_checkpoint (const AssayInfluenceTask *task, guint c, gint64 first, gint64 K, double *gradients, double *derivative,
                AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  const double *theta = task->checkpoint[c];
  AssayPoint train = assay_influence_task_get_point (task, theta, task->train, task->n_train);
  double *value = scores->value + first * task->n_train;

  if (!assay_influence_task_query_gradients (task, theta, first, K, gradients, error)
      || !assay_module_scores_along (&train, K, gradients, derivative, progress, error))
    return FALSE;
  for (gint64 i = 0; i < K * task->n_train; i++)
    value[i] += task->checkpoint_rate[c] * derivative[i];
  return TRUE;
}

static gboolean
fill (const AssayInfluenceTask *task, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  gint64 P = assay_model_get_n_params (task->model), block = MIN (task->n_query, ASSAY_QUERY_BLOCK);
  g_autoptr (AssayBuffer) gradients = assay_mem_alloc_array (block * P, sizeof (double), error), derivative = NULL;

  if (gradients == NULL || (derivative = assay_mem_alloc_array (block * task->n_train, sizeof (double), error)) == NULL)
    return FALSE;
  memset (scores->value, 0, sizeof (double) * task->n_query * task->n_train);
  for (gint64 first = 0; first < task->n_query; first += block)
    for (guint c = 0; c < task->n_checkpoints; c++)
      if (!add_checkpoint (task, c, first, MIN (block, task->n_query - first), gradients, derivative, scores, progress, error))
        return FALSE;
  return TRUE;
}

static AssayInfluenceScores *
open_scores (const AssayInfluenceTask *task, GError **error)
{
  AssayInfluenceScores *scores;

  if (task->n_checkpoints == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                   "tracin: checkpoints of the training run expected, none found; train again with assay train "
                   "--checkpoints N, import those of a training made elsewhere (assay import checkpoints), or choose another method");
      return NULL;
    }
  scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error);
  if (scores == NULL)
    return NULL;
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "this-run";
  scores->interval_reason = "a sum over a few checkpoints estimates the run's path by an amount that nothing here bounds";
  scores->l2 = task->l2;
  g_string_append_printf (scores->notes, "%u checkpoints\n", task->n_checkpoints);
  return scores;
}

static AssayInfluenceScores *
score_tracin (const AssayInfluenceTask *asked, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask narrow = assay_influence_task_narrow (asked), *task = &narrow;
  g_autoptr (AssayInfluenceScores) scores = NULL;

  (void) options;
  if (!assay_influence_task_check (task, error) || (scores = open_scores (task, error)) == NULL)
    return NULL;
  return fill (task, scores, progress, error) ? g_steal_pointer (&scores) : NULL;
}

/* sum_c eta_c ||g_i (theta_c)||^2 */
static AssayInfluenceScores *
self_tracin (const AssayInfluenceTask *asked, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask narrow = assay_influence_task_narrow (asked), *task = &narrow;
  g_autoptr (AssayInfluenceScores) scores = open_scores (task, error);
  g_autofree double *norm = g_new (double, task->n_train);

  (void) options;
  for (guint c = 0; scores != NULL && c < task->n_checkpoints; c++)
    {
      AssayPoint train = assay_influence_task_get_point (task, task->checkpoint[c], task->train, task->n_train);

      if (!assay_module_squared_norms (&train, norm, progress, error))
        return NULL;
      for (gint64 i = 0; i < task->n_train; i++)
        scores->value[i] = (c > 0 ? scores->value[i] : 0) + task->checkpoint_rate[c] * norm[i];
    }
  return g_steal_pointer (&scores);
}

static void
cost_tracin (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double once = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_query)
                + assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, FALSE, task->n_train)
                + (double) task->n_query * assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, TRUE, task->n_train);

  (void) options;
  *flops = once * task->n_checkpoints;
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_TANGENT)
           + 8.0 * (double) (MIN (task->n_query,
                                  ASSAY_QUERY_BLOCK) * assay_model_get_n_params (task->model) + 2 * task->n_query * task->n_train);
}

ASSAY_METHOD_DEFINE (tracin) = { .name = "tracin", .help = "inner products of gradients along the training run's checkpoints",
                                 .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF, .score = score_tracin, .self = self_tracin, .cost = cost_tracin };
