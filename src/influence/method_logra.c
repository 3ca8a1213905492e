/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_logra.c: LoGra: gradients projected from both sides, module by module, and influence within the projections.
 *
 *   infl[q, i] = (1/N) sum over modules  G_q' (C + lambda I)^-1 G_i,  C = (1/N) sum_i G_i G_i'       unit: nats per removed example
 *
 * G of side_projection.h; lambda = l2 + damping x the mean eigenvalue of each module's C. C is the empirical Fisher's block.
 * Source: Choe et al. 2024 (2405.13954), section 3.
 */
#include "base/mem.h"
#include "hessian/dense.h"
#include "hessian/vector_f64.h"
#include "influence/error_bars.h"
#include "influence/score.h"
#include "influence/side_projection.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  ASSAY_SIDE_PROJECTION_PARAMS,
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 1e-12, .max = 1e300,
    .help = "added to l2, over the mean eigenvalue of each module's matrix" },
  ASSAY_SEEDED_PARAMS,
  { .name = NULL }
};

/* The factor of one module's C + lambda I. */
static AssayFactor *
open_block (AssaySideProjection *l, guint m, double damping, const double *train, gint64 N, double *range, GError **error)
{
  const AssaySides *side = &l->sides[m];
  gint64 k = side->ko * side->ki;
  double *C = assay_mem_alloc_array (k * k, sizeof (double), error), trace = 0, own;

  if (C == NULL)
    return NULL;
  assay_gemm_f64 (l->task->backend->workers, TRUE, FALSE, k, k, N, 1 / (double) N, train + side->first, l->F, train + side->first, l->F, FALSE, C, k);
  assay_dense_symmetrise (k, C);
  for (gint64 j = 0; j < k; j++)
    trace += C[j * k + j];
  own = trace > 0 ? damping * trace / (double) k : 1;             /* a module that nothing moves needs any */
  for (gint64 j = 0; j < k; j++)
    C[j * k + j] += l->task->l2 + own;
  range[0] = MIN (range[0], own);
  range[1] = MAX (range[1], own);
  range[2] += own * (double) l->modules->module[m].n_params / (double) l->modules->P;
  return assay_factor_new (NULL, l->modules->module[m].name, ASSAY_F64, k, C, TRUE, error);
}

/* Scores of one module added: X <- (C + lambda I)^-1 G_q, then X G_i' / N. */
static gboolean
add_module (AssaySideProjection *l, guint m, double damping, const double *train, const double *query, AssayInfluenceScores *scores, double *range, GError **error)
{
  const AssaySides *side = &l->sides[m];
  gint64 k = side->ko * side->ki, N = scores->n_train, Q = scores->n_query;
  g_autoptr (AssayFactor) factor = open_block (l, m, damping, train, N, range, error);
  g_autoptr (AssayBuffer) memory = factor ? assay_mem_alloc_array (Q * k, sizeof (double), error) : NULL;
  double *x = memory;

  if (x == NULL)
    return FALSE;
  for (gint64 q = 0; q < Q; q++)
    memcpy (x + q * k, query + q * l->F + side->first, k * sizeof *x);
  if (!assay_factor_solve (factor, Q, x, error))
    return FALSE;
  assay_gemm_f64 (l->task->backend->workers, FALSE, TRUE, Q, N, k, 1 / (double) N, x, k, train + side->first, l->F, TRUE, scores->value, N);
  return TRUE;
}

/* The diagonal of what the training examples asked as queries would give. */
static gboolean
add_selves (AssaySideProjection *l, guint m, double damping, const double *train, AssayInfluenceScores *scores, double *range, GError **error)
{
  const AssaySides *side = &l->sides[m];
  gint64 k = side->ko * side->ki, N = scores->n_train;
  g_autoptr (AssayFactor) factor = open_block (l, m, damping, train, N, range, error);
  g_autoptr (AssayBuffer) memory = factor ? assay_mem_alloc_array (N * k, sizeof (double), error) : NULL;
  double *x = memory;

  if (x == NULL)
    return FALSE;
  for (gint64 i = 0; i < N; i++)
    memcpy (x + i * k, train + i * l->F + side->first, k * sizeof *x);
  if (!assay_factor_solve (factor, N, x, error))
    return FALSE;
  for (gint64 i = 0; i < N; i++)
    scores->value[i] += assay_f64_dot (k, x + i * k, train + i * l->F + side->first) / (double) N;
  return TRUE;
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBuffer) train = NULL, query = NULL;
  g_auto (AssaySideProjection) l = { 0 };
  double range[3] = { INFINITY, 0, 0 }, damping = assay_values_get_double (options, "damping");

  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL
      || !assay_side_projection_open (&l, task, options, error)
      || (train = assay_mem_alloc_array (task->n_train * l.F, sizeof (double), error)) == NULL
      || !assay_side_projection_collect_features (&l, task->train, task->n_train, train, progress, error)
      || (!of_self && (query = assay_side_projection_collect_queries (&l, progress, error)) == NULL))
    return NULL;
  memset (scores->value, 0, task->n_query * task->n_train * sizeof (double));
  for (guint m = 0; m < l.modules->n; m++)
    if (of_self ? !add_selves (&l, m, damping, train, scores, range, error) : !add_module (&l, m, damping, train, query, scores, range, error))
      return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "the error of a random projection is bounded by nothing here; other seeds show it";
  scores->l2 = task->l2;
  scores->damping = range[2];
  assay_side_projection_note (&l, scores->notes);
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " numbers of %" G_GINT64_FORMAT " parameters in %u modules, each with its own damping from %.3g to "
                          "%.3g; the one told is their mean over parameters\n", l.F, l.modules->P, l.modules->n, range[0], range[1]);
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_logra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, FALSE, score_either, progress, error);
}

static AssayInfluenceScores *
self_logra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, TRUE, score_either, progress, error);
}

static void
cost_logra (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, NULL);
  double N = (double) task->n_train, Q = (double) task->n_query, F = 0, project = 0, solve = 0;
  gint64 k = assay_values_get_int (options, "projection");

  if (modules != NULL)
    project = assay_side_projection_cost (modules, k, &F);
  for (guint m = 0; modules != NULL && m < modules->n; m++)
    {
      double f = (double) (MIN (k, modules->module[m].rows) * MIN (k, modules->module[m].columns));

      solve += 2 * N * f * f + f * f * f / 3 + 2 * Q * N * f;
    }
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query) + (N + Q) * project + solve;
  *flops *= (double) assay_values_get_int (options, "projection-seeds");
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 8 * ((N + Q) * F + Q * N);
}

ASSAY_METHOD_DEFINE (logra) = { .name = "logra", .help = "influence within gradients projected from both sides, module by module (LoGra)",
                               .params = params, .score = score_logra, .self = self_logra, .cost = cost_logra };
