/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_logra.c: LoGra: gradients projected from both sides, module by module, and influence within the projections.
 *
 *   G_i = sum over positions of (S_o' r_t) (S_i' c_t)' = S_o' D_i S_i     (k,k) of each module; D_i is never formed
 *   infl[q, i] = (1/N) sum over modules  G_q' (C + lambda I)^-1 G_i,  C = (1/N) sum_i G_i G_i'       unit: nats per removed example
 *
 * lambda = l2 + damping x the mean eigenvalue of each module's C. S_o and S_i have signs drawn from a counter; a side of at most k numbers
 * is not projected. C is the empirical Fisher's block.
 * Source: Choe et al. 2024 (2405.13954), section 3.
 */
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/dense.h"
#include "hessian/module_pass.h"
#include "hessian/vector_f64.h"
#include "influence/error_bars.h"
#include "influence/projection.h"
#include "influence/score.h"
#include "influence/task.h"
#include "tensor/gemm.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "projection", .type = ASSAY_PARAM_INT, .def.i = 16, .min = 1, .max = 256,
    .help = "k: numbers that each side of a module's gradient is projected to" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.1, .min = 1e-12, .max = 1e300,
    .help = "added to l2, over the mean eigenvalue of each module's matrix" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the projections" },
  ASSAY_SEEDED_PARAMS,
  { .name = NULL }
};

/* One module's sides and its place in a row of features. */
typedef struct {
  double *row, *column;         /* (rows,ko), (columns,ki): the signs, or the identity */
  gint64 ko, ki, first;         /* features first .. first + ko ki - 1 */
} Side;

typedef struct {
  const AssayInfluenceTask *task;
  AssayModules *modules;
  Side *side;                   /* (modules->n) */
  gint64 F;                     /* features of an example */
  double *feature;              /* where the pass writes: (examples,F) */
  double *left, *right, *wide;  /* room for an example's positions, projected from both sides, and as doubles */
} Logra;

static void
logra_clear (Logra *l)
{
  for (guint m = 0; l->side != NULL && m < l->modules->n; m++)
    {
      assay_mem_free (l->side[m].row);
      assay_mem_free (l->side[m].column);
    }
  g_free (l->side);
  assay_modules_free (l->modules);
  assay_mem_free (l->left);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Logra, logra_clear)

/* The matrix (n,k) of a projection of n numbers; *k becomes n where that is less. */
static double *
draw_side (gint64 n, gint64 *k, guint64 seed, AssayWorkers *workers, GError **error)
{
  g_autoptr (AssayProjection) projection = assay_projection_new (n, *k, seed, error);
  g_autoptr (AssayBuffer) unit = projection ? assay_mem_alloc_array (n, sizeof (double), error) : NULL, memory = NULL;
  double *matrix;

  if (unit == NULL || (memory = assay_mem_alloc_array (n * projection->k, sizeof (double), error)) == NULL)
    return NULL;
  *k = projection->k;
  matrix = memory;
  memset (unit, 0, n * sizeof (double));
  for (gint64 j = 0; j < n; j++)
    {
      ((double *) unit)[j] = 1;
      assay_projection_apply (projection, workers, 1, unit, matrix + j * projection->k);
      ((double *) unit)[j] = 0;
    }
  return g_steal_pointer (&memory);
}

static gboolean
logra_open (Logra *l, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  gint64 k = assay_values_get_int (options, "projection"), positions = 1, wide = 1;
  guint64 seed = (guint64) assay_values_get_int (options, "seed");

  l->task = task;
  l->modules = assay_modules_new (task->measured ? task->measured : task->model, error);
  if (l->modules == NULL)
    return FALSE;
  l->side = g_new0 (Side, l->modules->n);
  for (guint m = 0; m < l->modules->n; m++)
    {
      const AssayModule *module = &l->modules->module[m];
      Side *side = &l->side[m];

      side->ko = side->ki = k;
      side->first = l->F;
      if ((side->row = draw_side (module->rows, &side->ko, assay_rng_stream (module->name, 2 * seed), task->backend->workers, error)) == NULL
          || (side->column = draw_side (module->columns, &side->ki, assay_rng_stream (module->name, 2 * seed + 1), task->backend->workers, error)) == NULL)
        return FALSE;
      l->F += side->ko * side->ki;
      for (guint u = 0; u < module->n_uses; u++)
        {
          positions = MAX (positions, module->uses[u].positions);
          wide = MAX (wide, module->uses[u].positions * MAX (module->rows, module->columns));
        }
    }
  if ((l->left = assay_mem_alloc_array (2 * positions * k + wide, sizeof (double), error)) == NULL)
    return FALSE;
  l->right = l->left + positions * k;
  l->wide = l->right + positions * k;
  return TRUE;
}

/* out (n,k) = positions (n,width) of example b, times the side's matrix (width,k). */
static void
project_positions (Logra *l, AssayDtype dtype, const void *positions, gint64 b, gint64 n, gint64 width, const double *matrix, gint64 k, double *out)
{
  const char *from = (const char *) positions + b * n * width * (gint64) assay_dtype_width (dtype);

  assay_dtype_convert (dtype, from, ASSAY_F64, l->wide, n * width);
  assay_gemm_f64 (l->task->backend->workers, FALSE, FALSE, n, k, width, 1, l->wide, width, matrix, k, FALSE, out, k);
}

/* Adds one use of one example to its features. */
static void
add_use (Logra *l, const AssayModuleBatch *batch, guint u, gint64 b)
{
  const AssayModuleParts *parts = &batch->parts[u];
  const AssayModuleUse *use = &batch->module->uses[u];
  const Side *side = &l->side[batch->index];
  gint64 n = use->positions;
  double *out = l->feature + (batch->first + b) * l->F + side->first;

  if (use->row_is_index)
    for (gint64 t = 0; t < n; t++)
      {
        gint32 row = parts->index[b * n + t];

        if (row < 0)
          memset (l->left + t * side->ko, 0, side->ko * sizeof (double));
        else
          memcpy (l->left + t * side->ko, side->row + row * side->ko, side->ko * sizeof (double));
      }
  else
    project_positions (l, batch->dtype, parts->row, b, n, use->rows, side->row, side->ko, l->left);
  if (use->column_is_one)
    for (gint64 t = 0; t < n * side->ki; t++)
      l->right[t] = side->column[0];
  else
    project_positions (l, batch->dtype, parts->column, b, n, use->columns, side->column, side->ki, l->right);
  assay_gemm_f64 (NULL, TRUE, FALSE, side->ko, side->ki, n, 1, l->left, side->ko, l->right, side->ki, TRUE, out, side->ki);
}

static gboolean
take_batch (const AssayModuleBatch *batch, gpointer data, GError **error)
{
  Logra *l = data;

  (void) error;
  for (gint64 b = 0; b < batch->B; b++)
    for (guint u = 0; u < batch->module->n_uses; u++)
      add_use (l, batch, u, b);
  return TRUE;
}

/* feature (n,F) of examples; of_queries: of what is measured, else of losses. */
static gboolean
collect (Logra *l, const gint64 *examples, gint64 n, gboolean of_queries, double *feature, AssayProgress *progress, GError **error)
{
  AssayPoint point = assay_influence_task_get_point (l->task, NULL, examples, n);
  g_autoptr (AssayModules) own = NULL;
  g_autoptr (AssayModulePass) pass = NULL;

  if (of_queries && l->task->measured != NULL)
    point.model = l->task->measured;
  own = assay_modules_new (point.model, error);                   /* of this model's graph; the same modules in the same order */
  pass = own ? assay_module_pass_new (&point, own, FALSE, 0, error) : NULL;
  l->feature = feature;
  memset (feature, 0, n * l->F * sizeof *feature);
  return pass != NULL && assay_module_pass_run (pass, take_batch, l, "projecting gradients", progress, error);
}

/* The factor of one module's C + lambda I. */
static AssayFactor *
open_block (Logra *l, guint m, double damping, const double *train, gint64 N, double *range, GError **error)
{
  const Side *side = &l->side[m];
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
  return assay_factor_new (k, C, TRUE, error);
}

/* Scores of one module added: X <- (C + lambda I)^-1 G_q, then X G_i' / N. */
static gboolean
add_module (Logra *l, guint m, double damping, const double *train, const double *query, AssayInfluenceScores *scores, double *range, GError **error)
{
  const Side *side = &l->side[m];
  gint64 k = side->ko * side->ki, N = scores->n_train, Q = scores->n_query;
  g_autoptr (AssayFactor) factor = open_block (l, m, damping, train, N, range, error);
  g_autoptr (AssayBuffer) memory = factor ? assay_mem_alloc_array (Q * k, sizeof (double), error) : NULL;
  double *x = memory;

  if (x == NULL)
    return FALSE;
  for (gint64 q = 0; q < Q; q++)
    memcpy (x + q * k, query + q * l->F + side->first, k * sizeof *x);
  assay_factor_solve (factor, Q, x);
  assay_gemm_f64 (l->task->backend->workers, FALSE, TRUE, Q, N, k, 1 / (double) N, x, k, train + side->first, l->F, TRUE, scores->value, N);
  return TRUE;
}

/* The diagonal of what the training examples asked as queries would give. */
static gboolean
add_selves (Logra *l, guint m, double damping, const double *train, AssayInfluenceScores *scores, double *range, GError **error)
{
  const Side *side = &l->side[m];
  gint64 k = side->ko * side->ki, N = scores->n_train;
  g_autoptr (AssayFactor) factor = open_block (l, m, damping, train, N, range, error);
  g_autoptr (AssayBuffer) memory = factor ? assay_mem_alloc_array (N * k, sizeof (double), error) : NULL;
  double *x = memory;

  if (x == NULL)
    return FALSE;
  for (gint64 i = 0; i < N; i++)
    memcpy (x + i * k, train + i * l->F + side->first, k * sizeof *x);
  assay_factor_solve (factor, N, x);
  for (gint64 i = 0; i < N; i++)
    scores->value[i] += assay_f64_dot (k, x + i * k, train + i * l->F + side->first) / (double) N;
  return TRUE;
}

/* Means over the examples of each query, in place. */
static void
average (const AssayInfluenceTask *task, gint64 F, double *query)
{
  gint64 size = assay_influence_task_get_query_size (task);

  for (gint64 q = 0; q < task->n_query && size > 1; q++)
    {
      double *to = query + q * F;

      memmove (to, query + q * size * F, F * sizeof *to);
      for (gint64 m = 1; m < size; m++)
        assay_f64_add (F, 1, query + (q * size + m) * F, to);
      assay_f64_scale (F, 1 / (double) size, to);
    }
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayBuffer) train = NULL, query = NULL;
  g_auto (Logra) l = { 0 };
  gint64 n_query = task->n_query * assay_influence_task_get_query_size (task);
  double range[3] = { INFINITY, 0, 0 }, damping = assay_values_get_double (options, "damping");

  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL
      || !logra_open (&l, task, options, error)
      || (train = assay_mem_alloc_array (task->n_train * l.F, sizeof (double), error)) == NULL
      || !collect (&l, task->train, task->n_train, FALSE, train, progress, error))
    return NULL;
  if (!of_self)
    {
      query = assay_mem_alloc_array (n_query * l.F, sizeof (double), error);
      if (query == NULL || !collect (&l, task->query, n_query, TRUE, query, progress, error))
        return NULL;
      average (task, l.F, query);
    }
  memset (scores->value, 0, task->n_query * task->n_train * sizeof (double));
  for (guint m = 0; m < l.modules->n; m++)
    if (of_self ? !add_selves (&l, m, damping, train, scores, range, error) : !add_module (&l, m, damping, train, query, scores, range, error))
      return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "the error of a random projection is bounded by nothing here; other seeds show it";
  scores->l2 = task->l2;
  scores->damping = range[2];
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " numbers of %" G_GINT64_FORMAT " parameters in %u modules, each with its own damping from %.3g to "
                          "%.3g; the one told is their mean over parameters\n", l.F, l.modules->P, l.modules->n, range[0], range[1]);
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_once (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_once (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

static AssayInfluenceScores *
score_logra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, score_once, progress, error);
}

static AssayInfluenceScores *
self_logra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, self_once, progress, error);
}

static void
cost_logra (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, NULL);
  double N = (double) task->n_train, Q = (double) task->n_query, k = (double) assay_values_get_int (options, "projection"), F = 0, project = 0, solve = 0;

  for (guint m = 0; modules != NULL && m < modules->n; m++)
    {
      const AssayModule *module = &modules->module[m];
      double ko = MIN (k, (double) module->rows), ki = MIN (k, (double) module->columns), f = ko * ki;

      F += f;
      solve += 2 * N * f * f + f * f * f / 3 + 2 * Q * N * f;
      for (guint u = 0; u < module->n_uses; u++)
        project += 2 * (double) module->uses[u].positions * (ko * (double) module->uses[u].rows + ki * (double) module->uses[u].columns + f);
    }
  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query) + (N + Q) * project + solve;
  *flops *= (double) assay_values_get_int (options, "seeds");
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 8 * ((N + Q) * F + Q * N);
}

ASSAY_METHOD_DEFINE (logra) = { .name = "logra", .help = "influence within gradients projected from both sides, module by module (LoGra)",
                               .params = params, .score = score_logra, .self = self_logra, .cost = cost_logra };
