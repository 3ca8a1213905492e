/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_astra.c: influence by a Neumann series that Kronecker factors (EK-FAC) precondition.
 *
 *   x <- x + step M (g_q - A x),  M ~ A^-1 of the factors          unit: nats per removed example
 *
 * The first term is the EK-FAC answer up to the step; the limit is that of the curvature itself, whatever the factors miss, and the true
 * residual says how near it is. All training examples are in every term.
 * Source: ASTRA (2507.14740); the manual's chapter on influence, "ASTRA".
 */
#include "influence/inverse.h"
#include "influence/task.h"

#include <math.h>

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "step", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e300,
    .help = "factor of each correction; 0: one over the largest eigenvalue of the preconditioned matrix, which 16 products find" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1, .help = "relative residual of a query's solve to reach" },
  { .name = "max-iterations", .type = ASSAY_PARAM_INT, .def.i = 200, .min = 1, .max = 1e9, .unit = "terms",
    .help = "terms of the series: a product for each query and term" },
  { .name = NULL }
};

static AssayInfluenceScores *
score_either (const AssayInfluenceTask *task, const AssayValues *options, gboolean of_self, AssayProgress *progress, GError **error)
{
  g_auto (AssaySolvedScores) scores = { 0 };
  g_auto (AssayInverse) inverse = { 0 };

  if (!assay_solved_scores_open (task, assay_values_get_string (options, "curvature"), assay_values_get_double (options, "damping"), &scores,
                                 progress, error)
      || !assay_inverse_open (&scores, "neumann", options, &inverse, error)
      || !assay_inverse_take_ekfac (&inverse, &scores, progress, error))
    return NULL;
  if (of_self ? !assay_solved_scores_run_self (&scores, assay_inverse_solve, &inverse, progress, error)
              : !assay_solved_scores_run (&scores, assay_inverse_solve, &inverse, progress, error))
    return NULL;
  return assay_solved_scores_steal (&scores);
}

static AssayInfluenceScores *
score_astra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, FALSE, progress, error);
}

static AssayInfluenceScores *
self_astra (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return score_either (task, options, TRUE, progress, error);
}

static void
cost_astra (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  const AssayFactorsOptions factors = { .basis = ASSAY_FACTORS_KRONECKER };
  double products = (double) assay_values_get_int (options, "max-iterations") * (double) task->n_query, fit_flops = 0, fit_bytes = 0;

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), products, flops, bytes);
  if (assay_factors_get_cost (task->model, &factors, task->is_single_precision ? ASSAY_F32 : ASSAY_F64, task->n_train, &fit_flops, &fit_bytes, NULL))
    *flops += fit_flops;
  *bytes = fmax (*bytes + 16.0 * (double) (MIN (task->n_query, ASSAY_QUERY_BLOCK) * assay_model_get_n_params (task->model)), fit_bytes);
}

ASSAY_METHOD_DEFINE (astra) = { .name = "astra", .help = "influence by a Neumann series that Kronecker factors precondition", .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF,
                                .score = score_astra, .self = self_astra, .cost = cost_astra };
