/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_retraining.c: a reference case's leave-one-out numbers: true retraining to the optimum, and one exact Newton step towards it.
 *
 *   minimise  J_i (theta) = (1/N) sum_(j != i) l_j + l2/2 |theta|^2          the divisor stays N
 */
#include "base/mem.h"
#include "hessian/curvature.h"
#include "hessian/gradient.h"
#include "hessian/solver.h"
#include "hessian/vector_f64.h"
#include "influence/reference_run.h"
#include "influence/task.h"
#include "run/retrain.h"

#include <string.h>

typedef struct {
  AssayReferenceRun *run;
  gint64 K;
  gint32 *left_out;             /* (K) */
  double *loss;                 /* (K,Q) after retraining */
  double *newton;               /* (K,Q) after one step */
  double *base;                 /* (Q) with all examples */
} LeaveOneOut;

/* --- retraining ------------------------------------------------------------------------------------------------------- */

static AssayValues *
train_options (double l2, GError **error)
{
  g_autoptr (AssayValues) options = assay_values_new (assay_train_params);
  json_t *number = json_real (l2);
  gboolean ok = assay_values_set_text (options, "optimizer", "newton", error) && assay_values_set_json (options, "l2", number, error);

  json_decref (number);
  return ok ? g_steal_pointer (&options) : NULL;
}

static gboolean
retrain_all (LeaveOneOut *loo, GError **error)
{
  const AssayReferenceCase *c = loo->run->source;
  g_autoptr (AssayValues) options = train_options (c->l2, error);
  g_autofree gint64 *place = g_new (gint64, loo->K);
  g_autofree AssayRetrainSet *sets = g_new (AssayRetrainSet, loo->K);
  AssayTraining training = { .model = c->model, .dataset = c->dataset, .train = loo->run->task.train, .N = c->N, .options = options,
                             .backend = loo->run->backend };
  AssayRetraining spec = { .training = &training, .query = loo->run->task.query, .Q = c->Q };

  for (gint64 k = 0; k < loo->K; k++)
    {
      place[k] = loo->left_out[k];
      sets[k] = (AssayRetrainSet) { &place[k], 1 };
    }
  return options != NULL && assay_retrain_bank (&spec, sets, loo->K, NULL, loo->loss, loo->run->progress, error);
}

/* --- one Newton step -------------------------------------------------------------------------------------------------- */

/* A = (1/N) sum_(j != i) H_j + l2 I over the examples that are left. */
static AssayLinop *
open_remaining (const LeaveOneOut *loo, const gint64 *others, GError **error)
{
  const AssayReferenceCase *c = loo->run->source;
  AssayPoint point = assay_influence_task_get_point (&loo->run->task, NULL, others, c->N - 1);
  g_autoptr (AssayLinop) mean = assay_curvature_open ("hessian", &point, error), sum = NULL;

  if (mean == NULL)
    return NULL;
  sum = assay_linop_scale_new (mean, (double) (c->N - 1) / (double) c->N);
  return assay_linop_shift_new (sum, c->l2);
}

static gboolean
step_once (const LeaveOneOut *loo, gint64 k, gint64 *others, double *theta, double *gradient, double *step, GError **error)
{
  const AssayReferenceCase *c = loo->run->source;
  const double *start = assay_model_get_theta (c->model);
  const AssaySolver *solver = assay_solver_find ("cg", error);
  g_autoptr (AssayValues) options = solver ? assay_values_new (solver->params) : NULL;
  g_autoptr (AssayLinop) A = NULL;
  AssayPoint point;
  AssaySolveResult result = { 0 };
  gboolean ok;

  for (gint64 i = 0, n = 0; i < c->N; i++)
    if (i != loo->left_out[k])
      others[n++] = loo->run->task.train[i];
  point = assay_influence_task_get_point (&loo->run->task, NULL, others, c->N - 1);
  if (options == NULL || !assay_values_set_text (options, "tolerance", "1e-13", error) || (A = open_remaining (loo, others, error)) == NULL
      || !assay_gradient_mean (&point, gradient, NULL, error))
    return FALSE;
  assay_f64_scale (c->P, (double) (c->N - 1) / (double) c->N, gradient);
  assay_f64_add (c->P, c->l2, start, gradient);                                                     /* g <- grad J_i (theta) */
  /* Where rounding keeps the residual above 1e-13, what was reached is compared all the same. */
  ok = solver->solve (A, NULL, options, 1, gradient, step, &result, NULL, error);
  assay_solve_result_clear (&result);
  if (!ok)
    return FALSE;
  memcpy (theta, start, c->P * sizeof *theta);
  assay_f64_add (c->P, -1, step, theta);                                                            /* theta <- theta - A^-1 g */
  return assay_reference_run_losses (loo->run, theta, loo->run->task.query, c->Q, loo->newton + k * c->Q, NULL, error);
}

static gboolean
step_all (LeaveOneOut *loo, GError **error)
{
  const AssayReferenceCase *c = loo->run->source;
  g_autofree gint64 *others = g_new (gint64, c->N);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (3 * c->P, sizeof (double), error);
  double *theta = memory;

  for (gint64 k = 0; theta != NULL && k < loo->K; k++)
    if (!step_once (loo, k, others, theta, theta + c->P, theta + 2 * c->P, error))
      return FALSE;
  return theta != NULL;
}

/* --- comparison ------------------------------------------------------------------------------------------------------- */

/* Compares losses (K,Q) minus the base as a tensor (Q,K). */
static gboolean
compare_change (LeaveOneOut *loo, const char *name, const double *loss, GError **error)
{
  gint64 Q = loo->run->source->Q;
  g_autofree double *change = g_new (double, Q * loo->K);

  for (gint64 q = 0; q < Q; q++)
    for (gint64 k = 0; k < loo->K; k++)
      change[q * loo->K + k] = loss[k * Q + q] - loo->base[q];
  return assay_reference_run_compare (loo->run, NULL, name, ASSAY_REFERENCE_BOUND_DENSE, ASSAY_SHAPE (Q, loo->K), change, error);
}

static gboolean
check (LeaveOneOut *loo, GError **error)
{
  AssayReferenceRun *run = loo->run;
  gint64 Q = run->source->Q;

  if (!assay_reference_case_read_indices (run->source, run->source->expected, "loo.index", ASSAY_SHAPE (loo->K), run->source->N,
                                          loo->left_out,
                                          error)
      || !assay_reference_run_losses (run, NULL, run->task.query, Q, loo->base, NULL, error))
    return FALSE;
  if ((assay_reference_run_wants (run, "loo.query_loss") || assay_reference_run_wants (run, "loo.delta"))
      && (!retrain_all (loo, error)
          || !assay_reference_run_compare (run, NULL, "loo.query_loss", ASSAY_REFERENCE_BOUND_DENSE, ASSAY_SHAPE (loo->K, Q),
                                           loo->loss, error)
          || !compare_change (loo, "loo.delta", loo->loss, error)))
    return FALSE;
  return !assay_reference_run_wants (run, "loo.newton") || (step_all (loo, error) && compare_change (loo, "loo.newton", loo->newton, error));
}

gboolean
assay_reference_run_retraining (AssayReferenceRun *run, GError **error)
{
  const AssaySafetensor *index = assay_safetensors_find (run->source->expected, "loo.index");
  gint64 K = index ? (gint64) index->n_elements : 0, Q = run->source->Q;
  g_autofree gint32 *left_out = g_new (gint32, K + 1);
  g_autofree double *losses = g_new (double, (2 * K + 1) * Q);
  LeaveOneOut loo = { .run = run, .K = K, .left_out = left_out, .loss = losses, .newton = losses + K * Q,
                     .base = losses + 2 * K * Q };

  /* Retraining to an optimum is defined for convex models alone. */
  return K == 0 || run->source->N < 2 || !assay_model_is_affine (run->source->model) || check (&loo, error);
}
