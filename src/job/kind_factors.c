/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_factors.c: fits curvature factors of every parameter once, so that later questions and other dampings need not. */
#include "base/json.h"
#include "dataset/derive.h"
#include "influence/factored.h"
#include "influence/factors_store.h"
#include "job/measure.h"
#include "job/subject.h"

#include <string.h>

static const char *const bases[] = { "kronecker", "shampoo", "diagonal", NULL };

static const AssayParam params[] = {
  { "basis", ASSAY_PARAM_CHOICE, .def.s = "kronecker", .choices = bases,
    .help = "kronecker: for methods ekfac and kfac; shampoo: of the second moments of whole gradients; diagonal: their squares alone" },
  ASSAY_FACTORS_FIT_PARAMS,
  ASSAY_FACTORS_COMPUTE_PARAM,
  ASSAY_FACTORED_MODULES_PARAM,
  { "name", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "name in the case, for --factors NAME (default: one made of what they depend on, which methods find)" },
  ASSAY_SHARD_PARAM,
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static const char *const outside_identity[] = { ASSAY_SHARD_OPTION, NULL };

static const AssayJobExample examples[] = {
  { "factors of the newest model, which assay influence --method ekfac finds from then on", "assay factors people.assay" },
  { "with a name, and with the labels of the data instead of drawn ones", "assay factors people.assay --name labels --fisher empirical" },
  { "what a fit takes, without one", "assay factors people.assay --basis diagonal --dry-run" },
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
                                       .n_train = state->subject->n_train, .batch = MIN (64, state->subject->n_train), .backend = context->backend,
                                       .store = context->cas, .model_name = state->subject->object->name };
  while (strcmp (assay_factors_basis_name (state->basis), assay_values_get_string (assay_job_get_values (job), "basis")) != 0)
    state->basis++;
  return TRUE;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssayInfluenceTask *task = &state->task;
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, assay_job_get_values (job), state->basis, &dtype);
  const double process = assay_measure_process ();
  double flops, bytes;

  if ((context->is_dry_run
       && !assay_measure_rate (plan, task->model, task->dataset, task->train, task->n_train, task->batch, context->backend, error))
      || !assay_factors_get_cost (task->model, &options, dtype, task->n_train, &flops, &bytes, error))
    return FALSE;
  assay_job_plan_add (plan, flops, process + bytes, 3 * 8.0 * (double) assay_model_get_n_params (task->model),
                      "fit curvature factors of %" G_GINT64_FORMAT " parameters to %" G_GINT64_FORMAT " examples in %s",
                      assay_model_get_n_params (task->model), task->n_train, assay_dtype_name (dtype));
  return TRUE;
}

static json_t *
side_to_json (const AssayFactorsSide *side)
{
  if (side->moment == NULL)
    return json_null ();
  if (!side->is_dense)
    return json_pack ("{s:s, s:I}", "form", "diagonal", "size", (json_int_t) side->n);
  return json_pack ("{s:s, s:I, s:o, s:o, s:o}", "form", "dense", "size", (json_int_t) side->n, "residual", assay_json_number (side->check.residual),
                    "orthogonality", assay_json_number (side->check.orthogonality), "largest", assay_json_number (side->values[side->n - 1]));
}

static json_t *
module_to_json (const AssayFactors *factors, guint m)
{
  const AssayModule *module = &factors->modules->module[m];
  const AssayModuleFactors *of = &factors->of[m];
  double largest = 0;

  for (gint64 i = 0; i < module->rows * module->columns; i++)
    largest = MAX (largest, of->lambda[i]);
  return json_pack ("{s:s, s:s, s:I, s:[I,I], s:i, s:o, s:o, s:o, s:o, s:o}", "name", module->name, "kind", module->kind, "covered_parameters",
                    (json_int_t) module->n_params, "shape", (json_int_t) module->rows, (json_int_t) module->columns, "uses", (int) module->n_uses,
                    "positions", assay_json_number (of->positions), "S", side_to_json (&of->row), "A", side_to_json (&of->column), "mean_eigenvalue",
                    assay_json_number (assay_factors_get_mean (factors, ASSAY_SPECTRUM_FITTED, m)), "largest_eigenvalue", assay_json_number (largest));
}

typedef struct {
  AssayShare *share;
  guint n;                      /* that were looked at */
} Stages;

static void
choose_stretches (gpointer data, gint64 n, gint64 *first, gint64 *end)
{
  assay_shard_slice (&((Stages *) data)->share->shard, n, 1, first, end);
}

static void
note_stretches (gpointer data, const AssayObject *object, gint64 n, gboolean is_last)
{
  Stages *stages = data;

  assay_share_add_recording (stages->share, object, n, NULL, is_last);
  stages->n++;
}

/* Sums over some stretches of the examples; eigenvalues need the bases, which need the moments of all. */
static gboolean
share (AssayJob *job, AssayJobContext *context, AssayShare *share, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  Stages stages = { share, 0 };
  const AssayRecorderShare recorder_share = { choose_stretches, note_stretches, &stages };
  gboolean whole;

  if (context->collective != NULL)
    return assay_factored_fit_together (&state->task, values, state->basis, assay_values_get_string (values, "name"), context->is_forced, context->collective,
                                        context->progress, error);
  if (!assay_factored_share (&state->task, values, state->basis, assay_values_get_string (values, "name"), &recorder_share, &whole, context->progress, error))
    return FALSE;
  if (!whole && stages.n == 1 && state->basis != ASSAY_FACTORS_IDENTITY)
    share->next_stage = "the eigenvalues";
  return TRUE;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const char *given = assay_values_get_string (values, "name");
  const gboolean anew = context->is_forced && context->shard.count <= 1;        /* a share's sums are its own, of this fit */
  const gboolean is_made = context->collective != NULL;                         /* by all ranks, a moment ago */
  g_autofree char *name = NULL;
  g_autoptr (AssayFactors) factors = (given && !is_made) || anew
    ? assay_factored_fit (&state->task, values, state->basis, given, anew, &name, context->progress, error)
    : assay_factored_obtain (&state->task, values, state->basis, given, &name, NULL, context->progress, error);
  AssayObject *object = factors ? assay_case_lookup (context->cas, "factors", name, error) : NULL;
  json_t *modules;

  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  modules = json_array ();
  for (guint m = 0; m < factors->modules->n; m++)
    json_array_append_new (modules, module_to_json (factors, m));
  return json_pack ("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:o, s:I}", "factors", name, "model", state->subject->object->name, "data",
                    state->subject->data->name, "basis", assay_factors_basis_name (state->basis), "fisher",
                    factors->options.is_empirical ? "empirical" : "true", "precision", assay_dtype_name (factors->dtype), "compute", assay_compute_names[factors->options.compute], "examples",
                    (json_int_t) factors->N, "parameters", (json_int_t) factors->modules->P, "covered_parameters", (json_int_t) factors->modules->covered, "coverage",
                    (double) factors->modules->covered / (double) factors->modules->P, "modules", modules, "bytes", (json_int_t) object->bytes);
}

static void
view (const json_t *document, AssayView *view)
{
  g_autofree char *parameters = assay_view_count (json_integer_value (json_object_get (document, "parameters")));
  g_autofree char *examples = assay_view_count (json_integer_value (json_object_get (document, "examples")));
  g_autofree char *coverage = assay_view_number (100 * assay_json_get_number (document, "coverage"), 5);
  g_autofree char *bytes = assay_view_bytes (assay_json_get_number (document, "bytes"));
  const char *compute = json_string_value (json_object_get (document, "compute"));      /* none in what was stored before there was a choice */
  const gboolean is_full = compute == NULL || strcmp (compute, assay_compute_names[ASSAY_COMPUTE_FULL]) == 0;
  gsize k;
  json_t *module;

  assay_view_add_field (view, "factors", "%s (%s)", assay_json_get_text (document, "factors"), bytes);
  assay_view_add_field (view, "coverage", "%s %%: %s parameters, fitted to %s examples in %s%s%s", coverage, parameters, examples,
                        assay_json_get_text (document, "precision"), is_full ? "" : ", products in ", is_full ? "" : compute);
  assay_view_add_field (view, "curvature", "%s Fisher, %s", assay_json_get_text (document, "fisher"),
                        strcmp (assay_json_get_text (document, "basis"), "diagonal") ? "Kronecker bases with fitted eigenvalues" : "its diagonal");
  assay_view_begin_table (view, "module|kind|>parameters|>shape|>positions|>mean eigenvalue|>largest");
  json_array_foreach (json_object_get (document, "modules"), k, module)
    {
      const json_t *shape = json_object_get (module, "shape");
      g_autofree char *count = assay_view_count (json_integer_value (json_object_get (module, "covered_parameters")));
      g_autofree char *size = g_strdup_printf ("%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT, (gint64) json_integer_value (json_array_get (shape, 0)),
                                               (gint64) json_integer_value (json_array_get (shape, 1)));

      assay_view_add_cell (view, assay_json_get_text (module, "name"));
      assay_view_add_cell (view, assay_json_get_text (module, "kind"));
      assay_view_add_cell (view, count);
      assay_view_add_cell (view, size);
      assay_view_add_cell_number (view, assay_json_get_number (module, "positions"), 4);
      assay_view_add_cell_number (view, assay_json_get_number (module, "mean_eigenvalue"), 3);
      assay_view_add_cell_number (view, assay_json_get_number (module, "largest_eigenvalue"), 3);
    }
}

ASSAY_JOB_KIND_DEFINE (factors) = {
  .name = "factors", .group = ASSAY_JOB_GROUP_QUESTION, .help = "fit curvature factors of every parameter, for fast influence",
  .description = "The curvature of each module (a weight matrix with its bias, an embedding, the gain and bias of a norm) is written in a basis where it is nearly "
                 "diagonal, and its eigenvalues there are fitted to the gradients of single examples (EK-FAC). The methods ekfac, kfac, shampoo and diagonal of assay "
                 "influence and assay validate take the factors from the case: another query or another damping touches no training example for the fit. "
                 "Factors remember the model and the examples they were fitted to, and are refused for others.\n\n"
                 "Every parameter is in exactly one module; a model with a parameter that no module covers is refused.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .outside_identity = outside_identity, .resolve = resolve, .plan = plan, .share = share, .run = run, .view = view,
};
