/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_retrain.c: trains again without some examples, beside random groups of the same size, and says what happened to the queries. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "job/influence_task.h"
#include "job/left_out.h"
#include "job/measure.h"
#include "job/query_view.h"
#include "job/removal.h"

#include <math.h>
#include <string.h>

#define PLAN_BATCH 256
#define MAX_SHOWN 20            /* queries that are listed one by one */

static const char *const kinds[] = { "helpful", "harmful", NULL };

static const AssayParam params[] = {
  { "without", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "training example to leave out; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", id:VALUE, or a file: a line for each, or .npy with their numbers in "
            "the split" },
  { "scores", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "scores", .help = "scores of the case: their queries are compared, and what they predict is shown beside what happened" },
  { "count", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples", .help = "leave out so many examples that --scores puts first" },
  { "those", ASSAY_PARAM_CHOICE, .def.s = "helpful", .choices = kinds,
    .help = "with --count: examples whose removal is predicted to raise the loss most (helpful) or to lower it most (harmful)" },
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "example whose loss is compared; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE (default: those of --scores, or the first 20 that the "
            "model was not trained on)" },
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME",
    .help = "how the change is predicted where no --scores are named; none: it is not predicted" },
  { "each", ASSAY_PARAM_BOOL, .help = "leave the examples out one by one, not all together" },
  { "controls", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "groups",
    .help = "random groups of the same size that are left out as well, for comparison" },
  { "match", ASSAY_PARAM_LIST, .metavar = "COLUMN", .names = "column", .help = "random groups have as many examples of each value of this column as the chosen ones" },
  { "control-seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the random groups" },
  ASSAY_SHARD_PARAM,
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const char *const outside_identity[] = { ASSAY_SHARD_OPTION, NULL };

static const AssayJobExample examples[] = {
  { "leave two people out, and three random pairs", "assay retrain people.assay --model-name logistic --without train:3 --without train:8 --query train:0-4 --controls 3" },
  { "random pairs with the same groups", "assay retrain people.assay --model-name logistic --without train:3 --without train:8 --query train:0-4 --controls 2 "
    "--match group" },
  { "ten people left out one at a time, the retrainings shared by two processes: the first",
    "assay retrain people.assay --model-name logistic --without train:0-9 --each --query train:0 --shard 1/2" },
  { "and the second; whoever ends last has the answer", "assay retrain people.assay --model-name logistic --without train:0-9 --each --query train:0 --shard 2/2" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayPredictor *predictor;    /* NULL: no scores are named, or computed yet */
  AssayJob *question;           /* the influence job whose scores predict; NULL: scores are named, or nothing is predicted */
  AssayInfluenceSetup *setup;   /* of that job */
  char *refusal;                /* why nothing is predicted, or NULL */
  GArray *queries, *places;     /* gint64: examples of the data set, those of the scores first; places in the training examples */
  AssayRetrainingSetup *retraining;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_job_free (state->question);
  g_free (state->refusal);
  assay_influence_setup_free (state->setup);
  assay_retraining_setup_free (state->retraining);
  assay_predictor_free (state->predictor);
  g_clear_pointer (&state->queries, g_array_unref);
  g_clear_pointer (&state->places, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

/* By scores that are still to be computed. */
static gboolean
is_to_be_predicted (const AssayValues *values)
{
  return !assay_values_is_set (values, "scores") && strcmp (assay_values_get_string (values, "method"), "none") != 0;
}

/* What is asked must be whole: examples to leave out, a way to predict. */
static gboolean
complete (AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  gboolean scores = assay_values_is_set (values, "scores"), count = assay_values_get_int (values, "count") > 0;
  const char *fault = NULL;

  if (count && !scores)
    fault = "--count needs --scores: the scores that say which examples come first";
  else if (count == assay_values_is_set (values, "without"))
    fault = "what to leave out is needed: either --without, or --scores with --count";
  else if (strcmp (assay_values_get_string (values, "measure"), "loss") != 0)
    fault = "changes of losses are measured here: without --measure; assay validate --measure holds predictions of others to retraining";
  if (fault != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, fault);
  return fault == NULL && (!is_to_be_predicted (values) || assay_method_find (assay_values_get_string (values, "method"), error) != NULL);
}

static gboolean
open_predictor (State *state, AssayJob *job, AssayJobContext *context, GError **error)
{
  const char *name = assay_values_get_string (assay_job_get_values (job), "scores");

  if (name == NULL)
    return TRUE;
  state->predictor = assay_predictor_open (context->cas, name, state->subject, error);
  if (state->predictor != NULL)
    assay_job_add_input_object (job, "scores", state->predictor->object);
  return state->predictor != NULL;
}

static gboolean
choose_places (State *state, AssayJob *job, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  gint64 count = assay_values_get_int (values, "count");

  state->places = count > 0 ? assay_predictor_rank (state->predictor, count, strcmp (assay_values_get_string (values, "those"), "helpful") == 0, error)
                            : assay_left_out_find (state->subject, assay_values_get_list (values, "without"), job, error);
  return state->places != NULL;
}

static gint64
count_asked (const State *state)
{
  return state->predictor ? state->predictor->asked->len : 0;
}

/* Those of the scores, then those of the command line; where there are none, the first that the model was not trained on. references receives how they
 * are named. */
static gboolean
choose_queries (State *state, const AssayValues *values, char ***references, GError **error)
{
  gboolean usual = state->predictor == NULL && !assay_values_is_set (values, "query");
  g_auto (GStrv) named = usual ? assay_subject_dup_default_queries (state->subject) : g_strdupv ((char **) assay_values_get_list (values, "query"));
  g_autoptr (GArray) more = assay_subject_find_examples (state->subject->dataset, (const char *const *) named, error);

  if (more == NULL)
    return FALSE;
  state->queries = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (state->predictor != NULL)
    g_array_append_vals (state->queries, state->predictor->asked->data, state->predictor->asked->len);
  g_array_append_vals (state->queries, more->data, more->len);
  *references = g_steal_pointer (&named);
  return TRUE;
}

/* The influence job that a person would have asked for. */
static gboolean
prepare_question (State *state, AssayJob *job, AssayJobContext *context, char **references, GError **error)
{
  json_t *instead = json_pack ("{s:[]}", "query");

  for (char **reference = references; *reference != NULL; reference++)
    json_array_append_new (json_object_get (instead, "query"), json_string (*reference));
  state->question = assay_job_new_related (job, assay_job_kind_find ("influence", error), instead, error);
  json_decref (instead);
  if (state->question == NULL)
    return FALSE;
  state->setup = assay_influence_setup_new (job, context, state->subject, (const gint64 *) state->queries->data, state->queries->len, error);
  return state->setup != NULL;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);
  g_auto (GStrv) references = NULL;

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL || !open_predictor (state, job, context, error) || !choose_queries (state, values, &references, error))
    return FALSE;
  state->retraining = assay_retraining_setup_new (state->subject, context, (const gint64 *) state->queries->data, state->queries->len, error);
  if (state->retraining == NULL || (is_to_be_predicted (values) && !prepare_question (state, job, context, references, error)))
    return FALSE;
  return choose_places (state, job, error);
}

static gint64
count_sets (const AssayJob *job, const State *state)
{
  const AssayValues *values = assay_job_get_values (job);

  return (assay_values_get_bool (values, "each") ? (gint64) state->places->len : 1) + assay_values_get_int (values, "controls");
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssaySubject *subject = state->subject;
  gint64 sets = count_sets (job, state);

  if (state->question != NULL)
    {
      const AssayMethod *method = assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error);
      double flops = 0, bytes = 0;

      method->cost (&state->setup->task, assay_job_get_section (state->question, "method"), &flops, &bytes);
      assay_job_plan_add (plan, flops, bytes, 24.0 * (double) state->queries->len * (double) subject->n_train,
                          "predict by %s for %u %s, unless the case has these scores", method->name, state->queries->len,
                          state->queries->len == 1 ? "query" : "queries");
    }
  if (context->is_dry_run
      && !assay_measure_rate (plan, subject->model, subject->dataset, subject->train, subject->n_train, MIN (PLAN_BATCH, subject->n_train),
                              context->backend, error))
    return FALSE;
  assay_job_plan_add (plan, (double) (sets + 1) * assay_retraining_setup_get_flops (state->retraining), 0,
                      8.0 * (double) sets * (double) state->queries->len,
                      sets == 1 ? "train %" G_GINT64_FORMAT " times: with all examples, and without the chosen ones"
                                : "train %" G_GINT64_FORMAT " times: with all examples, and without each of the sets", sets + 1);
  return TRUE;
}

static AssayGroundTruth *
choose_sets (const AssayJob *job, const State *state, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  g_autoptr (AssayGroundTruth) truth = assay_ground_truth_new (state->queries->len);
  const char *const *match = assay_values_get_list (values, "match");
  gint64 controls = assay_values_get_int (values, "controls");
  guint64 seed = (guint64) assay_values_get_int (values, "control-seed");
  const gint64 *place = (const gint64 *) state->places->data;
  gboolean each = assay_values_get_bool (values, "each");
  gint64 n = state->places->len;

  for (gint64 k = 0; k < (each ? n : 1); k++)
    assay_ground_truth_add (truth, each ? ASSAY_REMOVAL_ONE : ASSAY_REMOVAL_TOP, -1, place + k, each ? 1 : n);
  if (match[0] == NULL)
    assay_ground_truth_add_groups (truth, state->subject->n_train, controls, each ? 1 : n, seed);
  else if (!assay_removal_add_matched (truth, state->subject, match, place, each ? 1 : n, controls, seed, error))
    return NULL;
  return g_steal_pointer (&truth);
}

/* --- the answer ---------------------------------------------------------------------------------------------------- */

/* Over the first n queries. */
static double
mean_change (const AssayGroundTruth *truth, guint set, gint64 n)
{
  double sum = 0;

  for (gint64 q = 0; q < n; q++)
    sum += truth->change[set * truth->n_query + q];
  return sum / (double) n;
}

/* What the scores said and what happened, both of the mean loss over the examples that the scores were asked about. */
static void
add_prediction (json_t *document, const State *state, const AssayGroundTruth *truth, guint set)
{
  AssayPrediction sum = assay_predictor_sum (state->predictor, &g_array_index (truth->removals, AssayRemoval, set));
  gboolean has_unit = state->predictor->has_unit;

  json_object_set_new (document, "predicted", has_unit ? assay_json_number (sum.value) : json_null ());
  json_object_set_new (document, "predicted_lo", has_unit ? assay_json_number (sum.lo) : json_null ());
  json_object_set_new (document, "predicted_hi", has_unit ? assay_json_number (sum.hi) : json_null ());
  json_object_set_new (document, "measured", assay_json_number (mean_change (truth, set, count_asked (state))));
}

/* Predicted changes of each query, those of the scores' examples. */
static json_t *
predictions_to_json (const State *state, const AssayGroundTruth *truth, guint set)
{
  const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, set);
  json_t *list = json_array ();

  for (gint64 q = 0; q < truth->n_query; q++)
    json_array_append_new (list, q < count_asked (state) ? assay_json_number (assay_predictor_sum_of (state->predictor, removal, q).value) : json_null ());
  return list;
}

/* Where one set was chosen: what was predicted of each query, and what happened to it. */
static void
add_comparison (json_t *query, const State *state, const AssayGroundTruth *truth, gint64 q)
{
  AssayPrediction sum = { NAN, NAN, NAN };

  if (q < count_asked (state))
    sum = assay_predictor_sum_of (state->predictor, &g_array_index (truth->removals, AssayRemoval, 0), q);
  json_object_set_new (query, "predicted", assay_json_number (sum.value));
  json_object_set_new (query, "predicted_lo", assay_json_number (sum.lo));
  json_object_set_new (query, "predicted_hi", assay_json_number (sum.hi));
  json_object_set_new (query, "measured", assay_json_number (truth->change[q]));
}

static guint
count_chosen (const AssayGroundTruth *truth)
{
  guint n = 0;

  for (guint s = 0; s < truth->removals->len; s++)
    n += g_array_index (truth->removals, AssayRemoval, s).kind != ASSAY_REMOVAL_RANDOM;
  return n;
}

static json_t *
set_to_json (const State *state, const AssayGroundTruth *truth, guint set)
{
  const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, set);
  json_t *members = json_array (), *changes = json_array (), *document;

  for (gint64 k = 0; k < removal->n; k++)
    json_array_append_new (members, assay_subject_describe_example (state->subject->dataset, state->subject->train[removal->place[k]]));
  for (gint64 q = 0; q < truth->n_query; q++)
    json_array_append_new (changes, assay_json_number (truth->change[set * truth->n_query + q]));
  document = json_pack ("{s:s, s:o, s:o, s:o}", "kind", removal->kind == ASSAY_REMOVAL_RANDOM ? "control" : "chosen", "without", members,
                        "change", changes, "mean_change", assay_json_number (mean_change (truth, set, truth->n_query)));
  if (state->predictor != NULL)
    {
      add_prediction (document, state, truth, set);
      json_object_set_new (document, "predicted_change", predictions_to_json (state, truth, set));
    }
  return document;
}

static json_t *
truth_to_json (const State *state, const AssayGroundTruth *truth, const AssayObject *kept)
{
  json_t *queries = json_array (), *sets = json_array (), *document;

  for (gint64 q = 0; q < truth->n_query; q++)
    {
      json_t *query = assay_subject_describe_example (state->subject->dataset, g_array_index (state->queries, gint64, q));

      json_object_set_new (query, "loss", json_real (truth->base[q]));
      if (count_chosen (truth) == 1)
        add_comparison (query, state, truth, q);
      json_array_append_new (queries, query);
    }
  for (guint s = 0; s < truth->removals->len; s++)
    json_array_append_new (sets, set_to_json (state, truth, s));
  document = json_pack ("{s:s, s:s, s:s, s:s?, s:I, s:o, s:o}", "model", state->subject->object->name, "retraining_object", kept->name, "unit", "nats",
                        "scores_object", state->predictor ? state->predictor->object->name : NULL, "asked", (json_int_t) count_asked (state),
                        "queries", queries, "sets", sets);
  if (state->refusal != NULL)
    json_object_set_new (document, "notes", json_pack ("[o]", json_sprintf ("nothing is predicted: %s", state->refusal)));
  return document;
}

/* A method that cannot be asked of this model predicts nothing, which is said; what happened can still be measured. */
static gboolean
predict (State *state, AssayJobContext *context, GError **error)
{
  AssayInfluenceScores *scores;
  AssayObject *object = NULL;
  GError *fault = NULL;

  if (state->question == NULL)
    return TRUE;
  scores = assay_influence_setup_score (state->setup, state->question, context, state->subject, TRUE, &object, &fault);
  if (scores != NULL)
    state->predictor = assay_predictor_take (object, scores, (const gint64 *) state->queries->data, state->queries->len);
  else if (fault->code == ASSAY_ERROR_INTERRUPTED || fault->code == ASSAY_ERROR_TERMINATED)
    {
      g_propagate_error (error, fault);
      return FALSE;
    }
  else
    state->refusal = g_strdup (fault->message);
  g_clear_error (&fault);
  return TRUE;
}

static AssayInfluenceTask
make_task (State *state, const AssayJobContext *context)
{
  return (AssayInfluenceTask) { .model = state->subject->model, .dataset = state->subject->dataset, .train = state->subject->train,
                                .n_train = state->subject->n_train, .query = (const gint64 *) state->queries->data, .n_query = state->queries->len,
                                .l2 = state->subject->l2, .backend = context->backend, .retrain = assay_ground_truth_retrain,
                                .retrain_data = &state->retraining->source };
}

/* Some of the retrainings; predicting is left to the process that completes the job. */
static gboolean
share (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error)
{
  State *state = context->state;
  g_autoptr (AssayGroundTruth) truth = choose_sets (job, state, error);
  AssayInfluenceTask task = make_task (state, context);
  gboolean fine;

  assay_retraining_setup_set_share (state->retraining, share);
  fine = truth != NULL && assay_ground_truth_run (truth, &task, context->progress, error);
  assay_retraining_setup_set_share (state->retraining, NULL);
  return fine;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  g_autoptr (AssayGroundTruth) truth = choose_sets (job, state, error);
  AssayInfluenceTask task = make_task (state, context);
  g_autofree char *name = truth ? assay_ground_truth_dup_kept_name (truth, &state->retraining->place) : NULL;
  AssayObject *object;

  if (truth == NULL || !predict (state, context, error) || !assay_ground_truth_run (truth, &task, context->progress, error))
    return NULL;
  object = assay_case_lookup (context->cas, "retraining", name, error);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return truth_to_json (state, truth, object);
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

static char *
name_set (const json_t *set, gsize k)
{
  const json_t *members = json_object_get (set, "without");

  if (strcmp (json_string_value (json_object_get (set, "kind")), "control") == 0)
    return g_strdup_printf ("%" G_GSIZE_FORMAT ": random, %" G_GSIZE_FORMAT " %s", k, json_array_size (members),
                            json_array_size (members) == 1 ? "example" : "examples");
  if (json_array_size (members) == 1)
    {
      g_autofree char *name = assay_query_name (json_array_get (members, 0));

      return g_strdup_printf ("%" G_GSIZE_FORMAT ": %s", k, name);
    }
  return g_strdup_printf ("%" G_GSIZE_FORMAT ": chosen, %" G_GSIZE_FORMAT " examples", k, json_array_size (members));
}

/* NaN where nothing was measured or predicted. */
static double
number_of (const json_t *value)
{
  return json_is_number (value) ? json_number_value (value) : (double) NAN;
}

static void
view_predictions (const json_t *document, AssayView *view)
{
  static const char *const numbers[] = { "predicted", "predicted_lo", "predicted_hi", "measured" };
  gint64 asked = json_integer_value (json_object_get (document, "asked"));
  const char *scores = json_string_value (json_object_get (document, "scores_object"));
  gsize s;
  json_t *set;

  if (asked == 1)
    assay_view_add_heading (view, "The loss of the example that the scores %s were asked about", scores);
  else
    assay_view_add_heading (view, "The mean loss over the %" G_GINT64_FORMAT " examples that the scores %s were asked about", asked, scores);
  assay_view_begin_table (view, "left out|>predicted change|>lo|>hi|>measured change");
  json_array_foreach (json_object_get (document, "sets"), s, set)
    {
      g_autofree char *name = name_set (set, s);

      assay_view_add_cell (view, name);
      for (gsize k = 0; k < G_N_ELEMENTS (numbers); k++)
        assay_view_add_cell_number (view, number_of (json_object_get (set, numbers[k])), 4);
    }
  assay_view_add_text (view, "lo and hi bound the solve behind the prediction, not what retraining gives.");
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *queries = json_object_get (document, "queries"), *sets = json_object_get (document, "sets");
  gboolean is_predicted = json_is_string (json_object_get (document, "scores_object"));
  gsize q, s;
  json_t *query, *set;

  assay_view_add_text (view, "model %s, trained again; change of a query's loss in nats (positive: leaving the examples out raises it)",
                       json_string_value (json_object_get (document, "model")));
  if (is_predicted)
    view_predictions (document, view);
  if (json_array_size (queries) > MAX_SHOWN)
    {
      assay_view_add_text (view, "%" G_GSIZE_FORMAT " queries, each by itself: --json, or the object retraining/%s", json_array_size (queries),
                           json_string_value (json_object_get (document, "retraining_object")));
      return;
    }
  assay_view_begin_table (view, is_predicted ? "left out|query|>loss with all|>predicted change|>change" : "left out|query|>loss with all|>change");
  json_array_foreach (sets, s, set)
    {
      g_autofree char *name = name_set (set, s);

      json_array_foreach (queries, q, query)
        {
          g_autofree char *query_name = assay_query_name (query);

          assay_view_add_cell (view, q == 0 ? name : "");
          assay_view_add_cell (view, query_name);
          assay_view_add_cell_number (view, json_number_value (json_object_get (query, "loss")), 6);
          if (is_predicted)
            assay_view_add_cell_number (view, number_of (json_array_get (json_object_get (set, "predicted_change"), q)), 4);
          assay_view_add_cell_number (view, number_of (json_array_get (json_object_get (set, "change"), q)), 4);
        }
      if (json_array_size (queries) < 2)
        continue;
      assay_view_add_cell (view, "");
      assay_view_add_cell (view, "mean");
      assay_view_add_cell (view, "");
      if (is_predicted)
        assay_view_add_cell (view, "");
      assay_view_add_cell_number (view, number_of (json_object_get (set, "mean_change")), 4);
    }
}

ASSAY_JOB_KIND_DEFINE (retrain) = {
  .name = "retrain", .group = ASSAY_JOB_GROUP_MODEL, .help = "train again without some examples and compare losses",
  .description = "What influence predicts, this measures: the training that made the model is repeated without the named examples. Left out means "
                 "weight 0: batches, divisor and rates stay those of the training. With --controls random groups of the same size are left out "
                 "as well, so that the change can be told from what any removal does; with --match they are made up like the chosen ones. Finished retrainings are kept; the same command goes on "
                 "behind them.\n\n"
                 "Beside the measured change of every query stands the one that scores predict: those of --scores, or else of --method, computed for these queries.\n\n"
                 "With --scores the examples to leave out can be those that an influence job put first (--count, --those), and for every set the sum of "
                 "the scores, which is the predicted change, stands beside the measured one.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_influence_task_sections,
  .outside_identity = outside_identity, .complete = complete, .resolve = resolve, .plan = plan, .share = share, .run = run, .view = view,
};
