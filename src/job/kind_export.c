/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_export.c: results of a case as files for other programs. */
#include "base/error.h"
#include "job/export.h"
#include "job/spec.h"

static const char *const whats[] = { "scores", "activations", "gradients", "metrics", "validation", "retraining", "model", NULL };

static const AssayParam params[] = {
  { "what", ASSAY_PARAM_CHOICE, .choices = whats, .metavar = "WHAT", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED,
    .help = "kind of object to write" },
  { "out", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE, .short_name = 'o',
    .help = "file to write; its name ends in .csv, .npy, .h5 or .safetensors and says the format" },
  { "object", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name of the object (default: the newest of its kind)" },
  { "array", ASSAY_PARAM_STRING, .metavar = "PATH", .help = "the array to write, where there are several (.csv, .npy)" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the newest scores as a table with a line for each query and example", "assay export people.assay scores --out scores.csv" },
  { "the same with axes and the examples' identity, for h5py or xarray", "assay export people.assay scores --out scores.h5" },
  { "a recording as a NumPy array", "assay export people.assay activations --out act1.npy" },
  { "a model's weights", "assay export people.assay model --object logistic --out logistic.safetensors" },
  { NULL, NULL }
};

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *out = assay_values_get_string (values, "out");
  g_autoptr (AssayExport) source = assay_export_open (context->cas, assay_values_get_string (values, "what"),
                                                      assay_values_get_string (values, "object"), error);

  if (source == NULL)
    return NULL;
  if (g_file_test (out, G_FILE_TEST_EXISTS) && !assay_job_confirm (context, "%s exists; replace it?", out))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "out: %s exists; choose another name, or give --yes to replace it", out);
      return NULL;
    }
  if (!assay_export_write (source, assay_values_get_string (values, "array"), out, context->progress, error))
    return NULL;
  return json_pack ("{s:s, s:{s:s, s:s, s:I}}", "out", out, "object", "kind", source->object->kind, "name", source->object->name, "sequence",
                    (json_int_t) source->object->sequence);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *object = json_object_get (document, "object");

  assay_view_add_text (view, "wrote %s from %s/%s", json_string_value (json_object_get (document, "out")),
                       json_string_value (json_object_get (object, "kind")), json_string_value (json_object_get (object, "name")));
}

ASSAY_JOB_KIND_DEFINE (export) = {
  .name = "export", .help = "write scores, recordings, metrics or weights as one file",
  .description = "Writes one object of the case as one file for other programs. CSV: scores in long form, a line for each query and training example "
                 "with split, index, key, file and row of both; a matrix with one labelled line for each row; series side by side. NPY: one array, "
                 "without labels, which that format cannot hold. HDF5: all arrays with axes and units, and the group /examples that names every "
                 "example. Safetensors: the parameters of a model.\n\n"
                 "The file appears whole or not at all.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .run = run, .view = view,
};
