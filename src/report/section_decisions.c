/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_decisions.c: why single decisions were made as they were, a packet for each person that was asked about. */
#include "report/decision.h"

#include "base/json.h"
#include "report/columns.h"
#include "report/withheld.h"

#include <math.h>
#include <string.h>

static void
tell_method (const AssayDecisions *decisions)
{
  g_autofree char *reference = assay_decisions_dup_reference (decisions);
  AssayProse *text = assay_prose_new ();

  assay_prose_add_format (text, "What made model %s of data %s decide so. Contributions are measured from a reference: %s. They add up to the difference of the "
                          "margin and that of the reference; terms of one column count together.", assay_json_get_text (decisions->answer->document, "model"),
                          assay_json_get_text (decisions->answer->document, "data"), reference);
  if (decisions->report->audience != ASSAY_AUDIENCE_INTERNAL)
    assay_prose_add (text, " People stand under pseudonyms, which the holder of the case can resolve; records of others are counted and not shown.");
  assay_section_add_paragraph (decisions->section, text);
}

static void
tell_overview (const AssayDecisions *decisions)
{
  const AssayResultTable *people = decisions->people;
  const double *probability = assay_result_table_get_numbers (people, ASSAY_DECISION_PROBABILITY);
  gboolean decides = assay_result_table_get_n_rows (people) > 0 && !isnan (probability[0]);
  const AssayShownColumn columns[] = {
    { ASSAY_DECISION_PERSON, NULL, ASSAY_NUMBER_COUNT, 0 },
    { ASSAY_DECISION_DECIDED, decides ? NULL : "predicted", ASSAY_NUMBER_COUNT, 0 },
    { decides ? ASSAY_DECISION_PROBABILITY : ASSAY_DECISION_MARGIN, decides ? NULL : "prediction", decides ? ASSAY_NUMBER_DECIMALS : ASSAY_NUMBER_SIGNIFICANT,
      decides ? 4 : 6 },
    { ASSAY_DECISION_OUTCOME, NULL, ASSAY_NUMBER_COUNT, 0 },
  };

  assay_section_add_result_table (decisions->section, assay_result_table_get_path (people), assay_prose_new_plain ("The decisions that are explained"), people,
                                  columns, G_N_ELEMENTS (columns));
}

static void
add_not_done (AssayReport *report)
{
  g_autoptr (GPtrArray) trainings = assay_report_source_list (report->source, "train");

  for (guint k = trainings->len; k-- > 0;)
    {
      const json_t *document = ((const AssayReportAnswer *) trainings->pdata[k])->document;
      g_autofree char *command = g_strdup_printf ("assay explain CASE --example SPLIT:INDEX --model-name %s", assay_json_get_text (document, "name"));

      if (strcmp (assay_json_get_text (json_object_get (document, "model"), "architecture"), "transformer") == 0)
        continue;
      assay_report_add_not_done (report, "explanations of single decisions", "no decision of a model of the case was explained", command);
      return;
    }
}

/* The public learns that decisions were explained, of how many people, and how well the explanations hold; nothing of any person. */
static void
tell_public (AssayReport *report, AssaySection *section, const AssayReportAnswer *answer, const char *id)
{
  const json_t *packets = json_object_get (answer->document, "packets");
  AssayResultSource source = assay_report_answer_as_source (answer, "contributions to a margin");
  g_autofree char *path = g_strconcat (id, "/public", NULL);
  AssayResultTable *table = assay_results_add_table (report->document->results, path, "explained decisions, in all", 1, &source);
  guint n = assay_columns_add_count (table, &(AssayResultColumn) { "people", "people", NULL, NULL }, (gint64) json_array_size (packets)), fidelity;
  double least = NAN;
  AssayProse *text = assay_prose_new ();
  gsize k;
  json_t *packet;

  json_array_foreach (packets, k, packet)
    least = fmin (least, assay_json_get_number (assay_columns_find (packet, "fidelity"), "rescaled"));
  fidelity = assay_columns_add_number (table, &(AssayResultColumn) { "fidelity", "least deletion fidelity", "0 worst order, 1 best", NULL }, least);
  assay_prose_add_format (text, "Decisions of model %s were explained to the people concerned. People: ", assay_json_get_text (answer->document, "model"));
  assay_prose_add_number (text, assay_number_new (table, n, 0, ASSAY_NUMBER_COUNT, 0));
  if (isfinite (least))
    {
      assay_prose_add (text, "; the least faithful explanation has a deletion fidelity of ");
      assay_prose_add_number (text, assay_number_new (table, fidelity, 0, ASSAY_NUMBER_DECIMALS, 3));
      assay_prose_add (text, " (from 0, the worst order of deleting columns, to 1, the best)");
    }
  assay_prose_add (text, ". What was decided about whom, and why, is not for the public.");
  assay_section_add_paragraph (section, text);
}

static gboolean
write_section (AssayReport *report, AssaySection *section, GError **error)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "explain");

  (void) error;
  for (guint k = 0; k < answers->len; k++)
    {
      g_autofree char *id = g_strdup_printf ("decisions/%u", k + 1);
      AssayDecisions decisions = { report, section, answers->pdata[k], id, NULL };
      gsize n = json_array_size (json_object_get (decisions.answer->document, "packets"));

      if (report->audience == ASSAY_AUDIENCE_PUBLIC)
        {
          tell_public (report, section, answers->pdata[k], id);
          continue;
        }
      decisions.people = assay_decisions_add_people (&decisions);
      tell_method (&decisions);
      tell_overview (&decisions);
      for (gsize person = 0; person < n; person++)
        assay_decisions_tell (&decisions, person);
    }
  if (answers->len > 0 && report->audience == ASSAY_AUDIENCE_PUBLIC)
    {
      assay_report_set_unsaid (report, "decisions");
      assay_report_add_not_done (report, "the explanations, person by person", "withheld: they tell what single people's records say, and are not for the public", NULL);
    }
  if (answers->len == 0)
    add_not_done (report);
  return TRUE;
}

ASSAY_SECTION_DEFINE (decisions) = { .name = "decisions", .title = "Explanations of single decisions", .write = write_section };
