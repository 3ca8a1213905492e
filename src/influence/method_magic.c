/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_magic.c: the derivative of the query's loss in every training example's weight, through the whole training that was made.
 *
 *   score[q, i] = - d f_q (theta_T) / d w_i          unit: nats per removed example, of this run
 *
 * Exact for small changes of a weight; a removal is a change by 1, so how far the derivative carries is measured first (metasmoothness).
 * Source: MAGIC, Ilyas & Engstrom 2025 (2504.16430); metasmoothness: Engstrom et al. 2025 (2503.13751), definition 1.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "hessian/gradient.h"
#include "influence/score.h"
#include "influence/task.h"
#include "run/replay.h"

#include <math.h>
#include <string.h>

#define SHARE_MOVED 0.1         /* of the examples, whose weights metasmoothness moves */

static const AssayParam params[] = {
  { .name = "metasmoothness", .type = ASSAY_PARAM_BOOL, .def.b = TRUE,
    .help = "measure how far the derivative carries: two more trainings" },
  { .name = "metasmoothness-step", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.25, .min = 1e-6, .max = 0.5,
    .help = "by how much it moves the weights of a tenth of the examples, twice" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the examples whose weights it moves" },
  { .name = NULL }
};

/* --- metasmoothness ---------------------------------------------------------------------------------------------------- */

/* theta (P) after the training with those weights. */
static gboolean
train_with (const AssayInfluenceTask *task, const double *weight, double *theta, AssayProgress *progress, GError **error)
{
  AssayTraining training = *task->training;
  g_autoptr (AssayModel) model = assay_model_copy (training.model, assay_model_get_dtype (training.model), error);
  AssayTrainResult result;

  if (model == NULL)
    return FALSE;
  memcpy (assay_model_get_theta (model), task->start, assay_model_get_n_params (model) * assay_dtype_width (assay_model_get_dtype (model)));
  training.model = model;
  training.weight = weight;
  if (!assay_train (&training, NULL, &result, progress, error))
    return FALSE;
  assay_model_read_theta (model, theta);
  return TRUE;
}

/* S = sum_p |D_p| sign (D_p) sign (D'_p) / sum_p |D_p| for the moves D, D' of the last parameters by the first and the second step. */
static gboolean
measure_metasmoothness (const AssayInfluenceTask *task, const AssayValues *options, double *smoothness, AssayProgress *progress, GError **error)
{
  gint64 P = assay_model_get_n_params (task->model), N = task->n_train, moved = MAX (1, (gint64) (SHARE_MOVED * (double) N));
  g_autoptr (AssayBuffer) buffer = assay_mem_alloc_array (3 * P, sizeof (double), error);
  g_autofree double *weight = g_new (double, N);
  g_autofree gint64 *place = g_new (gint64, N);
  double step = assay_values_get_double (options, "metasmoothness-step"), agree = 0, total = 0, *theta = buffer;
  AssayRng rng = assay_rng_new ((guint64) assay_values_get_int (options, "seed"), assay_rng_stream ("metasmoothness", 0));

  if (theta == NULL)
    return FALSE;
  assay_model_read_theta (task->model, theta);
  for (gint64 i = 0; i < N; i++)
    place[i] = i;
  assay_rng_shuffle (&rng, place, N);
  for (guint k = 1; k <= 2; k++)
    {
      for (gint64 i = 0; i < N; i++)
        weight[place[i]] = (task->training->weight ? task->training->weight[place[i]] : 1) - (i < moved ? k * step : 0);
      if (!train_with (task, weight, theta + k * P, progress, error))
        return FALSE;
    }
  for (gint64 p = 0; p < P; p++)
    {
      double first = theta[P + p] - theta[p], second = theta[2 * P + p] - theta[P + p];

      total += fabs (first);
      agree += first * second > 0 ? fabs (first) : first * second < 0 ? -fabs (first) : 0;
    }
  *smoothness = total > 0 ? agree / total : NAN;
  return TRUE;
}

static gboolean
note_metasmoothness (const AssayInfluenceTask *task, const AssayValues *options, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  double smoothness;
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!assay_values_get_bool (options, "metasmoothness"))
    return TRUE;
  if (!measure_metasmoothness (task, options, &smoothness, progress, error))
    return FALSE;
  g_string_append_printf (scores->notes, "metasmoothness %s: of the movement of the parameters, less weight on a tenth of the examples and twice as much less "
                          "move them the same way by that share more than the other way (1: derivatives carry far; 0: not at all)%s\n",
                          g_ascii_formatd (text, sizeof text, "%.3f", smoothness),
                          smoothness < 0.5 ? "; this training is not smooth in its data: do not trust these scores before validating them" : "");
  return TRUE;
}

/* --- scores ------------------------------------------------------------------------------------------------------------ */

static gboolean
fill (const AssayInfluenceTask *task, AssayReplay *replay, AssayInfluenceScores *scores, AssayProgress *progress, GError **error)
{
  gint64 P = assay_model_get_n_params (task->model), N = task->n_train, block = MIN (task->n_query, ASSAY_QUERY_BLOCK);
  g_autoptr (AssayBuffer) buffer = assay_mem_alloc_array (block * P, sizeof (double), error);
  double *adjoint = buffer;

  for (gint64 first = 0; adjoint != NULL && first < task->n_query; first += block)
    {
      gint64 K = MIN (block, task->n_query - first);
      double *value = scores->value + first * N;

      if (!assay_influence_task_query_gradients (task, NULL, first, K, adjoint, error)
          || !assay_replay_reverse (replay, K, adjoint, value, progress, error))
        return FALSE;
      for (gint64 i = 0; i < K * N; i++)
        value[i] = -value[i];
    }
  return adjoint != NULL;
}

static gboolean
check (const AssayInfluenceTask *task, GError **error)
{
  if (!assay_influence_task_check (task, error))
    return FALSE;
  if (task->training != NULL && task->start != NULL)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "magic: a model that was trained in this case by sgd, momentum or adamw expected; %s",
               task->training ? "this one was trained on whole batches until it converged: the method cg says the same without its steps"
                              : "the steps of this one's training are not known");
  return FALSE;
}

static AssayInfluenceScores *
score_magic (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayReplay) replay = NULL;

  if (!check (task, error) || (scores = assay_influence_scores_new (task->n_query, task->n_train, FALSE, FALSE, error)) == NULL)
    return NULL;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "this-run";
  scores->l2 = task->l2;
  scores->damping = 0;
  scores->interval_kind = ASSAY_INTERVAL_NONE;
  scores->interval_reason = "nothing is solved for: the derivative through this run is exact to rounding; how far it is from a removal, validation says";
  if (!note_metasmoothness (task, options, scores, progress, error))
    return NULL;
  replay = assay_replay_new (task->training, task->start, task->is_single_precision ? ASSAY_F32 : ASSAY_F64, progress, error);
  if (replay == NULL || !fill (task, replay, scores, progress, error))
    return NULL;
  return g_steal_pointer (&scores);
}

/* Two trainings forwards (four with metasmoothness), and a product for each step and query. */
static void
cost_magic (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  const AssayValues *o = task->training ? task->training->options : NULL;
  double P = (double) assay_model_get_n_params (task->model), seen, steps, K = (double) MIN (task->n_query, ASSAY_QUERY_BLOCK);
  gint64 batch = o ? assay_values_get_int (o, "batch") : 0, N = task->n_train;
  double blocks = ceil ((double) task->n_query / MAX (1, K));

  if (o == NULL)
    return;
  steps = (double) assay_train_get_n_steps (o, N, task->training->n_order);
  seen = steps * (double) (batch > 0 ? MIN (batch, N) : N);
  *flops = (1 + blocks + (assay_values_get_bool (options, "metasmoothness") ? 2 : 0))
           * assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, (gint64) seen)
           + blocks * assay_influence_task_get_flops (task, ASSAY_WALK_HESSIAN, FALSE, (gint64) seen)
           + (double) task->n_query * assay_influence_task_get_flops (task, ASSAY_WALK_HESSIAN, TRUE, (gint64) seen);
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_HESSIAN) + 8 * P * 6 * K + 2 * sqrt (steps) * 3 * P * 4;
}

ASSAY_METHOD_DEFINE (magic) = { .name = "magic", .help = "the derivative through the whole training, walked backwards; exact for this run",
                                .flags = ASSAY_METHOD_NEEDS_STEPS, .params = params, .query_unit = assay_influence_query_each, .score = score_magic, .cost = cost_magic };
