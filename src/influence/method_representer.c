/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_representer.c: representer points: the last layer refitted under a penalty is a weighted sum of the training examples' states.
 *
 *   theta* = argmin (1/N) sum_i l (W phi_i + b) + lambda (|W|^2 + |b|^2),  phi_i the state that enters the last layer
 *   logits of q = sum_i a_i (phi_i' phi_q + 1),   a_i = - (1 / (2 lambda N)) d l_i / d logits
 *   score[q, i] = - (d f_q / d logits)' a_i (phi_i' phi_q + 1)             unit: nats per removed example
 *
 * So a score is what f_q would gain, to first order, if the example's term fell out of the sum: over the examples the terms are the logits.
 * Nothing below the last layer moves.
 * Source: Yeh et al. 2018 (1811.09720).
 */
#include "base/error.h"
#include "base/mem.h"
#include "influence/hidden_state.h"
#include "influence/score.h"
#include "influence/task.h"
#include "run/train.h"

#include <math.h>
#include <string.h>

extern const AssayMethod assay_method_dot;

static const AssayParam params[] = {
  { .name = "penalty", .type = ASSAY_PARAM_DOUBLE, .def.d = 0.003, .min = 1e-12, .max = 1e12, .help = "lambda of the refit" },
  { .name = "steps", .type = ASSAY_PARAM_INT, .def.i = 1000, .min = 1, .max = 1e9, .unit = "steps", .help = "of L-BFGS, at most" },
  { .name = NULL }
};

/* The refit: states as features, one linear layer. */
typedef struct {
  AssayDataset *dataset;        /* splits train and query */
  AssayModel *model, *measured;
  AssayInfluenceTask task;
} Refit;

static void
refit_clear (Refit *r)
{
  assay_model_free (r->measured);
  assay_model_free (r->model);
  assay_dataset_unref (r->dataset);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Refit, refit_clear)

typedef struct { double *to; gint64 C; } Rows;

static void
take_state (gint64 i, const double *state, gpointer data)
{
  const Rows *rows = data;

  memcpy (rows->to + i * rows->C, state, rows->C * sizeof *state);
}

static const char *
loss_of (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);

  return assay_graph_get_node (layout, assay_graph_get_value (layout, assay_graph_get_own_loss (layout))->node)->op->name;
}

static gboolean
make_data (Refit *r, const AssayInfluenceTask *task, const AssayHiddenPlace *place, AssayProgress *progress, GError **error)
{
  gint64 N = task->n_train, Q = task->n_query * assay_influence_task_get_query_size (task);
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array ((N + Q) * place->C, sizeof (double), error);
  gboolean is_class = assay_dataset_get_target_kind (task->dataset) == ASSAY_TARGET_CLASS;
  g_autofree gint32 *label = is_class ? g_new (gint32, N + Q) : NULL;
  g_autofree double *real = is_class ? NULL : g_new (double, N + Q);
  AssayShape shape = ASSAY_SHAPE (place->C);
  Rows rows = { memory, place->C };

  if (memory == NULL || !assay_hidden_walk (task, place, task->train, N, take_state, &rows, progress, error))
    return FALSE;
  rows.to += N * place->C;
  if (!assay_hidden_walk (task, place, task->query, Q, take_state, &rows, progress, error))
    return FALSE;
  for (gint64 i = 0; i < N + Q; i++)
    {
      gint64 example = i < N ? task->train[i] : task->query[i - N];

      if (is_class)
        label[i] = assay_dataset_get_label (task->dataset, example);
      else
        real[i] = assay_dataset_get_real (task->dataset, example);
    }
  r->dataset = assay_dataset_new_from_arrays (&shape, N + Q, memory, label, is_class ? assay_dataset_get_n_classes (task->dataset) : 0, real, "train",
                                              Q, "query", error);
  return r->dataset != NULL;
}

/* The last layer as a model of its own, at the optimum. */
static gboolean
fit (Refit *r, const AssayInfluenceTask *task, const AssayHiddenPlace *place, const AssayValues *options, GString *notes, AssayProgress *progress,
     GError **error)
{
  AssayGraph *layout = assay_model_get_layout (task->model);
  gint64 K = assay_shape_last (&assay_graph_get_value (layout, assay_graph_get_logits (layout))->shape), N;
  const char *loss = strcmp (loss_of (task->model), "squared_loss") == 0 ? "squared" : K == 1 ? "logistic" : "xent";
  json_t *config = json_pack ("{s:I, s:I, s:s}", "inputs", (json_int_t) place->C, "outputs", (json_int_t) K, "loss", loss);
  json_t *given = json_pack ("{s:s, s:f, s:I}", "optimizer", "lbfgs", "l2", 2 * assay_values_get_double (options, "penalty"), "steps",
                             (json_int_t) assay_values_get_int (options, "steps"));
  g_autoptr (AssayValues) values = assay_values_from_json (assay_train_params, given, "representer", error);
  AssayTraining training = { .dataset = r->dataset, .options = values, .backend = task->backend };
  AssayTrainResult result;

  json_decref (given);
  r->model = values ? assay_model_new ("linear", config, ASSAY_F64, error) : NULL;
  json_decref (config);
  if (r->model == NULL)
    return FALSE;
  training.model = r->model;
  training.train = assay_dataset_get_split (r->dataset, "train", &N, error);
  training.N = N;
  if (!assay_train (&training, NULL, &result, progress, error))
    return FALSE;
  if (result.reason == ASSAY_TRAIN_STEPS_DONE)
    g_string_append_printf (notes, "the refit has not converged after %" G_GINT64_FORMAT " steps: its logits are not yet the sum over examples\n",
                            result.steps);
  return TRUE;
}

static gboolean
open_task (Refit *r, const AssayInfluenceTask *task, const AssayValues *options, GError **error)
{
  g_autoptr (AssayMeasure) measure = task->measure ? assay_measure_parse (task->measure, error) : NULL;

  if (task->measure != NULL && (measure == NULL || (r->measured = assay_model_new_measured (r->model, measure, error)) == NULL))
    return FALSE;
  r->task = *task;
  r->task.model = r->model;
  r->task.measured = r->measured;
  r->task.dataset = r->dataset;
  r->task.train = assay_dataset_get_split (r->dataset, "train", &r->task.n_train, error);
  r->task.query = assay_dataset_get_split (r->dataset, "query", &(gint64) { 0 }, error);
  r->task.l2 = 2 * assay_values_get_double (options, "penalty");
  r->task.keep_directions = FALSE;
  return TRUE;
}

static gboolean
check (const AssayInfluenceTask *task, const AssayHiddenPlace *place, GError **error)
{
  if (assay_dataset_get_kind (task->dataset) == ASSAY_DATASET_TOKENS)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "representer: features with one target expected, token sequences found");
  else if (place->last == ASSAY_NO_VALUE)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "representer: a model whose last layer is linear expected");
  else if (task->measure != NULL && (g_str_has_prefix (task->measure, "activation:") || g_str_has_prefix (task->measure, "probe:")))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "representer: a measure of the logits expected; nothing below the last layer moves");
  else
    return TRUE;
  return FALSE;
}

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autoptr (AssayValues) of_dot = assay_values_new (assay_method_dot.params);
  g_auto (Refit) refit = { 0 };
  AssayHiddenPlace place;
  double scale;

  if (!assay_influence_task_check (task, error))
    return NULL;
  place = assay_hidden_place_find (task);
  if (!check (task, &place, error) || !make_data (&refit, task, &place, progress, error)
      || !fit (&refit, task, &place, options, notes, progress, error) || !open_task (&refit, task, options, error))
    return NULL;
  scores = of_self ? assay_method_dot.self (&refit.task, of_dot, progress, error) : assay_method_dot.score (&refit.task, of_dot, progress, error);
  if (scores == NULL)
    return NULL;
  scale = 1 / (refit.task.l2 * (double) task->n_train);
  for (gint64 k = 0; k < scores->n_query * scores->n_train; k++)
    scores->value[k] *= scale;
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "representer";
  scores->interval_reason = "a term of a sum is exact at the refit's optimum, and predicts no retraining that an interval could hold";
  scores->l2 = refit.task.l2;
  scores->damping = 0;
  g_string_append (scores->notes, notes->str);
  g_string_append_printf (scores->notes, "the last layer refitted on %" G_GINT64_FORMAT " numbers with a penalty of %g\n", place.C, refit.task.l2 / 2);
  return g_steal_pointer (&scores);
}

static AssayInfluenceScores *
score_representer (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_representer (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

static void
cost_representer (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  AssayHiddenPlace place = assay_hidden_place_find (task);
  AssayGraph *layout = assay_model_get_layout (task->model);
  double K = (double) assay_shape_last (&assay_graph_get_value (layout, assay_graph_get_logits (layout))->shape), C = (double) place.C;
  double N = (double) task->n_train, Q = (double) task->n_query;

  *flops = assay_influence_task_get_flops (task, ASSAY_WALK_FORWARD, FALSE, task->n_train + task->n_query)
           + MIN (200.0, (double) assay_values_get_int (options, "steps")) * 6 * K * C * N + 4 * K * C * N * Q;
  *bytes = assay_influence_task_get_bytes (task, ASSAY_WALK_FORWARD) + 8 * ((N + Q) * C + 24 * K * C + Q * N);
}

ASSAY_METHOD_DEFINE (representer) = { .name = "representer", .help = "terms of the refitted last layer, which is a weighted sum of training examples",
                                     .params = params, .score = score_representer, .self = self_representer, .cost = cost_representer };
