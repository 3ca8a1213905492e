/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retrain.c: one trainer that is set back and given other weights. */
#include "run/retrain.h"

#include "base/error.h"
#include "base/mem.h"
#include "run/evaluate.h"

#include <string.h>

struct _AssayRetrainer {
  AssayRetraining spec;
  AssayBackend *backend;
  AssayModel *model;            /* retrained */
  double *weight;               /* (N) */
  AssayTrainer *trainer;
  AssayEvaluator *evaluator;
};

AssayRetrainer *
assay_retrainer_new (const AssayRetraining *spec, guint n_threads, GError **error)
{
  g_autoptr (AssayRetrainer) self = g_new0 (AssayRetrainer, 1);
  AssayTraining training = *spec->training;

  self->spec = *spec;
  self->backend = assay_backend_cpu_new (n_threads);
  self->model = assay_model_copy (training.model, assay_model_get_dtype (training.model), error);
  self->weight = self->model ? assay_mem_new (double, training.N, error) : NULL;
  if (self->weight == NULL)
    return NULL;
  training.model = self->model;
  training.weight = self->weight;
  training.backend = self->backend;
  self->trainer = assay_trainer_new (&training, error);
  if (self->trainer == NULL)
    return NULL;
  if (spec->start == NULL && !assay_trainer_is_whole_batch (self->trainer))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "retraining: the first parameters of the training are needed to repeat it");
      return NULL;
    }
  if (spec->Q > 0)
    {
      self->evaluator = assay_evaluator_new (spec->measured ? spec->measured : self->model, training.dataset, MIN (spec->Q, 64), self->backend, error);
      if (self->evaluator == NULL)
        return NULL;
    }
  return g_steal_pointer (&self);
}

void
assay_retrainer_free (AssayRetrainer *self)
{
  if (self == NULL)
    return;
  assay_trainer_free (self->trainer);
  assay_evaluator_free (self->evaluator);
  assay_model_free (self->model);
  assay_mem_free (self->weight);
  assay_backend_free (self->backend);
  g_free (self);
}

static gboolean
leave_out (AssayRetrainer *self, const gint64 *without, gint64 n, GError **error)
{
  const AssayTraining *training = self->spec.training;
  gint64 left = 0;

  for (gint64 i = 0; i < training->N; i++)
    self->weight[i] = training->weight ? training->weight[i] : 1;
  for (gint64 k = 0; k < n; k++)
    {
      if (without[k] < 0 || without[k] >= training->N)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "retraining: a training example from 0 to %" G_GINT64_FORMAT " expected, %"
                       G_GINT64_FORMAT " found", training->N - 1, without[k]);
          return FALSE;
        }
      self->weight[without[k]] = 0;
    }
  for (gint64 i = 0; i < training->N; i++)
    left += self->weight[i] != 0;
  if (left > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "retraining: all %" G_GINT64_FORMAT " training examples would be left out", training->N);
  return FALSE;
}

gboolean
assay_retrainer_run (AssayRetrainer *self, const gint64 *without, gint64 n_without, double *query_loss, AssayTrainResult *result,
                     AssayProgress *progress, GError **error)
{
  const AssayTraining *training = self->spec.training;
  gsize bytes = assay_model_get_n_params (self->model) * assay_dtype_width (assay_model_get_dtype (self->model));
  gboolean whole = assay_trainer_is_whole_batch (self->trainer);
  AssayTrainResult ended;
  AssayEvaluation evaluation;

  if (!leave_out (self, without, n_without, error))
    return FALSE;
  memcpy (assay_model_get_theta (self->model), self->spec.start ? self->spec.start : assay_model_get_theta (training->model), bytes);
  assay_trainer_restart (self->trainer);
  assay_trainer_set_progress (self->trainer, progress);
  while (!assay_trainer_is_done (self->trainer))
    {
      AssayTrainRow row;

      if (assay_progress_is_cancelled (progress, error) || !assay_trainer_step (self->trainer, &row, error))
        return FALSE;
      assay_progress_report (progress, "retraining", row.step, whole ? 0 : assay_trainer_get_n_steps (self->trainer), "steps", NULL);
    }
  if (!assay_trainer_get_result (self->trainer, &ended, error))
    return FALSE;
  if (whole && ended.reason == ASSAY_TRAIN_STEPS_DONE)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED, "retraining: not converged after %" G_GINT64_FORMAT " steps (Newton decrement "
                   "%.3g); give more steps or a larger l2", ended.steps, ended.decrement);
      return FALSE;
    }
  if (result != NULL)
    *result = ended;
  return self->evaluator == NULL || assay_evaluator_run (self->evaluator, assay_model_get_theta (self->model), self->spec.query, self->spec.Q,
                                                         &(AssayEachExample) { .loss = query_loss }, &evaluation, NULL, error);
}
