/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_info.c: what a case holds, and what this machine has to compute with. */
#include "base/error.h"
#include "base/isa.h"
#include "base/json.h"
#include "job/spec.h"
#include "model/checkpoint.h"
#include "run/record.h"
#include "store/reader.h"
#include "tensor/backend.h"

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
  { "what this machine has to compute with: instruction set, CUDA device or why there is none", "assay info" },
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

/* --- this machine -------------------------------------------------------------------------------------------------- */

static json_t *
describe_cuda (void)
{
  g_autoptr (GError) why = NULL;
  AssayCudaFound found;

  if (!assay_backend_cuda_find (NULL, 0, &found, &why))
    return json_pack ("{s:b, s:s}", "available", FALSE, "reason", why->message);
  return json_pack ("{s:b, s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:s, s:i}", "available", TRUE, "device", found.name, "capability_major", found.major,
                    "capability_minor", found.minor, "driver", found.driver, "runtime", found.runtime, "processors", (int) found.processors, "memory",
                    (json_int_t) found.memory, "memory_available", (json_int_t) found.available, "module", found.module, "nccl", (int) found.nccl);
}

/* Whether ranks can talk: by a module, or why not. */
static json_t *
describe_mpi (void)
{
  g_autofree char *module = assay_collective_find_mpi ();

  if (!g_file_test (module, G_FILE_TEST_EXISTS))
    return json_pack ("{s:b, s:s}", "available", FALSE, "reason", "this build has no MPI module");
  return json_pack ("{s:b, s:s}", "available", TRUE, "module", module);
}

static json_t *
describe_machine (void)
{
  return json_pack ("{s:{s:i, s:s, s:o, s:o}}", "machine", "processors", (int) g_get_num_processors (), "instruction_set", assay_isa_get_name (), "cuda",
                    describe_cuda (), "mpi", describe_mpi ());
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *object = assay_values_get_string (values, "object");

  if (context->cas == NULL && (object != NULL || assay_values_get_bool (values, "history")))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "CASE is needed with --object and --history: they are about what it holds");
      return NULL;
    }
  if (context->cas == NULL)
    return describe_machine ();
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

static int
get_int (const json_t *object, const char *key)
{
  return (int) json_integer_value (json_object_get (object, key));
}

static void
view_cuda (const json_t *cuda, AssayView *view)
{
  int driver = get_int (cuda, "driver"), runtime = get_int (cuda, "runtime");

  if (!json_is_true (json_object_get (cuda, "available")))
    {
      assay_view_add_field (view, "device", "none; %s", assay_json_get_text (cuda, "reason"));
      return;
    }
  assay_view_add_field (view, "device", "%s, compute capability %d.%d, %.1f GiB of memory", assay_json_get_text (cuda, "device"),
                        get_int (cuda, "capability_major"), get_int (cuda, "capability_minor"), json_number_value (json_object_get (cuda, "memory")) / 0x1p30);
  assay_view_add_field (view, "", "driver for CUDA %d.%d, run-time %d.%d", driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  assay_view_add_field (view, "", "%s", assay_json_get_text (cuda, "module"));
}

static void
view_machine (const json_t *machine, AssayView *view)
{
  const json_t *mpi = json_object_get (machine, "mpi");
  const int nccl = get_int (json_object_get (machine, "cuda"), "nccl");

  assay_view_add_field (view, "processors", "%d, %s", get_int (machine, "processors"),
                        assay_json_get_text (machine, "instruction_set"));
  view_cuda (json_object_get (machine, "cuda"), view);
  assay_view_add_field (view, "ranks", "%s", json_is_true (json_object_get (mpi, "available")) ? "MPI, several processes of mpirun or srun do one job"
                        : "none; this build has no MPI module");
  if (nccl > 0)
    assay_view_add_field (view, "", "NCCL %d.%d.%d, their devices send to each other", nccl / 10000, nccl / 100 % 100, nccl % 100);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *object = json_object_get (document, "object"), *machine = json_object_get (document, "machine");

  if (machine != NULL)
    view_machine (machine, view);
  else if (object != NULL)
    view_object (object, view);
  else
    view_list (document, view);
}

ASSAY_JOB_KIND_DEFINE (info) = {
  .name = "info", .group = ASSAY_JOB_GROUP_CHECK, .help = "what a case holds, or what this machine has to compute with",
  .description = "Lists the objects of a case: data, models, recordings, scores, jobs. With KIND/NAME it shows one object in full: its arrays with shapes, "
                 "axes and units, its files with their digests, and its metadata.\n\n"
                 "Without a case it says what this machine has to compute with: processors, instruction set, the CUDA device with its driver and run-time, or why none "
                 "can be used, and whether processes that mpirun started can do one job.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .case_is_optional = TRUE, .params = params, .run = run,
  .view = view,
};
