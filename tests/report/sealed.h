/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealed.h: a small report for the tests of evidence: two tables with counts, rates, a value that is not computed and texts, and the sealed
 * bundle of it. */
#pragma once

#include <math.h>

#include "../store/store_test.h"
#include "report/bundle.h"
#include "report/results.h"
#include "report/seal.h"

typedef struct {
  AssayResults *results;
  AssayNumber   numbers[9];
} SmallReport;

static inline void
small_report_init (SmallReport *report)
{
  static const gint64 counts[] = { 805, 349, 9007199254740993, -3 };
  static const double rates[] = { 0.44847, 0.234543, NAN, 1e-9 };
  static const char *const groups[] = { "African-American", "Caucasian", "<b>&\"other\"", "\303\244" };
  double scores[300];
  AssayResultTable *race, *influence;
  guint c, r, s;

  report->results = assay_results_new ();
  race = assay_results_add_table (report->results, "subgroups/race", "By race", 4, &(AssayResultSource) { .object = "audit/compas", .command = "assay audit" });
  assay_result_table_add_texts (race, &(AssayResultColumn) { .name = "group" }, groups);
  c = assay_result_table_add_counts (race, &(AssayResultColumn) { .name = "false_positives", .long_name = "false positives" }, counts);
  r = assay_result_table_add_numbers (race, &(AssayResultColumn) { .name = "rate" }, rates);
  assay_result_table_set_reason (race, r, 2, "nobody in the group");
  influence = assay_results_add_table (report->results, "influence", "Influence", 300, NULL);
  for (int i = 0; i < 300; i++)
    scores[i] = 1.0 / (i + 3);
  s = assay_result_table_add_numbers (influence, &(AssayResultColumn) { .name = "score", .unit = "nats" }, scores);
  report->numbers[0] = assay_number_new (race, c, 0, ASSAY_NUMBER_COUNT, 0);
  report->numbers[1] = assay_number_new (race, c, 2, ASSAY_NUMBER_COUNT, 0);
  report->numbers[2] = assay_number_new (race, c, 3, ASSAY_NUMBER_COUNT, 0);
  report->numbers[3] = assay_number_new (race, r, 0, ASSAY_NUMBER_PERCENT, 1);
  report->numbers[4] = assay_number_new (race, r, 2, ASSAY_NUMBER_PERCENT, 1);
  report->numbers[5] = assay_number_new (race, r, 3, ASSAY_NUMBER_SIGNIFICANT, 3);
  report->numbers[6] = assay_number_new (influence, s, 0, ASSAY_NUMBER_DECIMALS, 3);
  report->numbers[7] = assay_number_new (influence, s, 131, ASSAY_NUMBER_DECIMALS, 5);
  report->numbers[8] = assay_number_new (influence, s, 299, ASSAY_NUMBER_SIGNIFICANT, 2);
}

/* report.json as the writers make it: every cited number somewhere, with its id and its digits. */
static inline char *
small_report_json (const SmallReport *report)
{
  json_t *values = json_array (), *document;
  char *text, *copy;

  for (gsize k = 0; k < G_N_ELEMENTS (report->numbers); k++)
    {
      g_autofree char *id = assay_number_dup_id (&report->numbers[k]), *display = assay_number_dup_display (&report->numbers[k]);

      json_array_append_new (values, json_pack ("{s:s, s:s}", "number", id, "display", display));
    }
  document = json_pack ("{s:s, s:[{s:o}]}", "schema", "assay.report", "sections", "values", values);
  text = json_dumps (document, JSON_SORT_KEYS | JSON_INDENT (1));
  json_decref (document);
  copy = g_strdup (text);
  free (text);
  return copy;
}

/* The whole bundle; key NULL: unsigned. */
static inline AssayBundle *
small_bundle (const AssaySigningKey *key)
{
  static const AssayStatementInput inputs[] = { { "model", "compas", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" } };
  AssayBundle *bundle = assay_bundle_new ();
  json_t *build = json_pack ("{s:s}", "program", "Assay test");
  GError *error = NULL;
  SmallReport report;
  g_autoptr (AssayEvidence) evidence = NULL;
  g_autofree char *json = NULL;

  small_report_init (&report);
  evidence = assay_evidence_new (report.results, "2026-01-02T03:04:05Z", &error);
  g_assert_no_error (error);
  json = small_report_json (&report);
  assay_bundle_add_text (bundle, "report.json", json, &error);
  g_assert_no_error (error);
  assay_bundle_seal (bundle, &(AssaySealInfo) { .evidence = evidence, .numbers = report.numbers, .n_numbers = G_N_ELEMENTS (report.numbers),
                     .report_id = "0123456789abcdef", .profile = "regulator", .utc = "2026-01-02T03:04:05Z", .build = build, .inputs = inputs,
                     .n_inputs = G_N_ELEMENTS (inputs), .key = key }, &error);
  g_assert_no_error (error);
  json_decref (build);
  assay_results_free (report.results);
  return bundle;
}
