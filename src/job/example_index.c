/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_index.c: rows to references and back. */
#include "job/example_index.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/dataset_store.h"
#include "dataset/described.h"
#include "job/subject.h"

#include <string.h>

AssayExampleIndex *
assay_example_index_ref (AssayExampleIndex *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_example_index_unref (AssayExampleIndex *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  assay_dataset_unref (self->dataset);
  if (self->table != NULL)
    assay_table_unref (self->table);
  g_clear_pointer (&self->data, assay_object_unref);
  g_clear_pointer (&self->model, assay_object_unref);
  assay_mem_free (self->index);
  assay_mem_free (self->split_of);
  g_strfreev (self->split);
  g_free (self);
}

/* What a model says of its data, or NULL. */
static const json_t *
get_described (const AssayObject *model)
{
  const json_t *described = json_object_get (model->meta, "data");

  return json_is_object (described) && json_is_string (json_object_get (described, "name")) ? described : NULL;
}

/* The newest model that was trained on data of that name. */
static AssayObject *
find_model_of (AssayCase *cas, const char *data)
{
  g_autoptr (GPtrArray) models = assay_case_list (cas, "model", NULL);
  AssayObject *newest = NULL;

  for (guint k = 0; k < models->len; k++)
    {
      AssayObject *model = models->pdata[k];
      const json_t *described = get_described (model);

      if (described != NULL && (newest == NULL || model->sequence > newest->sequence)
          && (data == NULL || strcmp (assay_json_get_text (described, "name"), data) == 0))
        newest = model;
    }
  return newest ? assay_object_ref (newest) : NULL;
}

/* FALSE with an error; *model stays NULL where none is wanted or there is none. */
static gboolean
find_model (AssayCase *cas, const char *data, const char *name, AssayObject **model, GError **error)
{
  const char *of;

  if (name == NULL)
    return TRUE;
  if (name[0] == '\0')
    {
      *model = find_model_of (cas, data);
      return TRUE;
    }
  *model = assay_case_lookup (cas, "model", name, error);
  if (*model == NULL)
    return FALSE;
  of = get_described (*model) ? assay_json_get_text (get_described (*model), "name") : NULL;
  if (of != NULL && (data == NULL || strcmp (of, data) == 0))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model %s: %s%s; leave the model out to count every row", name,
               of ? "it was trained on other data: " : "it does not say what it was trained on", of ? of : "");
  return FALSE;
}

/* --- counting ------------------------------------------------------------------------------------------------------ */

static gboolean
allocate (AssayExampleIndex *self, guint n_splits, GError **error)
{
  gint64 n = assay_table_get_n_rows (self->table);

  self->split = g_new0 (char *, n_splits + 1);
  self->index = assay_mem_new (gint64, (guint64) MAX (n, 1), error);
  self->split_of = self->index ? assay_mem_new (gint32, (guint64) MAX (n, 1), error) : NULL;
  for (gint64 row = 0; self->split_of != NULL && row < n; row++)
    {
      self->index[row] = -1;
      self->split_of[row] = -1;
    }
  return self->split_of != NULL;
}

static gboolean
count_table (AssayExampleIndex *self, GError **error)
{
  guint n_splits = assay_table_get_n_splits (self->table);
  g_autofree gint64 *next = g_new0 (gint64, n_splits + 1);

  if (!allocate (self, n_splits, error))
    return FALSE;
  for (guint k = 0; k < n_splits; k++)
    self->split[k] = g_strdup (assay_table_get_split_name (self->table, k));
  for (gint64 row = 0; row < assay_table_get_n_rows (self->table); row++)
    {
      guint k = assay_table_get_split (self->table, row);

      self->split_of[row] = (gint32) k;
      self->index[row] = next[k]++;
    }
  return TRUE;
}

static gboolean
count_dataset (AssayExampleIndex *self, GError **error)
{
  guint n_splits = assay_dataset_get_n_splits (self->dataset);

  if (!allocate (self, n_splits, error))
    return FALSE;
  for (guint k = 0; k < n_splits; k++)
    {
      gint64 n;
      const gint64 *examples = assay_dataset_get_split (self->dataset, assay_dataset_get_split_name (self->dataset, k), &n, NULL);

      self->split[k] = g_strdup (assay_dataset_get_split_name (self->dataset, k));
      for (gint64 i = 0; i < n; i++)
        {
          gint64 row = assay_dataset_get_row (self->dataset, examples[i]);

          self->split_of[row] = (gint32) k;
          self->index[row] = i;
        }
    }
  return TRUE;
}

AssayExampleIndex *
assay_example_index_new (AssayCase *cas, const char *data, const char *model, GError **error)
{
  g_autoptr (AssayExampleIndex) self = g_new0 (AssayExampleIndex, 1);

  g_atomic_ref_count_init (&self->count);
  if (!find_model (cas, data, model, &self->model, error))
    return NULL;
  if (self->model != NULL)
    {
      self->dataset = assay_described_load (cas, get_described (self->model), self->model->name, &self->data, &self->table, error);
      return self->dataset != NULL && count_dataset (self, error) ? g_steal_pointer (&self) : NULL;
    }
  self->data = assay_subject_find_data (cas, data, error);
  self->table = self->data ? assay_table_load (cas, self->data->name, error) : NULL;
  return self->table != NULL && count_table (self, error) ? g_steal_pointer (&self) : NULL;
}

char *
assay_example_index_dup_reference (const AssayExampleIndex *self, gint64 row)
{
  return self->index[row] < 0 ? NULL : g_strdup_printf ("%s:%" G_GINT64_FORMAT, self->split[self->split_of[row]], self->index[row]);
}

gint64
assay_example_index_get_row (const AssayExampleIndex *self, const char *split, gint64 place)
{
  gint64 n = 0;
  const gint64 *examples = self->dataset ? assay_dataset_get_split (self->dataset, split, &n, NULL) : NULL;
  g_autofree char *reference = NULL;

  if (examples != NULL)
    return place >= 0 && place < n ? assay_dataset_get_row (self->dataset, examples[place]) : -1;
  reference = g_strdup_printf ("%s:%" G_GINT64_FORMAT, split, place);
  return assay_example_index_find (self, reference);
}

gint64
assay_example_index_find (const AssayExampleIndex *self, const char *reference)
{
  gint64 n = assay_table_get_n_rows (self->table), index;
  const char *colon = strrchr (reference, ':');
  g_autofree char *split = colon ? g_strndup (reference, colon - reference) : NULL;
  gint32 wanted = -1;

  if (g_str_has_prefix (reference, "id:"))
    {
      for (gint64 row = 0; row < n; row++)
        if (g_strcmp0 (assay_table_get_id (self->table, row), reference + strlen ("id:")) == 0)
          return row;
      return -1;
    }
  for (gint32 k = 0; split != NULL && self->split[k] != NULL; k++)
    if (strcmp (self->split[k], split) == 0)
      wanted = k;
  if (wanted < 0 || !g_ascii_string_to_signed (colon + 1, 10, 0, G_MAXINT64, &index, NULL))
    return -1;
  for (gint64 row = 0; row < n; row++)
    if (self->split_of[row] == wanted && self->index[row] == index)
      return row;
  return -1;
}
