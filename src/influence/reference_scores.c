/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_scores.c: first-order scores, dense influence and spectra of a reference case, by the methods themselves. */
#include "base/mem.h"
#include "hessian/gradient.h"
#include "hessian/vector_f64.h"
#include "influence/exact.h"
#include "influence/reference_config.h"
#include "influence/reference_run.h"
#include "influence/solved.h"
#include "influence/task.h"

#include <string.h>

#define DENSE_BYTES ((guint64) 16 << 30)
#define DENSE_COPIES 3          /* the matrix, its factor, and the one that solutions are held against */
#define DIRECT_TOLERANCE 1e-8

/* --- first-order scores ----------------------------------------------------------------------------------------------- */

static gboolean
check_method (AssayReferenceRun *run, const AssayInfluenceTask *task, const char *method_name, const char *tensor, GError **error)
{
  const AssayMethod *method;
  g_autoptr (AssayValues) options = NULL;
  g_autoptr (AssayInfluenceScores) scores = NULL;

  if (!assay_reference_run_wants (run, tensor))
    return TRUE;
  method = assay_method_find (method_name, error);
  if (method == NULL)
    return FALSE;
  options = assay_values_new (method->params);
  scores = method->score (task, options, run->progress, error);
  return scores != NULL
         && assay_reference_run_compare (run, NULL, tensor, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (run->source->Q, run->source->N),
                                         scores->value, error);
}

static gboolean
check_tracin (AssayReferenceRun *run, GError **error)
{
  const AssayReferenceCase *c = run->source;
  json_t *section = json_object_get (c->document, "tracin"), *names = json_object_get (section, "checkpoints"),
         *rates = json_object_get (section, "eta");
  gsize n = json_array_size (names);
  AssayInfluenceTask task = run->task;
  g_autoptr (GPtrArray) thetas = g_ptr_array_new_with_free_func (assay_mem_free);
  g_autofree double *eta = g_new0 (double, n + 1);

  if (!assay_reference_run_wants (run, "tracin"))
    return TRUE;
  if (n == 0 || json_array_size (rates) != n)
    return assay_reference_config_refuse (c->document_path, "tracin.eta", "one number for each of tracin.checkpoints", rates,
                                          error);
  for (gsize k = 0; k < n; k++)
    {
      const char *name = json_string_value (json_array_get (names, k));
      g_autofree char *prefix = g_strconcat (name ? name : "", ".", NULL);
      double *theta = assay_mem_new (double, c->P, error);
      gboolean present = FALSE;

      if (theta == NULL)
        return FALSE;
      g_ptr_array_add (thetas, theta);
      eta[k] = json_number_value (json_array_get (rates, k));
      if (name == NULL || !json_is_number (json_array_get (rates, k)))
        return assay_reference_config_refuse (c->document_path, "tracin", "names in checkpoints and numbers in eta", section,
                                              error);
      if (c->checkpoints != NULL && !assay_reference_case_read_vector (c, c->checkpoints, prefix, theta, &present, error))
        return FALSE;
      if (!present)
        return assay_reference_case_refuse_missing (c, "checkpoints.safetensors", prefix, error);
    }
  task.checkpoint = (const double *const *) thetas->pdata;
  task.checkpoint_rate = eta;
  task.n_checkpoints = (guint) n;
  return check_method (run, &task, "tracin", "tracin", error);
}

/* --- dense influence -------------------------------------------------------------------------------------------------- */

/* One curvature: the letters in the tensors' names, and the operator. */
typedef struct {
  AssayReferenceRun *run;
  const char *key, *curvature;
  const double *matrix;         /* (P,P), undamped */
} Dense;

/* self[i] = g_i' A^-1 g_i */
static gboolean
check_self (const Dense *dense, const char *name, const AssaySolvedScores *scores, AssayExactSolver *solver, GError **error)
{
  const AssayReferenceCase *c = dense->run->source;
  AssayPoint train = assay_influence_task_get_train (&dense->run->task);
  g_autoptr (AssayBuffer) G = assay_mem_alloc_array (c->N * c->P, sizeof (double), error), X = NULL;
  g_autofree double *self = g_new (double, c->N);
  g_autofree AssaySolveResult *results = g_new0 (AssaySolveResult, c->N);

  if (G == NULL || (X = assay_mem_alloc_array (c->N * c->P, sizeof (double), error)) == NULL
      || !assay_gradient_rows (&train, G, dense->run->progress, error))
    return FALSE;
  assay_damped_curvature_scale (&scores->matrix, c->N, G);
  if (!assay_exact_solver_solve (solver, c->N, G, X, results, dense->run->progress, error))
    return FALSE;
  for (gint64 i = 0; i < c->N; i++)
    self[i] = assay_f64_dot (c->P, (double *) G + i * c->P, (double *) X + i * c->P);
  return assay_reference_run_compare (dense->run, NULL, name, ASSAY_REFERENCE_BOUND_DENSE, ASSAY_SHAPE (c->N), self, error);
}

/* The columns of the influence whose examples were left out. */
static gboolean
check_left_out (const Dense *dense, const double *influence, GError **error)
{
  const AssayReferenceCase *c = dense->run->source;
  const AssaySafetensor *index = assay_safetensors_find (c->expected, "loo.index");
  gint64 K = index ? (gint64) index->n_elements : 0;
  g_autofree gint32 *left_out = g_new (gint32, K + 1);
  g_autofree double *columns = g_new (double, c->Q * K + 1);

  if (!assay_reference_run_wants (dense->run, "loo.infl") || index == NULL)
    return TRUE;
  if (!assay_reference_case_read_indices (c, c->expected, "loo.index", ASSAY_SHAPE (K), c->N, left_out, error))
    return FALSE;
  for (gint64 q = 0; q < c->Q; q++)
    for (gint64 k = 0; k < K; k++)
      columns[q * K + k] = influence[q * c->N + left_out[k]];
  return assay_reference_run_compare (dense->run, NULL, "loo.infl", ASSAY_REFERENCE_BOUND_DENSE, ASSAY_SHAPE (c->Q, K), columns,
                                      error);
}

/* At one lambda, factored afresh: influence, self-influence, and dattri's explicit scores where they are at this lambda. */
static gboolean
check_lambda (const Dense *dense, const char *name, double lambda, gboolean is_dattri, GError **error)
{
  const AssayReferenceCase *c = dense->run->source;
  AssayInfluenceTask task = dense->run->task;
  g_autofree char *infl = g_strdup_printf ("infl.%s.%s", dense->key, name), *self = g_strdup_printf ("self.%s.%s", dense->key, name);
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayExactSolver) solver = { 0 };
  AssayShape shape = ASSAY_SHAPE (c->Q, c->N);
  double *copy, *value;

  task.l2 = 0;                                                    /* the case's lambda holds l2 already */
  if (!assay_solved_scores_open (&task, dense->curvature, lambda, &scores, dense->run->progress, error))
    return FALSE;
  copy = assay_mem_alloc_array (c->P * c->P, sizeof (double), error);
  if (copy == NULL)
    return FALSE;
  memcpy (copy, dense->matrix, c->P * c->P * sizeof *copy);
  if (!assay_exact_solver_open (scores.matrix.damped, copy, lambda, scores.matrix.scale, DIRECT_TOLERANCE, &solver, error)
      || !assay_solved_scores_run (&scores, assay_exact_solver_solve, &solver, dense->run->progress, error))
    return FALSE;
  value = scores.scores->value;
  if (!assay_reference_run_compare (dense->run, NULL, infl, ASSAY_REFERENCE_BOUND_DENSE, shape, value, error)
      || (strcmp (infl, "infl.hessian.d0") == 0 && !check_left_out (dense, value, error))
      || (assay_reference_run_wants (dense->run, self) && !check_self (dense, self, &scores, &solver, error)))
    return FALSE;
  for (gint64 i = 0; i < c->Q * c->N; i++)
    value[i] *= (double) c->N;                                    /* dattri's scores are without 1/N */
  return !is_dattri
         || assay_reference_run_compare (dense->run, c->dattri, "score.explicit", ASSAY_REFERENCE_BOUND_DENSE, shape, value, error);
}

/* Every "infl.<key>.<name>" and "self.<key>.<name>" needs its lambda in case.json: without it nothing could be compared. */
static gboolean
check_names (const Dense *dense, const json_t *dampings, GError **error)
{
  static const char *const words[] = { "infl", "self" };
  const GPtrArray *quantities = dense->run->result->quantities;

  for (guint i = 0; i < quantities->len; i++)
    for (gsize k = 0; k < G_N_ELEMENTS (words); k++)
      {
        const char *found = ((const AssayReferenceQuantity *) quantities->pdata[i])->name, *name;
        g_autofree char *prefix = g_strdup_printf ("%s.%s.", words[k], dense->key), *key = NULL;

        if (!g_str_has_prefix (found, prefix))
          continue;
        name = found + strlen (prefix);
        key = g_strdup_printf ("dampings.%s.%s", dense->key, name);
        if (strchr (name, '.') == NULL && json_object_get (dampings, name) == NULL)
          return assay_reference_config_refuse (dense->run->source->document_path, key, "a number", NULL, error);
      }
  return TRUE;
}

static gboolean
check_dampings (const Dense *dense, GError **error)
{
  const AssayReferenceCase *c = dense->run->source;
  json_t *dampings = json_object_get (json_object_get (c->document, "dampings"), dense->key), *value;
  gboolean dattri = c->dattri != NULL && strcmp (dense->key, "hessian") == 0 && assay_reference_run_wants (dense->run, "score.explicit");
  const char *name;
  double lambda, regularization = 0;

  if (!check_names (dense, dampings, error))
    return FALSE;
  if (dattri && !assay_reference_case_get_number (c, &regularization, error, "dattri", "regularization", NULL))
    return FALSE;
  json_object_foreach (dampings, name, value)
    {
      if (!assay_reference_case_get_number (c, &lambda, error, "dampings", dense->key, name, NULL)
          || !check_lambda (dense, name, lambda, dattri && lambda == regularization, error))
        return FALSE;
      dattri = dattri && lambda != regularization;
    }
  return !dattri || check_lambda (dense, "dattri", regularization, TRUE, error);
}

static gboolean
check_curvature (AssayReferenceRun *run, const char *key, const char *curvature, GError **error)
{
  g_autofree char *infl = g_strconcat ("infl.", key, ".", NULL), *self = g_strconcat ("self.", key, ".", NULL);
  g_autofree char *eig = g_strconcat ("eig.", key, NULL);
  AssayPoint train = assay_influence_task_get_train (&run->task);
  gint64 P = run->source->P;
  g_autoptr (AssayBuffer) matrix = NULL;
  g_autofree double *eigenvalues = NULL;
  Dense dense = { .run = run, .key = key, .curvature = curvature };

  if (!assay_reference_run_wants_prefix (run, infl) && !assay_reference_run_wants_prefix (run, self)
      && !assay_reference_run_wants (run, eig))
    return TRUE;
  dense.matrix = matrix = assay_exact_assemble (curvature, &train, DENSE_COPIES, DENSE_BYTES, run->progress, error);
  if (matrix == NULL || !check_dampings (&dense, error))
    return FALSE;
  if (!assay_reference_run_wants (run, eig))
    return TRUE;
  eigenvalues = g_new (double, P);
  return assay_dense_eigen (NULL, curvature, ASSAY_F64, P, matrix, eigenvalues, NULL, error)
         && assay_reference_run_compare (run, NULL, eig, ASSAY_REFERENCE_BOUND_PRODUCT, ASSAY_SHAPE (P), eigenvalues, error);
}

gboolean
assay_reference_run_scores (AssayReferenceRun *run, GError **error)
{
  return check_method (run, &run->task, "dot", "score.dot", error) && check_method (run, &run->task, "cosine", "score.cosine",
                                                                                    error)
         && check_tracin (run, error) && check_curvature (run, "ggn", "gauss-newton", error)
         && check_curvature (run, "hessian", "hessian", error);
}
