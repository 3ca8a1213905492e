/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retraining.c: from a trained model's metadata to its training. */
#include "job/retraining.h"

#include "config.h"
#include "job/training_cost.h"
#include "run/optimizer.h"

#include <string.h>

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

/* Of all that the query losses depend on, less the sets: equal digests, equal losses. */
static char *
digest_question (const AssaySubject *subject, const gint64 *query, gint64 n_query)
{
  g_autoptr (GChecksum) digest = g_checksum_new (G_CHECKSUM_SHA256);
  const AssayObject *const objects[] = { subject->object, subject->data };

  g_checksum_update (digest, (const guchar *) PACKAGE_VERSION, -1);
  for (gsize k = 0; k < G_N_ELEMENTS (objects); k++)
    for (guint part = 0; part < objects[k]->n_parts; part++)
      g_checksum_update (digest, (const guchar *) objects[k]->parts[part]->content_root, -1);
  g_checksum_update (digest, (const guchar *) query, n_query * sizeof *query);
  return g_strdup (g_checksum_get_string (digest));
}

AssayRetrainingSetup *
assay_retraining_setup_new (const AssaySubject *subject, const AssayJobContext *context, const gint64 *query, gint64 n_query, GError **error)
{
  g_autofree char *digest = digest_question (subject, query, n_query);
  AssayModel *start = assay_subject_make_start (subject, context->cas, error);
  AssayRetrainingSetup *setup;
  const json_t *drawn;

  if (start == NULL)
    return NULL;
  setup = g_new0 (AssayRetrainingSetup, 1);
  setup->start = start;
  setup->name = g_strdup_printf ("%s/%.12s", subject->object->name, digest);
  setup->training = (AssayTraining) { .model = subject->model, .dataset = subject->dataset, .train = subject->train, .N = subject->n_train,
                                      .options = subject->training, .backend = context->backend };
  if (subject->order != NULL)
    {
      setup->training.order = subject->order->place;
      setup->training.n_order = subject->order->n;
    }
  setup->place = (AssayTrainPlace) { .store = context->cas, .name = setup->name,
                                     .meta = json_pack ("{s:s, s:o}", "question", digest, "subject", assay_subject_to_json (subject)) };
  setup->source.place = &setup->place;
  setup->source.spec = (AssayRetraining) {
    .training = &setup->training, .query = query, .Q = n_query,
    .start = assay_optimizer_find (assay_values_get_string (subject->training, "optimizer"))->is_whole_batch
             ? NULL : assay_model_get_theta (start),
    .mark_diverged = TRUE,
  };
  drawn = json_object_get (json_object_get (subject->object->meta, "start"), "seed");
  setup->source.start_is_drawn = json_is_integer (drawn);
  setup->source.start_seed = (guint64) json_integer_value (drawn);
  return setup;
}

void
assay_retraining_setup_set_measure (AssayRetrainingSetup *setup, const AssayModel *measured, const char *measure)
{
  g_autofree char *question = g_strconcat (json_string_value (json_object_get (setup->place.meta, "question")), " ", measure, NULL);
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, question, -1);
  char *end = strrchr (setup->name, '/');
  g_autofree char *name = g_strdup_printf ("%.*s/%.12s", (int) (end - setup->name), setup->name, digest);

  setup->source.spec.measured = measured;
  g_free (setup->name);
  setup->name = g_steal_pointer (&name);
  setup->place.name = setup->name;
  json_object_set_new (setup->place.meta, "question", json_string (digest));
}

static void
choose_sets (gpointer data, gint64 K, gint64 *first, gint64 *end)
{
  const AssayShare *share = data;

  assay_shard_slice (&share->shard, K, 1, first, end);
}

static void
note_sets (gpointer data, const AssayObject *object, gint64 K, gboolean is_last)
{
  assay_share_add_recording (data, object, K, NULL, is_last);
}

void
assay_retraining_setup_set_share (AssayRetrainingSetup *setup, AssayShare *share)
{
  setup->share = (AssayRecorderShare) { choose_sets, note_sets, share };
  setup->place.share = share ? &setup->share : NULL;
}

double
assay_retraining_setup_get_flops (const AssayRetrainingSetup *setup)
{
  return assay_training_cost (&setup->training, setup->source.spec.start == NULL);
}
