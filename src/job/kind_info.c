/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_info.c: what a case holds. */
#include "base/error.h"
#include "base/json.h"
#include "job/spec.h"
#include "model/checkpoint.h"
#include "run/record.h"
#include "store/reader.h"

#include <stdlib.h>
#include <string.h>

static const AssayParam params[] = {
  { "object", ASSAY_PARAM_STRING, .metavar = "KIND/NAME", .names = "object", .flags = ASSAY_PARAM_POSITIONAL, .help = "one object in full: its arrays and metadata" },
  { "history", ASSAY_PARAM_BOOL, .help = "list superseded objects too" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "what the case holds", "assay info people.assay" },
  { "one object in full", "assay info people.assay data/main" },
  { NULL, NULL }
};

static json_t *
object_to_json (const AssayObject *object)
{
  return json_pack ("{s:s, s:s, s:I, s:I, s:I, s:b, s:i, s:s?}", "kind", object->kind, "name", object->name, "sequence",
                    (json_int_t) object->sequence, "rows", (json_int_t) object->rows, "bytes", (json_int_t) object->bytes, "complete",
                    object->complete, "parts", (int) object->n_parts, "committed_utc",
                    object->n_parts > 0 ? object->parts[object->n_parts - 1]->utc : NULL);
}

/* --- one object ---------------------------------------------------------------------------------------------------- */

static json_t *
array_to_json (const char *path, const AssayArrayInfo *info)
{
  json_t *dims = json_array (), *axes = json_array ();

  for (guint k = 0; k < info->rank; k++)
    {
      json_array_append_new (dims, json_integer (info->dims[k]));
      json_array_append_new (axes, json_string (info->axes[k]));
    }
  return json_pack ("{s:s, s:s, s:o, s:o, s:s?, s:s?, s:s?}", "path", path, "type", assay_store_type_word (info->type), "shape", dims, "axes",
                    axes, "long_name", info->long_name, "units", info->units, "description", info->description);
}

static json_t *
describe_arrays (AssayCase *cas, AssayObject *object, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (cas, object, error);
  json_t *arrays;

  if (reader == NULL)
    return NULL;
  arrays = json_array ();
  for (const char *const *path = assay_reader_list (reader); *path != NULL; path++)
    {
      AssayArrayInfo info;

      if (!assay_reader_describe (reader, *path, &info, error))
        {
          json_decref (arrays);
          return NULL;
        }
      json_array_append_new (arrays, array_to_json (*path, &info));
    }
  return arrays;
}

static json_t *
describe_files (const AssayObject *object)
{
  json_t *files = json_array ();

  for (guint k = 0; k < object->n_parts; k++)
    {
      const AssayPart *part = object->parts[k];

      json_array_append_new (files, json_pack ("{s:s, s:I, s:s, s:s}", "file", part->file, "bytes", (json_int_t) part->bytes, "sha256",
                                               part->sha256, "content_root", part->content_root));
    }
  return files;
}

/* What can be recorded of a model: names and shapes. */
static json_t *
list_taps (AssayCase *cas, AssayObject *object, GError **error)
{
  g_autoptr (AssayModel) model = assay_checkpoint_load_object (cas, object, error);
  g_autoptr (GPtrArray) taps = model ? assay_record_list_taps (model) : NULL;
  json_t *list;

  if (taps == NULL)
    return NULL;
  list = json_array ();
  for (guint k = 0; k < taps->len; k++)
    json_array_append_new (list, json_string (taps->pdata[k]));
  return list;
}

static json_t *
describe_object (AssayCase *cas, const char *name, GError **error)
{
  const char *slash = strchr (name, '/');
  g_autofree char *kind = slash ? g_strndup (name, slash - name) : NULL;
  g_autoptr (AssayObject) object = NULL;
  json_t *arrays, *document, *taps = NULL;

  if (slash == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "object \"%s\": KIND/NAME expected, as in data/main", name);
      return NULL;
    }
  object = assay_case_lookup (cas, kind, slash + 1, error);
  arrays = object ? describe_arrays (cas, object, error) : NULL;
  if (arrays == NULL)
    return NULL;
  if (strcmp (kind, "model") == 0 && (taps = list_taps (cas, object, error)) == NULL)
    {
      json_decref (arrays);
      return NULL;
    }
  document = object_to_json (object);
  if (taps != NULL)
    json_object_set_new (document, "taps", taps);
  json_object_set_new (document, "arrays", arrays);
  json_object_set_new (document, "files", describe_files (object));
  json_object_set (document, "meta", object->meta);
  return json_pack ("{s:s, s:o}", "path", assay_case_get_path (cas), "object", document);
}

/* --- all objects --------------------------------------------------------------------------------------------------- */

static json_t *
list_objects (AssayCase *cas, gboolean history)
{
  g_autoptr (GPtrArray) objects = history ? assay_case_list_history (cas) : assay_case_list (cas, NULL, NULL);
  json_t *list = json_array ();
  guint64 bytes = 0;

  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];

      bytes += object->bytes;
      json_array_append_new (list, object_to_json (object));
    }
  return json_pack ("{s:s, s:i, s:I, s:o}", "path", assay_case_get_path (cas), "format", ASSAY_CASE_FORMAT, "bytes", (json_int_t) bytes, "objects",
                    list);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *object = assay_values_get_string (values, "object");

  return object ? describe_object (context->cas, object, error) : list_objects (context->cas, assay_values_get_bool (values, "history"));
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static void
view_list (const json_t *document, AssayView *view)
{
  const json_t *objects = json_object_get (document, "objects");
  g_autofree char *total = assay_view_bytes (json_number_value (json_object_get (document, "bytes")));
  gsize k;
  json_t *object;

  assay_view_add_text (view, "%s: %d objects, %s", assay_json_get_text (document, "path"), (int) json_array_size (objects), total);
  if (json_array_size (objects) == 0)
    {
      assay_view_add_text (view, "nothing is in it yet; next: assay import %s data FILE", assay_json_get_text (document, "path"));
      return;
    }
  assay_view_begin_table (view, "kind|name|>rows|>size|committed (UTC)|state");
  json_array_foreach (objects, k, object)
    {
      g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (object, "rows")));
      g_autofree char *bytes = assay_view_bytes (json_number_value (json_object_get (object, "bytes")));

      assay_view_add_cell (view, assay_json_get_text (object, "kind"));
      assay_view_add_cell (view, assay_json_get_text (object, "name"));
      assay_view_add_cell (view, rows);
      assay_view_add_cell (view, bytes);
      assay_view_add_cell (view, assay_json_get_text (object, "committed_utc"));
      assay_view_add_cell (view, json_is_true (json_object_get (object, "complete")) ? "" : "unfinished");
    }
}

/* Coordinates say nothing of their own: the arrays that use them name them. */
static gboolean
is_axis (const json_t *array)
{
  const char *path = json_string_value (json_object_get (array, "path")), *name = path ? strrchr (path, '/') : NULL;
  const json_t *axes = json_object_get (array, "axes");

  return name != NULL && json_array_size (axes) == 1 && g_strcmp0 (json_string_value (json_array_get (axes, 0)), name + 1) == 0;
}

static void
view_arrays (const json_t *arrays, AssayView *view)
{
  gsize k, axis;
  json_t *array, *length;

  assay_view_begin_table (view, "array|type|shape|units|what");
  json_array_foreach (arrays, k, array)
    {
      g_autoptr (GString) shape = g_string_new (NULL);

      if (is_axis (array))
        continue;
      json_array_foreach (json_object_get (array, "shape"), axis, length)
        g_string_append_printf (shape, "%s%s %" G_GINT64_FORMAT, axis > 0 ? " x " : "",
                                json_string_value (json_array_get (json_object_get (array, "axes"), axis)),
                                (gint64) json_integer_value (length));
      assay_view_add_cell (view, assay_json_get_text (array, "path"));
      assay_view_add_cell (view, assay_json_get_text (array, "type"));
      assay_view_add_cell (view, shape->str);
      assay_view_add_cell (view, assay_json_get_text (array, "units"));
      assay_view_add_cell (view, assay_json_get_text (array, "long_name"));
    }
}

static void
view_object (const json_t *object, AssayView *view)
{
  char *meta = json_dumps (json_object_get (object, "meta"), JSON_INDENT (2) | JSON_SORT_KEYS | JSON_REAL_PRECISION (15));
  gsize k;
  json_t *file;

  assay_view_add_field (view, "object", "%s/%s", assay_json_get_text (object, "kind"), assay_json_get_text (object, "name"));
  assay_view_add_field (view, "committed", "%s", assay_json_get_text (object, "committed_utc"));
  json_array_foreach (json_object_get (object, "files"), k, file)
    assay_view_add_field (view, k == 0 ? "files" : "", "%s  sha256 %.16s...", assay_json_get_text (file, "file"),
                          assay_json_get_text (file, "sha256"));
  assay_view_add_heading (view, "Arrays");
  view_arrays (json_object_get (object, "arrays"), view);
  json_array_foreach (json_object_get (object, "taps"), k, file)
    {
      if (k == 0)
        assay_view_add_heading (view, "Taps (assay record --taps)");
      assay_view_add_text (view, "%s", json_string_value (file));
    }
  assay_view_add_heading (view, "Metadata");
  assay_view_add_text (view, "%s", meta);
  free (meta);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *object = json_object_get (document, "object");

  if (object != NULL)
    view_object (object, view);
  else
    view_list (document, view);
}

ASSAY_JOB_KIND_DEFINE (info) = {
  .name = "info", .group = ASSAY_JOB_GROUP_CHECK, .help = "what a case holds",
  .description = "Lists the objects of a case: data, models, recordings, scores, jobs. With KIND/NAME it shows one object in full: its arrays with shapes, "
                 "axes and units, its files with their digests, and its metadata.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .run = run, .view = view,
};
