/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decision_people.c: the table of people whose decisions are explained, and what may be said of whom. */
#include "report/decision.h"

#include "base/json.h"
#include "report/columns.h"
#include "report/people.h"

#include <string.h>

gboolean
assay_decisions_hide_reference (const AssayDecisions *decisions)
{
  return decisions->report->audience != ASSAY_AUDIENCE_INTERNAL
         && strcmp (assay_json_get_text (decisions->answer->document, "reference_kind"), "example") == 0;
}

char *
assay_decisions_dup_reference (const AssayDecisions *decisions)
{
  return g_strdup (assay_decisions_hide_reference (decisions) ? "another person, whose record is not shown" : assay_json_get_text (decisions->answer->document, "reference"));
}

char *
assay_decisions_dup_outcome (const json_t *value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (json_is_string (value))
    return g_strdup (json_string_value (value));
  return json_is_number (value) ? g_strdup (g_ascii_formatd (text, sizeof text, "%.6g", json_number_value (value))) : g_strdup ("not known");
}

static const json_t *
first_of (const json_t *packet)
{
  const json_t *reasons = json_object_get (packet, "reasons");

  return json_array_size (reasons) > 0 ? json_array_get (reasons, 0) : json_array_get (json_object_get (packet, "contributions"), 0);
}

static void
count_flips (const json_t *packet, gint64 *flipping, gint64 *tried)
{
  const json_t *columns = assay_columns_find (packet, "flips.columns");
  gsize k;
  json_t *column;

  *flipping = *tried = columns ? 0 : -1;
  json_array_foreach (columns, k, column)
    {
      *flipping += json_integer_value (json_object_get (column, "flips")) > 0;
      *tried += 1;
    }
}

static void
add_texts (AssayResultTable *table, const AssayReport *report, const json_t *packets)
{
  static const AssayResultColumn columns[] = {
    { "person", "person", NULL, NULL }, { "decided", "decided", NULL, NULL }, { "outcome", "recorded outcome", NULL, NULL },
    { "first", "strongest reason", NULL, "the column that speaks most for what was decided" },
  };
  gsize k;
  json_t *packet;

  for (guint c = 0; c < G_N_ELEMENTS (columns); c++)
    {
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

      json_array_foreach (packets, k, packet)
        {
          const json_t *class = assay_columns_find (packet, "decision.class");

          g_ptr_array_add (texts, c == 0 ? assay_report_name_example (report, json_object_get (packet, "example"))
                                  : c == 1 ? g_strdup (json_is_string (class) ? json_string_value (class) : "a number")
                                  : c == 2 ? assay_decisions_dup_outcome (json_object_get (packet, "outcome"))
                                           : g_strdup (assay_json_get_text (first_of (packet), "column")));
        }
      g_ptr_array_add (texts, NULL);
      assay_result_table_add_texts (table, &columns[c], (const char *const *) texts->pdata);
    }
}

static void
add_flips (AssayResultTable *table, const json_t *packets)
{
  gsize n = json_array_size (packets), k;
  g_autofree gint64 *flipping = g_new (gint64, n + 1), *tried = g_new (gint64, n + 1);
  json_t *packet;

  json_array_foreach (packets, k, packet)
    count_flips (packet, &flipping[k], &tried[k]);
  assay_result_table_add_counts (table, &(AssayResultColumn) { "columns_that_flip", "columns that decide otherwise alone", NULL, NULL }, flipping);
  assay_result_table_add_counts (table, &(AssayResultColumn) { "columns_tried", "columns tried", NULL, NULL }, tried);
}

AssayResultTable *
assay_decisions_add_people (const AssayDecisions *decisions)
{
  static const struct { const char *name, *title, *unit, *path; } numbers[] = {
    { "probability", "probability", NULL, "decision.probability" },
    { "margin", "margin", "log odds", "decision.margin" },
    { "reference_probability", "probability of the reference", NULL, "reference.probability" },
    { "sum", "sum of contributions", NULL, "check.sum" },
    { "change", "change of the margin", NULL, "check.change" },
    { "residual", "residual", NULL, "check.residual" },
    { "area", "drop of the margin by deleting in order", NULL, "fidelity.area" },
    { "random_area", "the same in random orders", NULL, "fidelity.random_area" },
    { "p", "p of random orders", NULL, "fidelity.p" },
    { "rescaled", "deletion fidelity", "0 worst order, 1 best", "fidelity.rescaled" },
    { "largest_gap", "largest gap of claimed and measured", NULL, "fidelity.largest_gap" },
  };
  const json_t *packets = json_object_get (decisions->answer->document, "packets");
  AssayResultSource source = assay_report_answer_as_source (decisions->answer, "contributions to a margin");
  g_autofree char *path = g_strconcat (decisions->id, "/people", NULL);
  AssayResultTable *table = assay_results_add_table (decisions->report->document->results, path, "explained decisions", (gint64) json_array_size (packets),
                                                     &source);

  add_texts (table, decisions->report, packets);
  for (gsize k = 0; k < G_N_ELEMENTS (numbers); k++)
    assay_columns_add_numbers (table, &(AssayResultColumn) { numbers[k].name, numbers[k].title, numbers[k].unit, NULL }, packets, numbers[k].path);
  add_flips (table, packets);
  assay_columns_add_counts (table, &(AssayResultColumn) { "nearest", "training examples looked at", NULL, NULL }, packets, "nearest.count");
  assay_columns_add_counts (table, &(AssayResultColumn) { "same_outcome", "of these with the decided outcome", NULL, NULL }, packets,
                            "nearest.with_decided_outcome");
  assay_columns_add_counts (table, &(AssayResultColumn) { "identical", "that the model cannot tell apart", NULL, NULL }, packets, "nearest.identical");
  g_assert (assay_result_table_get_n_columns (table) == ASSAY_DECISION_N_COLUMNS);
  return table;
}
