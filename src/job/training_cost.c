/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training_cost.c: steps times walks times operations of a walk. */
#include "job/training_cost.h"

#include "model/plan.h"
#include "run/optimizer.h"

#define BATCH 256
#define SOLVE_PRODUCTS 30       /* of a Newton step by conjugate gradients, where the model has as many parameters */
#define PRODUCT_WALKS 2         /* a Hessian-vector product, in gradients */
#define GRADIENT_STEPS 6        /* steps of a method without products that go as far as one of Newton's */

double
assay_training_cost (const AssayModel *model, const AssayValues *options, gint64 N, gint64 n_order, gboolean is_near)
{
  const AssayOptimizer *optimizer = assay_optimizer_find (assay_values_get_string (options, "optimizer"));
  gint64 B = CLAMP (N, 1, BATCH), batch = assay_values_get_int (options, "batch");
  g_autoptr (AssayGraph) graph = assay_model_build (model, B, NULL);
  g_autoptr (AssayPlan) plan = graph ? assay_plan_new (graph, ASSAY_WALK_GRADIENT, assay_model_get_dtype (model), NULL) : NULL;
  double flops = plan ? assay_plan_get_cost (plan, FALSE).flops / (double) B : 0, walks = GRADIENT_STEPS;

  if (!optimizer->is_whole_batch)
    return flops * (double) (batch > 0 ? MIN (batch, N) : N) * (double) assay_train_get_n_steps (options, N, n_order);
  if (optimizer->needs_products)
    walks = 1 + PRODUCT_WALKS * (double) MIN (SOLVE_PRODUCTS, assay_model_get_n_params (model));
  return flops * (double) N * walks * (is_near ? ASSAY_TRAINING_COST_STEPS_NEAR : ASSAY_TRAINING_COST_STEPS);
}
