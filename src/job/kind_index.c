/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_index.c: keeps a compressed gradient of every training example, so that later questions need not walk them all. */
#include "base/error.h"
#include "base/json.h"
#include "dataset/derive.h"
#include "influence/factored.h"
#include "influence/index_store.h"
#include "job/measure.h"
#include "job/subject.h"

#include <string.h>

static const char *const bases[] = { "kronecker", "shampoo", "diagonal", NULL };

static const AssayParam params[] = {
  { "basis", ASSAY_PARAM_CHOICE, .def.s = "kronecker", .choices = bases,
    .help = "of the curvature factors that gradients are written in: kronecker for methods ekfac and kfac, shampoo, or diagonal" },
  { "dimensions", ASSAY_PARAM_INT, .def.i = 4096, .min = 1, .max = 1e6, .short_name = 'd', .unit = "coordinates",
    .help = "how many coordinates of a gradient are kept, a byte each; of the others only norms" },
  { "factors", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "factors of the case to use (default: those that belong, fitted where there are none)" },
  { "name", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name in the case, for assay search --index NAME (default: one made of what it depends on)" },
  ASSAY_FACTORS_FIT_PARAMS,
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "an index of the newest model, which assay search finds from then on", "assay index people.assay" },
  { "fewer bytes for each example, and longer searches", "assay index people.assay --dimensions 256 --name small" },
  { "what it takes, without building it", "assay index people.assay --dry-run" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayInfluenceTask task;
  AssayFactorsBasis basis;
} State;

static void
state_free (gpointer data)
{
  State *state = data;

  assay_subject_free (state->subject);
  g_free (state);
}

static gboolean
resolve (AssayJob *job, AssayJobContext *context, GError **error)
{
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->task = (AssayInfluenceTask) { .model = state->subject->model, .dataset = state->subject->dataset, .train = state->subject->train,
                                       .n_train = state->subject->n_train, .l2 = state->subject->l2, .batch = MIN (64, state->subject->n_train),
                                       .backend = context->backend, .store = context->cas, .model_name = state->subject->object->name };
  while (strcmp (assay_factors_basis_name (state->basis), assay_values_get_string (assay_job_get_values (job), "basis")) != 0)
    state->basis++;
  return TRUE;
}

static gint64
get_dimensions (const AssayJob *job, const State *state)
{
  return MIN (assay_values_get_int (assay_job_get_values (job), "dimensions"), assay_model_get_n_params (state->subject->model));
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssayInfluenceTask *task = &state->task;
  const gint64 D = get_dimensions (job, state);
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, assay_job_get_values (job), state->basis, &dtype);
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, error);
  const double process = assay_measure_process ();
  double flops, bytes;

  if (modules == NULL
      || (context->is_dry_run
          && !assay_measure_rate (plan, task->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
      || !assay_factors_get_cost (task->model, &options, dtype, task->n_train, &flops, &bytes, error))
    return FALSE;
  assay_job_plan_add (plan, flops, process + bytes, 3 * 8.0 * (double) modules->P, "fit curvature factors of %" G_GINT64_FORMAT " parameters, where the case has none",
                      modules->P);
  assay_index_build_cost (task->model, modules, task->n_train, D, &flops, &bytes);
  assay_job_plan_add (plan, flops, process + bytes, assay_gradient_index_get_bytes (task->n_train, D, ASSAY_INDEX_GROUPS),
                      "keep %" G_GINT64_FORMAT " coordinates of the gradients of %" G_GINT64_FORMAT " examples", D, task->n_train);
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const AssayInfluenceTask *task = &state->task;
  const char *given = assay_values_get_string (values, "name");
  const gint64 D = get_dimensions (job, state);
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, state->basis, &dtype);
  g_autofree char *factors_name = NULL, *name = NULL;
  g_autoptr (AssayFactors) factors = assay_factored_obtain (task, values, state->basis, assay_values_get_string (values, "factors"), &factors_name, NULL,
                                                            context->progress, error);
  AssayPoint point = { .model = task->model, .dataset = task->dataset, .examples = task->train, .n_examples = task->n_train };
  AssayObject *object;
  json_t *identity;

  if (factors == NULL)
    return NULL;
  options = factors->options;
  if (options.compute != ASSAY_COMPUTE_FULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: their walks multiply in %s, those of an index in full; leave --factors out, or fit others",
                   factors_name, assay_compute_names[options.compute]);
      return NULL;
    }
  point.dtype = factors->dtype;
  identity = assay_factors_identity (&point, &options);
  name = given ? g_strdup (given) : assay_index_make_name (task->model_name, factors, identity, D);
  object = assay_index_build (task, factors, factors_name, identity, D, name, context->progress, error);
  json_decref (identity);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "index", name, "factors", factors_name, "model", task->model_name, "data",
                    state->subject->data->name, "basis", assay_factors_basis_name (state->basis), "examples", (json_int_t) task->n_train, "parameters",
                    (json_int_t) factors->modules->P, "dimensions", (json_int_t) D, "bytes", (json_int_t) object->bytes);
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *examples = assay_view_count (json_integer_value (json_object_get (document, "examples")));
  g_autofree char *parameters = assay_view_count (json_integer_value (json_object_get (document, "parameters")));
  g_autofree char *dimensions = assay_view_count (json_integer_value (json_object_get (document, "dimensions")));
  g_autofree char *bytes = assay_view_bytes (assay_json_get_number (document, "bytes"));
  g_autofree char *cas = assay_job_quote_word (assay_json_get_text (document, "case"));

  assay_view_add_field (view, "index", "%s (%s)", assay_json_get_text (document, "index"), bytes);
  assay_view_add_field (view, "rows", "%s training examples, %s coordinates of %s parameters in the basis %s", examples, dimensions, parameters,
                        assay_json_get_text (document, "basis"));
  assay_view_add_field (view, "factors", "%s", assay_json_get_text (document, "factors"));
  assay_view_add_text (view, "ask it: assay search %s --query SPLIT:INDEX", cas);
}

ASSAY_JOB_KIND_DEFINE (index) = {
  .name = "index", .group = ASSAY_JOB_GROUP_QUESTION, .help = "keep a compressed gradient of every training example for assay search",
  .description = "Each training example gets a row: its gradient in the basis of the curvature factors, the coordinates that matter most as bytes with a scale "
                 "for each block of 256, and the norms of what rounding and leaving out took away, rounded up. From a row the influence on any query at any "
                 "damping is known within an interval, without the model; assay search uses that to find the first examples, exactly.\n\n"
                 "An index remembers the model, the examples and the factors it was made of, and is refused for others. A build that was stopped goes on behind "
                 "its last committed row.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = view,
};
