/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kind_spectrum.c: how a model's curvature is spread over its directions, and which damping that suggests for influence. */
#include "base/error.h"
#include "base/json.h"
#include "hessian/curvature.h"
#include "hessian/spectrum.h"
#include "influence/solved.h"
#include "influence/task.h"
#include "job/influence_task.h"
#include "job/measure.h"

#include <math.h>
#include <string.h>

#define GIB 1073741824.0
#define DECADES 8               /* of damping and of density, from the largest eigenvalue down */
#define CONDITION 400           /* that the advised damping leaves; as influence's own default does */
#define RESIDUAL 1e-3           /* of the iterations that are told */

static const AssayParam params[] = {
  ASSAY_SUBJECT_PARAMS,
  { .name = "curvature", .type = ASSAY_PARAM_CHOICE, .def.s = "gauss-newton", .choices = assay_damped_curvature_choices,
    .help = "matrix to look at: positive semi-definite Gauss-Newton, the exact Hessian, or that by the oracle: slow, an audit" },
  { .name = "probes", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 10000, .unit = "vectors",
    .help = "random vectors; more make the error bars smaller" },
  { .name = "steps", .type = ASSAY_PARAM_INT, .def.i = 40, .min = 1, .max = 100000, .unit = "products",
    .help = "Lanczos steps of each probe: a product and the memory of a model each; more resolve the small eigenvalues" },
  { .name = "seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of the random vectors" },
  ASSAY_INFLUENCE_TASK_PARAMS,
  { .name = NULL }
};

static const AssayJobExample examples[] = {
  { "the spectrum of the Gauss-Newton matrix, and the damping that it suggests", "assay spectrum people.assay" },
  { "is the Hessian indefinite, and by how much?", "assay spectrum people.assay --curvature hessian --probes 2 --json" },
  { NULL, NULL }
};

typedef struct {
  AssaySubject *subject;
  AssayInfluenceTask task;      /* without queries */
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
  const AssayValues *values = assay_job_get_values (job);
  State *state = g_new0 (State, 1);

  context->state = state;
  context->free_state = state_free;
  state->subject = assay_subject_open (job, context, error);
  if (state->subject == NULL)
    return FALSE;
  state->task = (AssayInfluenceTask) {
    .model = state->subject->model, .dataset = state->subject->dataset, .train = state->subject->train, .n_train = state->subject->n_train,
    .batch = assay_values_get_int (values, "walk-batch"), .is_single_precision = strcmp (assay_values_get_string (values, "precision"), "f32") == 0,
    .memory = (gsize) (assay_values_get_double (values, "walk-memory") * GIB), .backend = context->backend,
  };
  state->task.sum_batch = assay_influence_task_choose_sum_batch (&state->task);
  return TRUE;
}

static gboolean
plan (AssayJob *job, AssayJobContext *context, AssayJobPlan *plan, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  double P = (double) assay_model_get_n_params (state->subject->model), flops = 0, bytes = 0;
  gint64 probes = assay_values_get_int (values, "probes"), steps = MIN (assay_values_get_int (values, "steps"), assay_model_get_n_params (state->subject->model));

  if (context->is_dry_run
      && !assay_measure_rate (plan, state->subject->model, state->task.dataset, state->task.train, state->task.n_train, state->task.batch,
                              context->backend, error))
    return FALSE;
  assay_solved_scores_add_products (&state->task, assay_values_get_string (values, "curvature"), (double) (probes * steps), &flops, &bytes);
  assay_job_plan_add (plan, flops, bytes + 8 * P * (double) (steps + 2), 0,
                      "%" G_GINT64_FORMAT " Lanczos runs of %" G_GINT64_FORMAT " products with the curvature of %" G_GINT64_FORMAT " examples", probes, steps,
                      state->task.n_train);
  return TRUE;
}

/* --- what is said --------------------------------------------------------------------------------------------------------- */

static json_t *
estimate_to_json (AssaySpectrumEstimate estimate)
{
  return json_pack ("{s:o, s:o}", "estimate", assay_json_number (estimate.value), "error", assay_json_number (estimate.error));
}

/* An extreme over all probes, how far some eigenvalue can be from it, and how much it varies from probe to probe. */
static json_t *
extreme_to_json (double value, double reach, AssaySpectrumEstimate over_probes)
{
  return json_pack ("{s:o, s:o, s:o}", "ritz_value", assay_json_number (value), "reach", assay_json_number (reach), "over_probes",
                    estimate_to_json (over_probes));
}

static void
add_bin (json_t *bins, const AssaySpectrum *spectrum, double lo, double hi)
{
  AssaySpectrumEstimate count = assay_spectrum_count (spectrum, lo, hi);

  if (count.value > 0)
    json_array_append_new (bins, json_pack ("{s:o, s:o, s:o, s:o}", "from", assay_json_number (lo), "to", assay_json_number (hi), "count",
                                            assay_json_number (count.value), "error", assay_json_number (count.error)));
}

/* Half decades of magnitude on both sides of zero; bins without weight are left out. */
static json_t *
density_to_json (const AssaySpectrum *spectrum, double top)
{
  json_t *bins = json_array ();

  for (gint k = 2 * DECADES; k > 0; k--)
    add_bin (bins, spectrum, -top * pow (10, 0.5 * (k - 2 * DECADES)), -top * pow (10, 0.5 * (k - 1 - 2 * DECADES)));
  add_bin (bins, spectrum, -top * pow (10, -DECADES), top * pow (10, -DECADES));
  for (gint k = 0; k < 2 * DECADES; k++)
    add_bin (bins, spectrum, top * pow (10, 0.5 * (k - 2 * DECADES)), top * pow (10, 0.5 * (k + 1 - 2 * DECADES)));
  return bins;
}

/* Conjugate gradients reduce the error by sqrt (kappa) - 1 over sqrt (kappa) + 1 an iteration at least. */
static double
count_iterations (double condition)
{
  return ceil (0.5 * sqrt (condition) * log (2 / RESIDUAL));
}

static json_t *
dampings_to_json (const AssaySpectrum *spectrum, double top, gboolean is_semidefinite)
{
  json_t *list = json_array ();

  for (gint k = 0; k <= DECADES; k++)
    {
      double lambda = top * pow (10, -k), least = spectrum->smallest + lambda, condition = least > 0 ? (spectrum->largest + lambda) / least : NAN;
      AssaySpectrumEstimate d = is_semidefinite ? assay_spectrum_effective_dimension (spectrum, lambda) : (AssaySpectrumEstimate) { NAN, NAN };

      if (is_semidefinite)
        condition = (spectrum->largest + lambda) / lambda;
      json_array_append_new (list, json_pack ("{s:o, s:o, s:o, s:o}", "damping", assay_json_number (lambda), "effective_dimension", estimate_to_json (d),
                                              "condition", assay_json_number (condition), "iterations", assay_json_number (count_iterations (condition))));
    }
  return list;
}

/* What keeps the condition number near that of influence's default; above what makes the matrix definite. */
static double
advise (const AssaySpectrum *spectrum, gboolean is_semidefinite)
{
  double reach = MAX (spectrum->largest, -spectrum->smallest);

  return is_semidefinite || spectrum->smallest >= 0 ? spectrum->largest / CONDITION : -spectrum->smallest + reach / CONDITION;
}

static json_t *
run (AssayJob *job, AssayJobContext *context, GError **error)
{
  const State *state = context->state;
  const AssayValues *values = assay_job_get_values (job);
  const AssayCurvature *curvature = assay_curvature_find (assay_values_get_string (values, "curvature"), error);
  AssayPoint point = assay_influence_task_get_train (&state->task);
  g_autoptr (AssayLinop) C = curvature ? curvature->open (&point, error) : NULL;
  g_autoptr (AssaySpectrum) spectrum = NULL;
  gboolean is_semidefinite;
  double top;

  if (C == NULL)
    return NULL;
  is_semidefinite = curvature->is_semidefinite || assay_model_is_affine (state->subject->model);
  spectrum = assay_spectrum_new (C, assay_values_get_int (values, "probes"), assay_values_get_int (values, "steps"),
                                 (guint64) assay_values_get_int (values, "seed"), context->progress, error);
  if (spectrum == NULL)
    return NULL;
  top = MAX (spectrum->largest, -spectrum->smallest);
  top = top > 0 ? pow (10, ceil (2 * log10 (top)) / 2) : 1;
  return json_pack ("{s:s, s:I, s:s, s:s, s:b, s:I, s:I, s:f, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                    "model", state->subject->object->name, "model_sequence", (json_int_t) state->subject->object->sequence,
                    "data", state->subject->data->name, "curvature", curvature->name, "is_semidefinite", is_semidefinite,
                    "parameters", (json_int_t) spectrum->n, "examples", (json_int_t) state->task.n_train, "l2", state->subject->l2,
                    "probes", (json_int_t) spectrum->probes, "steps", (json_int_t) spectrum->steps, "products", (json_int_t) spectrum->products,
                    "trace", estimate_to_json (assay_spectrum_sum (spectrum)),
                    "mean_eigenvalue", assay_json_number (assay_spectrum_sum (spectrum).value / (double) spectrum->n),
                    "largest", extreme_to_json (spectrum->largest, spectrum->largest_reach, assay_spectrum_extreme (spectrum, TRUE)),
                    "smallest", extreme_to_json (spectrum->smallest, spectrum->smallest_reach, assay_spectrum_extreme (spectrum, FALSE)),
                    "density", density_to_json (spectrum, top), "dampings", dampings_to_json (spectrum, top, is_semidefinite),
                    "advised_damping", assay_json_number (advise (spectrum, is_semidefinite)));
}

static void
add_number (AssayView *view, const json_t *object, const char *key)
{
  assay_view_add_cell_number (view, assay_json_get_number (object, key), 3);
}

static void
view_dampings (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *row;

  assay_view_begin_table (view, ">damping|>effective dimension|>std error|>condition number|>iterations to 1e-3, at most");
  json_array_foreach (json_object_get (document, "dampings"), k, row)
    {
      const json_t *dimension = json_object_get (row, "effective_dimension");

      add_number (view, row, "damping");
      add_number (view, dimension, "estimate");
      add_number (view, dimension, "error");
      add_number (view, row, "condition");
      add_number (view, row, "iterations");
    }
}

static void
view_density (const json_t *document, AssayView *view)
{
  gsize k;
  json_t *row;

  assay_view_begin_table (view, ">from|>to|>eigenvalues, about|>std error");
  json_array_foreach (json_object_get (document, "density"), k, row)
    {
      add_number (view, row, "from");
      add_number (view, row, "to");
      add_number (view, row, "count");
      add_number (view, row, "error");
    }
}

static void
view (const json_t *document, AssayView *view)
{
  const json_t *largest = json_object_get (document, "largest"), *smallest = json_object_get (document, "smallest"), *trace = json_object_get (document, "trace");
  gboolean is_semidefinite = json_is_true (json_object_get (document, "is_semidefinite"));
  double least = assay_json_get_number (smallest, "ritz_value");

  assay_view_add_text (view, "The %s matrix of model %s over %" G_GINT64_FORMAT " examples: largest eigenvalue %.4g (one is within %.1g of it), smallest seen %.4g; "
                       "their sum is about %.4g (standard error %.2g).", json_string_value (json_object_get (document, "curvature")),
                       json_string_value (json_object_get (document, "model")), (gint64) json_integer_value (json_object_get (document, "examples")),
                       assay_json_get_number (largest, "ritz_value"), assay_json_get_number (largest, "reach"), least,
                       assay_json_get_number (trace, "estimate"), assay_json_get_number (trace, "error"));
  if (!is_semidefinite)
    assay_view_add_text (view, least < 0 ? "It is indefinite: conjugate gradients need a damping above %.4g, and scores without it describe a saddle."
                                         : "No negative curvature was seen; that is no proof that there is none (smallest: %.4g).", fabs (least));
  assay_view_add_heading (view, "Dampings");
  view_dampings (document, view);
  assay_view_add_text (view, "Effective dimension: how many directions a damping leaves to the data; the others it decides itself. A damping of %.3g is a start: it keeps the "
                       "condition number near %d. Which damping predicts retraining best is measured by assay validate.",
                       assay_json_get_number (document, "advised_damping"), CONDITION);
  assay_view_add_heading (view, "Density");
  view_density (document, view);
}

ASSAY_JOB_KIND_DEFINE (spectrum) = {
  .name = "spectrum", .group = ASSAY_JOB_GROUP_QUESTION, .help = "how a model's curvature is spread over its directions, for choosing a damping",
  .description = "The eigenvalues of the curvature matrix that influence inverts, estimated without forming it: stochastic Lanczos quadrature from random "
                 "vectors, with standard errors over them. For a grid of dampings it tells the effective dimension (how many directions the data still decide), the "
                 "condition number and how many iterations conjugate gradients need at most.\n\n"
                 "The largest and smallest Ritz values are within the spectrum: a negative one proves that the Hessian is indefinite at these parameters.",
  .examples = examples, .access = ASSAY_JOB_WRITES_CASE, .is_stored = TRUE, .params = params, .get_sections = assay_subject_sections,
  .resolve = resolve, .plan = plan, .run = run, .view = view,
};
