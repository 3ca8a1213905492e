/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_retrain.c: trains again without some examples, beside random groups of the same size, and says what happened to the queries. */
#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "dataset/derive.h"
#include "job/influence_task.h"
#include "job/measure.h"
#include "job/query_view.h"

#include <math.h>
#include <string.h>

#define PLAN_BATCH 256

static const AssayParam params[] = {
  { "without", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .flags = ASSAY_PARAM_REQUIRED,
    .help = "training example to leave out; also SPLIT:FIRST-LAST, or id:VALUE" },
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .flags = ASSAY_PARAM_REQUIRED,
    .help = "example whose loss is compared; also SPLIT:FIRST-LAST, or id:VALUE" },
  { "each", ASSAY_PARAM_BOOL, .help = "leave the examples out one by one, not all together" },
  { "controls", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "groups",
    .help = "random groups of the same size that are left out as well, for comparison" },
  { "control-seed", ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the random groups" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const AssayJobSection sections[] = {
  { NULL, NULL, "the data of an imported model", assay_derive_params },
  { .params = NULL }
};

static const AssayJobSection *
get_sections (void)
{
  return sections;
}

static const AssayJobExample examples[] = {
  { "leave two people out, and three random pairs", "assay retrain people.assay --model-name logistic --without train:3 --without train:8 --query train:0-4 --controls 3" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  GArray *queries, *places;     /* gint64: examples of the data set; places in the training examples */
  AssayRetrainingSetup *retraining;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_retraining_setup_free (state->retraining);
  g_clear_pointer (&state->queries, g_array_unref);
  g_clear_pointer (&state->places, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

/* From examples of the data set to places among the training examples. */
static GArray *
find_places (const AssaySubject *subject, const char *const *references, GError **error)
{
  g_autoptr (GArray) examples = assay_subject_find_examples (subject->dataset, references, error);
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (gint64));

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
      g_array_append_val (places, place);
    }
  return examples ? g_steal_pointer (&places) : NULL;
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->places = find_places (state->subject, assay_values_get_list (values, "without"), error);
  if (state->places == NULL)
    return FALSE;
  state->queries = assay_subject_find_examples (state->subject->dataset, assay_values_get_list (values, "query"), error);
  if (state->queries == NULL)
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
  assay_job_plan_add (plan, (double) (sets + 1) * assay_retraining_setup_get_flops (state->retraining), 0, 8.0 * (double) sets * (double) state->queries->len, "train %" G_GINT64_FORMAT " times: with all examples, and "
                      "without each of %" G_GINT64_FORMAT " sets", sets + 1, sets);
  return TRUE;
}

static AssayGroundTruth *
choose_sets (const AssayJob *job, const State *state)
{
  const AssayValues *values = assay_job_get_values (job);
  AssayGroundTruth *truth = assay_ground_truth_new (state->queries->len);
  const gint64 *place = (const gint64 *) state->places->data;
  gboolean each = assay_values_get_bool (values, "each");
  gint64 n = state->places->len;

  for (gint64 k = 0; k < (each ? n : 1); k++)
    assay_ground_truth_add (truth, each ? ASSAY_REMOVAL_ONE : ASSAY_REMOVAL_TOP, -1, place + k, each ? 1 : n);
  assay_ground_truth_add_groups (truth, state->subject->n_train, assay_values_get_int (values, "controls"), each ? 1 : n,
                                 (guint64) assay_values_get_int (values, "control-seed"));
  return truth;
}

/* --- the answer ---------------------------------------------------------------------------------------------------- */

static double
mean_change (const AssayGroundTruth *truth, guint set)
{
  double sum = 0;

  for (gint64 q = 0; q < truth->n_query; q++)
    sum += truth->change[set * truth->n_query + q];
  return sum / (double) truth->n_query;
}

static json_t *
set_to_json (const State *state, const AssayGroundTruth *truth, guint set)
{
  const AssayRemoval *removal = &g_array_index (truth->removals, AssayRemoval, set);
  json_t *members = json_array (), *changes = json_array ();

  for (gint64 k = 0; k < removal->n; k++)
    json_array_append_new (members, assay_subject_describe_example (state->subject->dataset, state->subject->train[removal->place[k]]));
  for (gint64 q = 0; q < truth->n_query; q++)
    json_array_append_new (changes, json_real (truth->change[set * truth->n_query + q]));
  return json_pack ("{s:s, s:o, s:o, s:f}", "kind", removal->kind == ASSAY_REMOVAL_RANDOM ? "control" : "chosen", "without", members, "change",
                    changes, "mean_change", mean_change (truth, set));
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
  return json_pack ("{s:s, s:s, s:s, s:o, s:o}", "model", state->subject->object->name, "retraining_object", kept->name, "unit", "nats",
                    "queries", queries, "sets", sets);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  g_autoptr (AssayGroundTruth) truth = choose_sets (job, state);
  AssayInfluenceTask task = { .model = state->subject->model, .dataset = state->subject->dataset, .train = state->subject->train,
                              .n_train = state->subject->n_train, .query = (const gint64 *) state->queries->data, .n_query = state->queries->len,
                              .l2 = state->subject->l2, .backend = context->backend, .retrain = assay_ground_truth_retrain,
                              .retrain_data = &state->retraining->source };
  g_autofree char *name = assay_ground_truth_dup_kept_name (truth, &state->retraining->place);
  AssayObject *object;

  if (!assay_ground_truth_run (truth, &task, context->progress, error))
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
    return g_strdup_printf ("%" G_GSIZE_FORMAT ": random, %" G_GSIZE_FORMAT " examples", k, json_array_size (members));
  if (json_array_size (members) == 1)
    {
      g_autofree char *name = assay_query_name (json_array_get (members, 0));

      return g_strdup_printf ("%" G_GSIZE_FORMAT ": %s", k, name);
    }
  return g_strdup_printf ("%" G_GSIZE_FORMAT ": chosen, %" G_GSIZE_FORMAT " examples", k, json_array_size (members));
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *queries = json_object_get (document, "queries"), *sets = json_object_get (document, "sets");
  gsize q, s;
  json_t *query, *set;

  assay_view_add_text (view, "model %s, trained again; change of a query's loss in nats (positive: leaving the examples out raises it)",
                       json_string_value (json_object_get (document, "model")));
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
      assay_view_add_cell (view, "");
      assay_view_add_cell (view, "mean");
      assay_view_add_cell (view, "");
      assay_view_add_cell_number (view, json_number_value (json_object_get (set, "mean_change")), 4);
    }
}

ASSAY_JOB_KIND_DEFINE (retrain) = {
  .name = "retrain", .help = "train again without some examples and compare losses",
  .description = "What influence predicts, this measures: the training that made the model is repeated without the named examples. Left out means "
                 "weight 0: batches, divisor and rates stay those of the training. With --controls random groups of the same size are left out "
                 "as well, so that the change can be told from what any removal does. Finished retrainings are kept; the same command goes on "
                 "behind them.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = view,
};
