/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_validate.c: are the scores right? Predicts, trains again without examples, and says how well the two agree. */
#include "base/error.h"
#include "dataset/derive.h"
#include "influence/validate.h"
#include "job/influence_task.h"
#include "job/measure.h"
#include "job/validation_view.h"

#include <math.h>

static const AssayParam params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example", .flags = ASSAY_PARAM_REQUIRED,
    .help = "example whose loss is predicted and measured; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME", .help = "how scores are computed" },
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "are the scores for the first person right?", "assay validate people.assay --query train:0" },
  { "leave-one-out only, for eight people, held against the exact inverse",
    "assay validate people.assay --query train:0-7 --method exact --leave-one-out 30 --groups 0" },
  { "how many retrainings that would be, and how long they take", "assay validate people.assay --query train:0-7 --dry-run" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  GArray *queries;              /* gint64 */
  AssayInfluenceSetup *setup;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_influence_setup_free (state->setup);
  g_clear_pointer (&state->queries, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  const AssayJobSection own = { NULL, NULL, "what is left out", assay_validate_params };

  (void) unused;
  g_array_append_val (sections, own);
  for (const AssayJobSection *s = assay_influence_task_sections (); s->params != NULL; s++)
    g_array_append_vals (sections, s, 1);
  return g_array_free (sections, FALSE);
}

static const AssayJobSection *
get_sections (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_sections, NULL);
}

static const AssayValues *
get_options (const AssayJob *job)
{
  return assay_job_get_table (job, assay_validate_params);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  if (assay_method_find (assay_values_get_string (values, "method"), error) == NULL)
    return FALSE;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->queries = assay_subject_find_examples (state->subject->dataset, assay_values_get_list (values, "query"), error);
  if (state->queries == NULL)
    return FALSE;
  state->setup = assay_influence_setup_new (job, context, state->subject, (const gint64 *) state->queries->data, state->queries->len, error);
  return state->setup != NULL && assay_validate_check (&state->setup->task, get_options (job), error);
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssayInfluenceTask *task = &state->setup->task;
  const AssayMethod *method = assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error);
  gint64 retrainings = assay_validate_count (task, get_options (job));
  double flops = 0, bytes = 0;

  if (context->is_dry_run
      && !assay_measure_rate (plan, state->subject->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
    return FALSE;
  method->cost (task, assay_job_get_section (job, "method"), &flops, &bytes);
  assay_job_plan_add (plan, flops, bytes, 24.0 * (double) task->n_query * (double) task->n_train,
                      "score %" G_GINT64_FORMAT " training examples for %" G_GINT64_FORMAT " %s by %s, unless the case has these scores",
                      task->n_train, task->n_query, task->n_query == 1 ? "query" : "queries", method->name);
  assay_job_plan_add (plan, (double) retrainings * assay_retraining_setup_get_flops (state->setup->retraining), 0,
                      24.0 * (double) retrainings * (double) task->n_query,
                      "train %" G_GINT64_FORMAT " times, less what the case has of these retrainings", retrainings);
  return TRUE;
}

/* --- run ----------------------------------------------------------------------------------------------------------- */

static AssayInfluenceScores *
find_scores (AssayJob *job, AssayJobContext *context, AssayObject **object, GError **error)
{
  const State *state = context->state;
  g_autoptr (AssayJob) question = assay_job_new_related (job, assay_job_kind_find ("influence", error), error);

  return question ? assay_influence_setup_score (state->setup, question, context, state->subject, TRUE, object, error) : NULL;
}

/* What makes the exit status 1, first things first; NULL: all is well. */
static char *
describe_failure (const AssayValidation *v, const AssayInfluenceScores *scores, const char *const *query)
{
  const struct { const char *name; const AssayAgreement *agreement; } checks[] = { { "leave-one-out", &v->one }, { "group-removal", &v->group } };
  char *failed_solves = assay_influence_describe_failures (scores, query);

  if (failed_solves != NULL)
    return failed_solves;
  for (gsize k = 0; k < G_N_ELEMENTS (checks); k++)
    {
      AssayEstimate e = checks[k].agreement->mean_pearson;
      g_autofree char *value = assay_view_number (e.value, 3), *lo = assay_view_number (e.lo, 3), *hi = assay_view_number (e.hi, 3);

      if (checks[k].agreement->n_sets > 0 && !(e.lo > 0))
        return g_strdup_printf ("the predictions are not shown to follow retraining: mean %s correlation %s [%s, %s]", checks[k].name, value, lo, hi);
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

static json_t *
summarise (const AssayJob *job, const State *state, const AssayValidation *v, const AssayInfluenceScores *scores, const AssayObject *kept_scores,
           const AssayObject *validation)
{
  const AssayValues *values = assay_job_get_values (job);
  g_autofree char *finding = describe_failure (v, scores, assay_values_get_list (values, "query"));
  json_t *summary = assay_validation_to_json (v), *more, *queries = json_array ();

  for (guint q = 0; q < state->queries->len; q++)
    json_array_append_new (queries, assay_subject_describe_example (state->subject->dataset, g_array_index (state->queries, gint64, q)));
  more = json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "model", state->subject->object->name, "data",
                    state->subject->data->name, "method", assay_values_get_string (values, "method"), "unit", scores->unit, "scores_object",
                    kept_scores->name, "validation_object", validation->name, "retraining_objects", state->setup->retraining->name,
                    "train_examples", (json_int_t) state->setup->task.n_train, "retrainings",
                    (json_int_t) assay_validate_count (&state->setup->task, get_options (job)), "solver",
                    describe_solves (scores), "queries", queries);
  json_object_update (summary, more);
  json_decref (more);
  if (finding != NULL)
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string (finding));
  return summary;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  const AssayInfluenceTask *task = &state->setup->task;
  const char *method = assay_values_get_string (assay_job_get_values (job), "method");
  g_autofree char *identity = assay_job_get_identity (job), *name = NULL;
  g_autoptr (AssayObject) kept_scores = NULL;
  g_autoptr (AssayInfluenceScores) scores = find_scores (job, context, &kept_scores, error);
  g_autoptr (AssayValidation) validation = scores ? assay_validate (task, scores, get_options (job), context->progress, error) : NULL;
  AssayObject *object;
  json_t *extra;

  if (validation == NULL)
    return NULL;
  name = g_strdup_printf ("%s/%s/%.12s", state->subject->object->name, method, identity);
  extra = json_pack ("{s:s, s:s, s:o}", "job", identity, "scores", kept_scores->name, "subject", assay_subject_to_json (state->subject));
  object = assay_validation_save (context->cas, name, validation, task, scores, method, get_options (job), extra, error);
  json_decref (extra);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return summarise (job, state, validation, scores, kept_scores, object);
}

ASSAY_JOB_KIND_DEFINE (validate) = {
  .name = "validate", .group = ASSAY_JOB_GROUP_QUESTION, .help = "compare predicted with measured changes by really training again",
  .description = "Scores predict what leaving examples out does to a query's loss. This trains again without single examples, without random groups, and "
                 "without the group ranked most helpful to each query, and says how well prediction and measurement agree: Pearson and rank "
                 "correlation for each query and in the mean, the slope of measured on predicted, and the band that 95 % of the errors lie in.\n\n"
                 "Intervals of means resample both the sets and the queries, since all queries share the sets. The control repeats the correlation with the "
                 "scores dealt out to the examples at random; it belongs around 0. The random groups are the control of the most helpful ones: p is "
                 "the share of random groups that raised the query's loss at least as much, the group itself counted.\n\n"
                 "Left out means weight 0; batches, divisor and rates stay those of the training. Finished retrainings are kept: an interrupted validation goes on "
                 "behind them, and another method is held to the same ones without training again.\n\n"
                 "The exit status is 1 when a solve did not converge, or when the interval of a mean correlation does not lie above 0.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = assay_validation_view,
};
