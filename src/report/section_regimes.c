/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_regimes.c: which regimes the report answers, with which packs, and how much of each is answered, class by class.
 *
 * Everything that a regime says comes from its pack; so the section is the same for all of them. Item by item: section_crosswalk.c.
 */
#include "report/coverage.h"
#include "report/section.h"

static void
add_head (AssaySection *section, const AssayRegime *regime)
{
  AssayProse *text = assay_prose_new ();
  guint unverified = 0;

  for (guint k = 0; k < regime->items->len; k++)
    unverified += !((const AssayRegimeItem *) regime->items->pdata[k])->verified;
  assay_prose_add (text, "Pack ");
  assay_prose_add_code (text, regime->id);
  assay_prose_add_format (text, ", version %s, %s", regime->version, regime->status);
  if (regime->applies_from != NULL)
    assay_prose_add_format (text, ", applies from %s", regime->applies_from);
  if (regime->supersedes != NULL)
    assay_prose_add_format (text, "; it supersedes %s", regime->supersedes);
  if (regime->retention != NULL)
    assay_prose_add_format (text, "; documents are kept %s", regime->retention);
  assay_prose_add (text, ". SHA-256 of the pack: ");
  assay_prose_add_code (text, regime->sha256);
  assay_prose_add (text, ". ");
  if (regime->review_name != NULL)
    assay_prose_add_format (text, "Reviewed by %s on %s.", regime->review_name, regime->review_date);
  else
    assay_prose_add (text, "Not reviewed by counsel.");
  if (unverified > 0)
    assay_prose_add (text, " Items marked * : requirement text not verified.");
  for (guint k = 0; k < regime->sources->len; k++)
    {
      const AssayRegimeSource *source = regime->sources->pdata[k];

      assay_prose_add_format (text, " Source: %s (%s, %s; %s%s).", source->title, source->url, source->date, source->read_on ? "read on " : "not read",
                              source->read_on ? source->read_on : "");
    }
  assay_section_add_paragraph (section, text);
}

/* --- the meter --------------------------------------------------------------------------------------------------------- */

static void
add_meter (const AssayReport *report, AssaySection *section, const AssayRegime *regime)
{
  static const char *const names[] = { "A: computed by the program", "S: drafted, a person confirms", "H: stated by a person", "all" };
  static const struct { const char *name, *heading; AssayCoverage coverage; } columns[] = {
    { "filled", "filled", ASSAY_COVERAGE_FILLED }, { "draft", "draft", ASSAY_COVERAGE_DRAFT }, { "withheld", "withheld", ASSAY_COVERAGE_WITHHELD },
    { "not_computed", "not computed", ASSAY_COVERAGE_NOT_COMPUTED }, { "human_pending", "for a person", ASSAY_COVERAGE_PENDING },
  };
  g_autofree char *path = assay_regime_dup_path (regime, "coverage"), *items = assay_regime_dup_path (regime, "items");
  AssayResultTable *table = assay_results_add_table (report->document->results, path, regime->title, G_N_ELEMENTS (names),
                                                     &(AssayResultSource) { .method = "items of the pack, each counted once" });
  AssayShownColumn shown[2 + G_N_ELEMENTS (columns)] = { { 0, NULL, ASSAY_NUMBER_COUNT, 0 }, { 1, NULL, ASSAY_NUMBER_COUNT, 0 } };
  AssayProse *caption = assay_prose_new_plain ("Items by how far they are; ");
  AssayCoverageCount counts[G_N_ELEMENTS (names)];
  gint64 values[G_N_ELEMENTS (names)];

  for (guint row = 0; row < G_N_ELEMENTS (names); row++)
    {
      counts[row] = assay_coverage_count (regime, report->fields, report->audience, (AssayFieldClass) row);    /* behind the last class: all */
      values[row] = counts[row].items;
    }
  assay_result_table_add_texts (table, &(AssayResultColumn) { "class", "items", NULL, NULL }, names);
  assay_result_table_add_counts (table, &(AssayResultColumn) { "items", "all", NULL, NULL }, values);
  for (guint c = 0; c < G_N_ELEMENTS (columns); c++)
    {
      for (guint row = 0; row < G_N_ELEMENTS (names); row++)
        values[row] = counts[row].count[columns[c].coverage];
      shown[2 + c] = (AssayShownColumn) { assay_result_table_add_counts (table, &(AssayResultColumn) { columns[c].name, columns[c].heading, NULL, NULL }, values),
                                          NULL, ASSAY_NUMBER_COUNT, 0 };
    }
  assay_prose_add_reference (caption, items, "item by item");
  assay_section_add_result_table (section, path, caption, table, shown, G_N_ELEMENTS (shown));
}

static void
add_draft_callout (const AssayReport *report, AssaySection *section)
{
  guint drafts = assay_field_set_count_drafts (report->fields);
  AssayResultTable *table;
  AssayProse *text;
  guint column;

  if (drafts == 0)
    return;
  table = assay_results_add_table (report->document->results, "regimes/drafts", "drafts", 1,
                                   &(AssayResultSource) { .method = "fields of class S without a confirmation" });
  column = assay_result_table_add_counts (table, &(AssayResultColumn) { "drafts", "drafts", NULL, NULL }, (const gint64[]) { drafts });
  text = assay_prose_new_plain ("This report is not final. Drafts of the program that no person has confirmed: ");
  assay_prose_add_number (text, assay_number_new (table, column, 0, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add (text, ".");
  assay_section_add_callout (section, ASSAY_CALLOUT_WARNING, text);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  const GPtrArray *regimes;

  (void) error;
  if (report->regimes == NULL || report->fields == NULL)
    return TRUE;
  regimes = assay_regime_set_get_chosen (report->regimes);
  assay_section_add_paragraph (section, assay_prose_new_plain ("Legal points here are engineering input, not legal advice: what is asked is paraphrased by the "
                                                               "authors of the packs. The counts say how much is answered, not how well, and not that "
                                                               "anything is complied with. An item counts once, as far as the field that is least far."));
  add_draft_callout (report, section);
  for (guint k = 0; k < regimes->len; k++)
    {
      const AssayRegime *regime = regimes->pdata[k];

      assay_section_add_heading (section, regime->title);
      add_head (section, regime);
      add_meter (report, section, regime);
    }
  return TRUE;
}

ASSAY_SECTION_DEFINE (regimes) = { .name = "regimes", .title = "Regimes: how much of them is answered", .write = write_section };
