/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sample.c: builds the document. */
#include "sample.h"

#include "report/figure.h"

#include <math.h>

static AssayFigure *
make_figure (const char *name)
{
  AssayFigure *figure = assay_figure_new ("sample/figure", "Rates");
  const char *const names[] = { "first", name };
  const double place[] = { 0, 1 }, value[] = { 0.25, 0.5 };

  assay_figure_set_categories (figure, ASSAY_AXIS_X, 2, names);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, "rate", NULL);
  assay_figure_add_bars (figure, NULL, ASSAY_ROLE_MAIN, 2, place, value, NULL, NULL);
  assay_figure_set_reading (figure, "The second rate is larger.");
  return figure;
}

static AssayClaim *
make_claim (const AssayResultTable *table, const char *name)
{
  AssayProse *sentence = assay_prose_new_plain ("The rate of ");
  AssayClaim *claim;

  assay_prose_add (sentence, name);
  assay_prose_add (sentence, " is ");
  assay_prose_add_number (sentence, assay_number_new (table, 1, 1, ASSAY_NUMBER_PERCENT, 1));
  assay_prose_add (sentence, ".");
  claim = assay_claim_new ("sample/claim", ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence);
  claim->value = assay_number_new (table, 1, 1, ASSAY_NUMBER_PERCENT, 1);
  claim->lo = assay_number_new (table, 1, 0, ASSAY_NUMBER_PERCENT, 1);
  claim->hi = assay_number_new (table, 1, 1, ASSAY_NUMBER_PERCENT, 1);
  claim->interval = g_strdup ("95 %, Wilson");
  claim->check = (AssayClaimCheck) { g_strdup ("count"), assay_number_new (table, 2, 0, ASSAY_NUMBER_COUNT, 0), g_strdup ("at least 1"), TRUE };
  claim->command = g_strdup ("assay audit CASE");
  return claim;
}

AssayDocument *
sample_document_new (const char *name)
{
  AssayDocument *document = assay_document_new (name, "regulator");
  AssayResultTable *table = assay_results_add_table (document->results, "sample/rates", "rates", 3, &(AssayResultSource) { .command = "assay audit CASE" });
  AssaySection *section = assay_document_add_section (document, "sample", "Sample"), *other = assay_document_add_section (document, "other", "Other");
  const char *const names[] = { "first", name, "empty" };
  const double rates[] = { 0.25, 0.5, NAN };
  const gint64 counts[] = { 7214, -1234567, 0 };
  const AssayShownColumn shown[] = { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_DECIMALS, 3 }, { 2, "how many", ASSAY_NUMBER_COUNT, 0 } };
  GPtrArray *items = g_ptr_array_new ();
  AssayProse *prose = assay_prose_new ();
  AssayBlock *free_table;

  assay_result_table_add_texts (table, &(AssayResultColumn) { "name", "group", NULL, NULL }, names);
  assay_result_table_add_numbers (table, &(AssayResultColumn) { "rate", "rate", "per person", NULL }, rates);
  assay_result_table_add_counts (table, &(AssayResultColumn) { "count", "count", NULL, NULL }, counts);
  assay_result_table_set_reason (table, 1, 2, "nobody in the group");
  document->report_id = g_strdup ("0123456789abcdef");
  document->created_utc = g_strdup ("2026-01-02T03:04:05Z");
  document->program = g_strdup ("Assay");
  assay_document_add_warning (document, "Look at %s.", name);

  assay_section_add_heading (section, "Heading");
  assay_prose_add (prose, name);
  assay_prose_add_code (prose, name);
  assay_prose_add_number (prose, assay_number_new (table, 1, 0, ASSAY_NUMBER_SIGNIFICANT, 2));
  assay_prose_add_reference (prose, "sample/claim", "the claim");
  assay_section_add_paragraph (section, prose);
  g_ptr_array_add (items, assay_prose_new_plain (name));
  assay_section_add_list (section, items);
  assay_section_add_callout (section, ASSAY_CALLOUT_WARNING, assay_prose_new_plain (name));
  assay_section_add_result_table (section, "sample/table", assay_prose_new_plain ("Rates"), table, shown, G_N_ELEMENTS (shown));
  assay_section_add_figure (section, "sample/figure", assay_prose_new_plain ("Rates, drawn"), make_figure (name), table);
  assay_section_add_claim (section, make_claim (table, name));
  assay_section_add_code (other, name);
  free_table = assay_section_begin_table (other, "other/table", assay_prose_new_plain ("Free"), "what|>value");
  assay_block_add_cell_plain (free_table, name);
  assay_block_add_cell_number (free_table, assay_number_new (table, 2, 1, ASSAY_NUMBER_COUNT, 0));
  return document;
}
