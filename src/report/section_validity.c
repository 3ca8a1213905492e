/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_validity.c: are the scores right? Predicted changes beside those of real retrainings. */
#include "report/validity.h"

#include "base/json.h"

#include <string.h>

static void
add_claim (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, const AssayResultTable *table, AssayValidityRow row)
{
  AssayNumber value = assay_number_new (table, ASSAY_VALIDITY_PEARSON, row, ASSAY_NUMBER_DECIMALS, 3);
  g_autofree char *id = g_strconcat (assay_result_table_get_path (table), "/", row == ASSAY_VALIDITY_GROUPS ? "groups" : "leave-one-out", NULL);
  AssayProse *sentence = assay_prose_new ();
  AssayClaim *claim;

  (void) report;
  assay_prose_add_format (sentence, "For model %s and method %s, predicted changes of the %s follow those measured by retraining with a correlation of ",
                         assay_json_get_text (answer->document, "model"), assay_json_get_text (answer->document, "method"), assay_validity_get_measure (answer));
  assay_prose_add_number (sentence, value);
  assay_prose_add (sentence, " (");
  assay_prose_add_number (sentence, assay_number_new (table, ASSAY_VALIDITY_SETS, row, ASSAY_NUMBER_COUNT, 0));
  assay_prose_add_format (sentence, " retrainings, %s).", row == ASSAY_VALIDITY_GROUPS ? "each without a group" : "each without one example");
  claim = assay_claim_new (id, ASSAY_CLAIM_PLAIN, ASSAY_CLAIM_MEASURED, sentence);
  claim->value = value;
  claim->lo = assay_number_new (table, ASSAY_VALIDITY_LO, row, ASSAY_NUMBER_DECIMALS, 3);
  claim->hi = assay_number_new (table, ASSAY_VALIDITY_HI, row, ASSAY_NUMBER_DECIMALS, 3);
  claim->interval = g_strdup ("95 %, bootstrap over retrainings and queries");
  claim->n = (gint64) assay_result_table_get_numbers (table, ASSAY_VALIDITY_SETS)[row];
  claim->seeds = 1;
  claim->check = (AssayClaimCheck) { g_strdup ("control: the same with scores dealt out at random"),
                                     assay_number_new (table, ASSAY_VALIDITY_CONTROL, row, ASSAY_NUMBER_DECIMALS, 3), NULL, TRUE };
  claim->method = g_strdup ("retraining without examples");
  claim->command = g_strdup (answer->command);
  claim->object = g_strconcat ("validation/", assay_json_get_text (answer->document, "validation_object"), NULL);
  assay_section_add_claim (section, claim);
}

/* What the examples ranked highest did when they were left out. */
static void
write_difference (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer)
{
  static const AssayShownColumn columns[] = {
    { ASSAY_DIFFERENCE_SIZE, NULL, ASSAY_NUMBER_COUNT, 0 }, { ASSAY_DIFFERENCE_RANDOM_GROUPS, NULL, ASSAY_NUMBER_COUNT, 0 },
    { ASSAY_DIFFERENCE_RISE, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_DIFFERENCE_RANDOM_RISE, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { ASSAY_DIFFERENCE_VALUE, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_DIFFERENCE_LO, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { ASSAY_DIFFERENCE_HI, NULL, ASSAY_NUMBER_DECIMALS, 4 },
  };
  const AssayResultTable *table = assay_validity_get_difference (report, answer);
  AssayProse *caption;

  if (table == NULL)
    return;
  caption = assay_prose_new ();
  assay_prose_add_format (caption, "Rise of the queries' %s without the examples ranked highest, and without random ones; lo and hi: 95 %%", assay_validity_get_measure (answer));
  assay_section_add_result_table (section, assay_result_table_get_path (table), caption, table, columns, G_N_ELEMENTS (columns));
}

/* The letter, and what it stands for. */
static void
write_grade (AssaySection *section, const AssayReportAnswer *answer)
{
  static const struct { const char *letter, *words; } meanings[] = {
    { "A", "verified by retraining" }, { "B", "every solve is certified, and predictions agree with retraining by more than half of what is possible" },
    { "C", "a ranking only" }, { "D", "abstain: these scores should not be used" } };
  const char *letter = assay_json_get_text (json_object_get (answer->document, "grade"), "letter");

  for (gsize k = 0; k < G_N_ELEMENTS (meanings); k++)
    if (strcmp (letter, meanings[k].letter) == 0)
      {
        AssayProse *sentence = assay_prose_new ();

        assay_prose_add_format (sentence, "Grade %s of method %s on model %s: %s.", letter, assay_json_get_text (answer->document, "method"),
                                assay_json_get_text (answer->document, "model"), meanings[k].words);
        assay_section_add_paragraph (section, sentence);
      }
}

static void
write_validation (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer)
{
  static const AssayShownColumn columns[] = {
    { ASSAY_VALIDITY_WHAT, NULL, ASSAY_NUMBER_COUNT, 0 }, { ASSAY_VALIDITY_SETS, NULL, ASSAY_NUMBER_COUNT, 0 },
    { ASSAY_VALIDITY_PEARSON, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_VALIDITY_LO, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { ASSAY_VALIDITY_HI, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_VALIDITY_SPEARMAN, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { ASSAY_VALIDITY_SLOPE, NULL, ASSAY_NUMBER_DECIMALS, 4 }, { ASSAY_VALIDITY_CONTROL, NULL, ASSAY_NUMBER_DECIMALS, 4 },
    { ASSAY_VALIDITY_CEILING, NULL, ASSAY_NUMBER_DECIMALS, 3 }, { ASSAY_VALIDITY_SIGNIFICANT, NULL, ASSAY_NUMBER_COUNT, 0 },
  };
  AssayResultTable *table = assay_validity_get_table (report, answer);
  AssayProse *caption = assay_prose_new ();

  assay_prose_add_format (caption, "Predicted against measured changes of the %s; lo and hi: 95 %%", assay_validity_get_measure (answer));
  assay_section_add_result_table (section, assay_result_table_get_path (table), caption, table, columns,
                                  G_N_ELEMENTS (columns));
  for (guint row = 0; row < ASSAY_VALIDITY_N_ROWS; row++)
    {
      AssayNumber pearson = assay_number_new (table, ASSAY_VALIDITY_PEARSON, row, ASSAY_NUMBER_DECIMALS, 3);

      if (assay_number_exists (&pearson))
        add_claim (report, section, answer, table, row);
    }
  write_difference (report, section, answer);
  write_grade (section, answer);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "validate");

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    write_validation (report, section, answers->pdata[k]);
  return TRUE;
}

ASSAY_SECTION_DEFINE (validity) = {
  .name = "validity", .title = "Are the influence scores right?", .tells = "influence.validity", .write = write_section
};
