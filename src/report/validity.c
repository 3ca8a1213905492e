/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validity.c: finds the validation that a score rests on, and tables its correlations. */
#include "report/validity.h"

#include "base/json.h"
#include "influence/measure_name.h"
#include "report/columns.h"
#include "report/withheld.h"

#include <string.h>

static const char *const keys[ASSAY_VALIDITY_N_ROWS] = { "loo", "lds" };
static const char *const names[ASSAY_VALIDITY_N_ROWS] = { "single examples left out", "groups left out" };

/* The place among the answers of its kind is part of the path: the same in every report of the case. */
static char *
dup_path (const AssayReport *report, const AssayReportAnswer *answer, const char *first)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, answer->kind);
  guint place = 0;

  g_ptr_array_find (answers, answer, &place);
  return g_strdup_printf ("%s/%u", first, place + 1);
}

const char *
assay_validity_get_measure (const AssayReportAnswer *validation)
{
  const char *measure = assay_json_get_text (validation->document, "measure");

  return measure[0] != '\0' ? measure : "loss";
}

AssayResultTable *
assay_validity_get_table (AssayReport *report, const AssayReportAnswer *validation)
{
  static const struct { const char *path; AssayResultColumn about; } numbers[] = {
    { "sets", { "sets", "retrainings", NULL, NULL } },
    { "pearson.value", { "pearson", "correlation", NULL, "Pearson correlation of predicted and measured changes" } },
    { "pearson.lo", { "pearson_lo", "lo", NULL, NULL } },
    { "pearson.hi", { "pearson_hi", "hi", NULL, NULL } },
    { "spearman.value", { "spearman", "rank correlation", NULL, NULL } },
    { "slope", { "slope", "slope", NULL, "measured over predicted change, least squares through zero" } },
    { "control.pearson.value", { "control", "control", NULL, "the same correlation with the scores dealt out to the examples at random" } },
    { "ceiling", { "ceiling", "ceiling", NULL, "rank correlation that a perfect prediction would reach, as far as the noise of several trainings allows" } },
    { "significant_queries", { "significant", "significant queries", NULL, "queries with a positive rank correlation, their p-values adjusted together" } },
  };
  g_autofree char *path = dup_path (report, validation, "validity");
  AssayResultTable *table = assay_results_find_table (report->document->results, path);
  AssayResultSource source = assay_report_answer_as_source (validation, "retraining without examples");
  json_t *items;

  if (table != NULL)
    return table;
  table = assay_results_add_table (report->document->results, path, "predicted against retrained", ASSAY_VALIDITY_N_ROWS, &source);
  items = json_array ();
  for (guint k = 0; k < ASSAY_VALIDITY_N_ROWS; k++)
    {
      json_t *row = json_object_get (validation->document, keys[k]);

      json_array_append (items, json_is_object (row) ? row : json_null ());
    }
  assay_result_table_add_texts (table, &(AssayResultColumn) { "what", "what was left out", NULL, NULL }, names);
  for (gsize k = 0; k < G_N_ELEMENTS (numbers); k++)
    assay_columns_add_numbers (table, &numbers[k].about, items, numbers[k].path);
  json_decref (items);
  return table;
}

AssayResultTable *
assay_validity_get_difference (AssayReport *report, const AssayReportAnswer *validation)
{
  static const struct { const char *path; AssayResultColumn about; } numbers[] = {
    { "size", { "size", "examples left out", NULL, NULL } },
    { "random_groups", { "random_groups", "random groups", NULL, NULL } },
    { "rise.value", { "rise", "rise", "nats", "without the examples ranked highest" } },
    { "random_rise.value", { "random_rise", "rise without random ones", "nats", NULL } },
    { "estimate", { "difference", "difference", "nats", "query loss difference" } },
    { "lo", { "lo", "lo", "nats", NULL } },
    { "hi", { "hi", "hi", "nats", NULL } },
  };
  const char *unit = assay_json_get_text (validation->document, "change_unit");
  json_t *qld = json_object_get (validation->document, "qld"), *items;
  g_autofree char *path = NULL;
  AssayResultSource source = assay_report_answer_as_source (validation, "retraining without examples");
  AssayResultTable *table;

  if (!json_is_object (qld))
    return NULL;
  path = dup_path (report, validation, "validity-highest");
  table = assay_results_find_table (report->document->results, path);
  if (table != NULL)
    return table;
  table = assay_results_add_table (report->document->results, path, "what is ranked highest, left out", 1, &source);
  items = json_pack ("[O]", qld);
  for (gsize k = 0; k < G_N_ELEMENTS (numbers); k++)
    {
      AssayResultColumn about = numbers[k].about;

      about.unit = about.unit && unit[0] != '\0' ? unit : about.unit;
      assay_columns_add_numbers (table, &about, items, numbers[k].path);
    }
  json_decref (items);
  return table;
}

/* "chosen", "random group 2". */
static char *
name_set (const json_t *set, guint *n_controls)
{
  if (strcmp (assay_json_get_text (set, "kind"), "control") == 0)
    return g_strdup_printf ("random group %u", ++*n_controls);
  return g_strdup (assay_json_get_text (set, "kind"));
}

AssayResultTable *
assay_validity_get_retrained (AssayReport *report, const AssayReportAnswer *retraining)
{
  const json_t *sets = json_object_get (retraining->document, "sets");
  gsize n = json_array_size (sets), k;
  g_autofree char *path = dup_path (report, retraining, "retraining");
  AssayResultTable *table = assay_results_find_table (report->document->results, path);
  AssayResultSource source = assay_report_answer_as_source (retraining, "retraining without examples");
  g_autoptr (GPtrArray) what = g_ptr_array_new_with_free_func (g_free);
  g_autofree gint64 *left_out = g_new0 (gint64, n + 1);
  guint n_controls = 0;
  json_t *set;

  if (table != NULL)
    return table;
  table = assay_results_add_table (report->document->results, path, "predicted and retrained", (gint64) n, &source);
  json_array_foreach (sets, k, set)
    {
      g_ptr_array_add (what, name_set (set, &n_controls));
      left_out[k] = (gint64) json_array_size (json_object_get (set, "without"));
    }
  g_ptr_array_add (what, NULL);
  assay_result_table_add_texts (table, &(AssayResultColumn) { "what", "left out", NULL, NULL }, (const char *const *) what->pdata);
  assay_result_table_add_counts (table, &(AssayResultColumn) { "examples", "examples", NULL, NULL }, left_out);
  assay_columns_add_numbers (table, &(AssayResultColumn) { "predicted", "predicted change", "nats", NULL }, sets, "predicted");
  assay_columns_add_numbers (table, &(AssayResultColumn) { "measured", "measured change", "nats", NULL }, sets, "measured");
  return table;
}

static gboolean
speaks_of (const json_t *validation, const json_t *influence)
{
  static const char *const same[] = { "model", "data", "method" };
  const json_t *query = json_array_get (json_object_get (influence, "queries"), 0);
  const char *measure = assay_measure_get_name (assay_json_get_text (query ? query : influence, "measure"));

  if (strcmp (measure, assay_json_get_text (validation, "measure")) != 0)
    return FALSE;
  for (gsize k = 0; k < G_N_ELEMENTS (same); k++)
    if (strcmp (assay_json_get_text (validation, same[k]), assay_json_get_text (influence, same[k])) != 0)
      return FALSE;
  return TRUE;
}

static const AssayReportAnswer *
find (const AssayReport *report, const json_t *influence)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "validate");

  for (guint k = answers->len; k-- > 0;)
    if (speaks_of (((const AssayReportAnswer *) answers->pdata[k])->document, influence))
      return answers->pdata[k];
  return NULL;
}

/* The newest retraining without the examples that these scores put first, or NULL. */
static const AssayReportAnswer *
find_retraining (AssayReport *report, const json_t *influence)
{
  g_autoptr (GPtrArray) answers = assay_report_source_list (report->source, "retrain");

  for (guint k = answers->len; k-- > 0;)
    {
      const AssayReportAnswer *answer = answers->pdata[k];
      const char *scores = assay_json_get_text (answer->document, "scores_object");

      if (scores[0] != '\0' && strcmp (scores, assay_json_get_text (influence, "scores_object")) == 0
          && json_array_size (json_object_get (answer->document, "sets")) > 0)
        return answer;
    }
  return NULL;
}

static gboolean
put_retraining (AssayReport *report, const json_t *influence, AssayClaim *claim)
{
  const AssayReportAnswer *answer = find_retraining (report, influence);

  if (answer == NULL)
    return FALSE;
  claim->validity = (AssayClaimCheck) { g_strdup ("change of the loss in nats, measured by retraining without the examples ranked first"),
                                        assay_number_new (assay_validity_get_retrained (report, answer), ASSAY_RETRAINED_MEASURED, 0,
                                                          ASSAY_NUMBER_DECIMALS, 4), NULL, TRUE };
  return TRUE;
}

static gboolean
put_validation (AssayReport *report, const json_t *influence, AssayClaim *claim)
{
  const AssayReportAnswer *validation = find (report, influence);

  for (guint row = 0; validation != NULL && row < ASSAY_VALIDITY_N_ROWS; row++)
    {
      AssayNumber pearson = assay_number_new (assay_validity_get_table (report, validation), ASSAY_VALIDITY_PEARSON, row, ASSAY_NUMBER_DECIMALS, 3);

      if (!assay_number_exists (&pearson))
        continue;
      claim->validity = (AssayClaimCheck) { g_strdup_printf ("correlation with retraining, %s", names[row]), pearson, NULL, TRUE };
      return TRUE;
    }
  return FALSE;
}

void
assay_validity_put (AssayReport *report, const json_t *influence, AssayClaim *claim)
{
  const char *secret = assay_report_get_withheld (report, "influence.validity mitigations.efficacy");
  gboolean is_known = secret == NULL ? put_validation (report, influence, claim) || put_retraining (report, influence, claim)
                                     : find (report, influence) != NULL || find_retraining (report, influence) != NULL;

  if (secret != NULL && is_known)
    claim->validity = (AssayClaimCheck) { .what = g_strdup_printf ("withheld (%s)", secret), .passed = TRUE };
  if (!is_known)
    assay_report_add_not_done (report, "validity of the influence scores", "scores of this model and method were not compared with retraining",
                               "assay validate CASE --query SPLIT:INDEX");
}
