/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_use.c: drafts about what the model does and how its answers can be understood. A person confirms them. */
#include "report/facts_private.h"

#include "base/json.h"

#include <string.h>

static gboolean
is_of_tokens (const AssayFacts *facts)
{
  return facts->dataset != NULL && assay_dataset_get_kind (facts->dataset) == ASSAY_DATASET_TOKENS;
}

/* --- capabilities ------------------------------------------------------------------------------------------------------ */

static gboolean
fill_taxonomy (const AssayFacts *facts, AssayField *field, GError **error)
{
  const json_t *derive = facts->object ? json_object_get (json_object_get (facts->object->meta, "data"), "derive") : NULL;
  const char *target = assay_json_get_text (derive, "target");

  (void) error;
  if (facts->dataset == NULL)
    return TRUE;
  if (is_of_tokens (facts))
    assay_field_set_format (field, ASSAY_FIELD_DERIVED, "one task: to continue sequences like those of data/%s, token by token", facts->data->name);
  else if (*target != 0)
    assay_field_set_format (field, ASSAY_FIELD_DERIVED, "one task: to predict %s from the inputs of data/%s", target, facts->data->name);
  else
    assay_field_set_format (field, ASSAY_FIELD_DERIVED, "one task: to predict the label of an example of data/%s", facts->data->name);
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

/* Split by split: loss, and accuracy where there are classes. */
static gboolean
fill_metrics (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "split", "split", NULL, ASSAY_VALUE_TEXT }, { "examples", "examples", NULL, ASSAY_VALUE_COUNT },
    { "loss", "mean loss", "nats", ASSAY_VALUE_NUMBER }, { "accuracy", "accuracy", NULL, ASSAY_VALUE_NUMBER },
  };
  gsize k;
  json_t *split;

  (void) error;
  if (facts->training == NULL)
    return TRUE;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  json_array_foreach (json_object_get (facts->training->document, "splits"), k, split)
    {
      assay_field_add_text (field, assay_json_get_text (split, "name"));
      assay_field_add_count (field, json_integer_value (json_object_get (split, "examples")));
      assay_field_add_number (field, assay_json_get_number (split, "loss"));
      if (json_is_number (json_object_get (split, "accuracy")))
        assay_field_add_number (field, assay_json_get_number (split, "accuracy"));
      else
        assay_field_add_missing (field, "the target is a number, not a class");
    }
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

static gboolean
fill_fitness (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "metric", "metric", NULL, ASSAY_VALUE_TEXT }, { "measures", "measures", NULL, ASSAY_VALUE_TEXT } };
  gboolean is_real;

  (void) error;
  if (facts->dataset == NULL || facts->training == NULL)
    return TRUE;
  is_real = assay_dataset_get_target_kind (facts->dataset) == ASSAY_TARGET_REAL;
  assay_field_begin_rows (field, ASSAY_FIELD_DERIVED, columns, G_N_ELEMENTS (columns));
  assay_field_add_text (field, "mean loss");
  assay_field_add_text (field, is_real ? "how far predictions are from the targets, large errors more than in proportion"
                                       : "how much probability the true class or token was given; a confident error costs most");
  if (!is_real)
    {
      assay_field_add_text (field, "accuracy");
      assay_field_add_text (field, "how often the likeliest class or token is the true one; it counts both kinds of error alike, and common classes more");
    }
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

/* --- what matters to an answer ----------------------------------------------------------------------------------------- */

static gboolean
fill_relevance (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "term", "term", NULL, ASSAY_VALUE_TEXT }, { "estimate", "coefficient", NULL, ASSAY_VALUE_NUMBER },
    { "std_error", "standard error", NULL, ASSAY_VALUE_NUMBER },
  };
  const json_t *coefficients = facts->training ? json_object_get (facts->training->document, "coefficients") : NULL;
  gsize k;
  json_t *row;

  (void) error;
  if (json_array_size (coefficients) == 0)
    return TRUE;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  json_array_foreach (coefficients, k, row)
    {
      assay_field_add_text (field, assay_json_get_text (row, "term"));
      assay_field_add_number (field, assay_json_get_number (row, "estimate"));
      if (json_is_number (json_object_get (row, "std_error")))
        assay_field_add_number (field, assay_json_get_number (row, "std_error"));
      else
        assay_field_add_missing (field, "no standard error was asked for");
    }
  assay_field_set_method (field, "coefficients of the regression; standard errors from the inverse Hessian of the total loss", 1);
  assay_facts_cite_answer (field, facts->training);
  return TRUE;
}

static void
add_means (AssayField *field, const AssayReportAnswer *answer, const char *means)
{
  assay_field_add_text (field, means);
  assay_field_add_text (field, answer->command ? answer->command : answer->object);
  assay_facts_cite_answer (field, answer);
}

static gboolean
fill_explanation (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "means", "means", NULL, ASSAY_VALUE_TEXT }, { "command", "command", NULL, ASSAY_VALUE_TEXT } };
  static const struct { const char *kind, *means; } known[] = {
    { "influence", "training examples ranked by what removing them would do to a prediction" },
    { "validate", "the ranking held against real retraining" },
    { "audit", "performance and single decisions, with what they rest on" },
    { "units", "what single units respond to, and what taking them away does" },
    { "cot", "whether written reasoning is used" },
  };
  gboolean has_coefficients = facts->training && json_array_size (json_object_get (facts->training->document, "coefficients")) > 0;

  (void) error;
  assay_field_begin_rows (field, ASSAY_FIELD_DERIVED, columns, G_N_ELEMENTS (columns));
  if (has_coefficients)
    add_means (field, facts->training, "coefficients with standard errors");
  for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
    {
      const AssayReportAnswer *answer = assay_report_source_find_newest (facts->source, known[k].kind);

      if (answer != NULL)
        add_means (field, answer, known[k].means);
    }
  if (assay_field_get_n_rows (field) == 0)
    assay_field_set_not_computed (field, "no means of explanation was used in the case; assay influence ranks the training examples behind an answer");
  return TRUE;
}

/* --- dialogue ---------------------------------------------------------------------------------------------------------- */

static gboolean
fill_system_prompt (const AssayFacts *facts, AssayField *field, GError **error)
{
  (void) error;
  if (facts->dataset == NULL)
    return TRUE;
  if (is_of_tokens (facts))
    assay_field_set_not_applicable (field, "the model is given the tokens of an example and nothing before them");
  else
    assay_field_set_not_applicable (field, "the model takes no prompt: its input is a row of numbers or an image");
  assay_facts_cite (field, facts->object, NULL);
  return TRUE;
}

static gboolean
fill_intermediate_tokens (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "trained", "trained use of the chain", NULL, ASSAY_VALUE_NUMBER }, { "measured", "measured use", NULL, ASSAY_VALUE_NUMBER },
    { "lo", "from", NULL, ASSAY_VALUE_NUMBER }, { "hi", "to", NULL, ASSAY_VALUE_NUMBER },
  };
  const AssayReportAnswer *certificate = assay_report_source_find_newest (facts->source, "certify");
  gsize k;
  json_t *mode;

  (void) error;
  if (facts->dataset == NULL)
    return TRUE;
  if (!is_of_tokens (facts))
    {
      assay_field_set_not_applicable (field, "the model writes nothing before its answer");
      assay_facts_cite (field, facts->object, NULL);
      return TRUE;
    }
  if (certificate == NULL || strcmp (assay_json_get_text (certificate->document, "model"), facts->object->name) != 0)
    return TRUE;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  json_array_foreach (json_object_get (certificate->document, "modes"), k, mode)
    {
      assay_field_add_number (field, assay_json_get_number (mode, "rate"));
      assay_field_add_number (field, assay_json_get_number (mode, "measured"));
      assay_field_add_number (field, assay_json_get_number (mode, "lo"));
      assay_field_add_number (field, assay_json_get_number (mode, "hi"));
    }
  assay_field_set_method (field, "the chain is part of what the model writes; use: how far the answer follows an edit of it, by mode of the model", 1);
  assay_facts_cite_answer (field, certificate);
  return TRUE;
}

/* --- mitigations ------------------------------------------------------------------------------------------------------- */

/* Mean over the sets of a kind, "chosen" or "control", of the change of the queries' losses; NaN where there is none. */
static double
mean_change (const json_t *sets, const char *kind, gint64 *n)
{
  double sum = 0;
  gsize k;
  json_t *set;

  *n = 0;
  json_array_foreach (sets, k, set)
    if (strcmp (assay_json_get_text (set, "kind"), kind) == 0)
      {
        sum += assay_json_get_number (set, "mean_change");
        ++*n;
      }
  return sum / (double) *n;
}

static gboolean
fill_efficacy (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "retraining", "retraining", NULL, ASSAY_VALUE_TEXT }, { "queries", "queries", NULL, ASSAY_VALUE_COUNT },
    { "change", "mean change of their loss", "nats", ASSAY_VALUE_NUMBER }, { "controls", "random controls", NULL, ASSAY_VALUE_COUNT },
    { "control_change", "change in the mean of the controls", "nats", ASSAY_VALUE_NUMBER },
  };
  g_autoptr (GPtrArray) answers = assay_report_source_list (facts->source, "retrain");

  (void) error;
  if (answers->len == 0)
    return TRUE;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < answers->len; k++)
    {
      const AssayReportAnswer *answer = answers->pdata[k];
      const json_t *sets = json_object_get (answer->document, "sets");
      gint64 n_chosen, n_controls;
      double chosen = mean_change (sets, "chosen", &n_chosen), control = mean_change (sets, "control", &n_controls);

      assay_field_add_text (field, answer->command ? answer->command : answer->object);
      assay_field_add_count (field, (gint64) json_array_size (json_object_get (answer->document, "queries")));
      assay_field_add_number (field, chosen);
      assay_field_add_count (field, n_controls);
      if (n_controls > 0)
        assay_field_add_number (field, control);
      else
        assay_field_add_missing (field, "no random group was left out");
      assay_facts_cite_answer (field, answer);
    }
  return TRUE;
}

const AssayFact assay_facts_of_use[] = {
  { "capabilities.taxonomy", fill_taxonomy },
  { "capabilities.evaluation", fill_metrics },
  { "performance.limits", fill_metrics },
  { "evaluation.fitness", fill_fitness },
  { "model.relevance", fill_relevance },
  { "explanation.means", fill_explanation },
  { "behaviour.system_prompt", fill_system_prompt },
  { "behaviour.intermediate_tokens", fill_intermediate_tokens },
  { "mitigations.efficacy", fill_efficacy },
  { NULL, NULL }
};
