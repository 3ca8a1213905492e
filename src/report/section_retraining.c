/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_retraining.c: what happened when training was repeated without some examples, beside what influence had predicted. */
#include "report/validity.h"
#include "report/figure.h"

#include "base/json.h"
#include "report/columns.h"

#include <math.h>
#include <string.h>

static gboolean
has_predictions (const AssayResultTable *table)
{
  const double *predicted = assay_result_table_get_numbers (table, ASSAY_RETRAINED_PREDICTED);

  for (gint64 k = 0; k < assay_result_table_get_n_rows (table); k++)
    if (isfinite (predicted[k]))
      return TRUE;
  return FALSE;
}

static void
add_figure (AssaySection *section, const AssayResultTable *table)
{
  gint64 n = assay_result_table_get_n_rows (table);
  const char *const *names = assay_result_table_get_texts (table, ASSAY_RETRAINED_WHAT);
  g_autofree double *place = g_new (double, n);
  g_autofree char *id = g_strconcat (assay_result_table_get_path (table), "-figure", NULL);
  AssayFigure *figure = assay_figure_new (id, "Predicted against retrained");

  for (gint64 k = 0; k < n; k++)
    place[k] = (double) k;
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, (gsize) n, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "change of the mean loss", "nats");
  assay_figure_add_rule (figure, NULL, ASSAY_ROLE_REFERENCE, ASSAY_AXIS_X, 0);
  assay_figure_add_dumbbells (figure, NULL, ASSAY_ROLE_MAIN, (gsize) n, place, assay_result_table_get_numbers (table, ASSAY_RETRAINED_PREDICTED),
                              assay_result_table_get_numbers (table, ASSAY_RETRAINED_MEASURED));
  assay_figure_set_reading (figure, "For every set that was left out, the predicted change of the mean loss and the one that retraining gave.");
  assay_figure_set_note (figure, "Hollow: predicted. Filled: measured by training again.");
  assay_section_add_figure (section, id, assay_prose_new_plain ("Predicted and measured change for the chosen examples and for random ones"), figure, table);
}

static void
add_claim (AssaySection *section, const AssayReportAnswer *answer, const AssayResultTable *table)
{
  const char *scores = assay_json_get_text (answer->document, "scores_object");
  g_autofree char *id = g_strconcat (assay_result_table_get_path (table), "/chosen", NULL);
  AssayNumber measured = assay_number_new (table, ASSAY_RETRAINED_MEASURED, 0, ASSAY_NUMBER_DECIMALS, 4);
  AssayProse *sentence = assay_prose_new ();
  AssayClaim *claim;

  assay_prose_add (sentence, "Training again without ");
  assay_prose_add_number (sentence, assay_number_new (table, ASSAY_RETRAINED_LEFT_OUT, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (sentence, " chosen training examples changed the mean loss of the queries by ");
  assay_prose_add_number (sentence, measured);
  assay_prose_add (sentence, " nats");
  if (has_predictions (table))
    {
      assay_prose_add (sentence, "; their influence scores had predicted ");
      assay_prose_add_number (sentence, assay_number_new (table, ASSAY_RETRAINED_PREDICTED, 0, ASSAY_NUMBER_DECIMALS, 4));
    }
  assay_prose_add (sentence, ".");
  claim = assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence);
  claim->value = measured;
  claim->unit = g_strdup ("nats");
  claim->reason = g_strdup ("no interval: one retraining of the chosen set");
  claim->n = (gint64) json_array_size (json_object_get (answer->document, "queries"));
  claim->seeds = 1;
  if (assay_result_table_get_n_rows (table) > 1)
    claim->check = (AssayClaimCheck) { g_strdup ("control: a random group of the same size"), assay_number_new (table, ASSAY_RETRAINED_MEASURED, 1,
                                                                                                              ASSAY_NUMBER_DECIMALS, 4), NULL, TRUE };
  claim->method = g_strdup ("retraining without examples");
  claim->command = g_strdup (answer->command);
  if (scores[0] != '\0')
    claim->object = g_strconcat ("scores/", scores, NULL);
  assay_section_add_claim (section, claim);
}

static void
write_retraining (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer)
{
  AssayResultTable *table = assay_validity_get_retrained (report, answer);
  const AssayShownColumn columns[] = {
    { ASSAY_RETRAINED_WHAT, NULL, ASSAY_NUMBER_COUNT, 0 }, { ASSAY_RETRAINED_LEFT_OUT, NULL, ASSAY_NUMBER_COUNT, 0 },
    { ASSAY_RETRAINED_PREDICTED, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_RETRAINED_MEASURED, NULL, ASSAY_NUMBER_DECIMALS, 4 },
  };

  if (assay_result_table_get_n_rows (table) == 0)
    return;
  add_claim (section, answer, table);
  assay_section_add_result_table (section, assay_result_table_get_path (table),
                                  assay_prose_new_plain ("Change of the mean loss of the queries when training was repeated without the examples"), table, columns,
                                  G_N_ELEMENTS (columns));
  if (has_predictions (table))
    add_figure (section, table);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "retrain");

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    write_retraining (report, section, answers->pdata[k]);
  return TRUE;
}

ASSAY_SECTION_DEFINE (retraining) = {
  .name = "retraining", .title = "What retraining showed", .tells = "influence.validity mitigations.efficacy", .write = write_section
};
