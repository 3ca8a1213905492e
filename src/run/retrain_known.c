/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retrain_known.c: looks for rows in the objects of a case. */
#include "run/retrain_known.h"

#include "store/reader.h"

#include <string.h>

gint64
assay_retrain_set_digest (const AssayRetrainSet *set)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 digest[32];
  gsize length = sizeof digest;
  gint64 number;

  g_checksum_update (checksum, (const guchar *) set->place, set->n * sizeof *set->place);
  g_checksum_get_digest (checksum, digest, &length);
  memcpy (&number, digest, sizeof number);
  return GINT64_FROM_LE (number);
}

/* The metadata without what depends on the list of sets. New reference. */
static json_t *
strip (const json_t *meta)
{
  json_t *copy = json_copy ((json_t *) meta), *identity = json_copy (json_object_get (meta, ASSAY_RETRAIN_IDENTITY));

  json_object_del (identity, "sets");
  json_object_del (identity, "digest");
  json_object_set_new (copy, ASSAY_RETRAIN_IDENTITY, identity);
  return copy;
}

static gboolean
is_same_question (const AssayObject *object, const json_t *wanted)
{
  json_t *stripped;
  gboolean same;

  if (!object->complete || !json_is_object (json_object_get (object->meta, ASSAY_RETRAIN_IDENTITY)))
    return FALSE;
  stripped = strip (object->meta);
  same = json_equal (stripped, wanted);
  json_decref (stripped);
  return same;
}

static gboolean
add_rows (GHashTable *known, AssayCase *store, AssayObject *object, gint64 Q, GError **error)
{
  gint64 K = object->rows;
  g_autoptr (AssayReader) reader = assay_reader_new (store, object, error);
  g_autofree double *loss = g_new (double, K * Q), *gradient_norm = g_new (double, K);
  g_autofree gint64 *set = g_new (gint64, K), *steps = g_new (gint64, K), *outcome = g_new (gint64, K);

  if (reader == NULL || !assay_reader_read (reader, "/retraining/query_loss", ASSAY_STORE_F64, loss, error)
      || !assay_reader_read (reader, "/retraining/left_out", ASSAY_STORE_I64, set, error)
      || !assay_reader_read (reader, "/retraining/steps", ASSAY_STORE_I64, steps, error)
      || !assay_reader_read (reader, "/retraining/outcome", ASSAY_STORE_I64, outcome, error)
      || !assay_reader_read (reader, "/retraining/gradient_norm", ASSAY_STORE_F64, gradient_norm, error))
    return FALSE;
  for (gint64 k = 0; k < K; k++)
    {
      AssayRetrainRow *row = g_malloc (sizeof *row + Q * sizeof (double));

      *row = (AssayRetrainRow) { .steps = steps[k], .outcome = outcome[k], .gradient_norm = gradient_norm[k] };
      memcpy (row->query_loss, loss + k * Q, Q * sizeof *loss);
      g_hash_table_replace (known, g_memdup2 (&set[k], sizeof set[k]), row);
    }
  return TRUE;
}

GHashTable *
assay_retrain_known_new (AssayCase *store, const json_t *meta, gint64 Q, GError **error)
{
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_autoptr (GPtrArray) objects = assay_case_list (store, "retraining", NULL);
  json_t *wanted = strip (meta);
  gboolean fine = TRUE;

  for (guint k = 0; fine && k < objects->len; k++)
    if (is_same_question (objects->pdata[k], wanted))
      fine = add_rows (known, store, objects->pdata[k], Q, error);
  json_decref (wanted);
  return fine ? g_steal_pointer (&known) : NULL;
}
