/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_export.c: results of a case as files for other programs. */
#include "base/error.h"
#include "job/export.h"
#include "job/report_document.h"
#include "job/spec.h"
#include "report/evidence.h"
#include "report/notebook.h"
#include "store/file.h"

#include <string.h>

static const char *const whats[] = { "scores", "activations", "gradients", "metrics", "validation", "retraining", "model", "notebook", NULL };

static const AssayParam params[] = {
  { "what", ASSAY_PARAM_CHOICE, .choices = whats, .metavar = "WHAT", .flags = ASSAY_PARAM_POSITIONAL | ASSAY_PARAM_REQUIRED,
    .help = "kind of object to write; notebook: what the whole case shows" },
  { "out", ASSAY_PARAM_STRING, .metavar = "FILE", .flags = ASSAY_PARAM_REQUIRED | ASSAY_PARAM_FILE | ASSAY_PARAM_WRITTEN, .short_name = 'o',
    .help = "file to write; its name ends in .csv, .npy, .h5, .safetensors or .ipynb and says the format; of a model any other name is a directory" },
  { "object", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name of the object (default: the newest of its kind)" },
  { "array", ASSAY_PARAM_STRING, .metavar = "PATH", .help = "the array to write, where there are several (.csv, .npy)" },
  { "unit", ASSAY_PARAM_INT, .flags = ASSAY_PARAM_OPTIONAL, .min = 0, .max = 1e12, .help = "of activations this unit alone, at every row (.csv, .npy)" },
  { "example", ASSAY_PARAM_STRING, .metavar = "EXAMPLE", .help = "of activations the rows of this example alone: SPLIT:INDEX or id:VALUE (.csv, .npy)" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the newest scores as a table with a line for each query and example", "assay export people.assay scores --out scores.csv" },
  { "the same with axes and the examples' identity, for h5py or xarray", "assay export people.assay scores --out scores.h5" },
  { "a recording as a NumPy array", "assay export people.assay activations --out act1.npy" },
  { "one unit of it at every example", "assay export people.assay activations --unit 3 --out unit3.csv" },
  { "one example of it at every unit", "assay export people.assay activations --example train:0 --out example.csv" },
  { "and the gradients of its training examples", "assay export people.assay gradients --out gradients.npy" },
  { "a model's weights", "assay export people.assay model --object logistic --out logistic.safetensors" },
  { "a language model in the files of the transformers library, with its tokenizer", "assay export people.assay model --object sums --out sums" },
  { "everything the case shows, as a notebook that recomputes it", "assay export people.assay notebook --out people.ipynb" },
  { NULL, NULL }
};

/* A notebook and, beside it, the evidence that it reads: "people.ipynb" and "people.results.h5". */
static json_t *
export_notebook (AssayJobContext *context, const char *out, GError **error)
{
  const AssayReportRequest request = { .audience = ASSAY_AUDIENCE_INTERNAL };
  g_autoptr (AssayDocument) document = NULL;
  g_autoptr (AssayEvidence) evidence = NULL;
  g_autofree char *stem = NULL, *results = NULL, *base = NULL;
  g_autoptr (GString) text = NULL;
  json_t *notebook;
  GBytes *file;

  if (!g_str_has_suffix (out, ".ipynb"))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "out: a name ending in .ipynb expected for a notebook, %s found", out);
      return NULL;
    }
  document = assay_report_document_make (context, &request, error);
  evidence = document ? assay_evidence_new (document->results, document->created_utc, error) : NULL;
  if (evidence == NULL)
    return NULL;
  file = assay_evidence_get_file (evidence);
  document->evidence_root = g_strdup (assay_evidence_get_root (evidence));
  document->results_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file);
  stem = g_strndup (out, strlen (out) - strlen (".ipynb"));
  results = g_strconcat (stem, ".results.h5", NULL);
  base = g_path_get_basename (results);
  notebook = assay_notebook_make (document, base, error);
  if (notebook == NULL)
    return NULL;
  text = assay_notebook_to_text (notebook);
  json_decref (notebook);
  if (!assay_file_write (results, g_bytes_get_data (file, NULL), g_bytes_get_size (file), error) || !assay_file_write (out, text->str, text->len, error))
    return NULL;
  return json_pack ("{s:s, s:s, s:n}", "out", out, "results", results, "object");
}

static json_t *
export_directory (const AssayExport *source, const char *array, const char *out, AssayJobContext *context, GError **error)
{
  json_t *told = json_pack ("{s:s, s:{s:s, s:s, s:I}}", "out", out, "object", "kind", source->object->kind, "name", source->object->name, "sequence",
                            (json_int_t) source->object->sequence);

  if (array != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "array: a directory holds a whole model; leave the option out");
  if (array != NULL || !assay_export_directory (source, out, told, error))
    {
      json_decref (told);
      return NULL;
    }
  if (json_is_null (json_object_get (told, "tokenizer")))
    assay_job_add_note (context, "no tokenizer is written: nothing says what made the tokens of model %s", source->object->name);
  return told;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *out = assay_values_get_string (values, "out"), *what = assay_values_get_string (values, "what");
  gboolean is_notebook = strcmp (what, "notebook") == 0;
  g_autoptr (AssayExport) source = is_notebook ? NULL : assay_export_open (context->cas, what, assay_values_get_string (values, "object"), error);

  if (source == NULL && !is_notebook)
    return NULL;
  if (source != NULL && !assay_export_restrict (source, assay_values_get_int (values, "unit"), assay_values_get_string (values, "example"), error))
    return NULL;
  if (g_file_test (out, G_FILE_TEST_EXISTS) && !assay_job_confirm (context, "%s exists; replace it?", out))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "out: %s exists; choose another name, or give --yes to replace it", out);
      return NULL;
    }
  if (is_notebook)
    return export_notebook (context, out, error);
  if (assay_export_is_directory (source, out))
    return export_directory (source, assay_values_get_string (values, "array"), out, context, error);
  if (!assay_export_write (source, assay_values_get_string (values, "array"), out, context->progress, error))
    return NULL;
  return json_pack ("{s:s, s:{s:s, s:s, s:I}}", "out", out, "object", "kind", source->object->kind, "name", source->object->name, "sequence",
                    (json_int_t) source->object->sequence);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *object = json_object_get (document, "object");

  if (json_is_string (json_object_get (document, "results")))
    assay_view_add_text (view, "wrote %s, and %s, which it reads", json_string_value (json_object_get (document, "out")),
                         json_string_value (json_object_get (document, "results")));
  else
    assay_view_add_text (view, "wrote %s from %s/%s", json_string_value (json_object_get (document, "out")),
                       json_string_value (json_object_get (object, "kind")), json_string_value (json_object_get (object, "name")));
}

ASSAY_JOB_KIND_DEFINE (export) = {
  .name = "export", .group = ASSAY_JOB_GROUP_REPORT, .help = "write scores, recordings, metrics or weights as one file",
  .description = "Writes one object of the case as one file for other programs. CSV: scores in long form, a line for each query and training example "
                 "with split, index, key, file and row of both; a matrix with one labelled line for each row; series side by side. NPY: one array, "
                 "without labels, which that format cannot hold. Of a recording --unit and --example write one unit at every row or one example's rows, either read without the rest. HDF5: all arrays with axes and units, and the group /examples that names every "
                 "example. Safetensors: the parameters of a model. A directory: a language model in the files of the transformers library (GPT-2, GPT-NeoX, Llama and its kin, Mamba, RWKV), with the "
                 "tokenizer that its data were made with, where the case has it; a model that none of these families is, is refused with where it differs. Notebook: what a report of the case says, with stored outputs that numpy, h5py and matplotlib "
                 "recompute from the HDF5 file that is written beside it; for internal readers, since it names people of the data.\n\n"
                 "The file appears whole or not at all.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .run = run, .view = view,
};
