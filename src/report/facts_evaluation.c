/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_evaluation.c: what was measured about the model, how well the measurements hold, and how to make them again. */
#include "report/facts_private.h"

#include "base/json.h"

#include <string.h>

/* --- metrics ----------------------------------------------------------------------------------------------------------- */

static gboolean
fill_metrics (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "split", "split", NULL, ASSAY_VALUE_TEXT }, { "examples", "examples", NULL, ASSAY_VALUE_COUNT },
    { "loss", "mean loss", "nats", ASSAY_VALUE_NUMBER }, { "accuracy", "accuracy", NULL, ASSAY_VALUE_NUMBER },
    { "predictions", "predictions", NULL, ASSAY_VALUE_COUNT },
  };
  const json_t *splits;
  gsize k;
  json_t *split;

  (void) error;
  if (!assay_facts_need_training (facts, field))
    return TRUE;
  splits = json_object_get (facts->training->document, "splits");
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  json_array_foreach (splits, k, split)
    {
      assay_field_add_text (field, assay_json_get_text (split, "name"));
      assay_field_add_count (field, json_integer_value (json_object_get (split, "examples")));
      assay_field_add_number (field, assay_json_get_number (split, "loss"));
      if (json_is_number (json_object_get (split, "accuracy")))
        assay_field_add_number (field, assay_json_get_number (split, "accuracy"));
      else
        assay_field_add_missing (field, "the target is a number, not a class");
      assay_field_add_count (field, json_integer_value (json_object_get (split, "predictions")));
    }
  assay_field_set_method (field, "all examples of a split, at the end of the training; accuracy: share of predictions whose likeliest class is the target", 1);
  assay_facts_cite_answer (field, facts->training);
  if (json_array_size (splits) == 0)
    assay_field_set_not_computed (field, "the training evaluated no split");
  return TRUE;
}

static gboolean
fill_log (const AssayFacts *facts, AssayField *field, GError **error)
{
  g_autoptr (AssayObject) log = NULL;

  if (!assay_facts_need_model (facts, field))
    return TRUE;
  if (!assay_case_has (facts->cas, "metrics", facts->object->name))
    {
      assay_field_set_not_computed (field, "the case has no log of the training of model %s", facts->object->name);
      return TRUE;
    }
  log = assay_case_lookup (facts->cas, "metrics", facts->object->name, error);
  if (log == NULL)
    return FALSE;
  assay_field_set_format (field, ASSAY_FIELD_MEASURED, "metrics/%s of the case: loss, rate and norm of the gradient of every step, committed %s", log->name,
                          log->parts[log->n_parts - 1]->utc);
  assay_facts_cite (field, log, NULL);
  return TRUE;
}

/* --- commands ---------------------------------------------------------------------------------------------------------- */

/* Rows of those answers whose kind is in the list; kinds NULL: all. FALSE: there are none. */
static gboolean
list_commands (const AssayFacts *facts, AssayField *field, const char *const *kinds)
{
  static const AssayValueColumn columns[] = {
    { "job", "job", NULL, ASSAY_VALUE_TEXT }, { "command", "command", NULL, ASSAY_VALUE_TEXT },
  };
  gboolean any = FALSE;

  for (guint k = 0; k < facts->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = facts->source->answers->pdata[k];

      if (answer->document == NULL || answer->stale != NULL || answer->command == NULL || (kinds != NULL && !g_strv_contains (kinds, answer->kind)))
        continue;
      if (!any)
        assay_field_begin_rows (field, ASSAY_FIELD_DERIVED, columns, G_N_ELEMENTS (columns));
      any = TRUE;
      assay_field_add_text (field, answer->kind);
      assay_field_add_text (field, answer->command);
      assay_facts_cite_answer (field, answer);
    }
  if (any)
    assay_field_set_method (field, "the program is free software (GPL-3.0-or-later); each command gives the same answer again", 1);
  return any;
}

static gboolean
fill_reproduction (const AssayFacts *facts, AssayField *field, GError **error)
{
  (void) error;
  if (!list_commands (facts, field, NULL))
    assay_field_set_not_computed (field, "no job of the case has an answer");
  return TRUE;
}

static gboolean
fill_risks_reproduction (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const char *const kinds[] = { "audit", "cot", "certify", NULL };

  (void) error;
  if (!list_commands (facts, field, kinds))
    assay_field_set_not_computed (field, "no job of the case measures a risk: unequal errors between groups, or reasoning that is not used");
  return TRUE;
}

static gboolean
fill_mitigations_reproduction (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const char *const kinds[] = { "retrain", NULL };

  (void) error;
  if (!list_commands (facts, field, kinds))
    assay_field_set_not_computed (field, "no mitigation was tried in the case; assay retrain takes examples away and measures what that changes");
  return TRUE;
}

/* --- influence --------------------------------------------------------------------------------------------------------- */

static void
add_interval (AssayField *field, const json_t *estimate)
{
  assay_field_add_number (field, assay_json_get_number (estimate, "value"));
  assay_field_add_number (field, assay_json_get_number (estimate, "lo"));
  assay_field_add_number (field, assay_json_get_number (estimate, "hi"));
}

static gboolean
fill_validity (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "scores", "scores", NULL, ASSAY_VALUE_TEXT }, { "queries", "queries", NULL, ASSAY_VALUE_COUNT },
    { "retrainings", "retrainings", NULL, ASSAY_VALUE_COUNT },
    { "leave_one_out", "leave-one-out correlation", NULL, ASSAY_VALUE_NUMBER }, { "leave_one_out_lo", "from", NULL, ASSAY_VALUE_NUMBER },
    { "leave_one_out_hi", "to", NULL, ASSAY_VALUE_NUMBER },
    { "groups", "correlation of groups", NULL, ASSAY_VALUE_NUMBER }, { "groups_lo", "from", NULL, ASSAY_VALUE_NUMBER },
    { "groups_hi", "to", NULL, ASSAY_VALUE_NUMBER },
  };
  g_autoptr (GPtrArray) answers = assay_report_source_list (facts->source, "validate");

  (void) error;
  if (answers->len == 0)
    {
      assay_field_set_not_computed (field, "no predicted influence was held against retraining; assay validate does it");
      return TRUE;
    }
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < answers->len; k++)
    {
      const AssayReportAnswer *answer = answers->pdata[k];
      const json_t *document = answer->document;
      g_autofree char *scores = g_strdup_printf ("%s of model %s", assay_json_get_text (document, "method"), assay_json_get_text (document, "model"));

      assay_field_add_text (field, scores);
      assay_field_add_count (field, (gint64) json_array_size (json_object_get (document, "queries")));
      assay_field_add_count (field, json_integer_value (json_object_get (document, "retrainings")));
      add_interval (field, json_object_get (json_object_get (document, "loo"), "pearson"));
      add_interval (field, json_object_get (json_object_get (document, "lds"), "pearson"));
      assay_facts_cite_answer (field, answer);
    }
  assay_field_set_method (field, "Pearson correlation of predicted with measured changes of the queries' losses, mean over queries; 95 % bootstrap over sets "
                          "and queries", 1);
  return TRUE;
}

/* The solver of one query, or of many: {"converged": true} or counts. */
static void
add_solver (AssayField *field, const json_t *document)
{
  const json_t *converged = json_object_get (document, "converged"), *solver = json_object_get (document, "solver");

  assay_field_add_text (field, json_is_true (converged) ? "converged" : json_is_false (converged) ? "not converged" : "no solve");
  if (json_is_number (json_object_get (solver, "true_residual")))
    assay_field_add_number (field, assay_json_get_number (solver, "true_residual"));
  else
    assay_field_add_missing (field, "no residual is stated for the whole");
}

static gboolean
fill_scores (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "scores", "scores", NULL, ASSAY_VALUE_TEXT }, { "method", "method", NULL, ASSAY_VALUE_TEXT }, { "solve", "solve", NULL, ASSAY_VALUE_TEXT },
    { "residual", "true residual", NULL, ASSAY_VALUE_NUMBER },
  };
  g_autoptr (GPtrArray) answers = assay_report_source_list (facts->source, "influence");

  (void) error;
  if (answers->len == 0)
    {
      assay_field_set_not_computed (field, "no training examples were ranked; assay influence does it");
      return TRUE;
    }
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < answers->len; k++)
    {
      const AssayReportAnswer *answer = answers->pdata[k];

      assay_field_add_text (field, assay_json_get_text (answer->document, "scores_object"));
      assay_field_add_text (field, assay_json_get_text (answer->document, "method"));
      add_solver (field, answer->document);
      assay_facts_cite_answer (field, answer);
    }
  return TRUE;
}

/* --- checks ------------------------------------------------------------------------------------------------------------ */

/* An answer with a finding says that one of its checks failed. */
static gboolean
fill_checks (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "job", "job", NULL, ASSAY_VALUE_TEXT }, { "outcome", "outcome", NULL, ASSAY_VALUE_TEXT },
  };
  gboolean any = FALSE;

  (void) error;
  for (guint k = 0; k < facts->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = facts->source->answers->pdata[k];
      const char *finding = answer->document ? json_string_value (json_object_get (answer->document, "finding")) : NULL;

      if (answer->document == NULL || answer->stale != NULL)
        continue;
      if (!any)
        assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
      any = TRUE;
      assay_field_add_text (field, answer->command ? answer->command : answer->object);
      assay_field_add_text (field, finding ? finding : "none of its checks failed");
      assay_facts_cite_answer (field, answer);
    }
  assay_field_set_method (field, "every job checks what it computes: solves against their true residual, predictions against retraining, certificates "
                          "against their bounds", 1);
  if (!any)
    assay_field_set_not_computed (field, "no job of the case has an answer");
  return TRUE;
}

const AssayFact assay_facts_of_evaluation[] = {
  { "evaluation.metrics", fill_metrics },
  { "evaluation.log", fill_log },
  { "evaluation.checks", fill_checks },
  { "evaluation.reproduction", fill_reproduction },
  { "risks.reproduction", fill_risks_reproduction },
  { "mitigations.reproduction", fill_mitigations_reproduction },
  { "influence.validity", fill_validity },
  { "influence.scores", fill_scores },
  { NULL, NULL }
};
