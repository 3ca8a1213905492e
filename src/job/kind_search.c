/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_search.c: the most influential training examples out of a gradient index, at any damping, provably the right ones. */
#include "base/error.h"
#include "base/json.h"
#include "influence/factored.h"
#include "influence/index_influence.h"
#include "influence/score.h"
#include "influence/task.h"
#include "job/influence_task.h"
#include "job/query_view.h"

#include <math.h>
#include <string.h>

/* assay_factored_methods, as choices. */
static const char *const methods[] = { "ekfac", "kfac", "shampoo", "diagonal", NULL };

static const AssayParam params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .names = "example",
    .help = "example whose loss is asked about; also SPLIT:FIRST-LAST, \"SPLIT:where EXPRESSION\", or id:VALUE" },
  { "mean", ASSAY_PARAM_BOOL, .help = "ask about the mean loss of all queries together" },
  { "method", ASSAY_PARAM_CHOICE, .def.s = "ekfac", .choices = methods, .help = "whose scores are searched: as assay influence --method gives them" },
  { "damping", ASSAY_PARAM_LIST, .metavar = "X[,Y...]",
    .help = "added to l2 on the eigenvalues, in the unit that damping-mode says; each has its own answer (default: 0.1)" },
  { "damping-mode", ASSAY_PARAM_CHOICE, .def.s = "block", .choices = assay_damping_modes,
    .help = "damping times the mean eigenvalue of each block, or of all (global), or damping itself (absolute)" },
  { "top", ASSAY_PARAM_INT, .def.i = 10, .min = 1, .max = 9e15, .short_name = 'k', .unit = "examples", .help = "find this many scores" },
  { "order", ASSAY_PARAM_CHOICE, .def.s = "magnitude", .choices = assay_index_orders,
    .help = "what comes first: the largest magnitude of either sign, the most helpful, or the most harmful" },
  { "index", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "index of the case (default: the newest of the model in the method's basis)" },
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the ten training examples that matter most to a person's loss, from the index of assay index", "assay search people.assay --query train:0" },
  { "the same at three dampings at once, the most helpful alone", "assay search people.assay --query train:0 --damping 0.01,0.1,1 --order helpful --top 3" },
  { "several queries, as one JSON document", "assay search people.assay --query train:0-3 --top 5 --json" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  GArray *queries;              /* gint64 */
  AssayInfluenceSetup *setup;
  const AssayFactoredMethod *method;
  GArray *dampings;             /* AssayFactorsDamping */
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_influence_setup_free (state->setup);
  g_clear_pointer (&state->queries, g_array_unref);
  g_clear_pointer (&state->dampings, g_array_unref);
  assay_subject_free (state->subject);
  g_free (state);
}

static gboolean
complete (AssayJob *job, GError **error)
{
  if (assay_values_is_set (assay_job_get_values (job), "query"))
    return TRUE;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--query is needed: an example whose loss is asked about");
  return FALSE;
}

/* Numbers with commas between them. */
static gboolean
add_dampings (State *state, const char *text, AssayDampingMode mode, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, ",", -1);

  for (gsize k = 0; words[k] != NULL; k++)
    {
      char *end;
      AssayFactorsDamping damping = { mode, g_ascii_strtod (words[k], &end), state->subject->l2 };

      if (end == words[k] || *end != '\0' || !(damping.value >= 0) || !isfinite (damping.value))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--damping: numbers of 0 or more with commas between them expected, found \"%s\"", words[k]);
          return FALSE;
        }
      g_array_append_val (state->dampings, damping);
    }
  return TRUE;
}

static gboolean
read_dampings (State *state, const AssayValues *values, GError **error)
{
  const char *const *list = assay_values_get_list (values, "damping");
  AssayDampingMode mode = 0;

  state->dampings = g_array_new (FALSE, FALSE, sizeof (AssayFactorsDamping));
  while (strcmp (assay_damping_modes[mode], assay_values_get_string (values, "damping-mode")) != 0)
    mode++;
  for (; *list != NULL; list++)
    if (!add_dampings (state, *list, mode, error))
      return FALSE;
  return state->dampings->len > 0 || add_dampings (state, "0.1", mode, error);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->method = assay_factored_find_method (assay_values_get_string (values, "method"));
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL || !read_dampings (state, values, error))
    return FALSE;
  state->queries = assay_subject_find_examples (state->subject->dataset, assay_values_get_list (values, "query"), error);
  if (state->queries == NULL)
    return FALSE;
  state->setup = assay_influence_setup_new (job, context, state->subject, (const gint64 *) state->queries->data, state->queries->len, error);
  if (state->setup != NULL && assay_values_get_bool (values, "mean"))
    {
      state->setup->task.query_size = state->queries->len;
      state->setup->task.n_query = 1;
    }
  return state->setup != NULL;
}

/* --- what is said ---------------------------------------------------------------------------------------------------------------- */

static json_t *
left_to_json (const gint64 left[ASSAY_INDEX_STAGES])
{
  return json_pack ("{s:I, s:I, s:I, s:I}", "first_block", (json_int_t) left[0], "four_blocks", (json_int_t) left[1], "all_blocks", (json_int_t) left[2],
                    "unrounded_query", (json_int_t) left[3]);
}

static json_t *
damping_to_json (const State *state, gint64 query, const AssayFactorsDamping *damping, const AssayIndexAnswer *answer)
{
  json_t *scores = json_array ();

  for (gint64 i = 0; i < answer->k; i++)
    {
      const AssayIndexHit *hit = &answer->hit[query * answer->k + i];
      const AssayTopEntry entry = { hit->row, hit->value, hit->lo, hit->hi };

      json_array_append_new (scores, assay_influence_entry_to_json (&entry, &state->setup->task, TRUE));
    }
  return json_pack ("{s:o, s:o, s:o}", "damping", assay_json_number (damping->value), "left", left_to_json (answer->left[query]), "scores", scores);
}

static json_t *
query_to_json (const State *state, gint64 query, AssayIndexAnswer *const *answers)
{
  const AssayInfluenceTask *task = &state->setup->task;
  json_t *dampings = json_array (), *members = NULL, *document;

  for (guint d = 0; d < state->dampings->len; d++)
    json_array_append_new (dampings, damping_to_json (state, query, &g_array_index (state->dampings, AssayFactorsDamping, d), answers[d]));
  document = json_pack ("{s:o, s:b, s:o}", "query", assay_subject_describe_example (task->dataset, task->query[query]), "certified", TRUE, "dampings", dampings);
  if (task->query_size > 1)
    {
      members = json_array ();
      for (gint64 m = 0; m < task->query_size; m++)
        json_array_append_new (members, assay_subject_describe_example (task->dataset, task->query[m]));
      json_object_set_new (document, "query_examples", members);
    }
  return document;
}

/* How many examples were walked again for each damping; a remark where that is most of them. */
static json_t *
walked_to_json (const State *state, AssayJobContext *context, AssayIndexAnswer *const *answers)
{
  json_t *list = json_array ();

  for (guint d = 0; d < state->dampings->len; d++)
    {
      json_array_append_new (list, json_integer (answers[d]->n_exact));
      if (2 * answers[d]->n_exact > state->setup->task.n_train)
        assay_job_add_note (context, "at damping %g the index leaves %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " training examples open, and all of them were walked: "
                            "the answer is as exact, but an index with more --dimensions leaves fewer",
                            g_array_index (state->dampings, AssayFactorsDamping, d).value, answers[d]->n_exact, state->setup->task.n_train);
    }
  return list;
}

static json_t *
describe (const State *state, AssayJobContext *context, const AssayObject *object, const AssayStoredIndex *index, const AssayValues *values,
          AssayIndexAnswer *const *answers)
{
  const AssayInfluenceTask *task = &state->setup->task;
  const gboolean is_mean = task->query_size > 1;
  g_autofree char *measure = task->measure ? g_strconcat (is_mean ? "mean " : "", task->measure, NULL) : NULL;
  json_t *document = query_to_json (state, 0, answers), *list;

  json_object_update_new (document, json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:f}", "index", object->name, "model", task->model_name, "data",
                                           state->subject->data->name, "method", state->method->name, "order", assay_values_get_string (values, "order"),
                                           "damping_mode", assay_values_get_string (values, "damping-mode"), "measure",
                                           measure ? measure : is_mean ? ASSAY_MEASURE_MEAN_LOSS : ASSAY_MEASURE_LOSS, "unit",
                                           assay_influence_task_get_unit (task), "sign",
                                           task->measure ? ASSAY_SIGN_MEASURE : ASSAY_SIGN, "l2", task->l2));
  json_object_update_new (document, json_pack ("{s:I, s:I, s:I, s:o}", "examples", (json_int_t) index->rows->N, "dimensions", (json_int_t) index->rows->D, "parameters",
                                           (json_int_t) index->factors->modules->P, "walked", walked_to_json (state, context, answers)));
  if (task->n_query == 1)
    return document;
  list = json_array ();
  for (gint64 q = 0; q < task->n_query; q++)
    json_array_append_new (list, query_to_json (state, q, answers));
  json_object_set_new (document, "queries", list);
  return document;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const AssayInfluenceTask *task = &state->setup->task;
  g_autoptr (AssayObject) object = assay_index_find (task, state->method->basis, assay_values_get_string (values, "index"), error);
  g_autoptr (AssayStoredIndex) index = object ? assay_index_load (task, object, context->progress, error) : NULL;
  const guint n = state->dampings->len;
  g_autofree AssayIndexAnswer **answers = g_new0 (AssayIndexAnswer *, n);
  AssayIndexOrder order = 0;
  json_t *document;

  if (index == NULL)
    return NULL;
  while (strcmp (assay_index_orders[order], assay_values_get_string (values, "order")) != 0)
    order++;
  if (!assay_index_search (task, index, state->method->spectrum, n, (const AssayFactorsDamping *) (void *) state->dampings->data,
                           assay_values_get_int (values, "top"), order, answers, context->progress, error))
    return NULL;
  document = describe (state, context, object, index, values, answers);
  for (guint d = 0; d < n; d++)
    assay_index_answer_free (answers[d]);
  return document;
}

static void
view_damping (const json_t *answer, AssayView *view)
{
  const json_t *left = json_object_get (answer, "left");
  g_autofree char *damping = assay_view_number (assay_json_get_number (answer, "damping"), 6);
  g_autofree char *first = assay_view_count (json_integer_value (json_object_get (left, "first_block")));
  g_autofree char *last = assay_view_count (json_integer_value (json_object_get (left, "unrounded_query")));

  assay_view_add_field (view, "damping", "%s: the first block left %s, all of the index %s", damping, first, last);
  assay_query_view_scores (json_object_get (answer, "scores"), TRUE, view);
}

static void
view_query (const json_t *document, const json_t *answer, AssayView *view)
{
  g_autofree char *name = assay_query_name (json_object_get (answer, "query"));
  gsize members = json_array_size (json_object_get (answer, "query_examples")), k;
  json_t *damping;

  if (members > 0)
    assay_view_add_heading (view, "Mean of %" G_GSIZE_FORMAT " queries, the first %s", members, name);
  else
    assay_view_add_heading (view, "Query %s", name);
  assay_view_add_field (view, "measure", "%s, %s; %s", assay_json_get_text (document, "measure"), assay_json_get_text (document, "unit"),
                        assay_json_get_text (document, "sign"));
  json_array_foreach (json_object_get (answer, "dampings"), k, damping)
    view_damping (damping, view);
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *queries = json_object_get (document, "queries"), *walked = json_object_get (document, "walked");
  g_autofree char *examples = assay_view_count (json_integer_value (json_object_get (document, "examples")));
  gint64 most = 0;
  gsize k;
  json_t *item;

  json_array_foreach (walked, k, item)
    most = MAX (most, (gint64) json_integer_value (item));
  if (queries == NULL)
    view_query (document, document, view);
  json_array_foreach (queries, k, item)
    view_query (document, item, view);
  assay_view_add_heading (view, "Certified: no other of the %s training examples comes before these by %s at that damping.\n"
                          "Scores are %s's own, recomputed for at most %" G_GINT64_FORMAT " examples; lo and hi are what the index alone says of them.",
                          examples, assay_json_get_text (document, "order"), assay_json_get_text (document, "method"), most);
}

ASSAY_JOB_KIND_DEFINE (search) = {
  .name = "search", .group = ASSAY_JOB_GROUP_QUESTION, .help = "find the training examples of largest influence through an index, exactly",
  .description = "The rows of an index (assay index) give an interval for the influence of every training example on a query, at any damping. Examples whose interval "
                 "ends below the smallest that the last one asked for can have are none of them; the scores of those that are left are recomputed with the model, "
                 "by the method itself. So the answer is what assay influence with that method gives, the same bits, for the price of a few examples: nothing is "
                 "estimated. Ties go to the earlier example.\n\n"
                 "Where the intervals are wide many examples are left: the answer is as exact and takes longer, and a remark says so. Counts of what was left after "
                 "the first block of 256 coordinates, four blocks, all of them, and without rounding the query stand beside every answer.",
  .examples = examples, .access = ASSAY_JOB_READS_CASE, .params = params, .get_sections = assay_subject_sections,
  .complete = complete, .resolve = resolve, .run = run, .view = view,
};
