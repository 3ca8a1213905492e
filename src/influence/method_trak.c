/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_trak.c: TRAK: gradients of the margin, randomly projected, in a kernel regression.
 *
 *   phi_i = S' d margin_i / d theta,  margin = log (p / (1 - p)) of the right answer (of sequences its mean over what counts)
 *   score[q, i] = - mean_c [ (S' g_q)' (Phi' Phi + lambda I)^-1 phi_i ]  x  mean_c [ 1 - p_i ]           unit: relative
 *
 * g_q is the gradient of what is measured of the query: for the margin the score is -tau of the paper, for the loss it has the sign of what
 * removal does to the loss. The means are over checkpoints of the training run and over other models of the case, each factor by itself. S has
 * signs drawn from a counter, others for each of them.
 * Source: Park et al. 2023 (2303.14186), equations 15 to 17.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/dense.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/error_bars.h"
#include "influence/projection.h"
#include "influence/score.h"
#include "influence/task.h"
#include "model/checkpoint.h"
#include "tensor/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const AssayParam params[] = {
  { .name = "projection", .type = ASSAY_PARAM_INT, .def.i = 2048, .min = 1, .max = 1e6, .help = "numbers that a gradient is projected to" },
  { .name = "checkpoints", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e6,
    .help = "last checkpoints of the training run to average over; 1: the model alone" },
  { .name = "models", .type = ASSAY_PARAM_LIST, .metavar = "NAME", .names = "model",
    .help = "other models of the case to average over, trained alike from other seeds" },
  { .name = "damping", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1e300,
    .help = "lambda, over the mean of the kernel's diagonal" },
  { .name = "keep", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 1e-6, .max = 1,
    .help = "share of a query's scores that a soft threshold leaves; 1: all" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the projection" },
  ASSAY_SEEDED_PARAMS,
  { .name = NULL }
};

typedef struct {
  const AssayInfluenceTask *task;
  AssayModel *margin;           /* the model with its margin in the loss's place */
  AssayProjection *projection;
  AssayFactor *kernel;          /* Phi' Phi + lambda I */
  gint64 N, P, k;
  double *phi;                  /* (N,k) */
  double *doubt;                /* (N) sum over checkpoints of 1 - p */
  double *count;                /* (N) positions that a margin is the mean of */
  double *value;                /* (N) */
  double damping;
} Trak;

static void
trak_clear (Trak *t)
{
  assay_model_free (t->margin);
  assay_projection_free (t->projection);
  assay_factor_free (t->kernel);
  assay_mem_free (t->phi);
  assay_mem_free (t->doubt);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Trak, trak_clear)

/* Sums of the training examples' weights, as the pass has them: 1 for features and for models of means. */
static gboolean
count_positions (Trak *t, GError **error)
{
  gboolean is_sum = assay_dataset_get_kind (t->task->dataset) == ASSAY_DATASET_TOKENS && !assay_model_is_token_mean (t->task->model);
  gint64 T = is_sum ? assay_dataset_get_shape (t->task->dataset).dim[0] : 1;
  g_autoptr (AssayBuffer) weight = assay_mem_alloc_array (T, sizeof (double), error);

  for (gint64 i = 0; weight != NULL && i < t->N; i++)
    {
      AssayBatch batch = { .dtype = ASSAY_F64, .weight = weight };

      t->count[i] = 1;
      if (!is_sum)
        continue;
      assay_dataset_fill (t->task->dataset, t->task->train + i, 1, &batch);
      t->count[i] = 0;
      for (gint64 p = 0; p < T; p++)
        t->count[i] += ((double *) weight)[p];
      t->count[i] = MAX (t->count[i], 1);
    }
  return weight != NULL;
}

static gboolean
trak_open (Trak *t, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  g_autoptr (AssayMeasure) measure = assay_measure_parse ("margin", error);

  t->task = task;
  t->N = task->n_train;
  t->P = assay_model_get_n_params (task->model);
  t->damping = assay_values_get_double (options, "damping");
  if (measure == NULL || (t->margin = assay_model_new_measured (task->model, measure, error)) == NULL)
    return FALSE;
  t->projection = assay_projection_new (t->P, assay_values_get_int (options, "projection"), (guint64) assay_values_get_int (options, "seed"), error);
  if (t->projection == NULL)
    return FALSE;
  t->k = t->projection->k;
  if ((t->phi = assay_mem_alloc_array (t->N * t->k, sizeof (double), error)) == NULL
      || (t->doubt = assay_mem_alloc_array (3 * t->N, sizeof (double), error)) == NULL)
    return FALSE;
  t->count = t->doubt + t->N;
  t->value = t->count + t->N;
  return count_positions (t, error);
}

/* Features and kernel at a theta (P), or at the model's own (NULL), with its doubts. */
static gboolean
trak_move (Trak *t, const double *theta, AssayProgress *progress, GError **error)
{
  AssayPoint point = assay_influence_task_get_point (t->task, theta, t->task->train, t->N);
  double *kernel, trace = 0;

  point.model = t->margin;
  if (!assay_projection_of_gradients (t->projection, &point, NULL, t->phi, t->value, progress, error))
    return FALSE;
  for (gint64 i = 0; i < t->N; i++)
    {
      assay_f64_scale (t->k, 1 / t->count[i], t->phi + i * t->k);
      t->doubt[i] = 1 / (1 + exp (t->value[i] / t->count[i]));
    }
  kernel = assay_mem_alloc_array (t->k * t->k, sizeof (double), error);
  if (kernel == NULL)
    return FALSE;
  assay_gemm_f64 (t->task->backend->workers, TRUE, FALSE, t->k, t->k, t->N, 1, t->phi, t->k, t->phi, t->k, FALSE, kernel, t->k);
  assay_dense_symmetrise (t->k, kernel);
  for (gint64 j = 0; j < t->k; j++)
    trace += kernel[j * t->k + j];
  for (gint64 j = 0; j < t->k; j++)
    kernel[j * t->k + j] += t->damping * trace / (double) t->k;
  g_clear_pointer (&t->kernel, assay_factor_free);
  t->kernel = assay_factor_new (NULL, "kernel of projected gradients", ASSAY_F64, t->k, kernel, TRUE, error);
  if (t->kernel == NULL)
    return FALSE;
  if (!(t->kernel->reciprocal_condition > 1e-14))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "trak: %" G_GINT64_FORMAT " projected gradients leave the kernel of %" G_GINT64_FORMAT
                   " numbers singular: give a smaller --projection or a --damping such as 1e-3", t->N, t->k);
      return FALSE;
    }
  return TRUE;
}

/* score (Q,N) += weight (S' g_q)' kernel^-1 phi_i; gradients (Q,P) and scores in blocks of queries. */
static gboolean
add_queries (Trak *t, const double *theta, double weight, double *score, GError **error)
{
  gint64 block = MIN (t->task->n_query, ASSAY_QUERY_BLOCK);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (block * (t->P + t->k), sizeof (double), error);
  double *gradient = memory, *projected = memory ? gradient + block * t->P : NULL;

  for (gint64 first = 0; memory != NULL && first < t->task->n_query; first += block)
    {
      gint64 K = MIN (block, t->task->n_query - first);

      if (!assay_influence_task_query_gradients (t->task, theta, first, K, gradient, error))
        return FALSE;
      assay_projection_apply (t->projection, t->task->backend->workers, K, gradient, projected);
      if (!assay_factor_solve (t->kernel, K, projected, error))
        return FALSE;
      assay_gemm_f64 (t->task->backend->workers, FALSE, TRUE, K, t->N, t->k, weight, projected, t->k, t->phi, t->k, TRUE, score + first * t->N, t->N);
    }
  return memory != NULL;
}

/* score (N) += weight (S' g_i)' kernel^-1 phi_i of the examples' own losses. */
static gboolean
add_selves (Trak *t, const double *theta, double weight, double *score, AssayProgress *progress, GError **error)
{
  AssayPoint point = assay_influence_task_get_point (t->task, theta, t->task->train, t->N);
  g_autoptr (AssayBuffer) own = assay_mem_alloc_array (t->N * t->k, sizeof (double), error);
  double *rows = own;

  if (own == NULL || !assay_projection_of_gradients (t->projection, &point, NULL, own, NULL, progress, error))
    return FALSE;
  if (!assay_factor_solve (t->kernel, t->N, own, error))
    return FALSE;
  for (gint64 i = 0; i < t->N; i++)
    score[i] += weight * assay_f64_dot (t->k, rows + i * t->k, t->phi + i * t->k);
  return TRUE;
}

static int
compare_sizes (const void *a, const void *b)
{
  double x = fabs (*(const double *) a), y = fabs (*(const double *) b);

  return (x < y) - (x > y);
}

/* Towards 0 by the size of the first that is not kept. */
static void
threshold (double keep, gint64 N, double *score)
{
  gint64 kept = (gint64) ceil (keep * (double) N);
  g_autofree double *sorted = g_memdup2 (score, N * sizeof *score);
  double size;

  if (kept >= N)
    return;
  qsort (sorted, N, sizeof *sorted, compare_sizes);
  size = fabs (sorted[kept]);
  for (gint64 i = 0; i < N; i++)
    score[i] = copysign (MAX (fabs (score[i]) - size, 0), score[i]);
}

/* theta (P) of another model of the case. */
static double *
load_theta (const AssayInfluenceTask *task, const char *name, GError **error)
{
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayModel) model = NULL;
  json_t *here = assay_model_get_spec (task->model), *there = NULL;
  double *theta = NULL;

  if (task->store == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "trak: models: a case to find model %s in expected, there is none", name);
  else if ((object = assay_case_lookup (task->store, "model", name, error)) != NULL
           && (model = assay_checkpoint_load_object (task->store, object, error)) != NULL)
    {
      there = assay_model_get_spec (model);
      if (json_equal (json_object_get (here, "config"), json_object_get (there, "config"))
          && json_equal (json_object_get (here, "architecture"), json_object_get (there, "architecture")))
        theta = assay_mem_alloc_array (assay_model_get_n_params (model), sizeof (double), error);
      else
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "trak: models: model %s: the architecture of the model that is asked about expected, another "
                     "one found", name);
      if (theta != NULL)
        assay_model_read_theta (model, theta);
    }
  json_decref (here);
  json_decref (there);
  return theta;
}

/* What each model contributes: kernels (C,Q,N) and doubts (C,N). */
typedef struct {
  gint64 C, Q, N;
  double *kernel, *doubt;
} Ensemble;

/* value (Q,N) <- (mean over models of kernels) (mean over models of doubts), without the model `out`; -1: with all. */
static void
combine (const Ensemble *e, gint64 out, double *value)
{
  double n = (double) (e->C - (out >= 0));

  for (gint64 k = 0; k < e->Q * e->N; k++)
    {
      double kernel = 0, doubt = 0;

      for (gint64 c = 0; c < e->C; c++)
        if (c != out)
          {
            kernel += e->kernel[c * e->Q * e->N + k] / n;
            doubt += e->doubt[c * e->N + k % e->N] / n;
          }
      value[k] = -kernel * doubt;
    }
}

/* se (Q,N): the jackknife's, sqrt ((C - 1) / C sum_c (value without c - their mean)^2). */
static gboolean
jackknife (const Ensemble *e, double *se, GError **error)
{
  gint64 n = e->Q * e->N;
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (2 * n, sizeof (double), error);
  double *without = memory, *mean = without + n;

  if (memory == NULL)
    return FALSE;
  memset (se, 0, n * sizeof *se);
  for (gint64 c = 0; c < e->C; c++)
    {
      combine (e, c, without);
      for (gint64 k = 0; k < n; k++)
        {
          double step = without[k] - mean[k];

          mean[k] += step / (double) (c + 1);
          se[k] += step * (without[k] - mean[k]);
        }
    }
  for (gint64 k = 0; k < n; k++)
    se[k] = sqrt ((double) (e->C - 1) / (double) e->C * se[k]);
  return TRUE;
}

/* Another S for each model: their projection errors then average out. */
static gboolean
run (Trak *t, gboolean of_self, gint64 checkpoints, const char *const *models, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  gint64 own = checkpoints > 1 ? checkpoints : 1;
  Ensemble e = { .C = own + g_strv_length ((char **) models), .Q = scores->n_query, .N = t->N };
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (e.C * (e.Q + 1) * e.N, sizeof (double), error);
  guint64 seed = t->projection->seed;

  if (memory == NULL)
    return FALSE;
  e.kernel = memory;
  e.doubt = e.kernel + e.C * e.Q * e.N;
  for (gint64 c = 0; c < e.C; c++)
    {
      g_autoptr (AssayBuffer) other = c >= own ? load_theta (t->task, models[c - own], error) : NULL;
      const double *theta = c >= own ? other : checkpoints > 1 ? t->task->checkpoint[t->task->n_checkpoints - own + c] : NULL;
      double *kernel = e.kernel + c * e.Q * e.N;

      if (c >= own && other == NULL)
        return FALSE;
      t->projection->seed = c == 0 ? seed : assay_rng_stream ("trak model", seed + (guint64) c);
      if (!trak_move (t, theta, progress, error)
          || !(of_self ? add_selves (t, theta, 1, kernel, progress, error) : add_queries (t, theta, 1, kernel, error)))
        return FALSE;
      memcpy (e.doubt + c * e.N, t->doubt, e.N * sizeof (double));
    }
  combine (&e, -1, scores->value);
  if (e.C == 1)
    return TRUE;
  scores->se_seed = assay_mem_new (double, e.Q * e.N, error);
  return scores->se_seed != NULL && jackknife (&e, scores->se_seed, error)
         && assay_error_bars_set (scores, scores->se_seed, (double) (e.C - 1),
                                  own > 1 ? "by the jackknife over checkpoints, which depend on each other: what another training gives may lie further off than lo and hi"
                                          : "with 95 % confidence, by the jackknife over models, other models of this training give a mean between lo and hi", error);
}

/* A threshold moves scores by what no spread over models says. */
static void
drop_intervals (AssayInfluenceScores *scores)
{
  assay_mem_free (g_steal_pointer (&scores->lo));
  assay_mem_free (g_steal_pointer (&scores->hi));
  assay_mem_free (g_steal_pointer (&scores->se_seed));
  scores->interval_kind = ASSAY_INTERVAL_NONE;
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_auto (Trak) trak = { 0 };
  gint64 checkpoints = assay_values_get_int (options, "checkpoints");
  double keep = assay_values_get_double (options, "keep");
  const char *const *models = assay_values_get_list (options, "models");

  if (!assay_influence_task_check (task, error))
    return NULL;
  if (checkpoints > 1 && checkpoints > task->n_checkpoints)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "trak: %" G_GINT64_FORMAT " checkpoints of the training run expected, %u found; train again "
                   "with assay train --checkpoints N", checkpoints, task->n_checkpoints);
      return NULL;
    }
  if ((scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL || !trak_open (&trak, task, options, error)
      || !run (&trak, of_self, checkpoints, models, scores, progress, error))
    return NULL;
  for (gint64 q = 0; q < scores->n_query && !of_self; q++)
    threshold (keep, trak.N, scores->value + q * trak.N);
  if (keep < 1)
    drop_intervals (scores);
  scores->unit = ASSAY_UNIT_RELATIVE;
  scores->counterfactual = "expected-over-seeds";
  if (scores->lo == NULL)
    scores->interval_reason = "the error of a random projection and of a linearised model is bounded by nothing here; other seeds show the first";
  scores->l2 = task->l2;
  g_string_append_printf (scores->notes, "%" G_GINT64_FORMAT " numbers of %" G_GINT64_FORMAT " parameters%s; %" G_GINT64_FORMAT " checkpoint%s, %u other models\n", trak.k,
                          trak.P, trak.projection->is_identity ? ", not projected" : "", checkpoints, checkpoints == 1 ? "" : "s",
                          g_strv_length ((char **) models));
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_trak (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, FALSE, score_either, progress, error);
}

static AssayInfluenceScores *
self_trak (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_seeded_score (task, options, TRUE, score_either, progress, error);
}

static void
cost_trak (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), N = (double) task->n_train, Q = (double) task->n_query;
  double k = MIN ((double) assay_values_get_int (options, "projection"), P);

  *flops = (double) assay_values_get_int (options, "projection-seeds")
           * (double) (assay_values_get_int (options, "checkpoints") + g_strv_length ((char **) assay_values_get_list (options, "models")))
           * (assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_train + task->n_query) + 2 * P * k * (N + Q) + 2 * N * k * k
              + k * k * k / 3 + 2 * Q * k * N);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_GRADIENT) + 8 * (N * k + 2 * k * k + 48 * P + Q * N);
}

ASSAY_METHOD_DEFINE (trak) = { .name = "trak", .help = "projected gradients of the margin in a kernel regression", .params = params,
                              .score = score_trak, .self = self_trak, .cost = cost_trak };
