/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retraining.c: from a trained model's metadata to its training. */
#include "job/retraining.h"

#include "run/optimizer.h"

#define FIT_WALKS 60            /* gradient walks over the data that a whole-batch training from a near optimum is reckoned at */

void
assay_retraining_setup_free (AssayRetrainingSetup *setup)
{
  if (setup == NULL)
    return;
  assay_model_free (setup->start);
  json_decref (setup->place.meta);
  g_free (setup->name);
  g_free (setup);
}

AssayRetrainingSetup *
assay_retraining_setup_new (const AssayJob *job, const AssaySubject *subject, const AssayJobContext *context, const gint64 *query,
                            gint64 n_query, GError **error)
{
  g_autofree char *identity = assay_job_get_identity (job);
  AssayModel *start = assay_subject_make_start (subject, context->cas, error);
  AssayRetrainingSetup *setup;

  if (start == NULL)
    return NULL;
  setup = g_new0 (AssayRetrainingSetup, 1);
  setup->start = start;
  setup->name = g_strdup_printf ("%s/%.12s", subject->object->name, identity);
  setup->training = (AssayTraining) { .model = subject->model, .dataset = subject->dataset, .train = subject->train, .N = subject->n_train,
                                      .options = subject->training, .backend = context->backend };
  setup->place = (AssayTrainPlace) { .store = context->cas, .name = setup->name,
                                     .meta = json_pack ("{s:s, s:o}", "job", identity, "subject", assay_subject_to_json (subject)) };
  setup->source.place = &setup->place;
  setup->source.spec = (AssayRetraining) {
    .training = &setup->training, .query = query, .Q = n_query,
    .start = assay_optimizer_find (assay_values_get_string (subject->training, "optimizer"))->is_whole_batch
             ? NULL : assay_model_get_theta (start),
  };
  return setup;
}

double
assay_retraining_setup_count_walks (const AssayRetrainingSetup *setup)
{
  const AssayValues *options = setup->training.options;
  gint64 N = setup->training.N, batch = assay_values_get_int (options, "batch");

  if (setup->source.spec.start == NULL)
    return FIT_WALKS * (double) N;
  return (double) assay_train_get_n_steps (options, N) * (double) (batch > 0 ? MIN (batch, N) : N);
}
