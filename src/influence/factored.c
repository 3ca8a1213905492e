/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factored.c: the fit that is kept, and the pass that serves all queries. */
#include "influence/factored.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_forms.h"
#include "hessian/module_scores.h"
#include "influence/factors_parts.h"
#include "influence/factors_store.h"
#include "influence/score.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define BLOCK_BYTES ((gsize) 3 << 30)   /* of queries that share a pass over the examples */

const char *const assay_factored_fishers[] = { "true", "empirical", NULL };
const char *const assay_factored_precisions[] = { "model", "f32", "f64", NULL };

const AssayFactoredMethod assay_factored_methods[] = {
  { "ekfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED }, { "kfac", ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER },
  { "shampoo", ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED }, { "diagonal", ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED }, { .name = NULL } };

const AssayFactoredMethod *
assay_factored_find_method (const char *name)
{
  const AssayFactoredMethod *method = assay_factored_methods;

  while (method->name != NULL && strcmp (method->name, name) != 0)
    method++;
  return method->name ? method : NULL;
}

AssayFactorsOptions
assay_factored_read_options (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, AssayDtype *dtype)
{
  const char *precision = assay_values_get_string (values, "factor-precision");
  const char *modules = assay_values_has (values, "modules") ? assay_values_get_string (values, "modules") : NULL;
  const char *named = assay_values_has (values, "compute") ? assay_values_get_string (values, "compute") : assay_compute_names[ASSAY_COMPUTE_FULL];
  AssayCompute compute = ASSAY_COMPUTE_FULL;

  while (strcmp (assay_compute_names[compute], named) != 0)
    compute++;

  *dtype = strcmp (precision, "f32") == 0 ? ASSAY_F32 : strcmp (precision, "f64") == 0 ? ASSAY_F64 : assay_model_get_dtype (task->model);
  return (AssayFactorsOptions) { .basis = basis, .is_empirical = strcmp (assay_values_get_string (values, "fisher"), "empirical") == 0,
                                 .seed = (guint64) assay_values_get_int (values, "fisher-seed"), .compute = compute,
                                 .modules = modules ? g_intern_string (modules) : NULL };
}

AssayFactorsDamping
assay_factored_read_damping (const AssayInfluenceTask *task, const AssayValues *values)
{
  AssayFactorsDamping damping = { .value = assay_values_get_double (values, "damping"), .l2 = task->l2 };

  while (strcmp (assay_damping_modes[damping.mode], assay_values_get_string (values, "damping-mode")) != 0)
    damping.mode++;
  return damping;
}

static AssayPoint
get_point (const AssayInfluenceTask *task, AssayDtype dtype)
{
  AssayPoint point = assay_influence_task_get_train (task);

  point.dtype = dtype;
  return point;
}

static char *
make_name (const AssayInfluenceTask *task, const AssayFactorsOptions *options, const json_t *identity)
{
  return g_strdup_printf ("%s/%s/%.12s", task->model_name, assay_factors_basis_name (options->basis),
                          json_string_value (json_object_get (identity, "digest")));
}

static AssayFactors *
fit_and_keep (const AssayInfluenceTask *task, const AssayPoint *point, const AssayFactorsOptions *options, const char *name, gboolean anew,
              const json_t *identity, AssayProgress *progress, GError **error)
{
  gboolean shared = !anew && task->store != NULL && assay_factors_parts_exist (task->store, name);        /* others have begun, or ended */
  AssayFactorsParts parts = { task->store, name, identity, NULL, task->backend };
  AssayFactorsSummer summer = assay_factors_parts_summer (&parts);
  g_autoptr (AssayFactors) factors = NULL;
  g_autoptr (AssayObject) object = NULL;

  if (!assay_factors_fit_share (point, 1, options, shared ? &summer : NULL, &factors, progress, error))
    return NULL;

  if (task->store == NULL)
    return g_steal_pointer (&factors);
  object = assay_factors_save (task->store, name, factors, identity, NULL, error);
  return object ? g_steal_pointer (&factors) : NULL;
}

AssayFactors *
assay_factored_obtain (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, char **name,
                       GString *notes, AssayProgress *progress, GError **error)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  AssayPoint point = get_point (task, dtype);
  json_t *identity = assay_factors_identity (&point, &options);
  g_autofree char *own = task->store ? given ? g_strdup (given) : make_name (task, &options, identity) : NULL;
  gboolean kept = own != NULL && (given != NULL || assay_case_has (task->store, "factors", own));
  AssayFactors *factors = kept ? assay_factors_load (task->store, own, task->model, identity, given == NULL, error)
                               : fit_and_keep (task, &point, &options, own, FALSE, identity, progress, error);

  json_decref (identity);
  if (factors != NULL && factors->options.basis != basis)         /* given ones: their scores would stand under another method's name */
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: those in the basis %s expected, in the basis %s found; without --factors they are found or fitted",
                   own, assay_factors_basis_name (basis), assay_factors_basis_name (factors->options.basis));
      g_clear_pointer (&factors, assay_factors_free);
    }
  if (factors != NULL && factors->modules->covered < factors->modules->P && !assay_values_has (values, "modules"))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "factors %s: those of every parameter expected, those of modules %s found; without --factors they are found or fitted",
                   own, factors->options.modules);
      g_clear_pointer (&factors, assay_factors_free);
    }
  if (factors != NULL && notes != NULL && own != NULL)
    g_string_append_printf (notes, "factors %s: %s\n", own, kept ? "as they were kept in the case" : "fitted now and kept in the case");
  if (factors != NULL && name != NULL)
    *name = g_steal_pointer (&own);
  return factors;
}

AssayFactors *
assay_factored_obtain_mean (const AssayInfluenceTask *task, const AssayPoint *points, guint n_points, const AssayFactorsOptions *options, const char *method,
                            AssayProgress *progress, GError **error)
{
  json_t *identity = assay_factors_identity_mean (points, n_points, options), *extra = json_pack ("{s:s, s:I}", "method", method, "points", (json_int_t) n_points);
  g_autofree char *name = g_strdup_printf ("%s/%s/%s/%.12s", task->model_name, method, assay_factors_basis_name (options->basis),
                                           json_string_value (json_object_get (identity, "digest")));
  gboolean kept = task->store != NULL && assay_case_has (task->store, "factors", name);
  AssayFactors *factors = kept ? assay_factors_load (task->store, name, task->model, identity, TRUE, error)
                               : assay_factors_fit_mean (points, n_points, options, progress, error);

  if (factors != NULL && !kept && task->store != NULL)
    {
      AssayObject *object = assay_factors_save (task->store, name, factors, identity, extra, error);

      if (object == NULL)
        g_clear_pointer (&factors, assay_factors_free);
      else
        assay_object_unref (object);
    }
  json_decref (identity);
  json_decref (extra);
  return factors;
}

gboolean
assay_factored_share (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *name, const AssayRecorderShare *share,
                      gboolean *whole, AssayProgress *progress, GError **error)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  AssayPoint point = get_point (task, dtype);
  json_t *identity = assay_factors_identity (&point, &options);
  g_autofree char *own = name ? g_strdup (name) : make_name (task, &options, identity);
  AssayFactorsParts parts = { task->store, own, identity, share, task->backend };
  AssayFactorsSummer summer = assay_factors_parts_summer (&parts);
  g_autoptr (AssayFactors) factors = NULL;
  gboolean fine = assay_factors_fit_share (&point, 1, &options, &summer, &factors, progress, error);

  *whole = factors != NULL;
  json_decref (identity);
  return fine;
}

static gboolean
fit_and_keep_together (const AssayInfluenceTask *task, const AssayPoint *point, const AssayFactorsOptions *options, const char *name, const json_t *identity,
                       AssayCollective *collective, AssayProgress *progress, GError **error)
{
  const AssayFactorsSummer summer = assay_factors_summer_of_ranks (collective);
  g_autoptr (AssayFactors) factors = NULL;
  g_autoptr (AssayObject) object = NULL;
  GError *fault = NULL;

  if (assay_factors_fit_share (point, 1, options, &summer, &factors, progress, &fault) && assay_collective_is_first (collective))
    object = assay_factors_save (task->store, name, factors, identity, NULL, &fault);
  return assay_collective_agree (collective, fault, error) && assay_case_refresh (task->store, error);
}

gboolean
assay_factored_fit_together (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, gboolean anew,
                             AssayCollective *collective, AssayProgress *progress, GError **error)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  AssayPoint point = get_point (task, dtype);
  json_t *identity = assay_factors_identity (&point, &options);
  g_autofree char *own = given ? g_strdup (given) : make_name (task, &options, identity);
  gboolean kept = !given && !anew && assay_case_has (task->store, "factors", own);
  gboolean fine = assay_collective_broadcast (collective, 0, &kept, sizeof kept, error);         /* as the first sees it */

  fine = fine && (kept ? assay_case_refresh (task->store, error)
                       : fit_and_keep_together (task, &point, &options, own, identity, collective, progress, error));
  json_decref (identity);
  return fine;
}

AssayFactors *
assay_factored_fit (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, const char *given, gboolean anew, char **name,
                    AssayProgress *progress, GError **error)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  AssayPoint point = get_point (task, dtype);
  json_t *identity = assay_factors_identity (&point, &options);
  g_autofree char *own = given ? g_strdup (given) : make_name (task, &options, identity);
  AssayFactors *factors = fit_and_keep (task, &point, &options, own, anew, identity, progress, error);

  json_decref (identity);
  if (factors != NULL)
    *name = g_steal_pointer (&own);
  return factors;
}

/* --- scores ------------------------------------------------------------------------------------------------------------------ */

/* Not by the task's memory: how modules are taken, and so the last bits of scores, hang on the queries of a block. */
static gint64
get_largest_block (const AssayInfluenceTask *task)
{
  return MAX ((gint64) (BLOCK_BYTES / (2 * sizeof (double) * (gsize) assay_model_get_n_params (task->model))), 1);
}

gint64
assay_factored_choose_block (const AssayInfluenceTask *task)
{
  return MIN (get_largest_block (task), task->n_query);
}

gint64
assay_factored_query_unit (const AssayInfluenceTask *task, const AssayValues *options)
{
  (void) options;
  return get_largest_block (task);
}

gboolean
assay_factored_score_block (const AssayInfluenceTask *task, const AssayPoint *train, AssayFactorsInverse *inverse, const AssayModules *modules, gint64 first,
                            gint64 K, double *X, double *value, AssayProgress *progress, GError **error)
{
  const double N = (double) task->n_train;

  if (!assay_influence_task_query_gradients (task, NULL, first, K, X, error))
    return FALSE;
  assay_factors_inverse_apply (inverse, K, X, X);
  if (!assay_module_scores (train, modules, K, X, ASSAY_ROUTE_CHEAPER, value, NULL, progress, error))
    return FALSE;
  for (gint64 i = 0; i < K * train->n_examples; i++)
    value[i] /= N;
  return TRUE;
}

void
assay_factored_note_damping (const AssayFactors *factors, const AssayFactorsInverse *inverse, double l2, AssayInfluenceScores *scores)
{
  double least = INFINITY, most = 0, sum = 0;

  for (guint m = 0; m < factors->modules->n; m++)
    {
      double damping = assay_factors_inverse_get_lambda (inverse, m) - l2;

      least = MIN (least, damping);
      most = MAX (most, damping);
      sum += damping * (double) factors->modules->module[m].n_params;
    }
  scores->damping = sum / (double) factors->modules->covered;
  if (least < most)
    g_string_append_printf (scores->notes, "each block has its own damping, from %.3g to %.3g; the one told is their mean over parameters\n", least, most);
}

static void
note_redone (const AssayFactors *factors, GString *notes)
{
  if (factors->n_redone > 0)
    g_string_append_printf (notes, "eigenvectors of %u factors were made by LAPACK: the device's failed their check, or found no memory\n", factors->n_redone);
}

static void
note_plan (const AssayModules *modules, gint64 Q, gint64 blocks, gboolean is_there, GString *notes)
{
  guint formed = 0;

  for (guint m = 0; m < modules->n; m++)
    formed += assay_module_choose_route (&modules->module[m], Q, NULL) == ASSAY_ROUTE_FORM;
  if (modules->covered == modules->P)
    g_string_append_printf (notes, "coverage 100 %%: all %" G_GINT64_FORMAT " parameters, in %u modules; blocks between modules are left out\n", modules->P,
                            modules->n);
  else
    g_string_append_printf (notes, "coverage %.4g %%: %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " parameters, in the %u modules that were named; what goes by way of "
                            "others counts as nothing\n", 100 * (double) modules->covered / (double) modules->P, modules->covered, modules->P, modules->n);
  g_string_append_printf (notes, "%" G_GINT64_FORMAT " %s over the training examples for all queries%s; the cheaper way by count of operations: gradients formed "
                          "in %u modules, position by position in %u\n", blocks, blocks == 1 ? "pass" : "passes",
                          is_there ? ", more where the device has no room for the vectors of all" : "", formed, modules->n - formed);
}

/* On a device the vectors of queries that are examples are made where they are used, unless somebody wants to see them. */
static gboolean
is_scored_there (const AssayInfluenceTask *task)
{
  return task->backend->owns != NULL && task->measured == NULL && assay_influence_task_get_query_size (task) == 1 && !task->keep_directions;
}

/* What is said of all scores by factors. */
static void
describe_scores (const AssayInfluenceTask *task, const AssayFactors *factors, const AssayFactorsInverse *inverse, AssayInfluenceScores *scores)
{
  scores->unit = ASSAY_UNIT_NATS;
  scores->counterfactual = "pbrf";
  scores->interval_reason = "the factors stand for the curvature by an amount that nothing here bounds; assay validate measures what they are worth";
  scores->l2 = task->l2;
  assay_factored_note_damping (factors, inverse, task->l2, scores);
  note_redone (factors, scores->notes);
  if (factors->options.compute != ASSAY_COMPUTE_FULL)
    g_string_append_printf (scores->notes, "walks over the training examples, and products with their gradients, multiply in %s; the queries' own are in %s\n",
                            assay_compute_names[factors->options.compute], is_scored_there (task) ? assay_compute_names[ASSAY_COMPUTE_TF32] : "full");
}

static gboolean
score_there (const AssayInfluenceTask *task, const AssayPoint *train, AssayFactorsInverse *inverse, double *value, AssayProgress *progress, GError **error)
{
  AssayPoint queries = *train;

  queries.examples = task->query;
  queries.n_examples = task->n_query;
  queries.compute = train->compute == ASSAY_COMPUTE_FULL ? ASSAY_COMPUTE_FULL : ASSAY_COMPUTE_TF32;
  if (!assay_module_scores_of_queries (train, inverse, &queries, ASSAY_ROUTE_CHEAPER, value, progress, error))
    return FALSE;
  for (gint64 i = 0; i < task->n_query * train->n_examples; i++)
    value[i] /= (double) task->n_train;
  return TRUE;
}

AssayInfluenceScores *
assay_factored_score (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, AssayFactorsSpectrum spectrum,
                      AssayProgress *progress, GError **error)
{
  g_autoptr (AssayInfluenceScores) scores = NULL;
  g_autoptr (AssayFactors) factors = NULL;
  g_autoptr (AssayFactorsInverse) inverse = NULL;
  g_autoptr (AssayBuffer) X = NULL;
  AssayInfluenceTask own = *task, scored = assay_influence_task_narrow (task);
  AssayFactorsDamping damping = assay_factored_read_damping (task, values);
  AssayPoint train;
  const gboolean is_there = is_scored_there (task);
  gint64 block = is_there ? task->n_query : assay_factored_choose_block (task);

  if (!assay_influence_task_check (task, error)
      || (scores = assay_influence_scores_new (task->n_query, scored.n_train, FALSE, FALSE, error)) == NULL
      || (factors = assay_factored_obtain (task, values, basis, assay_values_get_string (values, "factors"), NULL, scores->notes, progress, error)) == NULL
      || (inverse = assay_factors_inverse_new (factors, spectrum, &damping, task->backend->workers, error)) == NULL
      || (!is_there && (X = assay_mem_alloc_array (block * factors->modules->P, sizeof (double), error)) == NULL))
    return NULL;
  if (task->keep_directions && factors->options.compute != ASSAY_COMPUTE_FULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "parts of scores are computed in full, and would not add up to scores in %s; leave --by out, or --compute",
                   assay_compute_names[factors->options.compute]);
      return NULL;
    }
  if (task->keep_directions
      && (scores->direction = assay_mem_alloc_array (task->n_query * factors->modules->P, sizeof (double), error)) == NULL)
    return NULL;
  describe_scores (task, factors, inverse, scores);
  note_plan (factors->modules, MIN (block, task->n_query), (task->n_query + block - 1) / block, is_there, scores->notes);
  own.is_single_precision = factors->dtype == ASSAY_F32;
  train = get_point (&scored, factors->dtype);
  train.compute = factors->options.compute;
  if (is_there)
    return score_there (task, &train, inverse, scores->value, progress, error) ? g_steal_pointer (&scores) : NULL;
  for (gint64 first = 0; first < task->n_query; first += block)
    {
      const gint64 K = MIN (block, task->n_query - first), P = factors->modules->P;

      if (!assay_factored_score_block (&own, &train, inverse, factors->modules, first, K, X, scores->value + first * train.n_examples, progress, error))
        return NULL;
      for (gint64 i = 0; scores->direction != NULL && i < K * P; i++)
        scores->direction[first * P + i] = ((double *) X)[i] / (double) task->n_train;
    }
  return g_steal_pointer (&scores);
}

void
assay_factored_cost (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, double *flops, double *bytes)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);
  g_autoptr (AssayModules) modules = assay_modules_new (task->model, NULL);
  double P = (double) assay_model_get_n_params (task->model), each = 0;
  gint64 block = is_scored_there (task) ? task->n_query : assay_factored_choose_block (task);

  *flops = *bytes = 0;
  if (modules == NULL || !assay_modules_keep (modules, options.modules, NULL)
      || !assay_factors_get_cost (task->model, &options, dtype, task->n_train, flops, bytes, NULL))
    return;
  for (guint m = 0; m < modules->n; m++)
    {
      double of_module;

      assay_module_choose_route (&modules->module[m], block, &of_module);
      each += of_module;
    }
  *flops += (each + assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, 1) * 2 / 3) * (double) task->n_train
            * ceil ((double) task->n_query / (double) block)
            + assay_influence_task_get_flops (task, ASSAY_WALK_GRADIENT, FALSE, task->n_query);
  *bytes += (is_scored_there (task) ? 0 : 2 * 8.0 * (double) block * P) + 8.0 * (double) (task->n_query * task->n_train);
}

/* --- self-influence ----------------------------------------------------------------------------------------------------------- */

AssayInfluenceScores *
assay_factored_score_self (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, AssayFactorsSpectrum spectrum,
                           AssayProgress *progress, GError **error)
{
  const AssayInfluenceTask scored = assay_influence_task_narrow (task);
  g_autoptr (AssayInfluenceScores) scores = assay_influence_scores_new (1, scored.n_train, FALSE, FALSE, error);
  g_autoptr (AssayFactors) factors = NULL;
  g_autoptr (AssayFactorsInverse) inverse = NULL;
  AssayFactorsDamping damping = assay_factored_read_damping (task, values);
  AssayPoint train;

  if (scores == NULL
      || (factors = assay_factored_obtain (task, values, basis, assay_values_get_string (values, "factors"), NULL, scores->notes, progress, error)) == NULL
      || (inverse = assay_factors_inverse_new (factors, spectrum, &damping, task->backend->workers, error)) == NULL)
    return NULL;
  train = get_point (&scored, factors->dtype);
  train.compute = factors->options.compute;
  if (!assay_factors_forms (inverse, spectrum, &train, scores->value, progress, error))
    return NULL;
  for (gint64 i = 0; i < scored.n_train; i++)
    scores->value[i] /= (double) task->n_train;
  describe_scores (task, factors, inverse, scores);
  return g_steal_pointer (&scores);
}

/* A fit, and as much as its second pass once more. */
void
assay_factored_cost_self (const AssayInfluenceTask *task, const AssayValues *values, AssayFactorsBasis basis, double *flops, double *bytes)
{
  AssayDtype dtype;
  AssayFactorsOptions options = assay_factored_read_options (task, values, basis, &dtype);

  if (!assay_factors_get_cost (task->model, &options, dtype, task->n_train, flops, bytes, NULL))
    return;
  *flops *= 1.5;
  *bytes += 8.0 * (double) (assay_model_get_n_params (task->model) + 3 * task->n_train);
}
