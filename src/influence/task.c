/* SPDX-License-Identifier: GPL-3.0-or-later */
/* task.c: points, costs and convexity of an influence task. */
#include "influence/task.h"

#include "base/error.h"
#include "hessian/gradient.h"
#include "influence/score.h"

#include <string.h>

#define LARGEST_SUM_BATCH 64
#define SUM_BYTES 1073741824.0

AssayPoint
assay_influence_task_get_point (const AssayInfluenceTask *task, const double *theta, const gint64 *examples, gint64 n_examples)
{
  return (AssayPoint) { .model = task->model, .theta = theta, .dataset = task->dataset, .examples = examples,
                       .n_examples = n_examples,
                        .dtype = task->is_single_precision ? ASSAY_F32 : ASSAY_F64, .batch = task->batch, .sum_batch = task->sum_batch, .memory = task->memory, .backend = task->backend };
}

AssayPoint
assay_influence_task_get_train (const AssayInfluenceTask *task)
{
  return assay_influence_task_get_point (task, NULL, task->train, task->n_train);
}

AssayInfluenceTask
assay_influence_task_narrow (const AssayInfluenceTask *task)
{
  AssayInfluenceTask narrow = *task;

  if (task->scored != NULL)
    {
      narrow.train = task->scored;
      narrow.n_train = task->n_scored;
      narrow.scored = NULL;
    }
  return narrow;
}

gint64
assay_influence_query_each (const AssayInfluenceTask *task, const AssayValues *options)
{
  (void) task;
  (void) options;
  return 1;
}

AssayPoint
assay_influence_task_get_curvature (const AssayInfluenceTask *task)
{
  return task->sampled ? assay_influence_task_get_point (task, NULL, task->sampled, task->n_sampled) : assay_influence_task_get_train (task);
}

gint64
assay_influence_task_get_query_size (const AssayInfluenceTask *task)
{
  return MAX (task->query_size, 1);
}

static const struct { const char *prefix, *change, *unit; } kinds_of_measure[] = {
  { "activation:", "activation", ASSAY_UNIT_ACTIVATION }, { "probe:", "probe value", ASSAY_UNIT_PROBE }, { "", "nats", ASSAY_UNIT_NATS } };

static guint
find_kind (const AssayInfluenceTask *task)
{
  guint k = 0;

  while (!g_str_has_prefix (task->measure ? task->measure : "", kinds_of_measure[k].prefix))
    k++;
  return k;
}

const char *
assay_influence_task_get_change_unit (const AssayInfluenceTask *task)
{
  return kinds_of_measure[find_kind (task)].change;
}

const char *
assay_influence_task_get_unit (const AssayInfluenceTask *task)
{
  return kinds_of_measure[find_kind (task)].unit;
}

gboolean
assay_influence_task_query_gradients (const AssayInfluenceTask *task, const double *theta, gint64 first, gint64 K, double *gradients,
                                      GError **error)
{
  gint64 size = assay_influence_task_get_query_size (task), P = assay_model_get_n_params (task->model);
  AssayPoint point = assay_influence_task_get_point (task, theta, task->query + first * size, K * size);

  if (task->measured != NULL)
    point.model = task->measured;
  if (size == 1)
    return assay_gradient_rows (&point, gradients, NULL, error);
  point.n_examples = size;
  for (gint64 k = 0; k < K; k++, point.examples += size)
    if (!assay_gradient_mean (&point, gradients + k * P, NULL, error))
      return FALSE;
  return TRUE;
}

gint64
assay_influence_task_choose_sum_batch (const AssayInfluenceTask *task)
{
  AssayInfluenceTask trial = *task;

  for (trial.batch = LARGEST_SUM_BATCH; trial.batch > 1; trial.batch /= 2)
    if (assay_influence_task_get_bytes (&trial, ASSAY_WALK_HESSIAN) <= SUM_BYTES)
      break;
  return trial.batch;
}

gboolean
assay_influence_task_check (const AssayInfluenceTask *task, GError **error)
{
  const char *missing = task->n_train <= 0 ? "training example" : task->n_query <= 0 ? "query" : task->batch <= 0 ? "example in a batch" : NULL;

  if (missing != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "influence: at least one %s expected, none found", missing);
  return missing == NULL;
}

/* Affine in the values that depend on theta: a sum of such values, or a product of a parameter with data. */
static gboolean
is_affine_node (AssayGraph *graph, const AssayGraphNode *node)
{
  gboolean is_product = strcmp (node->op->name, "linear") == 0 || strcmp (node->op->name, "conv2d") == 0;

  if (node->op->flags & ASSAY_OP_LINEAR)
    return TRUE;
  return is_product && !assay_graph_get_value (graph, node->in[0])->is_active;
}

gboolean
assay_model_is_affine (const AssayModel *model)
{
  AssayGraph *graph = assay_model_get_layout (model);

  for (guint n = 0; n < assay_graph_get_n_nodes (graph); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (graph, n);

      if (!(node->op->flags & ASSAY_OP_LOSS) && assay_graph_get_value (graph, node->out[0])->is_active && !is_affine_node (graph, node))
        return FALSE;
    }
  return TRUE;
}

static AssayPlan *
plan_of (const AssayInfluenceTask *task, AssayWalk walk)
{
  g_autoptr (AssayGraph) graph = assay_model_build (task->model, MIN (task->batch, task->n_train), NULL);

  return graph ? assay_plan_new (graph, walk, task->is_single_precision ? ASSAY_F32 : ASSAY_F64, NULL) : NULL;
}

double
assay_influence_task_get_flops (const AssayInfluenceTask *task, AssayWalk walk, gboolean apply, gint64 n_examples)
{
  g_autoptr (AssayPlan) plan = plan_of (task, walk);

  return plan ? assay_plan_get_cost (plan, apply).flops * (double) n_examples / (double) MIN (task->batch, task->n_train) : 0;
}

double
assay_influence_task_get_bytes (const AssayInfluenceTask *task, AssayWalk walk)
{
  g_autoptr (AssayPlan) plan = plan_of (task, walk);

  return plan ? (double) assay_plan_get_bytes (plan) : 0;
}
