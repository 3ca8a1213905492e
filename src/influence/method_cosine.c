/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_cosine.c: the angle between query and training gradients.
 *
 *   score[q, i] = g_q' g_i / (||g_q|| ||g_i||)          unit: relative; 0 where a gradient is zero
 *
 * Built on method dot: a pass for the inner products, then norms.
 */
#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/module_scores.h"
#include "hessian/vector_f64.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>

static const AssayParam params[] = { { .name = NULL } };

extern const AssayMethod assay_method_dot;

/* squared_norm (Q) of the queries' gradients. */
static gboolean
measure_queries (const AssayInfluenceTask *task, double *squared_norm, GError **error)
{
  gint64 P = assay_model_get_n_params (task->model);
  g_autoptr (AssayBuffer) gradient = assay_mem_alloc_array (P, sizeof (double), error);

  for (gint64 q = 0; gradient != NULL && q < task->n_query; q++)
    {
      if (!assay_influence_task_query_gradients (task, NULL, q, 1, gradient, error))
        return FALSE;
      squared_norm[q] = assay_f64_dot (P, gradient, gradient);
    }
  return gradient != NULL;
}

static gboolean
normalise (const AssayInfluenceTask *task, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (task);
  g_autofree double *of_train = g_new (double, task->n_train), *of_query = g_new (double, task->n_query);
  gint64 n_zero = 0;

  if (!assay_module_squared_norms (&train, of_train, progress, error) || !measure_queries (task, of_query, error))
    return FALSE;
  for (gint64 q = 0; q < task->n_query; q++)
    for (gint64 i = 0; i < task->n_train; i++)
      {
        double *s = &scores->value[q * task->n_train + i], norms = sqrt (of_query[q]) * sqrt (of_train[i]);

        *s = norms > 0 ? *s / norms : 0;
        n_zero += !(norms > 0);
      }
  if (n_zero > 0)
    g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " scores are 0 because a gradient is exactly zero\n", n_zero);
  return TRUE;
}

static AssayInfluenceScores *
score_cosine (const AssayInfluenceTask *asked, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayInfluenceTask narrow = assay_influence_task_narrow (asked), *task = &narrow;
  g_autoptr (AssayInfluenceScores) scores = assay_method_dot.score (task, options, progress, error);

  if (scores != NULL)
    g_clear_pointer (&scores->direction, assay_mem_free);         /* of the inner products: an example's norm is in no direction */
  return scores != NULL && normalise (task, scores, progress, error) ? g_steal_pointer (&scores) : NULL;
}

static void
cost_cosine (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_method_dot.cost (task, options, flops, bytes);
  *flops += assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query);
}

ASSAY_METHOD_DEFINE (cosine) = { .name = "cosine", .help = "cosine of the angle between gradients", .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_DIVIDES_BY_SIZE,
                                 .score = score_cosine, .cost = cost_cosine };
