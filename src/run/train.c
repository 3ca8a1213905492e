/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c: the loop around the trainer. */
#include "run/train.h"

#include "base/error.h"
#include "run/train_store.h"

/* One step, unless somebody wants to stop: then the state is saved first. */
static gboolean
step (AssayTrainer *trainer, AssayTrainStore *store, AssayProgress *progress, AssayTrainRow *row, GError **error)
{
  GError *fault = NULL;

  if (!assay_progress_is_cancelled (progress, &fault) && assay_trainer_step (trainer, row, &fault))
    return store == NULL || assay_train_store_advance (store, row, error);
  if ((g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED) || g_error_matches (fault, ASSAY_ERROR, ASSAY_ERROR_TERMINATED))
      && store != NULL && !assay_train_store_save (store, NULL))
    g_prefix_error (&fault, "the state could not be saved; ");
  g_propagate_error (error, fault);
  return FALSE;
}

gboolean
assay_train (const AssayTraining *training, const AssayTrainPlace *place, AssayTrainResult *result, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayTrainer) trainer = assay_trainer_new (training, error);
  g_autoptr (AssayTrainStore) store = NULL;
  gboolean finished = FALSE;
  guint64 total;

  if (trainer == NULL)
    return FALSE;
  assay_trainer_set_progress (trainer, progress);
  if (place != NULL)
    {
      store = assay_train_store_open (training, place, trainer, &finished, result, error);
      if (store == NULL)
        return FALSE;
      if (finished)
        return TRUE;
    }
  total = assay_trainer_is_whole_batch (trainer) ? 0 : assay_trainer_get_n_steps (trainer);
  while (!assay_trainer_is_done (trainer))
    {
      AssayTrainRow row;
      char note[64];

      if (!step (trainer, store, progress, &row, error))
        return FALSE;
      g_snprintf (note, sizeof note, "loss %.4g", row.loss);
      assay_progress_report (progress, "training", row.step, total, "steps", note);
    }
  if (!assay_trainer_get_result (trainer, result, error))
    return FALSE;
  if (store != NULL)
    result->seconds = assay_train_store_get_seconds (store);
  return store == NULL || assay_train_store_finish (store, result, error);
}
