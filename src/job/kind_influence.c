/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_influence.c: which training examples caused a behaviour: one row of scores for each query, kept whole in the case. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/cell_value.h"
#include "dataset/derive.h"
#include "dataset/prompts.h"
#include "influence/breakdown.h"
#include "influence/score_store.h"
#include "job/influence_task.h"
#include "job/measure.h"
#include "job/prompts.h"
#include "job/query_view.h"
#include "job/score_parts.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "example whose loss is asked about; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  ASSAY_PROMPT_PARAMS,
  { "mean", ASSAY_PARAM_BOOL, .help = "ask about the mean loss of all queries together: one row of scores" },
  { "self", ASSAY_PARAM_BOOL, .help = "ask about each training example's influence on its own loss instead of queries: one row of scores" },
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME", .help = "how scores are computed" },
  { "by", ASSAY_PARAM_CHOICE, .def.s = "none", .choices = assay_breakdown_choices,
    .help = "break every score down into parts that add up to it, to rounding: positions of sequences, modules of parameters, attention heads" },
  { "group", ASSAY_PARAM_LIST, .metavar = "SPLIT:WHICH", .names = "example",
    .help = "add up the scores of a group of training examples: SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\"; each use is one group" },
  { "top", ASSAY_PARAM_INT, .def.i = 10, .min = 0, .max = 9e15, .short_name = 'k', .unit = "examples",
    .help = "show this many scores of largest magnitude (0: all)" },
  ASSAY_SHARD_PARAM,
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const char *const outside_identity[] = { "group", "top", "queries", ASSAY_SHARD_OPTION, NULL };

/* What messages call queries that are none of the data. */
static const char *const prompts[] = { "the prompts", NULL };

static const AssayJobExample examples[] = {
  { "what made the first person's loss what it is, by the exact inverse", "assay influence people.assay --query train:0 --method exact" },
  { "by conjugate gradients with certified intervals, a person named by key", "assay influence people.assay --query id:17 --method cg --top 5" },
  { "with the curvature of twenty examples in the place of all, and what the draw may have done to each score",
    "assay influence people.assay --query id:17 --method cg --curvature-examples 20 --top 5" },
  { "several queries, as one JSON document", "assay influence people.assay --query train:0-3 --method dot --json" },
  { "one question about a group", "assay influence people.assay --query \"train:where group == 'c'\" --mean --method cg" },
  { "what made the answer as sure as it is, rather than its loss", "assay influence people.assay --query train:0 --measure margin --method exact" },
  { "what leaving out a whole group is predicted to do", "assay influence people.assay --query train:0 --method exact --group \"train:where group == 'b'\"" },
  { "which module of the model each score goes through", "assay influence people.assay --query train:0 --method exact --by module --top 3" },
  { "the first half of the work, while another process or machine does the second", "assay influence people.assay --query train:0-9 --method dot --shard 1/2" },
  { "the second half; whoever ends last has the answer", "assay influence people.assay --query train:0-9 --method dot --shard 2/2" },
  { "what made a language model write this", "assay influence story.assay --prompt \"a\" --completion \" word\" --method dot" },
  { "which training examples hold out against all others: the first to look at for wrong labels",
    "assay influence people.assay --self --method exact --top 20" },
  { NULL, NULL }
};

#define TEXT_CHARACTERS 60      /* of a sequence */

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

/* Either queries or the training examples themselves. */
static gboolean
complete (AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  gboolean is_self = assay_values_get_bool (values, "self");
  const char *fault = NULL;

  if (is_self && strcmp (assay_values_get_string (values, "by"), "none") != 0)
    fault = "--self has no one direction to break down: without --by";
  else if (is_self && assay_values_is_set (values, "measure"))
    fault = "--self is about losses: without --measure";
  else if (is_self && (assay_values_is_set (values, "query") || assay_values_get_bool (values, "mean") || assay_prompts_are_given (values)))
    fault = "--self asks about the training examples themselves: without --query, --completion, --queries and --mean";
  else if (!is_self && !assay_values_is_set (values, "query") && !assay_prompts_are_given (values))
    fault = "--query is needed: an example whose loss is asked about; or --completion, a text of a language model's; or --self";
  if (fault != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, fault);
  return fault == NULL;
}

/* The examples asked about, those of the data first: for --self all that the model was trained on. */
static GArray *
find_queries (const AssaySubject *subject, const AssayValues *values, GError **error)
{
  const gboolean is_self = assay_values_get_bool (values, "self");
  GArray *found = is_self ? g_array_new (FALSE, FALSE, sizeof (gint64))
                          : assay_subject_find_examples (subject->dataset, assay_values_get_list (values, "query"), error);
  const gint64 *prompts;
  gint64 n;

  if (is_self)
    g_array_append_vals (found, subject->train, (guint) subject->n_train);
  else if (found != NULL && assay_prompts_are_given (values))
    {
      prompts = assay_dataset_get_split (subject->dataset, ASSAY_PROMPTS_SPLIT, &n, NULL);
      g_array_append_vals (found, prompts, (guint) n);
    }
  return found;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  const AssayMethod *method = assay_method_find (assay_values_get_string (values, "method"), error);
  const char *by = assay_values_get_string (values, "by");
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  if (method == NULL || (strcmp (by, "none") != 0 && !assay_method_check_direction (method, by, error)))
    return FALSE;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->queries = find_queries (state->subject, values, error);
  if (state->queries == NULL)
    return FALSE;
  state->setup = assay_influence_setup_new (job, context, state->subject, (const gint64 *) state->queries->data, state->queries->len, error);
  if (state->setup != NULL && (assay_values_get_bool (values, "mean") || assay_values_get_bool (values, "self")))
    {
      state->setup->task.query_size = state->queries->len;
      state->setup->task.n_query = 1;
    }
  return state->setup != NULL;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  State *state = context->state;
  const AssayInfluenceTask *task = &state->setup->task;
  const AssayMethod *method = assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error);
  double flops = 0, bytes = 0;

  if (context->is_dry_run
      && !assay_measure_rate (plan, state->subject->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
    return FALSE;
  if (assay_values_get_bool (assay_job_get_values (job), "self"))
    {
      assay_method_cost_self (method, task, assay_job_get_section (job, "method"), &flops, &bytes);
      assay_job_plan_add (plan, flops, bytes, 24.0 * (double) task->n_train, "score %" G_GINT64_FORMAT " training examples for themselves by %s",
                          task->n_train, method->name);
      return TRUE;
    }
  method->cost (task, assay_job_get_section (job, "method"), &flops, &bytes);
  assay_job_plan_add (plan, flops, bytes, 24.0 * (double) task->n_query * (double) task->n_train,
                      "score %" G_GINT64_FORMAT " training examples for %" G_GINT64_FORMAT " %s by %s", task->n_train, task->n_query,
                      task->n_query == 1 ? "query" : "queries", method->name);
  return TRUE;
}

static gboolean
share (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error)
{
  const State *state = context->state;

  return assay_score_parts_share (state->setup, job, context, state->subject, share, error);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autofree char *finding = NULL;
  AssayObject *object;
  json_t *summary;

  scores = assay_influence_setup_score (state->setup, job, context, state->subject, FALSE, &object, error);
  if (scores == NULL)
    return NULL;
  assay_job_add_output (context, object);
  finding = assay_influence_describe_failures (scores, assay_values_is_set (assay_job_get_values (job), "query")
                                                         ? assay_values_get_list (assay_job_get_values (job), "query") : prompts);
  summary = json_pack ("{s:s, s:s, s:s}", "scores_object", object->name, "model", state->subject->object->name, "data", state->subject->data->name);
  if (finding != NULL)
    json_object_set_new (summary, ASSAY_JOB_FINDING, json_string (finding));
  return summary;
}

/* Of a text that was asked about its words too. */
static json_t *
describe_query (const State *state, gint64 example)
{
  json_t *query = assay_subject_describe_example (state->subject->dataset, example);
  const json_t *asked = json_object_get (state->subject->described, "prompts");

  if (asked != NULL && g_strcmp0 (json_string_value (json_object_get (query, "split")), ASSAY_PROMPTS_SPLIT) == 0)
    json_object_update (query, json_array_get (asked, (size_t) json_integer_value (json_object_get (query, "index"))));
  return query;
}

static json_t *
describe_members (const State *state)
{
  const AssayInfluenceTask *task = &state->setup->task;
  json_t *members = json_array ();

  for (gint64 m = 0; m < task->query_size; m++)
    json_array_append_new (members, describe_query (state, task->query[m]));
  return members;
}

/* What sequences read like. */
static void
add_texts (const AssayInfluenceTask *task, json_t *scores)
{
  AssayTable *table = assay_dataset_get_table (task->dataset);
  const AssayColumn *tokens = table ? assay_table_first_of (table, ASSAY_COLUMN_TOKENS) : NULL;
  json_t *score;
  gsize k;

  if (tokens != NULL)
    json_array_foreach (scores, k, score)
      {
        gint64 row = assay_dataset_get_row (task->dataset, json_integer_value (json_object_get (score, "example")));
        g_autofree char *text = assay_cell_dup_text (tokens, row, TEXT_CHARACTERS);

        json_object_set_new (score, "text", json_string (text));
      }
}

/* Of a mean over examples "query" is the first, and "query_examples" lists them all; self-influence has neither. */
static json_t *
query_to_json (const State *state, const AssayInfluenceScores *scores, const char *method, gint64 query, gint64 top)
{
  const AssayInfluenceTask *task = &state->setup->task;
  json_t *answer = assay_influence_scores_to_json (scores, task, method, query, top > 0 ? top : task->n_train);

  add_texts (task, json_object_get (answer, "scores"));
  if (strcmp (scores->measure, ASSAY_MEASURE_SELF) == 0)
    return answer;
  json_object_set_new (answer, "query", describe_query (state, task->query[query]));
  if (task->query_size > 1)
    json_object_set_new (answer, "query_examples", describe_members (state));
  return answer;
}

static int
compare_examples (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* The sum of one query's scores over a group of training examples; what is not among them does not count. */
static json_t *
sum_group (const State *state, const AssayInfluenceScores *scores, gint64 query, const char *reference, GError **error)
{
  const AssayInfluenceTask *task = &state->setup->task;
  g_autoptr (GArray) examples = assay_subject_find_examples (task->dataset, (const char *[]) { reference, NULL }, error);
  gboolean bounded = scores->lo != NULL && assay_influence_scores_has_converged (scores, query);
  double sum = 0, lo = 0, hi = 0;
  gint64 n = 0;
  guint at = 0;

  if (examples == NULL)
    return NULL;
  g_array_sort (examples, compare_examples);
  for (gint64 i = 0; i < task->n_train; i++)                      /* both ascend */
    {
      gint64 place = query * task->n_train + i;

      while (at < examples->len && g_array_index (examples, gint64, at) < task->train[i])
        at++;
      if (at == examples->len || g_array_index (examples, gint64, at) != task->train[i])
        continue;
      n++;
      sum += scores->value[place];
      lo += bounded ? scores->lo[place] : 0;
      hi += bounded ? scores->hi[place] : 0;
    }
  return json_pack ("{s:s, s:I, s:o, s:o, s:o}", "group", reference, "examples", (json_int_t) n, "score", assay_json_number (sum), "lo",
                    assay_json_number (bounded ? lo : (double) NAN), "hi", assay_json_number (bounded ? hi : (double) NAN));
}

static gboolean
add_groups (const State *state, const AssayInfluenceScores *scores, gint64 query, const char *const *references, json_t *answer, GError **error)
{
  json_t *list;

  if (references[0] == NULL)
    return TRUE;
  list = json_array ();
  json_object_set_new (answer, "groups", list);
  for (; *references != NULL; references++)
    {
      json_t *group = sum_group (state, scores, query, *references, error);

      if (group == NULL)
        return FALSE;
      json_array_append_new (list, group);
    }
  return TRUE;
}

/* One query's answer stands at the top level; several are listed under "queries" as well. */
/* Whether the examples are known to have been the model's training data. */
static void
add_membership (const State *state, json_t *document)
{
  const gboolean known = state->subject->training != NULL;

  json_object_set_new (document, "membership_known", json_boolean (known));
  if (!known)
    json_object_set_new (document, "membership_words", json_string (
      "the model was trained elsewhere, and whether these examples were in its training data is not known; scores take them for its training data"));
}

/* The answer to one query, groups included. */
static json_t *
answer_query (const State *state, const AssayInfluenceScores *scores, const char *method, gint64 query, const AssayValues *values, GError **error)
{
  json_t *answer = query_to_json (state, scores, method, query, assay_values_get_int (values, "top"));

  if (add_groups (state, scores, query, assay_values_get_list (values, "group"), answer, error))
    return answer;
  json_decref (answer);
  return NULL;
}

static json_t *
result (AssayJob *job, AssayJobContext *context, const json_t *summary, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const char *method;
  g_autoptr (AssayInfluenceScores) scores
    = assay_influence_scores_load (context->cas, json_string_value (json_object_get (summary, "scores_object")), &method, error);
  json_t *document = scores ? answer_query (state, scores, method, 0, values, error) : NULL, *list;

  if (document == NULL)
    return NULL;
  json_object_update (document, (json_t *) summary);
  add_membership (state, document);
  if (scores->n_query == 1)
    return document;
  list = json_array ();
  json_object_set_new (document, "queries", list);
  for (gint64 q = 0; q < scores->n_query; q++)
    {
      json_t *answer = answer_query (state, scores, method, q, values, error);

      if (answer == NULL)
        {
          json_decref (document);
          return NULL;
        }
      json_array_append_new (list, answer);
    }
  return document;
}

ASSAY_JOB_KIND_DEFINE (influence) = {
  .name = "influence", .group = ASSAY_JOB_GROUP_QUESTION, .help = "rank training examples by their influence on a query",
  .description = "For each query the scores say what its loss would gain by removing a training example: positive means that removing the example "
                 "raises the query's loss. Every score is kept in the case with its unit, its damping, why the solve ended and the true "
                 "residual; lo and hi bound the error of the solve where the method certifies one, not that of the prediction against a retraining: "
                 "see assay validate for that.\n\n"
                 "With --completion a language model is asked about a text of yours: the loss of the completion given the --prompt, in the tokens of the "
                 "tokenizer that the data of the case keep. --queries FILE.jsonl holds many such questions. Where the model was imported it is not known "
                 "whether the examples were in its training data, and the answer says so.\n\n"
                 "With --mean all queries are one: the scores are about the mean of their losses, for the price of one solve.\n\n"
                 "With --self there is no query: each training example's score is what its own loss would gain by removing it. Examples that no "
                 "other speaks for come first, wrong labels among them.\n\n"
                 "With --measure scores say what another scalar would gain: the margin log p/(1-p) of the right answer, which does not saturate where "
                 "the loss does, a log-probability, a logit or a difference of two, or the activation of one unit. assay validate --measure measures "
                 "the same after retraining.\n\n"
                 "With --group the scores of a group of training examples are added up: to first order what leaving out all of them would do.\n\n"
                 "With --by every score is broken down into parts that add up to it, to the rounding of the precision that it was computed in: by position of a training sequence, by module of "
                 "parameters, or by attention head.\n\n"
                 "The exit status is 1 when a solve did not converge; its scores are kept, and marked.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_influence_task_sections,
  .outside_identity = outside_identity, .complete = complete, .resolve = resolve, .plan = plan, .share = share, .run = run, .result = result, .view = assay_query_view,
};
