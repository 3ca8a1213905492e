/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export.c: finds the object and its examples, and chooses the format. */
#include "job/export.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/described.h"
#include "job/subject.h"
#include "model/adapters.h"
#include "model/checkpoint.h"
#include "run/recorded.h"
#include "store/npy.h"

#include <string.h>

void
assay_export_free (AssayExport *source)
{
  if (source == NULL)
    return;
  g_clear_pointer (&source->arrays, g_ptr_array_unref);
  assay_reader_free (source->reader);
  assay_dataset_unref (source->dataset);
  assay_table_unref (source->table);
  g_clear_pointer (&source->object, assay_object_unref);
  g_free (source);
}

static AssayObject *
find_object (AssayCase *cas, const char *kind, const char *name, GError **error)
{
  AssayObject *newest = name ? NULL : assay_subject_find_newest (cas, kind);

  if (name != NULL)
    return assay_case_lookup (cas, kind, name, error);
  if (newest == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no %s; assay info %s lists what there is", assay_case_get_path (cas), kind,
                 assay_case_get_path (cas));
  return newest;
}

const char *
assay_export_find_axis (const AssayExport *source, const char *axis)
{
  for (const char *const *path = assay_reader_list (source->reader); *path != NULL; path++)
    {
      const char *name = strrchr (*path, '/');
      AssayArrayInfo info;

      if (name != NULL && strcmp (name + 1, axis) == 0 && assay_reader_describe (source->reader, *path, &info, NULL) && info.rank == 1
          && strcmp (info.axes[0], axis) == 0)
        return *path;
    }
  return NULL;
}

static gboolean
list_arrays (AssayExport *source, GError **error)
{
  source->arrays = g_ptr_array_new ();
  for (const char *const *path = assay_reader_list (source->reader); *path != NULL; path++)
    {
      const char *name = strrchr (*path, '/');
      AssayArrayInfo info;

      if (!assay_reader_describe (source->reader, *path, &info, error))
        return FALSE;
      if (info.rank != 1 || name == NULL || strcmp (info.axes[0], name + 1) != 0)
        g_ptr_array_add (source->arrays, (gpointer) *path);
    }
  return TRUE;
}

AssayExport *
assay_export_open (AssayCase *cas, const char *kind, const char *name, GError **error)
{
  g_autoptr (AssayExport) source = g_new0 (AssayExport, 1);
  const json_t *described;

  source->cas = cas;
  source->n = source->unit = -1;
  source->object = find_object (cas, kind, name, error);
  source->reader = source->object ? assay_reader_new (cas, source->object, error) : NULL;
  if (source->reader == NULL || !list_arrays (source, error))
    return NULL;
  described = json_object_get (json_object_get (source->object->meta, "subject"), "data");
  if (described == NULL)
    return g_steal_pointer (&source);
  source->dataset = assay_described_load (cas, described, source->object->name, NULL, &source->table, error);
  return source->dataset ? g_steal_pointer (&source) : NULL;
}

gboolean
assay_export_restrict (AssayExport *source, gint64 unit, const char *example, GError **error)
{
  g_autoptr (AssayRecorded) recorded = NULL;
  gint64 number;

  source->unit = unit;
  if (unit < 0 && example == NULL)
    return TRUE;
  if (strcmp (source->object->kind, "activations") != 0 || source->dataset == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a recording of activations expected, %s/%s found; leave the option out", unit >= 0 ? "unit" : "example",
                   source->object->kind, source->object->name);
      return FALSE;
    }
  if (example == NULL)
    return TRUE;
  recorded = assay_recorded_open (source->reader, error);
  return recorded != NULL && assay_dataset_find (source->dataset, example, &number, error)
         && assay_recorded_find_example (recorded, number, &source->first, &source->n, error);
}

const char *
assay_export_choose (const AssayExport *source, const char *array, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  const char *matrix = NULL;
  guint n_matrices = 0;

  for (guint k = 0; k < source->arrays->len; k++)
    {
      const char *path = source->arrays->pdata[k];
      AssayArrayInfo info;

      if (array != NULL && strcmp (path, array) == 0)
        return path;
      if (!assay_reader_describe (source->reader, path, &info, error))
        return NULL;
      if (info.rank == 2 && n_matrices++ == 0)
        matrix = path;
      g_string_append_printf (names, "%s%s", k > 0 ? ", " : "", path);
    }
  if (array == NULL && n_matrices == 1)
    return matrix;
  if (array == NULL && source->arrays->len == 1)
    return source->arrays->pdata[0];
  if (array != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s/%s has no array %s; it has %s", source->object->kind, source->object->name, array,
                 names->str);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s/%s has several arrays; choose one with --array: %s", source->object->kind,
                 source->object->name, names->str);
  return NULL;
}

gboolean
assay_export_check_unit (const AssayExport *source, const char *path, const AssayArrayInfo *info, GError **error)
{
  if (source->unit < 0 || (info->rank == 2 && source->unit < info->dims[1]))
    return TRUE;
  if (info->rank != 2)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "unit: %s has no units; --array /activations/TAP chooses a tap", path);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "unit: %s has units 0 to %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT " asked for", path, info->dims[1] - 1,
                 source->unit);
  return FALSE;
}

/* --- formats ------------------------------------------------------------------------------------------------------- */

static gboolean
write_csv (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  return assay_export_csv (source, array, path, progress, error);
}

static gboolean
write_h5 (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  (void) progress;
  if (source->n >= 0 || source->unit >= 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "out: a name that ends in .csv or .npy expected for a unit or an example, \"%s\" found", path);
      return FALSE;
    }
  if (array == NULL)
    return assay_export_h5 (source, path, error);
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "array: an .h5 file holds all arrays; leave the option out");
  return FALSE;
}

static gboolean
write_npy (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  const char *chosen = strcmp (source->object->kind, "scores") == 0 && array == NULL ? "/scores/value" : assay_export_choose (source, array, error);
  g_autoptr (AssayBuffer) data = NULL;
  AssayArrayInfo info;
  AssayStoreType type;
  gint64 n = 1, start[ASSAY_STORE_MAX_RANK] = { source->first, MAX (source->unit, 0) };

  (void) progress;
  if (chosen == NULL || !assay_reader_describe (source->reader, chosen, &info, error) || !assay_export_check_unit (source, chosen, &info, error))
    return FALSE;
  if (source->n >= 0)
    info.dims[0] = source->n;
  if (source->unit >= 0)
    info.dims[1] = 1;
  type = info.type == ASSAY_STORE_BF16 ? ASSAY_STORE_F32 : info.type;
  if (type == ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: texts do not fit an .npy file; write .csv or .h5", chosen);
      return FALSE;
    }
  for (guint k = 0; k < info.rank; k++)
    n *= info.dims[k];
  data = assay_mem_alloc_array (MAX (n, 1), assay_store_type_width (type), error);
  return data != NULL && assay_reader_read_box (source->reader, chosen, start, info.dims, type, data, error)
         && assay_npy_write (path, type, info.rank, info.dims, data, error);
}

AssayModel *
assay_export_load_model (const AssayExport *source, GError **error)
{
  g_autoptr (AssayModel) model = assay_checkpoint_load_object (source->cas, source->object, error);

  return model == NULL || assay_model_get_adapters (model) == NULL ? g_steal_pointer (&model) : assay_adapters_merge (model, error);
}

static gboolean
write_safetensors (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayModel) model = NULL;

  (void) progress;
  if (strcmp (source->object->kind, "model") != 0 || array != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: a .safetensors file holds a whole model: assay export CASE model --out %s", path, path);
      return FALSE;
    }
  model = assay_export_load_model (source, error);
  return model != NULL && assay_checkpoint_write_safetensors (model, path, error);
}

static const struct {
  const char *extension;
  gboolean (*write) (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error);
} formats[] = { { ".csv", write_csv }, { ".npy", write_npy }, { ".h5", write_h5 }, { ".safetensors", write_safetensors } };

gboolean
assay_export_is_directory (const AssayExport *source, const char *path)
{
  for (gsize k = 0; k < G_N_ELEMENTS (formats); k++)
    if (g_str_has_suffix (path, formats[k].extension))
      return FALSE;
  return strcmp (source->object->kind, "model") == 0;
}

gboolean
assay_export_write (const AssayExport *source, const char *array, const char *path, AssayProgress *progress, GError **error)
{
  for (gsize k = 0; k < G_N_ELEMENTS (formats); k++)
    if (g_str_has_suffix (path, formats[k].extension))
      return formats[k].write (source, array, path, progress, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "out: a name that ends in .csv, .npy, .h5 or .safetensors expected, or of a model a directory, \"%s\" found", path);
  return FALSE;
}
