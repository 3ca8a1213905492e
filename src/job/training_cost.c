/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training_cost.c: steps times walks times operations of a walk. */
#include "job/training_cost.h"

#include "model/plan.h"
#include "run/optimizer.h"

#define BATCH 256
#define SOLVE_PRODUCTS 30       /* of a Newton step by conjugate gradients, where the model has as many parameters */
#define PRODUCT_WALKS 2         /* a Hessian-vector product, in gradients */
#define GRADIENT_STEPS 6        /* steps of a method without products that go as far as one of Newton's */

/* Of the gradient of one example; positions: of a sequence, 0: all there are. */
static double
count_gradient (const AssayModel *model, gint64 N, gint64 positions)
{
  gint64 B = CLAMP (N, 1, BATCH);
  g_autoptr (AssayGraph) graph = positions > 0 ? assay_model_build_sequences (model, B, positions, NULL) : assay_model_build (model, B, NULL);
  g_autoptr (AssayPlan) plan = graph ? assay_plan_new (graph, ASSAY_WALK_GRADIENT, assay_model_get_dtype (model), NULL) : NULL;

  return plan ? assay_plan_get_cost (plan, FALSE).flops / (double) B : 0;
}

/* The same, as a mean over the lengths that the examples are walked at. */
static double
count_bucketed (const AssayTraining *t, guint n)
{
  AssayLengthBuckets buckets = assay_length_buckets_choose (t->dataset, t->train, t->N, n);
  gint64 examples[ASSAY_LENGTH_BUCKETS_MOST] = { 0 };
  double sum = 0;

  for (gint64 i = 0; i < t->N; i++)
    examples[assay_length_buckets_find (&buckets, t->dataset, t->train + i, 1)]++;
  for (guint k = 0; k < buckets.n; k++)
    sum += (double) examples[k] * count_gradient (t->model, examples[k], buckets.length[k]);
  return sum / (double) t->N;
}

double
assay_training_cost (const AssayTraining *t, gboolean is_near)
{
  const AssayOptimizer *optimizer = assay_optimizer_find (assay_values_get_string (t->options, "optimizer"));
  gint64 batch = assay_values_get_int (t->options, "batch"), n_buckets = assay_values_get_int (t->options, "length-buckets");
  gboolean has_lengths = t->N > 0 && n_buckets > 0 && assay_model_get_block (t->model)->data == ASSAY_DATA_TOKENS;
  double flops = has_lengths ? count_bucketed (t, (guint) n_buckets) : count_gradient (t->model, t->N, 0), walks = GRADIENT_STEPS;

  if (!optimizer->is_whole_batch)
    return flops * (double) (batch > 0 ? MIN (batch, t->N) : t->N) * (double) assay_train_get_n_steps (t->options, t->N, t->n_order);
  if (optimizer->needs_products)
    walks = 1 + PRODUCT_WALKS * (double) MIN (SOLVE_PRODUCTS, assay_model_get_n_params (t->model));
  return flops * (double) t->N * walks * (is_near ? ASSAY_TRAINING_COST_STEPS_NEAR : ASSAY_TRAINING_COST_STEPS);
}
