/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.c: the loop around the trainer. */
#include "run/train.h"

#include "run/train_store.h"

gboolean
assay_train (const AssayTraining *training, const AssayTrainPlace *place, AssayTrainResult *result, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayTrainer) trainer = assay_trainer_new (training, error);
  g_autoptr (AssayTrainStore) store = NULL;
  gboolean finished = FALSE;
  guint64 total;

  if (trainer == NULL)
    return FALSE;
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

      if (assay_progress_is_cancelled (progress, error))
        {
          if (store != NULL && !assay_train_store_save (store, NULL))
            g_prefix_error (error, "the state could not be saved; ");
          return FALSE;
        }
      if (!assay_trainer_step (trainer, &row, error))
        return FALSE;
      if (store != NULL && !assay_train_store_advance (store, &row, error))
        return FALSE;
      g_snprintf (note, sizeof note, "loss %.4g", row.loss);
      assay_progress_report (progress, "training", row.step, total, "steps", note);
    }
  return assay_trainer_get_result (trainer, result, error) && (store == NULL || assay_train_store_finish (store, result, error));
}
