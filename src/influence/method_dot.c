/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_dot.c: the inner product of query and training gradients: one step of gradient descent on the example, to first order.
 *
 *   score[q, i] = g_q' g_i                 unit: relative
 */
#include "base/mem.h"
#include "hessian/module_scores.h"
#include "influence/score.h"
#include "influence/task.h"

#include <string.h>

static const AssayParam params[] = { { .name = NULL } };

static gboolean
fill (const AssayInfluenceTask *task, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (task);
  gint64 P = assay_model_get_n_params (task->model), block = MIN (task->n_query, ASSAY_QUERY_BLOCK);
  g_autoptr (AssayBuffer) gradients = assay_mem_alloc_array (block * P, sizeof (double), error);

  if (gradients == NULL
      || (task->keep_directions && (scores->direction = assay_mem_alloc_array (task->n_query * P, sizeof (double), error)) == NULL))
    return FALSE;
  for (gint64 first = 0; first < task->n_query; first += block)
    {
      gint64 K = MIN (block, task->n_query - first);

      if (!assay_influence_task_query_gradients (task, NULL, first, K, gradients, error)
          || !assay_module_scores_along (&train, K, gradients, scores->value + first * task->n_train, progress, error))
        return FALSE;
      if (task->keep_directions)
        memcpy (scores->direction + first * P, gradients, K * P * sizeof (double));
    }
  return TRUE;
}

static AssayInfluenceScores *
open_scores (const AssayInfluenceTask *task, GError **error)
{
  AssayInfluenceScores *scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error);

  if (scores == NULL)
    return NULL;
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "none";
  scores->interval_reason = "a similarity of gradients estimates no quantity that an interval could hold";
  scores->l2 = task->l2;
  return scores;
}

static AssayInfluenceScores *
score_dot (const AssayInfluenceTask *asked, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask narrow = assay_influence_task_narrow (asked), *task = &narrow;
  g_autoptr (AssayInfluenceScores) scores = NULL;

  (void) options;
  if (!assay_influence_task_check (task, error) || (scores = open_scores (task, error)) == NULL)
    return NULL;
  return fill (task, scores, progress, error) ? g_steal_pointer (&scores) : NULL;
}

/* ||g_i||^2 */
static AssayInfluenceScores *
self_dot (const AssayInfluenceTask *asked, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask narrow = assay_influence_task_narrow (asked), *task = &narrow;
  g_autoptr (AssayInfluenceScores) scores = open_scores (task, error);
  AssayPoint train = assay_influence_task_get_train (task);

  (void) options;
  return scores != NULL && assay_module_squared_norms (&train, scores->value, progress, error) ? g_steal_pointer (&scores) : NULL;
}

static void
cost_dot (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  (void) options;
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_query)
           + assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, FALSE, task->n_train)
           + (double) task->n_query * assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, TRUE, task->n_train);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_TANGENT)
           + 8.0 * (double) (MIN (task->n_query,
                                  ASSAY_QUERY_BLOCK) * assay_model_get_n_params (task->model) + task->n_query * task->n_train);
}

ASSAY_METHOD_DEFINE (dot) = { .name = "dot", .help = "inner product of gradients", .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF | ASSAY_METHOD_HAS_DIRECTION, .score = score_dot, .self = self_dot,
                             .cost = cost_dot };
