/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_factors.c: moments, eigenvalues and scores by factors of a reference case, module by module. */
#include "base/error.h"
#include "base/mem.h"
#include "hessian/factors_inverse.h"
#include "hessian/module_scores.h"
#include "influence/reference_config.h"
#include "influence/reference_run.h"
#include "influence/task.h"

#include <math.h>
#include <string.h>

#define RELATIVE_DAMPING 0.1    /* that of "heur" */
#define MOMENTS_AGREE 100       /* times 1e-15 */

typedef struct {
  AssayReferenceRun *run;
  AssayPoint train;
  AssayFactors *factors, *diagonal;
  double *gradients, *X;        /* (Q,P) */
  double *scores, *by_module;   /* (Q,N), (modules,Q,N) */
  double score_bound;
} Check;

static gboolean
compare (const Check *c, const char *module, const char *what, double bound, AssayShape shape, const double *values, GError **error)
{
  g_autofree char *name = g_strconcat (module, ".", what, NULL);

  return assay_reference_run_compare (c->run, c->run->source->ekfac, name, bound, shape, values, error);
}

/* --- moments and eigenvalues ------------------------------------------------------------------------------------------------ */

/* ||M V - V diag (values)|| / ||M|| of the stored pairs with our moment, the largest entry over the largest: eigenvectors themselves are not
 * unique. vectors (n,n) receives them, one in each row. */
static gboolean
check_vectors (const Check *c, const char *module, const char *letter, const AssayFactorsSide *side, double *vectors, GError **error)
{
  const AssayReferenceCase *source = c->run->source;
  g_autofree char *values_name = g_strdup_printf ("%s.%s.eigval", module, letter), *name = g_strdup_printf ("%s.%s.eigvec", module, letter);
  gint64 n = side->n;
  g_autofree double *values = g_new (double, n), *columns = g_new (double, n * n);
  double worst = 0, largest = 0;

  if (!assay_reference_case_read (source, source->ekfac, values_name, ASSAY_SHAPE (n), values, error)
      || !assay_reference_case_read (source, source->ekfac, name, ASSAY_SHAPE (n, n), columns, error))
    return FALSE;
  for (gint64 k = 0; k < n; k++)
    for (gint64 i = 0; i < n; i++)
      {
        double sum = -values[k] * columns[i * n + k];

        for (gint64 j = 0; j < n; j++)
          sum += side->moment[i * n + j] * columns[j * n + k];
        worst = isnan (sum) ? sum : MAX (worst, fabs (sum));
        largest = MAX (largest, fabs (side->moment[i * n + k]));
        vectors[k * n + i] = columns[i * n + k];
      }
  assay_reference_run_record (c->run, name, largest > 0 ? worst / largest : worst, ASSAY_REFERENCE_BOUND_PRODUCT);
  return TRUE;
}

static gboolean
check_side (const Check *c, const char *module, const char *letter, const AssayFactorsSide *side, double *vectors, GError **error)
{
  g_autofree char *values = g_strconcat (letter, ".eigval", NULL);

  return compare (c, module, letter, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (side->n, side->n), side->moment, error)
         && compare (c, module, values, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (side->n), side->values, error)
         && check_vectors (c, module, letter, side, vectors, error);
}

/* A module that the case has factors of must be one of ours, with both sides whole. */
static gboolean
check_module (const Check *c, guint m, AssayFactors *stored, GError **error)
{
  const char *name = c->factors->modules->module[m].name;
  g_autofree char *tensor = g_strconcat (name, ".A", NULL);
  const AssayModuleFactors *of = &c->factors->of[m];

  if (!compare (c, name, "diag", ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (of->row.n, of->column.n), c->diagonal->of[m].lambda, error))
    return FALSE;
  if (!assay_reference_run_wants (c->run, tensor))
    return TRUE;
  if (!of->row.is_dense || !of->column.is_dense)
    return assay_reference_config_refuse (c->run->source->document_path, name, "a module with two whole factors", NULL, error);
  return check_side (c, name, "S", &of->row, stored->of[m].row.vectors, error) && check_side (c, name, "A", &of->column, stored->of[m].column.vectors, error);
}

/* Fitted eigenvalues in the stored bases; modules that the case says nothing of keep ours. */
static gboolean
check_factors (const Check *c, GError **error)
{
  g_autoptr (AssayFactors) stored = assay_factors_new (c->run->source->model, &c->factors->options, error);

  for (guint m = 0; stored != NULL && m < stored->modules->n; m++)
    if (!check_module (c, m, stored, error))
      return FALSE;
  if (stored == NULL || !assay_factors_fit_spectrum (stored, &c->train, c->run->progress, error))
    return FALSE;
  for (guint m = 0; m < stored->modules->n; m++)
    if (!compare (c, stored->modules->module[m].name, "lambda", ASSAY_REFERENCE_BOUND_PRODUCT,
                  ASSAY_SHAPE (stored->of[m].row.n, stored->of[m].column.n), stored->of[m].lambda, error))
      return FALSE;
  return TRUE;
}

/* --- scores ----------------------------------------------------------------------------------------------------------------- */

/* Scores of vectors X, for each module under "prefix.MODULE". */
static gboolean
compare_scores (const Check *c, const char *prefix, const double *X, double bound, GError **error)
{
  const AssayReferenceCase *source = c->run->source;
  const AssayModules *modules = c->factors->modules;

  if (!assay_module_scores (&c->train, modules, source->Q, X, ASSAY_ROUTE_CHEAPER, c->scores, c->by_module, c->run->progress, error))
    return FALSE;
  for (guint m = 0; m < modules->n; m++)
    {
      g_autofree char *name = g_strconcat (prefix, ".", modules->module[m].name, NULL);

      if (!assay_reference_run_compare (c->run, source->ekfac, name, bound, ASSAY_SHAPE (source->Q, source->N),
                                        c->by_module + m * source->Q * source->N, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_inverse (const Check *c, const char *method, const char *damping_name, const AssayFactors *factors, AssayFactorsSpectrum spectrum,
               const AssayFactorsDamping *damping, GError **error)
{
  g_autofree char *prefix = g_strdup_printf ("score.%s.%s", method, damping_name);
  g_autoptr (AssayFactorsInverse) inverse = NULL;

  if (!assay_reference_run_wants_prefix (c->run, prefix))
    return TRUE;
  inverse = assay_factors_inverse_new (factors, spectrum, damping, c->run->backend->workers, error);
  if (inverse == NULL)
    return FALSE;
  assay_factors_inverse_apply (inverse, c->run->source->Q, c->gradients, c->X);
  return compare_scores (c, prefix, c->X, c->score_bound, error);
}

/* Each damping of case.json: a number is absolute, a word says the relative one. */
static gboolean
check_scores (const Check *c, GError **error)
{
  json_t *dampings = json_object_get (json_object_get (c->run->source->document, "ekfac"), "damping"), *value;
  const char *name;

  for (guint m = 0; m < c->factors->modules->n; m++)
    c->factors->of[m].positions = 1;                              /* the case's K-FAC has no factor for positions */
  json_object_foreach (dampings, name, value)
    {
      AssayFactorsDamping damping = { .mode = json_is_number (value) ? ASSAY_DAMPING_ABSOLUTE : ASSAY_DAMPING_BLOCK,
                                      .value = json_is_number (value) ? json_number_value (value) : RELATIVE_DAMPING };

      if (!check_inverse (c, "ekfac", name, c->factors, ASSAY_SPECTRUM_FITTED, &damping, error)
          || !check_inverse (c, "kfac", name, c->factors, ASSAY_SPECTRUM_KRONECKER, &damping, error)
          || !check_inverse (c, "diagonal", name, c->diagonal, ASSAY_SPECTRUM_FITTED, &damping, error))
        return FALSE;
    }
  return compare_scores (c, "score.identity", c->gradients, ASSAY_REFERENCE_BOUND_PRODUCT, error);
}

/* --- the stage -------------------------------------------------------------------------------------------------------------- */

/* What the file names and we do not have would pass unseen. */
static gboolean
check_names (const Check *c, GError **error)
{
  const GPtrArray *quantities = c->run->result->quantities;

  for (guint i = 0; i < quantities->len; i++)
    {
      const AssayReferenceQuantity *quantity = quantities->pdata[i];

      if (!quantity->is_compared && assay_safetensors_find (c->run->source->ekfac, quantity->name) != NULL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: ekfac.safetensors: %s: a module of the model and a damping of ekfac.damping in "
                       "case.json expected", c->run->source->path, quantity->name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
open_check (Check *c, GError **error)
{
  const AssayReferenceCase *source = c->run->source;
  const AssayFactorsOptions options = { .is_empirical = TRUE }, diagonal = { .basis = ASSAY_FACTORS_IDENTITY, .is_empirical = TRUE };
  double sensitivity = 0;

  if ((assay_reference_run_wants_prefix (c->run, "score.ekfac.") || assay_reference_run_wants_prefix (c->run, "score.kfac."))
      && !assay_reference_case_get_number (source, &sensitivity, error, "ekfac", "basis_sensitivity", NULL))
    return FALSE;
  c->score_bound = MIN (ASSAY_REFERENCE_BOUND_FACTORS, ASSAY_REFERENCE_BOUND_PRODUCT * 10 + MOMENTS_AGREE * MAX (0, sensitivity));
  return (c->factors = assay_factors_fit (&c->train, &options, c->run->progress, error)) != NULL
         && (c->diagonal = assay_factors_fit (&c->train, &diagonal, c->run->progress, error)) != NULL
         && (c->gradients = assay_mem_alloc_array (source->Q * source->P, sizeof (double), error)) != NULL
         && (c->X = assay_mem_alloc_array (source->Q * source->P, sizeof (double), error)) != NULL
         && (c->scores = assay_mem_alloc_array (source->Q * source->N, sizeof (double), error)) != NULL
         && (c->by_module = assay_mem_alloc_array (c->factors->modules->n * source->Q * source->N, sizeof (double), error)) != NULL
         && assay_influence_task_query_gradients (&c->run->task, NULL, 0, source->Q, c->gradients, error);
}

gboolean
assay_reference_run_factors (AssayReferenceRun *run, GError **error)
{
  Check c = { .run = run, .train = assay_influence_task_get_train (&run->task) };
  gboolean ok;

  if (run->source->ekfac == NULL)
    return TRUE;
  ok = open_check (&c, error) && check_factors (&c, error) && check_scores (&c, error) && check_names (&c, error);
  assay_factors_free (c.factors);
  assay_factors_free (c.diagonal);
  assay_mem_free (c.gradients);
  assay_mem_free (c.X);
  assay_mem_free (c.scores);
  assay_mem_free (c.by_module);
  return ok;
}
