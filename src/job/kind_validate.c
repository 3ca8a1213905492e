/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_validate.c: are the scores right? Predicts, trains again without examples, and says how well the two agree, for one method or for several. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/derive.h"
#include "influence/task.h"
#include "job/imported_scores.h"
#include "job/measure.h"
#include "job/validation_choice.h"
#include "job/validation_controls.h"
#include "job/validation_method.h"
#include "job/validation_view.h"

#include <string.h>

static const char *const measured_where[] = { "there", "here", NULL };

static const AssayParam params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "example whose loss is predicted and measured; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE (default: those of the bank, or the first "
            "20 that the model was not trained on)" },
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME",
    .help = "how scores are computed; imported:NAME: scores from elsewhere; several with commas between them, or all: a table" },
  { "choose", ASSAY_PARAM_LIST, .metavar = "NAME=VALUE,VALUE",
    .help = "choose that option of the methods among these values by the lds of half of the queries, drawn by set-seed; all numbers are then of the other half. "
            "Given for several options: every combination" },
  { "bank", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "bank", .help = "subsets with query losses that were measured elsewhere, instead of retraining" },
  { "measured", ASSAY_PARAM_CHOICE, .def.s = "there", .choices = measured_where,
    .help = "with --bank: whose losses count, those of the bank (there) or of retraining without its subsets (here)" },
  { "stability", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples",
    .help = "how far so many scores of largest magnitude stay the same when damping, precision, seeds and checkpoint are varied (0: not looked at)" },
  { "non-members", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples",
    .help = "a control: so many examples that the model was not trained on, scored as if it had been (0: not looked at)" },
  { "random-weights", ASSAY_PARAM_BOOL, .help = "a control: the same scores of an untrained model, which should say nothing" },
  ASSAY_SHARD_PARAM,
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const char *const outside_identity[] = { ASSAY_SHARD_OPTION, NULL };

static const AssayJobExample examples[] = {
  { "are the scores for the first person right?", "assay validate people.assay --query train:0" },
  { "leave-one-out only, for eight people, held against the exact inverse",
    "assay validate people.assay --query train:0-7 --method exact --leave-one-out 30 --groups 0" },
  { "two methods side by side, held to the same retrainings", "assay validate people.assay --query train:0-3 --method exact,dot --groups 20 --leave-one-out 10" },
  { "a damping chosen on half of the people, and told of the other half", "assay validate people.assay --query train:0-7 --method exact --choose damping=0.001,0.01,0.1 --groups 20 --leave-one-out 0" },
  { "how many retrainings that would be, and how long they take", "assay validate people.assay --query train:0-7 --dry-run" },
  { NULL, NULL }
};

static void
state_free (gpointer data)
{
  assay_validation_question_free (data);
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

/* --- what is asked ------------------------------------------------------------------------------------------------- */

static char *
list_all_methods (void)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (const AssayMethod *const *method = assay_method_list (); *method != NULL; method++)
    if (!((*method)->flags & (ASSAY_METHOD_RETRAINS | ASSAY_METHOD_NEEDS_ROWS)))
      g_string_append_printf (names, "%s%s", names->len > 0 ? "," : "", (*method)->name);
  return g_string_free (g_steal_pointer (&names), FALSE);
}

/* Each name once, and known. */
static gboolean
check_methods (char **methods, GError **error)
{
  for (guint k = 0; methods[k] != NULL; k++)
    {
      if (g_strv_contains ((const char *const *) methods + k + 1, methods[k]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "method: %s is named twice", methods[k]);
          return FALSE;
        }
      if (assay_imported_scores_name (methods[k]) == NULL && assay_method_find (methods[k], error) == NULL)
        return FALSE;
    }
  return TRUE;
}

/* "all" is written out, so that the job says what it computes. */
static gboolean
complete (AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  g_auto (GStrv) methods = NULL;

  if (strcmp (assay_values_get_string (values, "method"), "all") == 0)
    {
      g_autofree char *all = list_all_methods ();

      if (!assay_job_set_text (job, "method", all, error))
        return FALSE;
    }
  if (strcmp (assay_values_get_string (values, "measured"), "here") == 0 && !assay_values_is_set (values, "bank"))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--measured here needs --bank: the bank whose subsets are left out");
      return FALSE;
    }
  methods = g_strsplit (assay_values_get_string (values, "method"), ",", -1);
  return check_methods (methods, error);
}

static gboolean
open_bank (AssayValidationQuestion *question, const AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *name = assay_values_get_string (assay_job_get_values (job), "bank");
  const AssaySubject *subject = question->subject;
  const json_t *data;

  if (name == NULL)
    return TRUE;
  question->bank_object = assay_case_lookup (context->cas, "bank", name, error);
  question->bank = question->bank_object ? assay_bank_load (context->cas, name, error) : NULL;
  if (question->bank == NULL)
    return FALSE;
  data = json_object_get (question->bank_object->meta, "data");
  if ((json_is_object (data) && !json_equal (data, subject->described)) || question->bank->n_train != subject->n_train
      || memcmp (question->bank->train, subject->train, subject->n_train * sizeof *subject->train) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "bank %s: subsets of the %" G_GINT64_FORMAT " training examples of model %s expected; they are of other data", name,
                   subject->n_train, subject->object->name);
      return FALSE;
    }
  return TRUE;
}

/* As they were named; else the bank's, those of imported scores, or the first of a split to ask about. */
static gboolean
choose_references (AssayValidationQuestion *question, const AssayValues *values, AssayJobContext *context, GError **error)
{
  const char *imported = assay_imported_scores_name (question->methods[0]);
  AssayDataset *dataset = question->subject->dataset;

  if (assay_values_is_set (values, "query"))
    question->references = g_strdupv ((char **) assay_values_get_list (values, "query"));
  else if (question->bank != NULL)
    question->references = assay_subject_dup_references (dataset, question->bank->query, question->bank->n_query);
  else if (imported != NULL)
    {
      g_autoptr (GArray) asked = assay_imported_scores_list_queries (context->cas, imported, error);

      if (asked == NULL)
        return FALSE;
      question->references = assay_subject_dup_references (dataset, (const gint64 *) asked->data, asked->len);
    }
  else
    question->references = assay_subject_dup_default_queries (question->subject);
  question->queries = assay_subject_find_examples (dataset, (const char *const *) question->references, error);
  return question->queries != NULL;
}

static gboolean
check_non_members (const AssayValidationQuestion *question, const AssayJob *job, GError **error)
{
  g_autoptr (GArray) others = NULL;

  if (assay_values_get_int (assay_job_get_values (job), "non-members") == 0)
    return TRUE;
  others = assay_validation_find_non_members (question);
  if (others->len > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "non-members: examples of data %s that model %s was not trained on and that are not asked about expected, none found; "
               "import a split of its own for them, or ask about fewer", question->subject->data->name, question->subject->object->name);
  return FALSE;
}

/* Which of the bank's queries each query is. */
static gboolean
match_queries (AssayValidationQuestion *question, const AssayJob *job, GError **error)
{
  const AssayBank *bank = question->bank;

  if (bank == NULL)
    return TRUE;
  question->bank_query = g_new (gint64, question->queries->len);
  for (guint q = 0; q < question->queries->len; q++)
    {
      gint64 example = g_array_index (question->queries, gint64, q), k = 0;

      while (k < bank->n_query && bank->query[k] != example)
        k++;
      if (k == bank->n_query)
        {
          g_autofree char *name = assay_dataset_describe (question->subject->dataset, example);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "bank %s: no losses of the query %s; it has those of %" G_GINT64_FORMAT " others",
                       question->bank_object->name, name, bank->n_query);
          return FALSE;
        }
      question->bank_query[q] = k;
    }
  question->source = (AssayValidationSource) { bank, question->bank_query,
                                               strcmp (assay_values_get_string (assay_job_get_values (job), "measured"), "here") == 0 };
  return TRUE;
}

static void
free_job (gpointer job)
{
  assay_job_free (job);
}

/* For each method the influence job that a person would have asked for, so that its scores are shared. */
static gboolean
make_jobs (AssayValidationQuestion *question, const AssayJob *job, GError **error)
{
  const AssayJobKind *influence = assay_job_kind_find ("influence", error);
  gboolean fine = influence != NULL;

  question->jobs = g_ptr_array_new_with_free_func (free_job);
  for (guint m = 0; fine && question->methods[m] != NULL; m++)
    {
      json_t *instead = json_pack ("{s:s, s:[]}", "method", question->methods[m], "query");
      AssayJob *related = NULL;

      for (char **reference = question->references; *reference != NULL; reference++)
        json_array_append_new (json_object_get (instead, "query"), json_string (*reference));
      if (assay_imported_scores_name (question->methods[m]) == NULL)
        {
          related = assay_job_new_related (job, influence, instead, error);
          fine = related != NULL;
        }
      g_ptr_array_add (question->jobs, related);
      json_decref (instead);
    }
  return fine;
}

/* Scores and banks from elsewhere are inputs of the validation. */
static gboolean
add_inputs (AssayValidationQuestion *question, AssayJob *job, AssayJobContext *context, GError **error)
{
  if (question->bank_object != NULL)
    assay_job_add_input_object (job, "bank", question->bank_object);
  for (guint m = 0; question->methods[m] != NULL; m++)
    {
      const char *name = assay_imported_scores_name (question->methods[m]);
      g_autoptr (AssayObject) object = NULL;
      g_autoptr (AssayInfluenceScores) scores = NULL;

      if (name == NULL)
        continue;
      scores = assay_imported_scores_load (context->cas, name, question->subject, (const gint64 *) question->queries->data, question->queries->len, &object, error);
      if (scores == NULL)
        return FALSE;
      assay_job_add_input_object (job, "scores", object);
    }
  return TRUE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  AssayValidationQuestion *question = g_new0 (AssayValidationQuestion, 1);

  context->state = question;
  context->free_state = state_free;
  question->methods = g_strsplit (assay_values_get_string (values, "method"), ",", -1);
  question->subject = assay_subject_open (job, context, error);
  if (question->subject == NULL || !open_bank (question, job, context, error) || !choose_references (question, values, context, error)
      || !match_queries (question, job, error) || !check_non_members (question, job, error))
    return FALSE;
  question->setup = assay_influence_setup_new (job, context, question->subject, (const gint64 *) question->queries->data, question->queries->len, error);
  return question->setup != NULL && make_jobs (question, job, error) && add_inputs (question, job, context, error)
         && (!assay_values_is_set (values, "choose") || assay_validation_choice_open (question, job, context, error))
         && assay_validate_check (&question->setup->task, get_options (job), assay_validation_question_get_source (question), error);
}

/* --- plan ---------------------------------------------------------------------------------------------------------- */

/* What the numbers are of. */
static const AssayValidationQuestion *
get_told (const AssayValidationQuestion *question)
{
  return question->held_out ? question->held_out : question;
}

static gint64
count_retrainings (const AssayJob *job, const AssayValidationQuestion *question)
{
  gint64 of_methods = g_strv_length (question->methods) * assay_validate_count_of_method (&get_told (question)->setup->task, get_options (job));

  return assay_validate_count_common (&question->setup->task, get_options (job), assay_validation_question_get_source (question)) + of_methods;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const AssayValidationQuestion *question = context->state;
  const AssayInfluenceTask *task = &question->setup->task, *told = &get_told (question)->setup->task;
  gint64 retrainings = count_retrainings (job, question);

  if (context->is_dry_run
      && !assay_measure_rate (plan, question->subject->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
    return FALSE;
  for (guint m = 0; question->methods[m] != NULL; m++)
    {
      const AssayMethod *method = question->jobs->pdata[m] ? assay_method_find (question->methods[m], NULL) : NULL;
      double flops = 0, bytes = 0;

      if (method == NULL)
        continue;
      if (question->choosing != NULL)
        {
          guint n = ((GPtrArray *) question->candidates->pdata[m])->len;
          gint64 n_query = question->choosing->setup->task.n_query;

          method->cost (&question->choosing->setup->task, assay_job_get_section (question->jobs->pdata[m], "method"), &flops, &bytes);
          if (n > 1)
            assay_job_plan_add (plan, n * flops, bytes, 24.0 * n * (double) n_query * (double) task->n_train,
                                "score %" G_GINT64_FORMAT " training examples for %" G_GINT64_FORMAT " queries that choose by %u candidates of %s, unless the case has "
                                "these scores", task->n_train, n_query, n, method->name);
        }
      method->cost (told, assay_job_get_section (question->jobs->pdata[m], "method"), &flops, &bytes);
      assay_job_plan_add (plan, flops, bytes, 24.0 * (double) told->n_query * (double) task->n_train,
                          "score %" G_GINT64_FORMAT " training examples for %" G_GINT64_FORMAT " %s by %s, unless the case has these scores",
                          task->n_train, told->n_query, told->n_query == 1 ? "query" : "queries", method->name);
    }
  if (retrainings > 0)
    assay_job_plan_add (plan, (double) retrainings * assay_retraining_setup_get_flops (question->setup->retraining), 0,
                        24.0 * (double) retrainings * (double) task->n_query,
                        "train %" G_GINT64_FORMAT " times, less what the case has of these retrainings", retrainings);
  return TRUE;
}

/* --- run ----------------------------------------------------------------------------------------------------------- */

static json_t *
describe_queries (const AssayValidationQuestion *question)
{
  json_t *queries = json_array ();

  for (guint q = 0; q < question->queries->len; q++)
    json_array_append_new (queries, assay_subject_describe_example (question->subject->dataset, g_array_index (question->queries, gint64, q)));
  return queries;
}

static json_t *
describe_question (const AssayJob *job, const AssayValidationQuestion *question)
{
  const AssayRetrainingSetup *retraining = question->setup->retraining;
  const AssayInfluenceTask *task = &question->setup->task;
  const AssayValidationQuestion *choosing = question->choosing;

  return json_pack ("{s:s, s:s, s:s, s:s, s:s?, s:s, s:s?, s:I, s:I, s:o, s:o}", "measure", task->measure ? task->measure : "loss", "change_unit",
                    assay_influence_task_get_change_unit (task), "model", question->subject->object->name, "data", question->subject->data->name, "bank",
                    question->bank ? question->bank_object->name : NULL, "measured",
                    question->bank != NULL && !question->source.sets_only ? "imported, not computed here" : "here", "retraining_objects",
                    retraining ? retraining->name : NULL, "train_examples", (json_int_t) task->n_train, "retrainings",
                    (json_int_t) count_retrainings (job, question), "queries", describe_queries (get_told (question)), "choosing",
                    choosing ? json_pack ("{s:s, s:o}", "by", "lds", "queries", describe_queries (choosing)) : json_null ());
}

/* A method that cannot be asked here is a row of its own in a table of several, and stops a validation of one. */
static gboolean
is_refusal (const GError *fault)
{
  return fault->code != ASSAY_ERROR_INTERRUPTED && fault->code != ASSAY_ERROR_TERMINATED;
}

/* Scores of all methods; NULL in the list for those that can be asked, else a row that says why not. */
static gboolean
score_all (const AssayValidationQuestion *question, AssayJobContext *context, json_t **rows, GError **error)
{
  gboolean several = g_strv_length (question->methods) > 1;

  for (guint m = 0; question->methods[m] != NULL; m++)
    {
      GError *fault = NULL;

      if (question->choosing ? assay_validation_choice_score (question, m, context, &fault) : assay_validation_score_method (question, m, context, &fault))
        continue;
      if (!several || !is_refusal (fault))
        {
          g_propagate_error (error, fault);
          return FALSE;
        }
      rows[m] = json_pack ("{s:s, s:s}", "method", question->methods[m], "refused", fault->message);
      g_clear_error (&fault);
    }
  return TRUE;
}

static gboolean
answer_all (const AssayJob *job, const AssayValidationQuestion *question, AssayJobContext *context, json_t **rows, GError **error)
{
  g_autoptr (AssayGroundTruth) truth = assay_validate_measure (&question->setup->task, get_options (job), assay_validation_question_get_source (question),
                                                               context->progress, error);

  g_autoptr (AssayGroundTruth) held_out = NULL;

  if (truth != NULL && question->choosing != NULL)
    held_out = assay_ground_truth_pick (truth, question->held_out->place, question->held_out->queries->len, error);
  if (truth == NULL || (question->choosing != NULL && held_out == NULL))
    return FALSE;
  for (guint m = 0; question->methods[m] != NULL; m++)
    {
      json_t *choice = NULL;

      if (rows[m] == NULL && question->choosing != NULL && (choice = assay_validation_choice_settle (question, m, truth, job, context, error)) == NULL)
        return FALSE;
      if (rows[m] == NULL)
        rows[m] = assay_validation_answer_method (get_told (question), m, held_out ? held_out : truth, choice, job, context, error);
      json_decref (choice);
      if (rows[m] == NULL)
        return FALSE;
    }
  return TRUE;
}

/* Some of the retrainings that all methods are held to; scores, and what is retrained for the sake of one method, are left to the process that completes
 * the job. */
static gboolean
share (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error)
{
  const AssayValidationQuestion *question = context->state;
  g_autoptr (AssayGroundTruth) truth = NULL;

  if (question->bank != NULL && !question->source.sets_only)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "bank %s: its losses were measured elsewhere, so nothing is retrained that could be shared; give --shard 1/1",
                   question->bank_object->name);
      return FALSE;
    }
  assay_retraining_setup_set_share (question->setup->retraining, share);
  truth = assay_validate_measure (&question->setup->task, get_options (job), assay_validation_question_get_source (question), context->progress, error);
  assay_retraining_setup_set_share (question->setup->retraining, NULL);
  return truth != NULL;
}

/* One method's answer stands at the top level; several are listed under "methods". */
static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValidationQuestion *question = context->state;
  guint n = g_strv_length (question->methods);
  g_autofree json_t **rows = g_new0 (json_t *, n);
  gboolean fine = score_all (question, context, rows, error) && answer_all (job, question, context, rows, error);
  json_t *document = fine ? describe_question (job, question) : NULL, *list = json_array ();

  for (guint m = 0; m < n; m++)
    json_array_append_new (list, rows[m] ? rows[m] : json_null ());
  if (fine && n == 1)
    json_object_update (document, json_array_get (list, 0));
  else if (fine)
    json_object_set (document, "methods", list);
  json_decref (list);
  return document;
}

ASSAY_JOB_KIND_DEFINE (validate) = {
  .name = "validate", .group = ASSAY_JOB_GROUP_QUESTION, .help = "compare predicted with measured changes by really training again",
  .description = "Scores predict what leaving examples out does to a query's loss. This trains again without single examples, without random groups, and "
                 "without the share that is ranked highest for the queries, and says how well prediction and measurement agree. The linear datamodeling score (lds) "
                 "is the mean over queries of the rank correlation between the sum of a group's scores and the measured change; the query loss difference (qld) is how "
                 "much more the loss rises without the highest-ranked share than without a random one; the leave-one-out correlation is of single examples.\n\n"
                 "Intervals of means resample both the sets and the queries, since all queries share the sets. The control repeats the correlation with the "
                 "scores dealt out to the examples at random; it belongs around 0. With several --seeds every set is trained as many times, and the ceiling says what a "
                 "perfect prediction would reach against their mean; a training that is repeated exactly has the ceiling 1. p-values of queries are adjusted over the "
                 "queries (Benjamini and Hochberg).\n\n"
                 "The grade: A, verified by retraining; B, a certified solve, and the lower limit of the lds above half of the ceiling; C, a ranking only; D, abstain.\n\n"
                 "Left out means weight 0; batches, divisor and rates stay those of the training. Finished retrainings are kept, set by set: an interrupted validation "
                 "goes on behind them, a longer one adds to them, and another method is held to the same ones without training again. A retraining that diverges is "
                 "named and counts in no mean. With --bank the sets, and unless --measured here the losses, are those that somebody else measured.\n\n"
                 "With --choose an option of a method (its damping, say) is chosen among the values listed: half of the queries, drawn by the seed of the sets, choose the value "
                 "with the largest lds, and every number told is of the other half, which had no say. Curvature factors are fitted once for all values.\n\n"
                 "With several methods the answer is a table; a method that cannot be asked of this model says why in its row. \"all\" stands for every method but those "
                 "that retrain themselves or compare rows that they must be told of.\n\n"
                 "The exit status is 1 when a solve did not converge, or when the interval of a mean correlation does not lie above 0; a table of several methods "
                 "ends with 0.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .outside_identity = outside_identity, .complete = complete, .resolve = resolve, .plan = plan, .share = share, .run = run, .view = assay_validation_view,
};
