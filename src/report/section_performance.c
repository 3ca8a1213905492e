/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_performance.c: how good the case's models of a yes or no are, on what they were trained on and on what they were not, and beside the
 * simplest models that could stand in for them. */
#include "report/audit_measures.h"
#include "report/columns.h"

#include "base/json.h"

#include <string.h>

static const struct { const char *name, *path, *words; guint digits; } compared[] = {
  { "auroc", "auroc", "AUC", 4 }, { "brier", "brier", "Brier score", 4 }, { "log_loss", "log_loss", "log loss, nats", 4 },
};

/* --- against the rows that it was trained on --------------------------------------------------------------------------------------------- */

static void
claim_held_out (const AssayAuditTelling *telling, const AssayResultTable *table, gint64 row, const char *part)
{
  const AssayNumber value = assay_audit_table_cite (table, "auroc", row, ASSAY_NUMBER_DECIMALS, 4);
  const AssayNumber n = assay_audit_table_cite (table, "n", row, ASSAY_NUMBER_COUNT, 0);
  g_autofree char *id = g_strdup_printf ("%s/against-training-%" G_GINT64_FORMAT, telling->id, row + 1);
  AssayProse *sentence;

  if (!assay_number_exists (&value))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "On %s the AUC of the model differs from that on the rows it was trained on by ", part);
  assay_prose_add_number (sentence, value);
  assay_prose_add (sentence, ".");
  assay_audit_add_claim (telling, assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence), table, "auroc", row, ASSAY_NUMBER_DECIMALS, 4,
                         "square and add", (gint64) assay_number_get_value (&n));
}

static void
tell_held_out (const AssayAuditTelling *telling, const AssayResultTable *parts)
{
  static const struct { const char *name, *words; AssayNumberFormat format; guint digits; } measures[] = {
    { "auroc", "AUC", ASSAY_NUMBER_DECIMALS, 4 }, { "accuracy", "accuracy", ASSAY_NUMBER_PERCENT, 2 }, { "brier", "Brier score", ASSAY_NUMBER_DECIMALS, 4 },
    { "log_loss", "log loss, nats", ASSAY_NUMBER_DECIMALS, 4 }, { "calibration_error", "calibration error", ASSAY_NUMBER_DECIMALS, 4 },
  };
  const json_t *items = json_object_get (telling->answer->document, "against_training");
  g_autofree char *id = g_strconcat (telling->id, "/against-training-table", NULL);
  AssayResultTable *table;
  AssayBlock *block;
  gint64 n_rows = (gint64) json_array_size (items);
  g_autofree gint64 *n = NULL;

  if (n_rows == 0)
    return;
  table = assay_audit_table_new (telling, "against-training", "each other split less the one trained on", items);
  assay_columns_add_texts (table, &(AssayResultColumn) { "part", "split", NULL, NULL }, items, "name");
  for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
    assay_audit_table_add_estimates (table, &(AssayResultColumn) { measures[m].name, measures[m].words, NULL, "less that of the training split" }, items,
                                     measures[m].name, "not measured on one of the two");
  n = g_new (gint64, n_rows);
  for (gint64 row = 0; row < n_rows; row++)
    n[row] = assay_result_table_get_counts (parts, (guint) assay_audit_table_find (parts, "n"))[row + 1];
  assay_result_table_add_counts (table, &(AssayResultColumn) { "n", "n", NULL, NULL }, n);
  assay_section_add_heading (telling->section, "Rows that the model was not trained on");
  block = assay_section_begin_table (telling->section, id, assay_prose_new_plain ("Each other split against the one that the model was trained on (square and add)"),
                                     "split|measure|>trained on|>held out|>difference");
  for (gint64 row = 0; row < n_rows; row++)
    for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
      {
        assay_block_add_cell_plain (block, assay_result_table_get_texts (table, 0)[row]);
        assay_block_add_cell_plain (block, measures[m].words);
        assay_block_add_cell_number (block, assay_audit_table_cite (parts, measures[m].name, 0, measures[m].format, measures[m].digits));
        assay_block_add_cell_number (block, assay_audit_table_cite (parts, measures[m].name, row + 1, measures[m].format, measures[m].digits));
        assay_block_add_cell (block, assay_audit_cell_estimate (table, measures[m].name, row, measures[m].format, measures[m].digits));
      }
  for (gint64 row = 0; row < n_rows; row++)
    {
      g_autofree char *part = assay_audit_dup_part (telling->answer->document, (gsize) row + 1);

      claim_held_out (telling, table, row, part);
    }
}

/* --- challengers ------------------------------------------------------------------------------------------------------------------------- */

static AssayResultTable *
add_challenger (const AssayAuditTelling *telling, gsize k, const json_t *challenger)
{
  const json_t *items = json_object_get (challenger, "parts");
  g_autofree char *name = g_strdup_printf ("challenger-%" G_GSIZE_FORMAT, k + 1);
  AssayResultTable *table = assay_audit_table_new (telling, name, "a challenger beside the model", items);

  assay_columns_add_texts (table, &(AssayResultColumn) { "part", "part", NULL, NULL }, items, "name");
  for (gsize m = 0; m < G_N_ELEMENTS (compared); m++)
    {
      g_autofree char *gain = g_strconcat (compared[m].name, "_gain", NULL), *at = g_strconcat ("gain.", compared[m].path, NULL);
      g_autofree char *title = g_strconcat ("model's gain in ", compared[m].words, NULL);

      assay_audit_table_add_estimates (table, &(AssayResultColumn) { compared[m].name, compared[m].words, NULL, "of the challenger" }, items, compared[m].path,
                                       "not measured");
      assay_audit_table_add_estimates (table, &(AssayResultColumn) { gain, title, NULL, "what the model is better by, in pairs" }, items, at, "not measured");
    }
  return table;
}

static void
claim_gain (const AssayAuditTelling *telling, const AssayResultTable *parts, gsize k, const json_t *challenger, const AssayResultTable *table, gint64 row)
{
  const AssayNumber gain = assay_audit_table_cite (table, "auroc_gain", row, ASSAY_NUMBER_DECIMALS, 4);
  const AssayNumber n = assay_audit_table_cite (parts, "n", row, ASSAY_NUMBER_COUNT, 0);
  g_autofree char *id = g_strdup_printf ("%s/part-%" G_GINT64_FORMAT "/challenger-%" G_GSIZE_FORMAT, telling->id, row + 1, k + 1);
  g_autofree char *part = assay_audit_dup_part (telling->answer->document, (gsize) row);
  AssayProse *sentence;

  if (!assay_number_exists (&gain))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "On %s, the challenger \"%s\" (%s) reaches an AUC of ", part, assay_json_get_text (challenger, "name"),
                          json_is_string (json_object_get (challenger, "feature")) ? assay_json_get_text (challenger, "feature") : "one probability for everybody");
  assay_prose_add_number (sentence, assay_audit_table_cite (table, "auroc", row, ASSAY_NUMBER_DECIMALS, 4));
  assay_prose_add (sentence, " against ");
  assay_prose_add_number (sentence, assay_audit_table_cite (parts, "auroc", row, ASSAY_NUMBER_DECIMALS, 4));
  assay_prose_add (sentence, " of the model: a gain of ");
  assay_prose_add_number (sentence, gain);
  assay_prose_add (sentence, ".");
  assay_audit_add_claim (telling, assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence), table, "auroc_gain", row, ASSAY_NUMBER_DECIMALS, 4,
                         "DeLong, of paired scores", (gint64) assay_number_get_value (&n));
}

static void
tell_challenger (const AssayAuditTelling *telling, const AssayResultTable *parts, gsize k, const json_t *challenger, gboolean is_last)
{
  AssayResultTable *table = add_challenger (telling, k, challenger);
  g_autofree char *id = g_strdup_printf ("%s/challenger-%" G_GSIZE_FORMAT "-table", telling->id, k + 1);
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  assay_prose_add_format (caption, "The challenger \"%s\" beside the model. %s. A gain above zero is the model's", assay_json_get_text (challenger, "name"),
                          assay_json_get_text (challenger, "rule"));
  block = assay_section_begin_table (telling->section, id, caption, "split|measure|>model|>challenger|>model's gain");
  for (gint64 row = 0; row < assay_result_table_get_n_rows (table); row++)
    for (gsize m = 0; m < G_N_ELEMENTS (compared); m++)
      {
        g_autofree char *gain = g_strconcat (compared[m].name, "_gain", NULL);

        assay_block_add_cell_plain (block, assay_result_table_get_texts (table, 0)[row]);
        assay_block_add_cell_plain (block, compared[m].words);
        assay_block_add_cell_number (block, assay_audit_table_cite (parts, compared[m].name, row, ASSAY_NUMBER_DECIMALS, compared[m].digits));
        assay_block_add_cell_number (block, assay_audit_table_cite (table, compared[m].name, row, ASSAY_NUMBER_DECIMALS, compared[m].digits));
        assay_block_add_cell (block, assay_audit_cell_estimate (table, gain, row, ASSAY_NUMBER_DECIMALS, compared[m].digits));
      }
  for (gint64 row = 0; is_last && row < assay_result_table_get_n_rows (table); row++)
    claim_gain (telling, parts, k, challenger, table, row);
}

static void
tell_challengers (const AssayAuditTelling *telling, const AssayResultTable *parts)
{
  const json_t *challengers = json_object_get (telling->answer->document, "challengers");
  gsize k;
  json_t *challenger;

  if (json_array_size (challengers) == 0)
    return;
  assay_section_add_heading (telling->section, "Would a simpler model do?");
  json_array_foreach (challengers, k, challenger)
    tell_challenger (telling, parts, k, challenger, k + 1 == json_array_size (challengers));
}

/* --- the section ------------------------------------------------------------------------------------------------------------------------- */

static void
write_audit (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, const char *id)
{
  const AssayAuditTelling telling = { report, section, answer, id };
  g_autofree char *heading = g_strconcat ("Model ", assay_json_get_text (answer->document, "model"), NULL);
  const AssayResultTable *parts;

  assay_section_add_heading (section, heading);
  assay_section_add_paragraph (section, assay_prose_new_plain (assay_json_get_text (answer->document, "statement")));
  assay_audit_tell_rows (&telling);
  parts = assay_audit_tell_measures (&telling);
  tell_held_out (&telling, parts);
  tell_challengers (&telling, parts);
}

/* A model that tells classes of rows or images apart: what an audit can be made of. */
static void
add_not_done (AssayReport *report)
{
  g_autoptr (GPtrArray) trainings = assay_report_source_list (report->source, "train");

  for (guint k = trainings->len; k-- > 0;)
    {
      const json_t *document = ((const AssayReportAnswer *) trainings->pdata[k])->document;
      gsize n = json_array_size (assay_columns_find (document, "data.classes"));
      g_autofree char *command = g_strdup_printf ("assay audit CASE --model-name %s%s", assay_json_get_text (document, "name"),
                                                  n > 2 ? " --positive CLASS" : "");

      if (n < 2 || strcmp (assay_json_get_text (json_object_get (document, "model"), "architecture"), "transformer") == 0)
        continue;
      assay_report_add_not_done (report, "performance and errors", "no model of the case was audited", command);
      return;
    }
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) audits = assay_audit_list (report, TRUE);

  (void) error;
  for (guint k = 0; k < audits->len; k++)
    {
      g_autofree char *id = g_strdup_printf ("performance/%u", k + 1);

      write_audit (report, section, audits->pdata[k], id);
    }
  if (audits->len == 0)
    add_not_done (report);
  return TRUE;
}

ASSAY_SECTION_DEFINE (performance) = { .name = "performance", .title = "Performance", .tells = "evaluation.metrics", .write = write_section };
