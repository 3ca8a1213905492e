/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_measures.c: counts, rates, discrimination and calibration of the parts of an audit. */
#include "report/audit_measures.h"

#include "base/json.h"
#include "report/audit_columns.h"
#include "report/columns.h"
#include "report/figure.h"
#include "stats/confusion.h"

/* --- what it is of ----------------------------------------------------------------------------------------------------------------------- */

static const char *
outcome_words (const json_t *document)
{
  const json_t *outcome = json_object_get (document, "outcome");
  const char *expression = assay_json_get_text (outcome, "expression");

  return expression[0] != '\0' ? expression : assay_json_get_text (outcome, "target");
}

static void
tell_dropped (const AssayAuditTelling *telling)
{
  const json_t *dropped = json_object_get (telling->answer->document, "dropped");
  g_autofree char *id = g_strconcat (telling->id, "/dropped", NULL);
  AssayResultTable *table;

  if (json_array_size (dropped) == 0)
    return;
  table = assay_audit_table_new (telling, "dropped", "rows that no part has", dropped);
  assay_columns_add_texts (table, &(AssayResultColumn) { "reason", "why", NULL, NULL }, dropped, "reason");
  assay_columns_add_counts (table, &(AssayResultColumn) { "rows", "rows", NULL, NULL }, dropped, "rows");
  assay_section_add_result_table (telling->section, id, assay_prose_new_plain ("Rows of the data that are not counted in anything below"), table,
                                  (const AssayShownColumn[]) { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 } }, 2);
}

void
assay_audit_tell_rows (const AssayAuditTelling *telling)
{
  const json_t *document = telling->answer->document;
  const char *score = assay_json_get_text (json_object_get (document, "score"), "expression"), *filter = assay_json_get_text (document, "filter");
  const char *outcome = outcome_words (document);
  AssayProse *text = assay_prose_new ();
  gsize k;
  json_t *note;

  assay_prose_add_format (text, "Selected means: %s; impact ratios take that for the favourable decision.", assay_json_get_text (document, "selected_means"));
  if (score[0] != '\0')
    {
      assay_prose_add (text, " The score: ");
      assay_prose_add_code (text, score);
      assay_prose_add (text, ".");
    }
  if (outcome[0] != '\0')
    {
      assay_prose_add (text, " The outcome that it is held against: ");
      assay_prose_add_code (text, outcome);
      assay_prose_add (text, ".");
    }
  if (filter[0] != '\0')
    {
      assay_prose_add (text, " Rows where ");
      assay_prose_add_code (text, filter);
      assay_prose_add (text, ".");
    }
  assay_prose_add (text, " Each interval stands alone: of many, some miss their truth by chance.");
  assay_section_add_paragraph (telling->section, text);
  json_array_foreach (json_object_get (document, "notes"), k, note)
    {
      g_autofree char *sentence = g_strdup_printf ("%s.", json_string_value (note));

      sentence[0] = g_ascii_toupper (sentence[0]);

      assay_section_add_callout (telling->section, ASSAY_CALLOUT_NOTE, assay_prose_new_plain (sentence));
    }
  tell_dropped (telling);
}

/* --- tables ------------------------------------------------------------------------------------------------------------------------------ */

static void
tell_counts (const AssayAuditTelling *telling, const AssayResultTable *parts)
{
  static const char *const names[] = { "rows", "missing_score", "missing_outcome", "n", "positives", "true_positives", "false_positives", "true_negatives",
                                       "false_negatives" };
  AssayShownColumn shown[G_N_ELEMENTS (names) + 1] = { { 0, NULL, ASSAY_NUMBER_COUNT, 0 } };
  g_autofree char *id = g_strconcat (telling->id, "/counts", NULL);
  guint n = 1;

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    if (assay_audit_table_find (parts, names[k]) >= 0)
      shown[n++] = (AssayShownColumn) { (guint) assay_audit_table_find (parts, names[k]), NULL, ASSAY_NUMBER_COUNT, 0 };
  assay_section_add_result_table (telling->section, id, assay_prose_new_plain ("Exact counts. TP: decided true and came true; FP: decided true and did not; "
                                                                               "TN and FN: decided false, likewise"), parts, shown, n);
}

/* A head for each part: names may hold any character, and are no markup of the heads. */
static AssayBlock *
begin_table (const AssayAuditTelling *telling, const AssayResultTable *parts)
{
  gint64 P = assay_result_table_get_n_rows (parts);
  g_autofree char *id = g_strconcat (telling->id, "/measures", NULL), *level = assay_audit_dup_level (telling->answer->document);
  g_autoptr (GString) heads = g_string_new ("measure");
  AssayProse *caption = assay_prose_new ();
  AssayBlock *block;

  for (gint64 p = 0; p < P; p++)
    g_string_append (heads, "|>-");
  assay_prose_add_format (caption, "What was measured, with intervals at %s; shares stand beside their counts, with Wilson's interval", level);
  block = assay_section_begin_table (telling->section, id, caption, heads->str);
  for (gint64 p = 0; p < P; p++)
    {
      AssayTableHead *head = &g_array_index (block->heads, AssayTableHead, p + 1);

      g_free (head->heading);
      head->heading = assay_audit_dup_part (telling->answer->document, (gsize) p);
    }
  return block;
}

static void
tell_table (const AssayAuditTelling *telling, const AssayResultTable *parts)
{
  static const struct { const char *name, *words; guint digits; } measures[] = {
    { "auroc", "AUC: a positive scores above a negative (DeLong)", 4 },
    { "gini", "Gini: 2 AUC - 1", 4 },
    { "kolmogorov_smirnov", "KS: Kolmogorov-Smirnov distance (Dvoretzky-Kiefer-Wolfowitz)", 4 },
    { "brier", "Brier score (Student)", 4 },
    { "log_loss", "log loss, nats (Student)", 4 },
    { "calibration_error", "expected calibration error (bootstrap, mirrored)", 4 },
    { "calibration_error_by_luck_95", "the same by luck alone: 95 of 100 draws stay below", 4 },
    { "excess", "mean probability in excess of the outcome (Student)", 4 },
    { "calibration_slope", "calibration slope (Wald)", 3 },
    { "calibration_intercept", "calibration intercept (Wald)", 3 },
  };
  gint64 P = assay_result_table_get_n_rows (parts);
  AssayBlock *block = begin_table (telling, parts);

  if (assay_audit_table_find (parts, "false_positive_rate") < 0)
    {
      assay_block_add_cell_plain (block, "selected");
      for (gint64 p = 0; p < P; p++)
        assay_block_add_cell (block, assay_audit_cell_share (parts, "selection", "selected", "scored", p));
    }
  for (AssayRate rate = 0; rate < ASSAY_N_RATES; rate++)
    if (assay_audit_table_find (parts, assay_rate_name (rate)) >= 0)
      {
        g_autofree char *words = g_strdup_printf ("%s: %s", assay_rate_title (rate), assay_rate_definition (rate));

        assay_block_add_cell_plain (block, words);
        for (gint64 p = 0; p < P; p++)
          assay_block_add_cell (block, assay_audit_cell_share (parts, assay_rate_name (rate), NULL, NULL, p));
      }
  for (gsize m = 0; m < G_N_ELEMENTS (measures); m++)
    if (assay_audit_table_find (parts, measures[m].name) >= 0)
      {
        assay_block_add_cell_plain (block, measures[m].words);
        for (gint64 p = 0; p < P; p++)
          assay_block_add_cell (block, assay_audit_cell_estimate (parts, measures[m].name, p, ASSAY_NUMBER_DECIMALS, measures[m].digits));
      }
}

/* --- calibration ------------------------------------------------------------------------------------------------------------------------- */

/* Bins that hold somebody. New reference. */
static json_t *
list_bins (const json_t *part)
{
  json_t *list = json_array (), *bin;
  gsize k;

  json_array_foreach (assay_columns_find (part, "calibration.bins"), k, bin)
    if (json_integer_value (json_object_get (bin, "n")) > 0)
      json_array_append (list, bin);
  return list;
}

static AssayResultTable *
add_bins (const AssayAuditTelling *telling, gsize p, const json_t *bins)
{
  g_autofree char *name = g_strdup_printf ("part-%" G_GSIZE_FORMAT "/calibration", p + 1);
  AssayResultTable *table = assay_audit_table_new (telling, name, "probabilities and what came, by bins", bins);

  assay_columns_add_numbers (table, &(AssayResultColumn) { "from", "from", NULL, "lower edge of the bin" }, bins, "from");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "to", "to", NULL, "upper edge" }, bins, "to");
  assay_columns_add_counts (table, &(AssayResultColumn) { "n", "n", NULL, NULL }, bins, "n");
  assay_columns_add_counts (table, &(AssayResultColumn) { "positives", "came true", NULL, NULL }, bins, "positives");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "mean_probability", "mean probability", NULL, NULL }, bins, "mean_probability");
  assay_audit_table_add_estimates (table, &(AssayResultColumn) { "observed", "share that came true", NULL, "Wilson" }, bins, "observed", "nobody in the bin");
  return table;
}

static const double *
get_numbers (const AssayResultTable *table, const char *name)
{
  return assay_result_table_get_numbers (table, (guint) assay_audit_table_find (table, name));
}

static void
draw_calibration (const AssayAuditTelling *telling, gsize p, const AssayResultTable *table)
{
  static const double ends[] = { 0, 1 };
  g_autofree char *id = g_strdup_printf ("%s/part-%" G_GSIZE_FORMAT "/calibration-figure", telling->id, p + 1);
  g_autofree char *level = assay_audit_dup_level (telling->answer->document), *part = assay_audit_dup_part (telling->answer->document, p);
  g_autofree char *note = g_strdup_printf ("Whiskers: Wilson intervals at %s. On the dashed line a probability is kept.", level);
  g_autofree char *reading = g_strdup_printf ("For each bin of predicted probabilities on %s, the share that came true.", part);
  AssayFigure *figure = assay_figure_new (id, "Calibration");
  AssayProse *caption = assay_prose_new ();

  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, "mean probability given", NULL);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "share that came true", NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_PERCENT);
  assay_figure_set_ticks (figure, ASSAY_AXIS_Y, ASSAY_TICKS_PERCENT);
  assay_figure_set_limits (figure, ASSAY_AXIS_X, 0, 1);
  assay_figure_set_limits (figure, ASSAY_AXIS_Y, 0, 1);
  assay_figure_add_line (figure, "as promised", ASSAY_ROLE_CONTROL, G_N_ELEMENTS (ends), ends, ends);
  assay_figure_add_intervals (figure, "measured", ASSAY_ROLE_MAIN, (gsize) assay_result_table_get_n_rows (table), get_numbers (table, "mean_probability"),
                              get_numbers (table, "observed"), get_numbers (table, "observed_lo"), get_numbers (table, "observed_hi"));
  assay_figure_set_note (figure, note);
  assay_figure_set_reading (figure, reading);
  assay_prose_add_format (caption, "Calibration on %s: what was promised, and what came true", part);
  assay_section_add_figure (telling->section, id, caption, figure, table);
}

static void
tell_calibration (const AssayAuditTelling *telling, gsize p, const json_t *part)
{
  g_autofree char *id = g_strdup_printf ("%s/part-%" G_GSIZE_FORMAT "/calibration-table", telling->id, p + 1);
  g_autofree char *words = assay_audit_dup_part (telling->answer->document, p);
  json_t *bins = list_bins (part);

  if (json_array_size (bins) > 0)
    {
      AssayResultTable *table = add_bins (telling, p, bins);
      AssayProse *caption = assay_prose_new ();
      AssayBlock *block;

      draw_calibration (telling, p, table);
      assay_prose_add_format (caption, "The bins of that figure on %s, with exact counts", words);
      block = assay_section_begin_table (telling->section, id, caption, ">probability from|>to|>mean probability|>came true|>share");
      for (gint64 k = 0; k < assay_result_table_get_n_rows (table); k++)
        {
          AssayProse *counts = assay_prose_new ();

          assay_block_add_cell_number (block, assay_audit_table_cite (table, "from", k, ASSAY_NUMBER_DECIMALS, 3));
          assay_block_add_cell_number (block, assay_audit_table_cite (table, "to", k, ASSAY_NUMBER_DECIMALS, 3));
          assay_block_add_cell_number (block, assay_audit_table_cite (table, "mean_probability", k, ASSAY_NUMBER_DECIMALS, 4));
          assay_prose_add_number (counts, assay_audit_table_cite (table, "positives", k, ASSAY_NUMBER_COUNT, 0));
          assay_prose_add (counts, " of ");
          assay_prose_add_number (counts, assay_audit_table_cite (table, "n", k, ASSAY_NUMBER_COUNT, 0));
          assay_block_add_cell (block, counts);
          assay_block_add_cell (block, assay_audit_cell_estimate (table, "observed", k, ASSAY_NUMBER_PERCENT, 1));
        }
    }
  json_decref (bins);
}

/* --- claims ------------------------------------------------------------------------------------------------------------------------------ */

static gint64
get_count (const AssayResultTable *parts, const char *name, gint64 row)
{
  const AssayNumber number = assay_audit_table_cite (parts, name, row, ASSAY_NUMBER_COUNT, 0);

  return assay_number_exists (&number) ? (gint64) assay_number_get_value (&number) : -1;
}

static AssayClaim *
new_claim (const AssayAuditTelling *telling, gint64 p, const char *name, AssayProse *sentence)
{
  g_autofree char *id = g_strdup_printf ("%s/part-%" G_GINT64_FORMAT "/%s", telling->id, p + 1, name);

  return assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence);
}

/* " whose outcome (two_year_recid) is": which one it is must stand in the sentence itself, for a case may hold audits of several. */
static void
add_whose_outcome (AssayProse *sentence, const AssayAuditTelling *telling)
{
  const char *outcome = outcome_words (telling->answer->document);

  assay_prose_add (sentence, " whose outcome");
  if (outcome[0] != '\0')
    {
      assay_prose_add (sentence, " (");
      assay_prose_add_code (sentence, outcome);
      assay_prose_add (sentence, ")");
    }
  assay_prose_add (sentence, " is ");
}

static void
claim_auroc (const AssayAuditTelling *telling, const AssayResultTable *parts, gint64 p, const char *part)
{
  const AssayNumber value = assay_audit_table_cite (parts, "auroc", p, ASSAY_NUMBER_DECIMALS, 4);
  AssayProse *sentence;

  if (!assay_number_exists (&value))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "On %s, %s ranks somebody", part, assay_audit_subject (telling->answer->document));
  add_whose_outcome (sentence, telling);
  assay_prose_add (sentence, "true above somebody whose outcome is false with a probability (AUC) of ");
  assay_prose_add_number (sentence, value);
  assay_prose_add (sentence, ".");
  assay_audit_add_claim (telling, new_claim (telling, p, "auroc", sentence), parts, "auroc", p, ASSAY_NUMBER_DECIMALS, 4, "DeLong", get_count (parts, "n", p));
}

static void
claim_rate (const AssayAuditTelling *telling, const AssayResultTable *parts, gint64 p, const char *part, AssayRate rate)
{
  const char *name = assay_rate_name (rate);
  const AssayNumber value = assay_audit_table_cite (parts, name, p, ASSAY_NUMBER_PERCENT, 1);
  g_autofree char *denominator = g_strconcat (name, "_denominator", NULL);
  AssayProse *sentence;

  if (!assay_number_exists (&value))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "On %s, the %s of %s is ", part, assay_rate_title (rate), assay_audit_subject (telling->answer->document));
  assay_prose_add_number (sentence, value);
  assay_prose_add (sentence, ": ");
  assay_audit_add_counts (sentence, parts, name, p);
  add_whose_outcome (sentence, telling);
  assay_prose_add (sentence, rate == ASSAY_RATE_FALSE_POSITIVE ? "false." : "true.");
  assay_audit_add_claim (telling, new_claim (telling, p, rate == ASSAY_RATE_FALSE_POSITIVE ? "false-positives" : "false-negatives", sentence), parts, name, p,
                         ASSAY_NUMBER_PERCENT, 1, "Wilson", get_count (parts, denominator, p));
}

static void
claim_calibration (const AssayAuditTelling *telling, const AssayResultTable *parts, gint64 p, const char *part)
{
  const AssayNumber value = assay_audit_table_cite (parts, "calibration_error", p, ASSAY_NUMBER_DECIMALS, 4);
  const AssayNumber luck = assay_audit_table_cite (parts, "calibration_error_by_luck_95", p, ASSAY_NUMBER_DECIMALS, 4);
  AssayProse *sentence;
  AssayClaim *claim;

  if (!assay_number_exists (&value))
    return;
  sentence = assay_prose_new ();
  assay_prose_add_format (sentence, "On %s, probabilities of %s miss what came true by ", part, assay_audit_subject (telling->answer->document));
  assay_prose_add_number (sentence, value);
  assay_prose_add (sentence, assay_number_get_value (&value) > assay_number_get_value (&luck)
                   ? " in the mean over the bins (expected calibration error), more than luck alone explains."
                   : " in the mean over the bins (expected calibration error), no more than luck alone explains.");
  claim = new_claim (telling, p, "calibration", sentence);
  claim->check = (AssayClaimCheck) { g_strdup ("control: by luck alone, 95 of 100 draws stay below"), luck, NULL, TRUE };
  assay_audit_add_claim (telling, claim, parts, "calibration_error", p, ASSAY_NUMBER_DECIMALS, 4, "mirrored bootstrap", get_count (parts, "n", p));
}

const AssayResultTable *
assay_audit_tell_measures (const AssayAuditTelling *telling)
{
  const AssayResultTable *parts = assay_audit_table_of_parts (telling);
  gsize p;
  json_t *part;

  json_array_foreach (json_object_get (telling->answer->document, "parts"), p, part)
    {
      g_autofree char *words = assay_audit_dup_part (telling->answer->document, p);

      claim_auroc (telling, parts, (gint64) p, words);
      claim_rate (telling, parts, (gint64) p, words, ASSAY_RATE_FALSE_POSITIVE);
      claim_rate (telling, parts, (gint64) p, words, ASSAY_RATE_FALSE_NEGATIVE);
      claim_calibration (telling, parts, (gint64) p, words);
    }
  tell_counts (telling, parts);
  tell_table (telling, parts);
  json_array_foreach (json_object_get (telling->answer->document, "parts"), p, part)
    tell_calibration (telling, p, part);
  return parts;
}
