/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_retrain.c: trains again without some examples, beside random groups of the same size, and says what happened to the queries. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "job/influence_task.h"
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
    .help = "training example to leave out; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "scores", ASSAY_PARAM_STRING, .metavar = "NAME", .names = "scores", .help = "scores of the case: their queries are compared, and what they predict is shown beside what happened" },
  { "count", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples", .help = "leave out so many examples that --scores puts first" },
  { "those", ASSAY_PARAM_CHOICE, .def.s = "helpful", .choices = kinds,
    .help = "with --count: examples whose removal is predicted to raise the loss most (helpful) or to lower it most (harmful)" },
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "example whose loss is compared; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "each", ASSAY_PARAM_BOOL, .help = "leave the examples out one by one, not all together" },
  { "controls", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "groups",
    .help = "random groups of the same size that are left out as well, for comparison" },
  { "match", ASSAY_PARAM_LIST, .metavar = "COLUMN", .names = "column", .help = "random groups have as many examples of each value of this column as the chosen ones" },
  { "control-seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the random groups" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "leave two people out, and three random pairs", "assay retrain people.assay --model-name logistic --without train:3 --without train:8 --query train:0-4 --controls 3" },
  { "random pairs with the same groups", "assay retrain people.assay --model-name logistic --without train:3 --without train:8 --query train:0-4 --controls 2 "
    "--match group" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayPredictor *predictor;    /* NULL: no scores are named */
  GArray *queries, *places;     /* gint64: examples of the data set, those of the scores first; places in the training examples */
  AssayRetrainingSetup *retraining;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_retraining_setup_free (state->retraining);
  assay_predictor_free (state->predictor);
  g_clear_pointer (&state->queries, g_array_unref);
  g_clear_pointer (&state->places, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

/* From examples of the data set to places among the training examples, each once however often it is named. */
static GArray *
find_places (const AssaySubject *subject, const char *const *references, GError **error)
{
  g_autoptr (GArray) examples = assay_subject_find_examples (subject->dataset, references, error);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autofree gboolean *taken = g_new0 (gboolean, subject->n_train);

  for (guint k = 0; examples != NULL && k < examples->len; k++)
    {
      gint64 example = g_array_index (examples, gint64, k), place = 0;

      while (place < subject->n_train && subject->train[place] != example)
        place++;
      if (place == subject->n_train)
        {
          g_autofree char *name = assay_dataset_describe (subject->dataset, example);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "without: %s is no example that model %s was trained on (split %s)", name,
                       subject->object->name, subject->train_split);
          return NULL;
        }
      if (!taken[place])
        g_array_append_val (places, place);
      taken[place] = TRUE;
    }
  return examples ? g_steal_pointer (&places) : NULL;
}

/* What is asked must be whole: examples to leave out, queries to compare. */
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
  else if (!scores && !assay_values_is_set (values, "query"))
    fault = "--query is needed: examples whose loss is compared";
  if (fault != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, fault);
  return fault == NULL;
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
choose_places (State *state, const AssayValues *values, GError **error)
{
  gint64 count = assay_values_get_int (values, "count");

  state->places = count > 0 ? assay_predictor_rank (state->predictor, count, strcmp (assay_values_get_string (values, "those"), "helpful") == 0, error)
                            : find_places (state->subject, assay_values_get_list (values, "without"), error);
  return state->places != NULL;
}

static gint64
count_asked (const State *state)
{
  return state->predictor ? state->predictor->asked->len : 0;
}

/* Those of the scores, then those of the command line. */
static gboolean
choose_queries (State *state, const AssayValues *values, GError **error)
{
  g_autoptr (GArray) more = assay_subject_find_examples (state->subject->dataset, assay_values_get_list (values, "query"), error);

  if (more == NULL)
    return FALSE;
  state->queries = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (state->predictor != NULL)
    g_array_append_vals (state->queries, state->predictor->asked->data, state->predictor->asked->len);
  g_array_append_vals (state->queries, more->data, more->len);
  return TRUE;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL || !open_predictor (state, job, context, error) || !choose_places (state, values, error)
      || !choose_queries (state, values, error))
    return FALSE;
  state->retraining = assay_retraining_setup_new (state->subject, context, (const gint64 *) state->queries->data, state->queries->len, error);
  return state->retraining != NULL;
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

static json_t *
set_to_json (const State *state, const AssayGroundTruth *truth, guint set)
{
  const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, set);
  json_t *members = json_array (), *changes = json_array (), *document;

  for (gint64 k = 0; k < removal->n; k++)
    json_array_append_new (members, assay_subject_describe_example (state->subject->dataset, state->subject->train[removal->place[k]]));
  for (gint64 q = 0; q < truth->n_query; q++)
    json_array_append_new (changes, json_real (truth->change[set * truth->n_query + q]));
  document = json_pack ("{s:s, s:o, s:o, s:f}", "kind", removal->kind == ASSAY_REMOVAL_RANDOM ? "control" : "chosen", "without", members,
                        "change", changes, "mean_change", mean_change (truth, set, truth->n_query));
  if (state->predictor != NULL)
    add_prediction (document, state, truth, set);
  return document;
}

static json_t *
truth_to_json (const State *state, const AssayGroundTruth *truth, const AssayObject *kept)
{
  json_t *queries = json_array (), *sets = json_array ();

  for (gint64 q = 0; q < truth->n_query; q++)
    {
      json_t *query = assay_subject_describe_example (state->subject->dataset, g_array_index (state->queries, gint64, q));

      json_object_set_new (query, "loss", json_real (truth->base[q]));
      json_array_append_new (queries, query);
    }
  for (guint s = 0; s < truth->removals->len; s++)
    json_array_append_new (sets, set_to_json (state, truth, s));
  return json_pack ("{s:s, s:s, s:s, s:s?, s:I, s:o, s:o}", "model", state->subject->object->name, "retraining_object", kept->name, "unit", "nats",
                    "scores_object", state->predictor ? state->predictor->object->name : NULL, "asked", (json_int_t) count_asked (state),
                    "queries", queries, "sets", sets);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  g_autoptr (AssayGroundTruth) truth = choose_sets (job, state, error);
  AssayInfluenceTask task = { .model = state->subject->model, .dataset = state->subject->dataset, .train = state->subject->train,
                              .n_train = state->subject->n_train, .query = (const gint64 *) state->queries->data, .n_query = state->queries->len,
                              .l2 = state->subject->l2, .backend = context->backend, .retrain = assay_ground_truth_retrain,
                              .retrain_data = &state->retraining->source };
  g_autofree char *name = truth ? assay_ground_truth_dup_kept_name (truth, &state->retraining->place) : NULL;
  AssayObject *object;

  if (truth == NULL || !assay_ground_truth_run (truth, &task, context->progress, error))
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
        {
          const json_t *value = json_object_get (set, numbers[k]);

          assay_view_add_cell_number (view, json_is_number (value) ? json_number_value (value) : (double) NAN, 4);
        }
    }
  assay_view_add_text (view, "lo and hi bound the solve behind the prediction, not what retraining gives.");
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *queries = json_object_get (document, "queries"), *sets = json_object_get (document, "sets");
  gsize q, s;
  json_t *query, *set;

  assay_view_add_text (view, "model %s, trained again; change of a query's loss in nats (positive: leaving the examples out raises it)",
                       json_string_value (json_object_get (document, "model")));
  if (json_is_string (json_object_get (document, "scores_object")))
    view_predictions (document, view);
  if (json_array_size (queries) > MAX_SHOWN)
    {
      assay_view_add_text (view, "%" G_GSIZE_FORMAT " queries, each by itself: --json, or the object retraining/%s", json_array_size (queries),
                           json_string_value (json_object_get (document, "retraining_object")));
      return;
    }
  assay_view_begin_table (view, "left out|query|>loss with all|>change");
  json_array_foreach (sets, s, set)
    {
      g_autofree char *name = name_set (set, s);

      json_array_foreach (queries, q, query)
        {
          g_autofree char *query_name = assay_query_name (query);

          assay_view_add_cell (view, q == 0 ? name : "");
          assay_view_add_cell (view, query_name);
          assay_view_add_cell_number (view, json_number_value (json_object_get (query, "loss")), 6);
          assay_view_add_cell_number (view, json_number_value (json_array_get (json_object_get (set, "change"), q)), 4);
        }
      if (json_array_size (queries) < 2)
        continue;
      assay_view_add_cell (view, "");
      assay_view_add_cell (view, "mean");
      assay_view_add_cell (view, "");
      assay_view_add_cell_number (view, json_number_value (json_object_get (set, "mean_change")), 4);
    }
}

ASSAY_JOB_KIND_DEFINE (retrain) = {
  .name = "retrain", .group = ASSAY_JOB_GROUP_MODEL, .help = "train again without some examples and compare losses",
  .description = "What influence predicts, this measures: the training that made the model is repeated without the named examples. Left out means "
                 "weight 0: batches, divisor and rates stay those of the training. With --controls random groups of the same size are left out "
                 "as well, so that the change can be told from what any removal does; with --match they are made up like the chosen ones. Finished retrainings are kept; the same command goes on "
                 "behind them.\n\n"
                 "With --scores the examples to leave out can be those that an influence job put first (--count, --those), and for every set the sum of "
                 "the scores, which is the predicted change, stands beside the measured one.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .complete = complete, .resolve = resolve, .plan = plan, .run = run, .view = view,
};
