/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export_h5.c: an object's arrays in an HDF5 file of their own, and who the examples are. */
#include "job/export.h"

#include "base/mem.h"
#include "store/shard.h"

#include <string.h>

#define BULK_VALUES ((gint64) 1 << 16)

static gint64
count (const AssayArrayInfo *info)
{
  gint64 n = 1;

  for (guint k = 0; k < info->rank; k++)
    n *= info->dims[k];
  return n;
}

static AssayArraySpec
spec_of (const char *path, const AssayArrayInfo *info)
{
  AssayArraySpec spec = { .path = path, .type = info->type, .rank = info->rank, .long_name = info->long_name, .units = info->units,
                          .description = info->description, .bulk = info->rank == 2 && count (info) >= BULK_VALUES };

  memcpy (spec.dims, info->dims, sizeof spec.dims);
  for (guint k = 0; k < info->rank; k++)
    spec.axes[k] = info->axes[k];
  return spec;
}

typedef gboolean (*PutNumbers) (AssayShardWriter *writer, const AssayArraySpec *spec, AssayStoreType from, const void *values, GError **error);
typedef gboolean (*PutTexts) (AssayShardWriter *writer, const AssayArraySpec *spec, const char *const *values, GError **error);

static gboolean
copy (AssayShardWriter *writer, const AssayExport *source, const char *from, const char *to, PutNumbers put, PutTexts put_texts, GError **error)
{
  g_autoptr (AssayBuffer) data = NULL;
  AssayArrayInfo info;
  AssayArraySpec spec;

  if (!assay_reader_describe (source->reader, from, &info, error))
    return FALSE;
  spec = spec_of (to, &info);
  if (info.type == ASSAY_STORE_TEXT)
    {
      g_auto (GStrv) texts = assay_reader_read_text (source->reader, from, error);

      return texts != NULL && put_texts (writer, &spec, (const char *const *) texts, error);
    }
  data = assay_mem_alloc_array (MAX (count (&info), 1), assay_store_type_width (info.type), error);
  return data != NULL && assay_reader_read (source->reader, from, info.type, data, error) && put (writer, &spec, info.type, data, error);
}

/* The coordinates of each axis, once, before the arrays that use them. */
static gboolean
copy_axes (AssayShardWriter *writer, const AssayExport *source, const char *path, GHashTable *done, GError **error)
{
  AssayArrayInfo info;

  if (!assay_reader_describe (source->reader, path, &info, error))
    return FALSE;
  for (guint k = 0; k < info.rank; k++)
    {
      const char *axis = assay_export_find_axis (source, info.axes[k]);
      g_autofree char *to = g_strconcat ("/", info.axes[k], NULL);

      if (axis == NULL || !g_hash_table_add (done, g_strdup (info.axes[k])))
        continue;
      if (!copy (writer, source, axis, to, assay_shard_writer_put_axis, assay_shard_writer_put_axis_text, error))
        return FALSE;
    }
  return TRUE;
}

/* --- who the examples are ------------------------------------------------------------------------------------------ */

static gboolean
put_example_texts (AssayShardWriter *writer, const char *path, const char *what, GPtrArray *texts, GError **error)
{
  AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { texts->len }, .axes = { "data_example" }, .long_name = what };

  return assay_shard_writer_put_text (writer, &spec, (const char *const *) texts->pdata, error);
}

static gboolean
put_example_numbers (AssayShardWriter *writer, const char *path, const char *what, const gint64 *values, gint64 n, GError **error)
{
  AssayArraySpec spec = { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .dims = { n }, .axes = { "data_example" }, .long_name = what };

  return assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, values, error);
}

static gboolean
put_examples (AssayShardWriter *writer, const AssayExport *source, GError **error)
{
  gint64 n = assay_dataset_get_n (source->dataset);
  g_autoptr (GPtrArray) splits = g_ptr_array_new (), ids = g_ptr_array_new (), files = g_ptr_array_new ();
  g_autoptr (AssayBuffer) index = assay_mem_new (gint64, n, error), rows = index ? assay_mem_new (gint64, n, error) : NULL;
  gboolean any_id = FALSE;

  if (rows == NULL)
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    {
      gint64 row = assay_dataset_get_row (source->dataset, i);
      const char *split = assay_dataset_get_split_of (source->dataset, i, (gint64 *) index + i), *id = assay_dataset_get_id (source->dataset, i);
      const char *file = assay_table_get_file (source->table, row);

      ((gint64 *) rows)[i] = assay_table_get_source_row (source->table, row);
      any_id |= id != NULL;
      g_ptr_array_add (splits, (gpointer) (split ? split : ""));
      g_ptr_array_add (ids, (gpointer) (id ? id : ""));
      g_ptr_array_add (files, (gpointer) (file ? file : ""));
    }
  return put_example_texts (writer, "/examples/split", "split of the example", splits, error)
         && put_example_numbers (writer, "/examples/index", "index in the split, from 0", index, n, error)
         && (!any_id || put_example_texts (writer, "/examples/id", "key of the example", ids, error))
         && put_example_texts (writer, "/examples/file", "source file", files, error)
         && put_example_numbers (writer, "/examples/source_row", "row of the source file", rows, n, error);
}

gboolean
assay_export_h5 (const AssayExport *source, const char *path, GError **error)
{
  const AssayPart *part = source->object->parts[source->object->n_parts - 1];
  /* Time and id of the object, so that the same export gives the same bytes. */
  json_t *meta = json_pack ("{s:s, s:s, s:I, s:O, s:s, s:s}", "kind", source->object->kind, "name", source->object->name, "sequence",
                            (json_int_t) source->object->sequence, "meta", source->object->meta, "created_utc", part->utc, "run_uuid",
                            part->content_root);
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file ("export", source->object->name, meta, error);
  g_autoptr (GHashTable) axes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  json_decref (meta);
  if (writer == NULL)
    return FALSE;
  for (guint k = 0; k < source->arrays->len; k++)
    if (!copy_axes (writer, source, source->arrays->pdata[k], axes, error)
        || !copy (writer, source, source->arrays->pdata[k], source->arrays->pdata[k], assay_shard_writer_put, assay_shard_writer_put_text, error))
      return FALSE;
  if (source->dataset != NULL && !put_examples (writer, source, error))
    return FALSE;
  assay_shard_writer_set_rows (writer, source->object->rows);
  return assay_shard_writer_write_file (writer, path, error);
}
