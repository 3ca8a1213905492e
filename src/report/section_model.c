/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_model.c: the models of the case and how they were trained. */
#include "report/columns.h"
#include "report/figure.h"
#include "report/section.h"
#include "report/withheld.h"

#include "base/json.h"

#include <string.h>

typedef struct {
  AssayReport *report;
  AssaySection *section;
  const AssayReportAnswer *answer;
  char *id;                     /* "model/1" */
  AssayResultSource source;
} Training;

static AssayResultTable *
add_table (const Training *training, const char *name, const char *title, gint64 n_rows)
{
  g_autofree char *path = g_strconcat (training->id, "/", name, NULL);

  return assay_results_add_table (training->report->document->results, path, title, n_rows, &training->source);
}

static void
add_summary (const Training *training)
{
  const json_t *document = training->answer->document, *model = json_object_get (document, "model");
  AssayResultTable *table = add_table (training, "training", "the training", 1);
  guint parameters = assay_columns_add_count (table, &(AssayResultColumn) { "parameters", "parameters", NULL, NULL },
                                              json_integer_value (json_object_get (document, "parameters")));
  guint examples = assay_columns_add_count (table, &(AssayResultColumn) { "examples", "training examples", NULL, NULL },
                                            json_integer_value (assay_columns_find (document, "data.train_examples")));
  guint steps = assay_columns_add_count (table, &(AssayResultColumn) { "steps", "steps", NULL, NULL }, json_integer_value (json_object_get (document, "steps")));
  guint loss = assay_columns_add_number (table, &(AssayResultColumn) { "loss", "mean loss", "nats", NULL }, assay_json_get_number (document, "loss"));
  guint l2 = assay_columns_add_number (table, &(AssayResultColumn) { "l2", "l2", NULL, NULL }, assay_json_get_number (document, "l2"));
  AssayProse *text = assay_prose_new ();

  assay_prose_add (text, "Model ");
  assay_prose_add_code (text, assay_json_get_text (document, "name"));
  assay_prose_add_format (text, " is of architecture %s, computes in %s and has ", assay_json_get_text (model, "architecture"), assay_json_get_text (model, "dtype"));
  assay_prose_add_number (text, assay_number_new (table, parameters, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, " parameters. It was trained here on ");
  assay_prose_add_number (text, assay_number_new (table, examples, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, " examples of data ");
  assay_prose_add_code (text, assay_columns_find (document, "data.name") ? json_string_value (assay_columns_find (document, "data.name")) : "");
  assay_prose_add_format (text, " by %s in ", assay_json_get_text (document, "optimizer"));
  assay_prose_add_number (text, assay_number_new (table, steps, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add_format (text, " steps (it ended: %s), with l2 ", assay_json_get_text (document, "reason"));
  assay_prose_add_number (text, assay_number_new (table, l2, 0, ASSAY_NUMBER_SIGNIFICANT, 3));
  assay_prose_add (text, ". At its end the mean loss over the batch was ");
  assay_prose_add_number (text, assay_number_new (table, loss, 0, ASSAY_NUMBER_SIGNIFICANT, 4));
  assay_prose_add (text, " nats.");
  assay_section_add_paragraph (training->section, text);
}

static void
add_splits (const Training *training)
{
  const json_t *splits = json_object_get (training->answer->document, "splits");
  g_autofree char *id = g_strconcat (training->id, "/splits", NULL);
  AssayResultTable *table;

  if (json_array_size (splits) == 0)
    return;
  table = add_table (training, "splits", "loss and accuracy by split", (gint64) json_array_size (splits));
  assay_columns_add_texts (table, &(AssayResultColumn) { "split", "split", NULL, NULL }, splits, "name");
  assay_columns_add_counts (table, &(AssayResultColumn) { "examples", "examples", NULL, NULL }, splits, "examples");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "loss", "mean loss", "nats", NULL }, splits, "loss");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "accuracy", "accuracy", NULL, NULL }, splits, "accuracy");
  assay_section_add_result_table (training->section, id, assay_prose_new_plain ("Loss and accuracy on every split of the data"), table,
                                  (const AssayShownColumn[]) { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 },
                                                               { 2, NULL, ASSAY_NUMBER_SIGNIFICANT, 4 }, { 3, NULL, ASSAY_NUMBER_PERCENT, 2 } }, 4);
}

static void
add_coefficients (const Training *training)
{
  const json_t *items = json_object_get (training->answer->document, "coefficients");
  const char *basis = assay_json_get_text (training->answer->document, "std_error_basis");
  g_autofree char *id = g_strconcat (training->id, "/coefficients", NULL);
  AssayProse *caption = assay_prose_new_plain ("Coefficients of the regression");
  AssayResultTable *table;

  if (json_array_size (items) == 0)
    {
      assay_prose_free (caption);
      return;
    }
  if (basis[0] != '\0')
    assay_prose_add_format (caption, "; standard errors: %s", basis);
  table = add_table (training, "coefficients", "coefficients", (gint64) json_array_size (items));
  assay_columns_add_texts (table, &(AssayResultColumn) { "term", "term", NULL, NULL }, items, "term");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "estimate", "estimate", "log odds", NULL }, items, "estimate");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "std_error", "standard error", NULL, NULL }, items, "std_error");
  assay_section_add_result_table (training->section, id, caption, table,
                                  (const AssayShownColumn[]) { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_DECIMALS, 5 },
                                                               { 2, NULL, ASSAY_NUMBER_DECIMALS, 5 } }, 3);
}

static void
add_curve (const Training *training)
{
  const json_t *curve = json_object_get (training->answer->document, "curve");
  gsize n = json_array_size (curve);
  g_autofree char *id = g_strconcat (training->id, "/curve-figure", NULL);
  AssayResultTable *table;
  AssayFigure *figure;
  const double *step, *loss;

  if (n < 2)
    return;
  table = add_table (training, "curve", "training loss", (gint64) n);
  assay_columns_add_numbers (table, &(AssayResultColumn) { "step", "step", NULL, NULL }, curve, "step");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "loss", "loss", "nats", NULL }, curve, "loss");
  step = assay_result_table_get_numbers (table, 0);
  loss = assay_result_table_get_numbers (table, 1);
  figure = assay_figure_new (id, "Training loss");
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "step", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_COUNT);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "loss", "nats");
  assay_figure_add_line (figure, NULL, ASSAY_ROLE_MAIN, n, step, loss);
  assay_figure_set_reading (figure, loss[n - 1] < loss[0] ? "The training loss is lower at the end than at the beginning."
                                    : "The training loss is no lower at the end than at the beginning.");
  assay_section_add_figure (training->section, id, assay_prose_new_plain ("Loss of the batches during training"), figure, table);
}

/* A model whose weights came from files of others: what was read, and the digests of what it was read from. */
static void
add_imported (const Training *training)
{
  const json_t *document = training->answer->document, *card = json_object_get (document, "card"), *left = json_object_get (card, "left_out");
  const json_t *inputs = json_object_get (json_object_get (training->answer->meta, "job"), "inputs");
  const char *type = assay_json_get_text (card, "model_type");
  g_autofree char *id = g_strconcat (training->id, "/files", NULL);
  AssayResultTable *table = add_table (training, "imported", "the model as it was read", 1), *files;
  guint parameters = assay_columns_add_count (table, &(AssayResultColumn) { "parameters", "parameters", NULL, NULL }, json_integer_value (json_object_get (document, "parameters")));
  guint tensors = assay_columns_add_count (table, &(AssayResultColumn) { "left_out", "tensors left out", NULL, NULL }, (gint64) json_array_size (left));
  AssayProse *text = assay_prose_new ();

  assay_prose_add (text, "Model ");
  assay_prose_add_code (text, assay_json_get_text (document, "name"));
  assay_prose_add_format (text, " was made elsewhere and imported. It is of architecture %s%s%s%s, computes in %s and has ",
                          assay_json_get_text (json_object_get (document, "model"), "architecture"), type[0] != '\0' ? " (" : "", type, type[0] != '\0' ? ")" : "",
                          assay_json_get_text (json_object_get (document, "model"), "dtype"));
  assay_prose_add_number (text, assay_number_new (table, parameters, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, " parameters. ");
  if (card != NULL)
    {
      assay_prose_add_format (text, "Its files are in the format %s, written for %s; ", assay_json_get_text (card, "format"), assay_json_get_text (card, "written_for"));
      assay_prose_add_number (text, assay_number_new (table, tensors, 0, ASSAY_NUMBER_COUNT, 0));
      assay_prose_add (text, " of their tensors were left out because they are no part of what the model computes. ");
    }
  assay_prose_add (text, "How it was trained, and on which data, is not known here.");
  assay_section_add_paragraph (training->section, text);
  if (json_array_size (inputs) == 0)
    return;
  files = add_table (training, "files", "files of the model", (gint64) json_array_size (inputs));
  assay_columns_add_texts (files, &(AssayResultColumn) { "file", "file", NULL, NULL }, inputs, "file");
  assay_columns_add_texts (files, &(AssayResultColumn) { "sha256", "SHA-256", NULL, NULL }, inputs, "sha256");
  assay_section_add_result_table (training->section, id, assay_prose_new_plain ("Files that the model was read from, with their digests"), files,
                                  (const AssayShownColumn[]) { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 } }, 2);
}

/* TRUE when there was one. */
static gboolean
write_imported (AssayReport *report, AssaySection *section)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "import");
  guint n = 0;

  for (guint k = 0; k < answers->len; k++)
    {
      const AssayReportAnswer *answer = answers->pdata[k];
      g_autofree char *id = g_strdup_printf ("model/imported-%u", n + 1), *heading = g_strconcat ("Model ", assay_json_get_text (answer->document, "name"), NULL);
      Training training = { report, section, answer, id, assay_report_answer_as_source (answer, NULL) };

      if (strcmp (assay_json_get_text (answer->document, "what"), "model") != 0)
        continue;
      n++;
      assay_section_add_heading (section, heading);
      if (!assay_report_leaves_out (report, "model.architecture model.precision model.parameters", "what model was imported, and from which files"))
        add_imported (&training);
    }
  return n > 0;
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "train");

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    {
      const AssayReportAnswer *answer = answers->pdata[k];
      g_autofree char *id = g_strdup_printf ("model/%u", k + 1), *heading = g_strconcat ("Model ", assay_json_get_text (answer->document, "name"), NULL);
      Training training = { report, section, answer, id, assay_report_answer_as_source (answer, assay_json_get_text (answer->document, "optimizer")) };

      assay_section_add_heading (section, heading);
      if (!assay_report_leaves_out (report, "model.architecture model.precision model.parameters data.size training.configuration training.result",
                                    "how the model was trained"))
        add_summary (&training);
      if (!assay_report_leaves_out (report, "data.size evaluation.metrics", "loss and accuracy by split"))
        add_splits (&training);
      if (!assay_report_leaves_out (report, "model.relevance", "coefficients of the regression"))
        add_coefficients (&training);
      if (!assay_report_leaves_out (report, "evaluation.log training.result", "the loss during the training"))
        add_curve (&training);
    }
  if (!write_imported (report, section) && answers->len == 0)
    assay_report_add_not_done (report, "how a model was trained", "no model was trained in this case", "assay train CASE --model NAME");
  return TRUE;
}

ASSAY_SECTION_DEFINE (model) = { .name = "model", .title = "Models and their training", .write = write_section };
