/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_validate.c: are a method's scores right? Its predictions beside what really happens when examples are left out and the model is
 * trained again. */
#include "base/error.h"
#include "dataset/derive.h"
#include "influence/task.h"
#include "influence/validate.h"
#include "job/influence_task.h"
#include "job/measure.h"
#include "job/query_view.h"

#include <math.h>
#include <string.h>

static const AssayParam params[] = {
  { "query", ASSAY_PARAM_LIST, .metavar = "SPLIT:INDEX", .flags = ASSAY_PARAM_REQUIRED,
    .help = "example whose loss is predicted; also SPLIT:FIRST-LAST, or id:VALUE" },
  { "method", ASSAY_PARAM_STRING, .def.s = "cg", .metavar = "NAME", .help = "the method that is put to the test" },
  ASSAY_SUBJECT_PARAMS,
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "do scores predict what leaving people out does?", "assay validate people.assay --model-name logistic --query train:0-4 --leave-one-out 20 --groups 20" },
  { "another method on the same question", "assay validate people.assay --model-name logistic --query train:0-4 --leave-one-out 20 --groups 20 --method dot" },
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

/* The method's sections, and what is left out. */
static gpointer
make_sections (gpointer unused)
{
  GArray *sections = g_array_new (TRUE, TRUE, sizeof (AssayJobSection));
  AssayJobSection removals = { NULL, NULL, "what is left out, and intervals", assay_validate_params };

  (void) unused;
  g_array_append_val (sections, removals);
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

static const AssayMethod *
get_method (const AssayJob *job, GError **error)
{
  return assay_method_find (assay_values_get_string (assay_job_get_values (job), "method"), error);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  if (get_method (job, error) == NULL)
    return FALSE;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->queries = assay_subject_find_examples (state->subject->dataset, assay_values_get_list (assay_job_get_values (job), "query"), error);
  if (state->queries == NULL)
    return FALSE;
  state->setup = assay_influence_setup_new (job, context, state->subject, (const gint64 *) state->queries->data, state->queries->len, error);
  if (state->setup != NULL && state->setup->retraining == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s: a model that was trained in this case expected: an imported one cannot be trained "
                 "again as it was; train one with assay train", state->subject->object->name);
  return state->setup != NULL && state->setup->retraining != NULL;
}

/* --- plan ---------------------------------------------------------------------------------------------------------- */

static gint64
count_retrainings (const AssayJob *job, const State *state)
{
  const AssayValues *removals = assay_job_get_table (job, assay_validate_params);
  gint64 groups = assay_values_get_int (removals, "groups");

  return 1 + MIN (assay_values_get_int (removals, "leave-one-out"), state->subject->n_train) + groups + (groups > 0 ? state->queries->len : 0);
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  State *state = context->state;
  const AssayInfluenceTask *task = &state->setup->task;
  const AssayMethod *method = get_method (job, error);
  gint64 n = count_retrainings (job, state);
  double flops = 0, bytes = 0;

  if (context->is_dry_run
      && !assay_measure_rate (plan, state->subject->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
    return FALSE;
  method->cost (task, assay_job_get_section (job, "method"), &flops, &bytes);
  assay_job_plan_add (plan, flops, bytes, 0, "score %" G_GINT64_FORMAT " training examples for %" G_GINT64_FORMAT " queries by %s",
                      task->n_train, task->n_query, method->name);
  flops = (double) n * assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, 1) * assay_retraining_setup_count_walks (state->setup->retraining);
  assay_job_plan_add (plan, flops, bytes, 8.0 * (double) n * (double) task->n_query, "train %" G_GINT64_FORMAT " times: with all examples, and without each set", n);
  return TRUE;
}

/* --- run ----------------------------------------------------------------------------------------------------------- */

static json_t *
describe_queries (const State *state)
{
  json_t *queries = json_array ();

  for (guint q = 0; q < state->queries->len; q++)
    json_array_append_new (queries, assay_subject_describe_example (state->subject->dataset, g_array_index (state->queries, gint64, q)));
  return queries;
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
      worst = MAX (worst, scores->solves[q].true_residual);
    }
  return json_pack ("{s:I, s:I, s:f}", "solves", (json_int_t) scores->n_query, "converged", (json_int_t) converged, "worst_true_residual", worst);
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = context->state;
  const AssayInfluenceTask *task = &state->setup->task;
  const AssayMethod *method = get_method (job, error);
  const AssayValues *removals = assay_job_get_table (job, assay_validate_params);
  g_autofree char *identity = assay_job_get_identity (job);
  g_autofree char *name = g_strdup_printf ("%s/%s/%.12s", state->subject->object->name, method->name, identity);
  g_autoptr (AssayInfluenceScores) scores = method->score (task, assay_job_get_section (job, "method"), context->progress, error);
  g_autoptr (AssayValidation) validation = scores ? assay_validate (task, scores, removals, context->progress, error) : NULL;
  AssayObject *object = NULL;
  json_t *extra, *summary;

  if (validation == NULL)
    return NULL;
  extra = json_pack ("{s:s, s:o}", "job", identity, "subject", assay_subject_to_json (state->subject));
  object = assay_validation_save (context->cas, name, validation, task, scores, method->name, removals, extra, error);
  json_decref (extra);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  summary = assay_validation_to_json (validation);
  json_object_set_new (summary, "validation_object", json_string (name));
  json_object_set_new (summary, "model", json_string (state->subject->object->name));
  json_object_set_new (summary, "method", json_string (method->name));
  json_object_set_new (summary, "unit", json_string (scores->unit));
  json_object_set_new (summary, "train_examples", json_integer (task->n_train));
  json_object_set_new (summary, "retrainings", json_integer (count_retrainings (job, state)));
  json_object_set_new (summary, "solver", describe_solves (scores));
  json_object_set_new (summary, "queries", describe_queries (state));
  return summary;
}

/* --- for people ---------------------------------------------------------------------------------------------------- */

/* A number of a document, null as NaN. */
static double
number_of (const json_t *value)
{
  return json_is_number (value) ? json_number_value (value) : (double) NAN;
}

/* A correlation has as many decimals whatever its size; a change of loss has as many digits. */
static char *
format_correlation (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (isnan (value) ? "-" : g_ascii_formatd (text, sizeof text, "%.3f", value));
}

static char *
format_change (double value)
{
  return assay_view_number (value, 3);
}

/* "0.98 [0.97, 0.99]" */
static char *
format_estimate (const json_t *estimate, char *(*format) (double value))
{
  g_autofree char *value = format (number_of (json_object_get (estimate, "value"))), *lo = NULL, *hi = NULL;

  if (!json_is_number (json_object_get (estimate, "lo")) || !json_is_number (json_object_get (estimate, "hi")))
    return g_steal_pointer (&value);
  lo = format (number_of (json_object_get (estimate, "lo")));
  hi = format (number_of (json_object_get (estimate, "hi")));
  return g_strdup_printf ("%s [%s, %s]", value, lo, hi);
}

static void
add_agreement_row (AssayView *view, const char *what, const json_t *agreement)
{
  const json_t *control = json_object_get (agreement, "control");
  g_autofree char *sets = assay_view_count (json_integer_value (json_object_get (agreement, "sets")));
  g_autofree char *pearson = format_estimate (json_object_get (agreement, "pearson"), format_correlation);
  g_autofree char *spearman = format_estimate (json_object_get (agreement, "spearman"), format_correlation);
  g_autofree char *shuffled = format_estimate (json_object_get (control, "spearman"), format_correlation);

  assay_view_add_cell (view, what);
  assay_view_add_cell (view, sets);
  assay_view_add_cell (view, pearson);
  assay_view_add_cell (view, spearman);
  assay_view_add_cell (view, shuffled);
}

/* The band in words: what a single prediction may be off by. */
static void
add_band (AssayView *view, const char *what, const json_t *agreement)
{
  const json_t *band = json_object_get (agreement, "band"), *slope = json_object_get (agreement, "slope");
  g_autofree char *width = NULL, *scale = NULL;

  if (!json_is_number (band))
    return;
  width = assay_view_number (json_number_value (band), 3);
  scale = assay_view_number (json_number_value (slope), 3);
  assay_view_add_text (view, "%s: 95 %% of predictions lie within %s nats of what happened; measured / predicted = %s.", what, width, scale);
}

static void
view_top (const json_t *document, AssayView *view)
{
  const json_t *top = json_object_get (document, "top_removal"), *difference = json_object_get (top, "difference");
  g_autofree char *change = NULL, *random = NULL, *more = NULL;

  if (json_is_null (top))
    return;
  change = format_estimate (json_object_get (top, "change"), format_change);
  random = format_estimate (json_object_get (top, "random_change"), format_change);
  more = format_estimate (difference, format_change);
  assay_view_add_heading (view, "Does the ranking beat chance?");
  assay_view_begin_table (view, "left out|>mean change of a query's loss, nats");
  assay_view_add_cell (view, "the group ranked most helpful");
  assay_view_add_cell (view, change);
  assay_view_add_cell (view, "random groups of the same size");
  assay_view_add_cell (view, random);
  assay_view_add_cell (view, "difference");
  assay_view_add_cell (view, more);
  if (!json_is_number (json_object_get (difference, "lo")))
    return;
  assay_view_add_text (view, "%s",
                       json_number_value (json_object_get (difference, "lo")) > 0
                       ? "Leaving out the group ranked most helpful raised the loss more than leaving out random ones."
                       : json_number_value (json_object_get (difference, "hi")) < 0
                       ? "Leaving out the group ranked most helpful raised the loss less than leaving out random ones: the ranking misleads here."
                       : "The difference is not told from 0: on this question the ranking did not beat chance.");
}

static void
view_queries (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "leave_one_out"), *group = json_object_get (document, "groups");
  gsize q;
  json_t *query;

  assay_view_begin_table (view, "query|>singles: Pearson|>Spearman|>groups: Pearson|>Spearman");
  json_array_foreach (json_object_get (document, "queries"), q, query)
    {
      const json_t *columns[] = { json_array_get (json_object_get (one, "pearson_per_query"), q),
                                  json_array_get (json_object_get (one, "spearman_per_query"), q),
                                  json_array_get (json_object_get (group, "pearson_per_query"), q),
                                  json_array_get (json_object_get (group, "spearman_per_query"), q) };
      g_autofree char *name = assay_query_name (query);

      assay_view_add_cell (view, name);
      for (gsize k = 0; k < G_N_ELEMENTS (columns); k++)
        {
          g_autofree char *text = format_correlation (number_of (columns[k]));

          assay_view_add_cell (view, text);
        }
    }
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *one = json_object_get (document, "leave_one_out"), *group = json_object_get (document, "groups");
  const json_t *solver = json_object_get (document, "solver");
  g_autofree char *trained = assay_view_count (json_integer_value (json_object_get (document, "train_examples")));
  g_autofree char *size = assay_view_count (json_integer_value (json_object_get (document, "group_size")));

  assay_view_add_heading (view, "Model %s, method %s: predicted against retrained", json_string_value (json_object_get (document, "model")),
                          json_string_value (json_object_get (document, "method")));
  assay_view_add_field (view, "training", "%s examples, trained %d times", trained, (int) json_integer_value (json_object_get (document, "retrainings")));
  assay_view_add_field (view, "queries", "%d", (int) json_array_size (json_object_get (document, "queries")));
  if (!json_is_null (solver))
    {
      g_autofree char *worst = assay_view_number (json_number_value (json_object_get (solver, "worst_true_residual")), 2);

      assay_view_add_field (view, "solves", "%d of %d converged; worst true residual %s", (int) json_integer_value (json_object_get (solver, "converged")),
                            (int) json_integer_value (json_object_get (solver, "solves")), worst);
    }
  assay_view_add_text (view, "Correlation of predicted and measured changes of a query's loss: mean over queries, with a %g %% interval over sets "
                       "and queries. The control deals the scores out to the examples at random: it belongs around 0.",
                       100 * json_number_value (json_object_get (document, "level")));
  assay_view_begin_table (view, "left out|>sets|>Pearson|>Spearman|>control");
  if (!json_is_null (one))
    add_agreement_row (view, "single examples", one);
  if (!json_is_null (group))
    {
      g_autofree char *what = g_strdup_printf ("groups of %s", size);

      add_agreement_row (view, what, group);
    }
  if (!json_is_null (one))
    add_band (view, "Single examples", one);
  if (!json_is_null (group))
    add_band (view, "Groups", group);
  view_top (document, view);
  if (json_array_size (json_object_get (document, "queries")) > 1)
    view_queries (document, view);
  assay_view_add_heading (view, "Every predicted and measured change: validation/%s",
                          json_string_value (json_object_get (document, "validation_object")));
}

ASSAY_JOB_KIND_DEFINE (validate) = {
  .name = "validate", .help = "compare predictions with real retraining",
  .description = "The method scores the queries; then the training that made the model is really repeated without single examples, without random "
                 "groups, and for each query without the group that the method ranks most helpful. The answer is how well predicted and measured "
                 "changes agree, with intervals, beside a control whose scores were dealt out at random, and what a prediction may be off by.\n\n"
                 "Left out means weight 0: batches, divisor and rates stay those of the training. Finished retrainings are kept; a command that was "
                 "stopped goes on behind them.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = get_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = view,
};
