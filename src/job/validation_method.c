/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_method.c: scores of one method, held against what retraining did. */
#include "job/validation_method.h"

#include "base/json.h"
#include "job/imported_scores.h"
#include "job/validation_controls.h"
#include "job/view.h"

#include <math.h>

void
assay_validation_question_free (AssayValidationQuestion *question)
{
  if (question == NULL)
    return;
  assay_validation_question_free (question->choosing);
  assay_validation_question_free (question->held_out);
  g_clear_pointer (&question->candidates, g_ptr_array_unref);
  g_free (question->place);
  assay_influence_setup_free (question->setup);
  g_clear_pointer (&question->queries, g_array_unref);
  g_clear_pointer (&question->jobs, g_ptr_array_unref);
  g_strfreev (question->references);
  g_strfreev (question->methods);
  g_free (question->bank_query);
  if (question->whole == NULL)
    {
      g_clear_pointer (&question->bank_object, assay_object_unref);
      assay_bank_free (question->bank);
      assay_subject_free (question->subject);
    }
  g_free (question);
}

const AssayValidationSource *
assay_validation_question_get_source (const AssayValidationQuestion *question)
{
  return question->bank ? &question->source : NULL;
}

/* What makes the exit status 1, first things first; NULL: all is well. */
static char *
describe_failure (const AssayValidation *v, const AssayInfluenceScores *scores, const char *const *query)
{
  const AssayAgreement *lds = assay_validation_get_lds (v);
  const struct { const char *name; const AssayAgreement *agreement; AssayEstimate estimate; } checks[] = {
    { "leave-one-out correlation", &v->one, v->one.mean_pearson },
    { "rank correlation for groups (lds)", lds, lds ? lds->mean_spearman : (AssayEstimate) { NAN, NAN, NAN, NAN } } };
  char *failed_solves = assay_influence_describe_failures (scores, query);

  if (failed_solves != NULL)
    return failed_solves;
  for (gsize k = 0; k < G_N_ELEMENTS (checks); k++)
    {
      AssayEstimate e = checks[k].estimate;
      g_autofree char *value = assay_view_number (e.value, 3), *lo = assay_view_number (e.lo, 3), *hi = assay_view_number (e.hi, 3);

      if (checks[k].agreement != NULL && checks[k].agreement->n_sets > 0 && !(e.lo > 0))
        return g_strdup_printf ("the predictions are not shown to follow retraining: mean %s %s [%s, %s]", checks[k].name, value, lo, hi);
    }
  return NULL;
}

/* Of all solves the worst, for the reader who wonders whether a low correlation is the solver's. */
static json_t *
describe_solves (const AssayInfluenceScores *scores)
{
  gint64 converged = 0;
  double worst = 0;

  if (scores->solves == NULL)
    return json_null ();
  for (gint64 q = 0; q < scores->n_query; q++)
    {
      converged += assay_influence_scores_has_converged (scores, q);
      worst = fmax (worst, scores->solves[q].true_residual);
    }
  return json_pack ("{s:I, s:I, s:o}", "solves", (json_int_t) scores->n_query, "converged", (json_int_t) converged, "worst_true_residual",
                    isfinite (worst) ? json_real (worst) : json_null ());
}

AssayInfluenceScores *
assay_validation_find_scores (const AssayValidationQuestion *question, guint method, const AssayJob *job, AssayJobContext *context, AssayObject **object,
                              GError **error)
{
  const char *imported = assay_imported_scores_name (question->methods[method]);

  if (imported != NULL)
    return assay_imported_scores_load (context->cas, imported, question->subject, (const gint64 *) question->queries->data, question->queries->len, object,
                                       error);
  return assay_influence_setup_score (question->setup, job, context, question->subject, TRUE, object, error);
}

gboolean
assay_validation_score_method (const AssayValidationQuestion *question, guint method, AssayJobContext *context, GError **error)
{
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayInfluenceScores) scores = assay_validation_find_scores (question, method, question->jobs->pdata[method], context, &object, error);

  return scores != NULL;
}

static AssayObject *
save (const AssayValidationQuestion *question, guint method, const AssayValidation *v, const AssayInfluenceScores *scores, const AssayObject *kept,
      json_t *choice, const AssayValues *options, const char *identity, AssayJobContext *context, GError **error)
{
  g_autofree char *name = g_strdup_printf ("%s/%s/%.12s", question->subject->object->name, question->methods[method], identity);
  json_t *extra = json_pack ("{s:s, s:s, s:s?, s:o}", "job", identity, "scores", kept->name, "bank", question->bank ? question->bank_object->name : NULL,
                             "subject", assay_subject_to_json (question->subject));
  AssayObject *object;

  if (choice != NULL)
    json_object_set (extra, "choice", choice);
  object = assay_validation_save (context->cas, name, v, &question->setup->task, scores, question->methods[method], options, extra, error);

  json_decref (extra);
  return object;
}

json_t *
assay_validation_answer_method (const AssayValidationQuestion *question, guint method, const AssayGroundTruth *truth, json_t *choice, const AssayJob *job,
                                AssayJobContext *context, GError **error)
{
  const AssayInfluenceTask *task = &question->setup->task;
  const AssayValues *options = assay_job_get_table (job, assay_validate_params);
  g_autofree char *identity = assay_job_get_identity (job), *finding = NULL;
  g_autoptr (AssayObject) kept = NULL;
  g_autoptr (AssayInfluenceScores) scores = assay_validation_find_scores (question, method, question->jobs->pdata[method], context, &kept, error);
  g_autoptr (AssayValidation) v = scores ? assay_validate (task, truth, scores, options, context->progress, error) : NULL;
  AssayObject *object = v ? save (question, method, v, scores, kept, choice, options, identity, context, error) : NULL;
  const json_t *cost = kept ? json_object_get (kept->meta, "cost") : NULL;
  json_t *document, *more;

  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  document = assay_validation_to_json (v);
  more = json_pack ("{s:s, s:s, s:s, s:s, s:o, s:o, s:b}", "method", question->methods[method], "unit", scores->unit, "scores_object", kept->name,
                    "validation_object", object->name, "solver", describe_solves (scores), "cost", cost ? json_deep_copy (cost) : json_null (), "imported",
                    assay_imported_scores_name (question->methods[method]) != NULL);
  json_object_update (document, more);
  json_decref (more);
  if (choice != NULL)
    json_object_update (document, choice);
  if (!assay_validation_add_controls (document, question, method, truth, scores, job, context, error))
    {
      json_decref (document);
      return NULL;
    }
  finding = describe_failure (v, scores, (const char *const *) question->references);
  if (finding != NULL)
    json_object_set_new (document, ASSAY_JOB_FINDING, json_string (finding));
  return document;
}
