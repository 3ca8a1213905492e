/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_datainf.c: DataInf: the inverse of each module's empirical Fisher block as a mean of inverses of single examples' matrices.
 *
 *   x = (1 / (lambda N)) sum_i [ v - g_i (g_i' v) / (lambda + ||g_i||^2) ]  for each module's slice of v = g_q
 *   infl[q, i] = (1/N) g_i' x                                      unit: nats per removed example
 *
 * lambda = l2 + damping x mean ||g_i||^2 / (module's parameters). Swapping mean and inverse is right only under heavy damping: the residual of x in
 * (F + lambda I) x = v, F the empirical Fisher's blocks, is computed and told.
 * Source: Kwon et al. 2023 (2310.00902), equation 5.
 */
#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/module_scores.h"
#include "hessian/vector_f64.h"
#include "influence/parts.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 1e-12, .max = 1e300,
    .help = "added to l2, over each module's mean squared gradient norm by its parameters" },
  { .name = NULL }
};

typedef struct {
  const AssayInfluenceTask *task;
  AssayParts *parts;
  gint64 N, Q, P, M;
  double *norm;                 /* (N,M) ||g_i||^2 of each module */
  double *lambda;               /* (M) */
  double *v, *x, *r;            /* (Q,P) right-hand sides, solutions, (F + lambda I) x */
  double *dot;                  /* (M) */
} Run;

static void
run_clear (Run *run)
{
  assay_parts_free (run->parts);
  assay_mem_free (run->norm);
  assay_mem_free (run->v);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static gboolean
add_norms (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Run *run = data;
  double *norm = run->norm + i * run->M;

  (void) loss;
  (void) error;
  memset (norm, 0, run->M * sizeof *norm);
  for (gint64 j = 0; j < run->P; j++)
    norm[run->parts->of[j]] += gradient[j] * gradient[j];
  return TRUE;
}

/* dot (M) = g'v of each module. */
static void
module_dots (Run *run, const double *gradient, const double *v)
{
  memset (run->dot, 0, run->M * sizeof *run->dot);
  for (gint64 j = 0; j < run->P; j++)
    run->dot[run->parts->of[j]] += gradient[j] * v[j];
}

/* x -= g (g'v) / (lambda N (lambda + ||g||^2)) */
static gboolean
take_off (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Run *run = data;

  (void) loss;
  (void) error;
  for (gint64 q = 0; q < run->Q; q++)
    {
      module_dots (run, gradient, run->v + q * run->P);
      for (gint64 m = 0; m < run->M; m++)
        run->dot[m] /= run->lambda[m] * (double) run->N * (run->lambda[m] + run->norm[i * run->M + m]);
      for (gint64 j = 0; j < run->P; j++)
        run->x[q * run->P + j] -= run->dot[run->parts->of[j]] * gradient[j];
    }
  return TRUE;
}

/* r += g (g'x) / N */
static gboolean
add_product (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  Run *run = data;

  (void) i;
  (void) loss;
  (void) error;
  for (gint64 q = 0; q < run->Q; q++)
    {
      module_dots (run, gradient, run->x + q * run->P);
      for (gint64 j = 0; j < run->P; j++)
        run->r[q * run->P + j] += run->dot[run->parts->of[j]] * gradient[j] / (double) run->N;
    }
  return TRUE;
}

static gboolean
run_open (Run *run, const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (task);
  double damping = assay_values_get_double (options, "damping");
  g_autofree gint64 *size = NULL;

  run->task = task;
  run->N = task->n_train;
  run->Q = task->n_query;
  run->P = assay_model_get_n_params (task->model);
  run->parts = assay_parts_new_modules (task->model);
  run->M = run->parts->n;
  size = g_new0 (gint64, run->M);
  if ((run->norm = assay_mem_alloc_array (run->N * run->M + 2 * run->M, sizeof (double), error)) == NULL
      || (run->v = assay_mem_alloc_array (3 * run->Q * run->P, sizeof (double), error)) == NULL)
    return FALSE;
  run->lambda = run->norm + run->N * run->M;
  run->dot = run->lambda + run->M;
  run->x = run->v + run->Q * run->P;
  run->r = run->x + run->Q * run->P;
  if (!assay_gradient_each (&train, add_norms, run, progress, error)
      || !assay_influence_task_query_gradients (task, NULL, 0, run->Q, run->v, error))
    return FALSE;
  for (gint64 j = 0; j < run->P; j++)
    size[run->parts->of[j]]++;
  for (gint64 m = 0; m < run->M; m++)
    {
      double mean = 0;

      for (gint64 i = 0; i < run->N; i++)
        mean += run->norm[i * run->M + m] / (double) run->N;
      run->lambda[m] = task->l2 + (mean > 0 ? damping * mean / (double) size[m] : 1);     /* a module that nothing moves needs any */
    }
  return TRUE;
}

static gboolean
solve (Run *run, AssayProgress *progress, GError **error)
{
  AssayPoint train = assay_influence_task_get_train (run->task);

  for (gint64 k = 0; k < run->Q * run->P; k++)
    run->x[k] = run->v[k] / run->lambda[run->parts->of[k % run->P]];
  if (!assay_gradient_each (&train, take_off, run, progress, error))
    return FALSE;
  for (gint64 k = 0; k < run->Q * run->P; k++)
    run->r[k] = run->lambda[run->parts->of[k % run->P]] * run->x[k];
  return assay_gradient_each (&train, add_product, run, progress, error);
}

/* What is told of the solve: its damping, and how far x is from solving anything. */
static void
describe (const Run *run, AssayInfluenceScores *scores)
{
  double least = INFINITY, most = 0, sum = 0, worst = 0, mean = 0;

  for (gint64 j = 0; j < run->P; j++)
    {
      double damping = run->lambda[run->parts->of[j]] - run->task->l2;

      least = MIN (least, damping);
      most = MAX (most, damping);
      sum += damping / (double) run->P;
    }
  for (gint64 q = 0; q < run->Q; q++)
    {
      double size = assay_f64_norm (run->P, run->v + q * run->P), residual = 0;

      for (gint64 j = q * run->P; j < (q + 1) * run->P; j++)
        residual += (run->v[j] - run->r[j]) * (run->v[j] - run->r[j]);
      residual = size > 0 ? sqrt (residual) / size : 0;
      worst = MAX (worst, residual);
      mean += residual / (double) run->Q;
    }
  scores->damping = sum;
  g_string_append_printf (scores->notes, "each module has its own damping, from %.3g to %.3g; the one told is their mean over parameters\n", least, most);
  g_string_append_printf (scores->notes, "relative residual in the damped empirical Fisher's blocks: %.3g in the mean over queries, %.3g at worst; above "
                          "0.1 the scores are far from the influence that they stand for\n", mean, worst);
}

static AssayInfluenceScores *
score_datainf (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  AssayPoint train = assay_influence_task_get_train (task);
  g_auto (Run) run = { 0 };

  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL
      || !run_open (&run, task, options, progress, error) || !solve (&run, progress, error))
    return NULL;
  describe (&run, scores);
  assay_f64_scale (run.Q * run.P, 1 / (double) run.N, run.x);
  for (gint64 first = 0; first < run.Q; first += ASSAY_QUERY_BLOCK)               /* in blocks: a question that is cut between them has the same bits */
    if (!assay_module_scores_along (&train, MIN (ASSAY_QUERY_BLOCK, run.Q - first), run.x + first * run.P, scores->value + first * run.N, progress, error))
      return NULL;
  if (task->keep_directions)
    {
      if ((scores->direction = assay_mem_alloc_array (run.Q * run.P, sizeof (double), error)) == NULL)
        return NULL;
      memcpy (scores->direction, run.x, run.Q * run.P * sizeof (double));
    }
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "a mean of inverses is no solve: its residual is told, and bounds nothing";
  scores->l2 = task->l2;
  return g_steal_pointer (&scores);
}

static void
cost_datainf (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), N = (double) task->n_train, Q = (double) task->n_query;

  (void) options;
  *flops = 3 * assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train) + 8 * Q * P * N
           + Q * assay_influence_task_get_flops (task, ASSAY_WALK_TANGENT, TRUE, task->n_train);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_TANGENT) + 8 * (3 * Q * P + Q * N);
}

ASSAY_METHOD_DEFINE (datainf) = { .name = "datainf", .help = "influence by a mean of single examples' inverses, module by module; its residual is told",
                                 .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION, .score = score_datainf, .cost = cost_datainf };
