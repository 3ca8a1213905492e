/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_products.c: losses, gradients, curvature products and directional derivatives of a reference case. */
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "influence/reference_run.h"
#include "influence/task.h"

#include <string.h>

/* --- losses ----------------------------------------------------------------------------------------------------------- */

gboolean
assay_reference_run_losses (const AssayReferenceRun *run, const double *theta, const gint64 *examples, gint64 n, double *loss,
                            double *token_loss, GError **error)
{
  const AssayInfluenceTask *task = &run->task;
  g_autoptr (AssayFeed) feed = assay_feed_new (task->model, task->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, MIN (task->batch, n),
                                               run->backend,
                                               NULL, error);

  for (gint64 first = 0; feed != NULL && first < n; first += assay_feed_get_batch (feed))
    {
      gint64 B = MIN (assay_feed_get_batch (feed), n - first), T = run->source->T;
      AssayPass *pass = assay_feed_bind (feed, examples + first, B, error);
      AssayExec *exec = pass ? assay_pass_get_exec (pass) : NULL;

      if (exec == NULL || !assay_exec_prepare (exec, theta ? theta : assay_model_get_theta (task->model), NULL, NULL, FALSE, error))
        return FALSE;
      memcpy (loss + first, assay_exec_get_loss (exec), B * sizeof *loss);
      if (token_loss != NULL)
        memcpy (token_loss + first * T, assay_exec_get_buffer (exec, ASSAY_PRIMAL,
                                                               assay_graph_get_token_loss (assay_exec_get_graph (exec))),
                B * T * sizeof *token_loss);
    }
  return feed != NULL;
}

static gboolean
check_losses (AssayReferenceRun *run, GError **error)
{
  const AssayReferenceCase *c = run->source;
  const struct { const char *loss, *token_loss, *squared_norm; const gint64 *examples; gint64 n; } sets[] = {
    { "train.loss", "train.token_loss", "train.grad_sqnorm", run->task.train, c->N },
    { "query.loss", "query.token_loss", "query.grad_sqnorm", run->task.query, c->Q } };

  for (guint k = 0; k < G_N_ELEMENTS (sets); k++)
    {
      gint64 n = sets[k].n;
      g_autofree double *loss = g_new (double, n), *token_loss = c->T ? g_new (double, n * c->T) : NULL;
      AssayPoint point = assay_influence_task_get_point (&run->task, NULL, sets[k].examples, n);

      if (!assay_reference_run_losses (run, NULL, sets[k].examples, n, loss, token_loss, error)
          || !assay_reference_run_compare (run, NULL, sets[k].loss, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (n), loss, error)
          || (c->T && !assay_reference_run_compare (run, NULL, sets[k].token_loss, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (n, c->T),
                                                    token_loss, error)))
        return FALSE;
      if (assay_reference_run_wants (run, sets[k].squared_norm)
          && (!assay_gradient_squared_norms (&point, loss, run->progress, error)
              || !assay_reference_run_compare (run, NULL, sets[k].squared_norm, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (n),
                                               loss, error)))
        return FALSE;
    }
  return TRUE;
}

/* --- products and derivatives ----------------------------------------------------------------------------------------- */

static gboolean
check_products (AssayReferenceRun *run, const char *direction_name, const double *direction, double *product, GError **error)
{
  static const struct { const char *prefix, *curvature; } kinds[] = { { "h", "hessian" }, { "ggn", "gauss-newton" }, { "ef", "fisher" } };
  AssayPoint train = assay_influence_task_get_train (&run->task);

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    {
      g_autofree char *prefix = g_strconcat (kinds[k].prefix, direction_name, ".", NULL);
      g_autoptr (AssayLinop) op = NULL;

      if (!assay_reference_run_wants_prefix (run, prefix))
        continue;
      op = assay_curvature_open (kinds[k].curvature, &train, error);
      if (op == NULL || !assay_linop_apply (op, 1, direction, product, error)
          || !assay_reference_run_compare_vector (run, prefix, ASSAY_REFERENCE_BOUND_PRODUCT, product, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_derivatives (AssayReferenceRun *run, const char *direction_name, const double *direction, GError **error)
{
  gint64 N = run->source->N, T = run->source->T;
  AssayPoint train = assay_influence_task_get_train (&run->task);
  g_autofree char *name = g_strconcat ("dirderiv.", direction_name, NULL), *token_name = g_strconcat ("token_dirderiv.", direction_name, NULL);
  g_autofree double *derivative = g_new (double, N * MAX (1, T));

  if (assay_reference_run_wants (run, name)
      && (!assay_gradient_along (&train, 1, direction, derivative, run->progress, error)
          || !assay_reference_run_compare (run, NULL, name, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (N), derivative, error)))
    return FALSE;
  return !assay_reference_run_wants (run, token_name)
         || (assay_gradient_along_tokens (&train, 1, direction, derivative, run->progress, error)
             && assay_reference_run_compare (run, NULL, token_name, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (N, T), derivative,
                                             error));
}

/* TRUE when the case expects anything along that direction, so that the direction itself must be there. */
static gboolean
wants_direction (const AssayReferenceRun *run, const char *direction_name)
{
  static const char *const prefixes[] = { "h", "ggn", "ef", "dirderiv.", "token_dirderiv." };

  for (gsize k = 0; k < G_N_ELEMENTS (prefixes); k++)
    {
      g_autofree char *name = g_strconcat (prefixes[k], direction_name, NULL), *prefix = g_strconcat (name, ".", NULL);

      if (assay_reference_run_wants (run, name) || assay_reference_run_wants_prefix (run, prefix))
        return TRUE;
    }
  return FALSE;
}

gboolean
assay_reference_run_products (AssayReferenceRun *run, GError **error)
{
  static const char *const names[] = { "v0", "v1" };
  gint64 P = run->source->P;
  AssayPoint train = assay_influence_task_get_train (&run->task);
  g_autoptr (AssayBuffer) direction = assay_mem_new (double, P, error), product = NULL;

  if (direction == NULL || (product = assay_mem_new (double, P, error)) == NULL || !check_losses (run, error))
    return FALSE;
  if (assay_reference_run_wants_prefix (run, "grad.")
      && (!assay_gradient_mean (&train, product, NULL, error)
          || !assay_reference_run_compare_vector (run, "grad.", ASSAY_REFERENCE_BOUND_PRODUCT, product, error)))
    return FALSE;
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *prefix = g_strconcat (names[k], ".", NULL);
      gboolean present;

      if (!wants_direction (run, names[k]))
        continue;
      if (!assay_reference_case_read_vector (run->source, run->source->expected, prefix, direction, &present, error))
        return FALSE;
      if (!present)
        return assay_reference_case_refuse_missing (run->source, "expected.safetensors", prefix, error);
      if (!check_products (run, names[k], direction, product, error) || !check_derivatives (run, names[k], direction, error))
        return FALSE;
    }
  return TRUE;
}
