/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored_rows.c: readers of gradients, and where each example's row is. */
#include "influence/stored_rows.h"

#include "base/error.h"
#include "store/reader.h"

#include <string.h>

#define GROUP "/gradients/"

typedef struct {
  AssayReader *reader;
  char *path;                   /* of the only group */
  gint64 n_rows, n_train;       /* rows of training examples come first; n_train = n_rows where it is not said */
  gboolean has_queries;
  GHashTable *train, *query;    /* example -> row + 1 */
} Source;

static void
source_free (gpointer data)
{
  Source *source = data;

  assay_reader_free (source->reader);
  g_free (source->path);
  g_clear_pointer (&source->train, g_hash_table_unref);
  g_clear_pointer (&source->query, g_hash_table_unref);
  g_free (source);
}

void
assay_stored_rows_free (AssayStoredRows *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->sources);
  g_string_free (self->words, TRUE);
  g_free (self);
}

/* An index axis of the group is no group of its own. */
static gboolean
find_group (Source *source, const char *name, gint64 *width, GError **error)
{
  guint n = 0;

  for (const char *const *path = assay_reader_list (source->reader); *path != NULL; path++)
    {
      AssayArrayInfo info;

      if (!g_str_has_prefix (*path, GROUP) || !assay_reader_describe (source->reader, *path, &info, NULL) || info.rank != 2)
        continue;
      if (n++ == 0)
        source->path = g_strdup (*path);
      source->n_rows = info.dims[0];
      *width = info.dims[1];
    }
  if (n == 1)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, n == 0 ? "gradients %s: rows expected, only their norms found; record again without --norms"
               : "gradients %s: one group of parameters expected, several found; record one alone, --gradients '*'", name);
  return FALSE;
}

static gboolean
index_rows (Source *source, GError **error)
{
  g_autofree gint64 *example = g_new (gint64, MAX (source->n_rows, 1));

  if (!assay_reader_read (source->reader, "/index/example", ASSAY_STORE_I64, example, error))
    return FALSE;
  source->train = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  source->query = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (gint64 row = 0; row < source->n_rows; row++)
    g_hash_table_insert (row < source->n_train ? source->train : source->query, g_memdup2 (&example[row], sizeof *example), GSIZE_TO_POINTER (row + 1));
  return TRUE;
}

static gboolean
check_subject (const AssayInfluenceTask *task, const AssayObject *object, GError **error)
{
  const char *model = json_string_value (json_object_get (json_object_get (object->meta, "subject"), "model"));

  if (!object->complete)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "gradients %s: not finished; the same assay record goes on with it", object->name);
  else if (task->model_name != NULL && g_strcmp0 (model, task->model_name) != 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "gradients %s: rows for the model %s expected, those of %s found", object->name, task->model_name,
                 model ? model : "no model");
  else
    return TRUE;
  return FALSE;
}

/* Rows of tokens are several to an example. */
static gboolean
check_rows (const Source *source, const char *name, GError **error)
{
  if (!assay_reader_has (source->reader, "/index/position"))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "gradients %s: a row for each example expected, for each target found; record with --gradient-rows examples", name);
  return FALSE;
}

static gboolean
add_source (AssayStoredRows *self, const AssayInfluenceTask *task, const char *name, GError **error)
{
  Source *source = g_new0 (Source, 1);
  const AssayObject *object;
  const json_t *meta, *n_train;
  const char *program;
  gint64 width = 0;

  g_ptr_array_add (self->sources, source);
  source->reader = assay_reader_open (task->store, "gradients", name, error);
  if (source->reader == NULL)
    return FALSE;
  object = assay_reader_get_object (source->reader);
  meta = object->meta;
  if (!check_subject (task, object, error) || !check_rows (source, name, error) || !find_group (source, name, &width, error))
    return FALSE;
  if (self->width != 0 && self->width != width)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "gradients %s: rows of %" G_GINT64_FORMAT " numbers expected, %" G_GINT64_FORMAT " found", name, self->width,
                   width);
      return FALSE;
    }
  self->width = width;
  n_train = json_object_get (meta, "train_rows");
  source->has_queries = json_is_integer (n_train) && json_integer_value (n_train) < source->n_rows;
  source->n_train = json_is_integer (n_train) ? json_integer_value (n_train) : source->n_rows;
  program = json_string_value (json_object_get (meta, "program"));
  g_string_append_printf (self->words, "gradients %s: %" G_GINT64_FORMAT " rows of %" G_GINT64_FORMAT " numbers, ", name, source->n_rows, width);
  if (json_is_true (json_object_get (meta, "imported")))
    g_string_append_printf (self->words, "imported, not computed here%s%s\n", program ? ": " : "", program ? program : "");
  else
    g_string_append (self->words, "recorded here\n");
  return index_rows (source, error);
}

AssayStoredRows *
assay_stored_rows_open (const AssayInfluenceTask *task, const char *const *names, GError **error)
{
  g_autoptr (AssayStoredRows) self = g_new0 (AssayStoredRows, 1);

  self->sources = g_ptr_array_new_with_free_func (source_free);
  self->words = g_string_new (NULL);
  self->dataset = task->dataset;
  if (names[0] == NULL || task->store == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "rows: the gradients to compare expected (--rows NAME), none named; assay record --gradients or assay import "
                           "gradients makes them");
      return NULL;
    }
  for (; *names != NULL; names++)
    if (!add_source (self, task, *names, error))
      return NULL;
  return g_steal_pointer (&self);
}

gboolean
assay_stored_rows_read (const AssayStoredRows *self, gint64 example, gboolean is_query, double *row, GError **error)
{
  g_autofree char *words = NULL;

  for (guint k = 0; k < self->sources->len; k++)
    {
      const Source *source = self->sources->pdata[k];
      gint64 at = (gint64) GPOINTER_TO_SIZE (g_hash_table_lookup (is_query && source->has_queries ? source->query : source->train, &example));
      const gint64 start[2] = { at - 1, 0 }, count[2] = { 1, self->width };

      if (at > 0)
        return assay_reader_read_box (source->reader, source->path, start, count, ASSAY_STORE_F64, row, error);
    }
  words = assay_dataset_describe (self->dataset, example);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "rows: a row for the %s %s expected, none found; name the gradients that have it with --rows too",
               is_query ? "query" : "training example", words);
  return FALSE;
}

gint64
assay_stored_rows_get_width (const AssayInfluenceTask *task, const char *const *names)
{
  g_autoptr (AssayStoredRows) rows = assay_stored_rows_open (task, names, NULL);

  return rows ? rows->width : 0;
}
