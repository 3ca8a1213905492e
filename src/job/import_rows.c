/* SPDX-License-Identifier: GPL-3.0-or-later */
/* import_rows.c: activations and gradients of another program become recordings of a case, one row for each example (and position). */
#include "job/import_measured.h"

#include "base/error.h"
#include "run/record.h"
#include "store/array_file.h"
#include "store/recorder.h"

#include <math.h>
#include <string.h>

static const char *const types[] = { "f16", "bf16", "f32", "f64", NULL };

#define COMMON_PARAMS                                                                                                   \
  { "array", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "which array of the file, where it has several" },         \
  { "type", ASSAY_PARAM_CHOICE, .def.s = "f32", .choices = types, .help = "as stored" },                               \
  { "program", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "what computed them, with its version" },                \
  ASSAY_SUBJECT_PARAMS

const AssayParam assay_import_activations_params[] = {
  { "tap", ASSAY_PARAM_STRING, .metavar = "TAP", .names = "tap", .flags = ASSAY_PARAM_REQUIRED, .help = "result of the model that they are of (assay info CASE model/NAME lists them)" },
  { "split", ASSAY_PARAM_STRING, .metavar = "SPLIT", .names = "split", .help = "examples that they are of, in their order (default: the split that the model was trained on)" },
  { "axes", ASSAY_PARAM_STRING, .metavar = "NAMES",
    .help = "axes of the array in their order (default: example,channel; for models of tokens example,position,channel)" },
  COMMON_PARAMS,
  { .name = NULL }
};

const AssayParam assay_import_gradients_params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "what the rows of a second file are of, in their order; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "axes", ASSAY_PARAM_STRING, .def.s = "example,parameter", .metavar = "NAMES", .help = "axes of the arrays in their order" },
  COMMON_PARAMS,
  { .name = NULL }
};

/* An array as rows: where the axes of a name are. */
typedef struct {
  const AssayArrayFile *file;
  gint64 length[3];             /* of the axes that are wanted, in the order of rows; 1 where there is none */
  gint64 stride[3];             /* 0 where there is none */
} Layout;

/* wanted: names in the order of rows, NULL-terminated, at most three. Errors: USAGE for other names; SHAPE for another number of axes. */
static gboolean
read_axes (const char *text, const char *const *wanted, const AssayArrayFile *file, Layout *layout, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  g_autofree char *all = g_strjoinv (",", (char **) wanted);
  guint n = g_strv_length (names);
  gint64 stride = 1;

  for (guint w = 0; wanted[w] != NULL; w++)
    if (n != g_strv_length ((char **) wanted) || !g_strv_contains ((const char *const *) names, wanted[w]))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "axes: %s once each, in the order of the file, expected, \"%s\" found", all, text);
        return FALSE;
      }
  if (n != file->rank)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: the %u axes \"%s\" expected, %u found; give --axes as the file has them", file->label, n, text, file->rank);
      return FALSE;
    }
  *layout = (Layout) { .file = file, .length = { 1, 1, 1 } };
  for (guint k = n; k-- > 0; stride *= file->dims[k])
    for (guint w = 0; wanted[w] != NULL; w++)
      if (strcmp (names[k], wanted[w]) == 0)
        {
          layout->length[w] = file->dims[k];
          layout->stride[w] = stride;
        }
  return TRUE;
}

static gboolean
check_length (const Layout *layout, guint axis, const char *words, gint64 wanted, GError **error)
{
  if (layout->length[axis] == wanted)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: %" G_GINT64_FORMAT " %s expected, %" G_GINT64_FORMAT " found", layout->file->label, wanted, words,
               layout->length[axis]);
  return FALSE;
}

/* Numbers that the stored type cannot hold are named, not rounded to infinity. */
static gboolean
check_number (const Layout *layout, gint64 example, gint64 second, gint64 third, double value, AssayStoreType type, GError **error)
{
  double most = type == ASSAY_STORE_F16 ? 65520 : type == ASSAY_STORE_F64 ? (double) INFINITY : 0x1.ffffffp127;

  if (fabs (value) < most)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: example %" G_GINT64_FORMAT ", place %" G_GINT64_FORMAT "%s%.0" G_GINT64_FORMAT ": a finite number that %s holds "
               "expected, %g found", layout->file->label, example, second, third >= 0 ? "," : "", MAX (third, 0), assay_store_type_word (type), value);
  return FALSE;
}

static AssayStoreType
read_type (const AssayValues *options)
{
  AssayStoreType type = ASSAY_STORE_F32;

  assay_store_type_parse (assay_values_get_string (options, "type"), &type);
  return type;
}

static json_t *
describe (const AssayValues *options, const AssaySubject *subject)
{
  return json_pack ("{s:b, s:s?, s:o}", "imported", TRUE, "program", assay_values_get_string (options, "program"), "subject", assay_subject_to_json (subject));
}

static json_t *
summarise (const char *what, const AssayObject *object, const AssayValues *options, const AssaySubject *subject, gint64 width)
{
  return json_pack ("{s:s, s:s, s:s, s:s?, s:I, s:I}", "what", what, "name", object->name, "model", subject->object->name, "program",
                    assay_values_get_string (options, "program"), "rows", (json_int_t) object->rows, "width", (json_int_t) width);
}

/* --- activations ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  GPtrArray *found;             /* AssayRecordTap: what `tap` points into */
  const char *tap;
  gint64 T, C;                  /* positions of an example, channels */
} Tap;

static void
tap_clear (Tap *tap)
{
  g_clear_pointer (&tap->found, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Tap, tap_clear)

static gboolean
find_tap (const AssayModel *model, const char *name, Tap *tap, GError **error)
{
  const char *const patterns[] = { name, NULL };
  const AssayRecordTap *found;

  tap->found = assay_record_find_taps (model, patterns, error);
  if (tap->found == NULL)
    return FALSE;
  if (tap->found->len != 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "tap: one result of the model expected, \"%s\" names several", name);
      return FALSE;
    }
  found = tap->found->pdata[0];
  tap->tap = found->name;
  tap->T = assay_record_get_positions (model);
  tap->C = found->C;
  return TRUE;
}

static gboolean
append_activations (AssayRecorder *recorder, const Layout *layout, const Tap *tap, const gint64 *examples, AssayStoreType type, GError **error)
{
  g_autofree double *row = g_new (double, tap->C);

  for (gint64 i = 0; i < layout->length[0]; i++)
    for (gint64 t = 0; t < tap->T; t++)
      {
        gint32 position = (gint32) t;

        for (gint64 c = 0; c < tap->C; c++)
          {
            row[c] = layout->file->values[i * layout->stride[0] + t * layout->stride[2] + c * layout->stride[1]];
            if (!check_number (layout, i, tap->T > 1 ? t : c, tap->T > 1 ? c : -1, row[c], type, error))
              return FALSE;
          }
        if (!assay_recorder_append (recorder, 0, ASSAY_STORE_F64, row, 1, error) || !assay_recorder_append (recorder, 1, ASSAY_STORE_I64, &examples[i], 1, error)
            || !assay_recorder_append (recorder, 2, ASSAY_STORE_I32, &position, 1, error))
          return FALSE;
      }
  return TRUE;
}

static AssayObject *
commit_activations (AssayCase *cas, const char *name, const Layout *layout, const Tap *tap, const gint64 *examples, AssayStoreType type, json_t *meta, GError **error)
{
  g_autofree char *path = g_strconcat ("/activations/", tap->tap, NULL), *axis = g_strconcat (tap->tap, "_channel", NULL);
  const AssayArraySpec arrays[] = {
    { .path = path, .type = type, .rank = 2, .dims = { 0, tap->C }, .axes = { "row", axis }, .long_name = tap->tap,
      .description = "activation, imported, not computed here; one row for each example and position", .bulk = TRUE },
    { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" }, .long_name = "example of the row" },
    { .path = "/index/position", .type = ASSAY_STORE_I32, .rank = 1, .axes = { "row" }, .long_name = "position of the row in its example" } };
  g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "activations", name, meta, arrays, G_N_ELEMENTS (arrays), error);

  return recorder != NULL && append_activations (recorder, layout, tap, examples, type, error) ? assay_recorder_finish (recorder, error) : NULL;
}

json_t *
assay_import_activations (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error)
{
  static const char *const of_features[] = { "example", "channel", NULL }, *const of_tokens[] = { "example", "channel", "position", NULL };
  const AssayValues *options = assay_job_get_section (job, "what"), *values = assay_job_get_values (job);
  const char *split = assay_values_get_string (options, "split"), *axes = assay_values_get_string (options, "axes");
  g_autofree char *name = g_strconcat ("imported/", assay_values_get_string (values, "name"), NULL);
  g_autoptr (AssayArrayFile) file = NULL;
  const gint64 *examples;
  gint64 N;
  AssayObject *object;
  Layout layout;
  g_auto (Tap) tap = { .found = NULL };
  json_t *meta;

  split = split ? split : subject->train_split;
  if ((examples = assay_dataset_get_split (subject->dataset, split, &N, error)) == NULL
      || !find_tap (subject->model, assay_values_get_string (options, "tap"), &tap, error)
      || (file = assay_array_file_read (assay_values_get_list (values, "file")[0], assay_values_get_string (options, "array"), error)) == NULL
      || !read_axes (axes ? axes : tap.T > 1 ? "example,position,channel" : "example,channel", tap.T > 1 ? of_tokens : of_features, file, &layout, error)
      || !check_length (&layout, 0, "examples of the split", N, error) || !check_length (&layout, 1, "channels of the tap", tap.C, error)
      || !check_length (&layout, 2, "positions of an example", tap.T, error))
    return NULL;
  meta = describe (options, subject);
  json_object_set_new (meta, "split", json_string (split));
  object = commit_activations (context->cas, name, &layout, &tap, examples, read_type (options), meta, error);
  json_decref (meta);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return summarise ("activations", object, options, subject, tap.C);
}

/* --- gradients --------------------------------------------------------------------------------------------------------------- */

static gboolean
append_gradients (AssayRecorder *recorder, const Layout *layout, const gint64 *examples, AssayStoreType type, GError **error)
{
  gint64 p = layout->length[1];
  g_autofree double *row = g_new (double, p);

  for (gint64 i = 0; i < layout->length[0]; i++)
    {
      double norm = 0;

      for (gint64 j = 0; j < p; j++)
        {
          row[j] = layout->file->values[i * layout->stride[0] + j * layout->stride[1]];
          norm += row[j] * row[j];
          if (!check_number (layout, i, j, -1, row[j], type, error))
            return FALSE;
        }
      if (!assay_recorder_append (recorder, 0, ASSAY_STORE_F64, &norm, 1, error) || !assay_recorder_append (recorder, 1, ASSAY_STORE_I64, &examples[i], 1, error)
          || !assay_recorder_append (recorder, 2, ASSAY_STORE_F64, row, 1, error))
        return FALSE;
    }
  return TRUE;
}

static AssayObject *
commit_gradients (AssayCase *cas, const char *name, const Layout *train, const gint64 *examples, const Layout *query, const gint64 *asked, AssayStoreType type,
                  json_t *meta, GError **error)
{
  const AssayArraySpec arrays[] = {
    { .path = "/norms/rows", .type = ASSAY_STORE_F64, .rank = 1, .axes = { "row" }, .long_name = "squared norm of the row" },
    { .path = "/index/example", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "row" }, .long_name = "example of the row" },
    { .path = "/gradients/rows", .type = type, .rank = 2, .dims = { 0, train->length[1] }, .axes = { "row", "rows_parameter" }, .long_name = "gradient of the example",
      .description = "imported, not computed here; training examples first, then queries", .bulk = TRUE } };
  g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "gradients", name, meta, arrays, G_N_ELEMENTS (arrays), error);

  return recorder != NULL && append_gradients (recorder, train, examples, type, error) && (query == NULL || append_gradients (recorder, query, asked, type, error))
         ? assay_recorder_finish (recorder, error) : NULL;
}

json_t *
assay_import_gradients (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error)
{
  static const char *const wanted[] = { "example", "parameter", NULL };
  const AssayValues *options = assay_job_get_section (job, "what"), *values = assay_job_get_values (job);
  const char *const *files = assay_values_get_list (values, "file");
  const char *axes = assay_values_get_string (options, "axes"), *array = assay_values_get_string (options, "array");
  g_autofree char *name = g_strconcat ("imported/", assay_values_get_string (values, "name"), NULL);
  g_autoptr (AssayArrayFile) train_file = NULL, query_file = NULL;
  g_autoptr (GArray) queries = NULL;
  Layout train, query;
  AssayObject *object;
  json_t *meta;

  if ((files[1] != NULL) != assay_values_is_set (options, "query"))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, files[1] ? "--query is needed: what the rows of the second file are of"
                           : "--query says what the rows of a second file are of; one file found");
      return NULL;
    }
  if ((train_file = assay_array_file_read (files[0], array, error)) == NULL || !read_axes (axes, wanted, train_file, &train, error)
      || !check_length (&train, 0, "training examples", subject->n_train, error))
    return NULL;
  if (files[1] != NULL
      && ((queries = assay_subject_find_examples (subject->dataset, assay_values_get_list (options, "query"), error)) == NULL
          || (query_file = assay_array_file_read (files[1], array, error)) == NULL || !read_axes (axes, wanted, query_file, &query, error)
          || !check_length (&query, 0, "queries (--query)", queries->len, error)
          || !check_length (&query, 1, "numbers a row, as in the first file,", train.length[1], error)))
    return NULL;
  meta = describe (options, subject);
  json_object_set_new (meta, "split", json_string (subject->train_split));
  json_object_set_new (meta, "train_rows", json_integer (subject->n_train));
  object = commit_gradients (context->cas, name, &train, subject->train, queries ? &query : NULL, queries ? (const gint64 *) queries->data : NULL, read_type (options),
                             meta, error);
  json_decref (meta);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return summarise ("gradients", object, options, subject, train.length[1]);
}
