/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_examples.c: rows of the data, filtered and sorted, with the name that each has as an example. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/cell_value.h"
#include "dataset/row_order.h"
#include "job/example_answers.h"
#include "job/spec.h"

#include <string.h>

static const AssayParam params[] = {
  { "data", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "data", .help = "data of the case (default: the model's, main, or the newest)" },
  { "model-name", ASSAY_PARAM_STRING, .def.s = "", .metavar = "NAME", .names = "model",
    .help = "count examples as this model does, which may have left rows out (default: the newest of these data)" },
  { "answers", ASSAY_PARAM_BOOL, .help = "add what the model makes of each: model_answer, model_right (share of right predictions), model_loss" },
  { "filter", ASSAY_PARAM_STRING, .metavar = "EXPR", .help = "keep only the rows where this expression is true" },
  { "sort", ASSAY_PARAM_STRING, .metavar = "COLUMN", .names = "column", .help = "order by this column; rows where it is missing come last" },
  { "descending", ASSAY_PARAM_BOOL, .help = "the largest first" },
  { "first", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .unit = "rows", .help = "how many to pass over" },
  { "count", ASSAY_PARAM_INT, .def.i = 20, .min = 0, .max = 1e6, .unit = "rows", .help = "how many to show" },
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the first rows of the data", "assay examples people.assay" },
  { "the youngest of those with a high score", "assay examples people.assay --filter \"score == 'High'\" --sort age --count 5" },
  { NULL, NULL }
};

static json_t *
row_to_json (const AssayExampleIndex *index, gint64 row)
{
  g_autofree char *reference = assay_example_index_dup_reference (index, row);
  json_t *values = json_object ();

  for (guint k = 0; k < assay_table_get_n_columns (index->table); k++)
    {
      const AssayColumn *column = assay_table_get_column (index->table, k);

      json_object_set_new (values, column->name, assay_cell_to_json (column, row));
    }
  return json_pack ("{s:I, s:s?, s:s?, s:s, s:I, s:o}", "table_row", (json_int_t) row, "example", reference, "id", assay_table_get_id (index->table, row),
                    "file", assay_table_get_file (index->table, row), "row", (json_int_t) assay_table_get_source_row (index->table, row), "values",
                    values);
}

static json_t *
list_columns (AssayTable *table)
{
  json_t *columns = json_array ();

  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);

      json_array_append_new (columns, json_pack ("{s:s, s:s, s:I}", "name", column->name, "type", assay_column_type_name (column->type), "missing",
                                                 (json_int_t) column->n_missing));
    }
  return columns;
}

static gboolean
add_answers (AssayExampleIndex *index, AssayJobContext *context, GError **error)
{
  if (index->model != NULL)
    return assay_example_answers_add (index, context->cas, context->backend, context->progress, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "answers: no model of the case was trained on the data %s; next: assay train %s --data %s",
               index->data->name, assay_case_get_path (context->cas), index->data->name);
  return FALSE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const char *filter = assay_values_get_string (values, "filter"), *sort = assay_values_get_string (values, "sort");
  g_autoptr (AssayExampleIndex) index = assay_example_index_new (context->cas, assay_values_get_string (values, "data"),
                                                                 assay_values_get_string (values, "model-name"), error);
  const AssayColumn *column;
  g_autoptr (AssayRowOrder) order = NULL;
  gint64 first = assay_values_get_int (values, "first"), count = assay_values_get_int (values, "count");
  json_t *rows;

  if (index == NULL || (assay_values_get_bool (values, "answers") && !add_answers (index, context, error)))
    return NULL;
  column = sort ? assay_table_find_column (index->table, sort, error) : NULL;
  if (sort != NULL && column == NULL)
    return NULL;
  order = assay_row_order_new (index->table, filter, column, assay_values_get_bool (values, "descending"), NULL, error);
  if (order == NULL)
    return NULL;
  rows = json_array ();
  for (gint64 place = first; place < order->n && place < first + count; place++)
    json_array_append_new (rows, row_to_json (index, assay_row_order_get (order, place)));
  return json_pack ("{s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "data", index->data->name, "rows", (json_int_t) assay_table_get_n_rows (index->table), "kept",
                    (json_int_t) order->n, "unknown", (json_int_t) order->n_unknown, "first", (json_int_t) first, "columns",
                    list_columns (index->table), "examples", rows);
}

#define SHOWN_COLUMNS 6
#define CELL_CHARACTERS 32

static void
add_value (AssayView *view, const json_t *value)
{
  if (json_is_number (value))
    assay_view_add_cell_number (view, json_number_value (value), 6);
  else
    {
      const char *text = json_is_string (value) ? json_string_value (value) : "-";
      const char *end = g_utf8_offset_to_pointer (text, MIN (CELL_CHARACTERS, g_utf8_strlen (text, -1)));
      g_autofree char *cut = g_strdup_printf ("%.*s%s", (int) (end - text), text, *end ? "…" : "");

      assay_view_add_cell (view, cut);
    }
}

/* What the model makes of the rows comes first: it was asked for. New reference. */
static json_t *
order_columns (const json_t *columns)
{
  json_t *ordered = json_array (), *column;
  gsize k, n = 0;

  json_array_foreach (columns, k, column)
    if (assay_example_answers_is_column (assay_json_get_text (column, "name")))
      json_array_insert (ordered, n++, column);
    else
      json_array_append (ordered, column);
  return ordered;
}

static void
view (const json_t *document, AssayView *view)
{
  json_t *columns = order_columns (json_object_get (document, "columns"));
  gsize shown = MIN (json_array_size (columns), SHOWN_COLUMNS), k;
  g_autoptr (GString) header = g_string_new ("example");
  json_t *row;

  assay_view_add_text (view, "data %s: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " rows", assay_json_get_text (document, "data"),
                       (gint64) json_integer_value (json_object_get (document, "kept")), (gint64) json_integer_value (json_object_get (document, "rows")));
  if (json_integer_value (json_object_get (document, "unknown")) > 0)
    assay_view_add_text (view, "for %" G_GINT64_FORMAT " rows the filter is unknown, because a value is missing",
                         (gint64) json_integer_value (json_object_get (document, "unknown")));
  for (k = 0; k < shown; k++)
    {
      g_autofree char *name = g_strdup (assay_json_get_text (json_array_get (columns, k), "name"));

      g_string_append_printf (header, "|%s%s", strcmp (assay_json_get_text (json_array_get (columns, k), "type"), "number") == 0 ? ">" : "",
                              g_strdelimit (name, "|", '/'));
    }
  assay_view_begin_table (view, header->str);
  json_array_foreach (json_object_get (document, "examples"), k, row)
    {
      const json_t *reference = json_object_get (row, "example"), *values = json_object_get (row, "values");

      assay_view_add_cell (view, json_is_string (reference) ? json_string_value (reference) : "(left out)");
      for (gsize c = 0; c < shown; c++)
        add_value (view, json_object_get (values, assay_json_get_text (json_array_get (columns, c), "name")));
    }
  if (shown < json_array_size (columns))
    assay_view_add_text (view, "%" G_GSIZE_FORMAT " more columns; --json has all", json_array_size (columns) - shown);
  json_decref (columns);
}

ASSAY_JOB_KIND_DEFINE (examples) = {
  .name = "examples", .group = ASSAY_JOB_GROUP_CASE, .help = "show rows of the data, filtered and sorted",
  .description = "Shows rows of imported data with the name that each has as an example of a model (train:17), so that they can be asked about. A model "
                 "may have filtered its data or left rows out: such rows have no name. With --answers the model is asked about every "
                 "example, and what it makes of it can be filtered and sorted by: --filter \"model_right < 1\" --sort model_loss --descending begins "
                 "with what it gets most wrong. The filter is the language of --filter and of queries: "
                 "comparisons, and, or, not, in, between, missing(), arithmetic; a row where it is unknown because a value is missing is not kept, and "
                 "counted.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .run = run, .view = view,
};
