/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_arnoldi.c: influence with the largest Ritz pairs of the curvature from one Lanczos run (for symmetric matrices Arnoldi's is
 * Lanczos's), completed by the damping outside their span where the published form drops the gradient.
 *
 *   infl[q, i] = (1/N) g_i' x_q,   x_q = g_q / lambda + V' diag (1 / (theta + lambda) - 1 / lambda) V g_q
 *
 * Every query's true residual is computed with the curvature itself, and its intervals follow from that.
 * Source: Schioppa et al. 2022 (2112.03052); the manual's chapter on influence, "Low ranks".
 */
#include "influence/inverse.h"
#include "influence/task.h"

#include <math.h>

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "steps", .type = ASSAY_PARAM_INT, .def.i = 200, .min = 1, .max = 1e6, .unit = "steps",
    .help = "Lanczos steps: a product each, and memory of a model each" },
  { .name = "rank", .type = ASSAY_PARAM_INT, .def.i = 50, .min = 1, .max = 1e6, .unit = "directions",
    .help = "Ritz vectors of largest magnitude that are kept" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1,
    .help = "true relative residual above which a query's scores are marked as approximate" },
  { .name = NULL }
};

static AssayLowRank *
approximate (AssayLinop *C, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_low_rank_new_lanczos (C, assay_values_get_int (options, "steps"), assay_values_get_int (options, "rank"), 0, progress, error);
}

static AssayInfluenceScores *
score_arnoldi (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_inverse_score_by_low_rank (task, options, approximate, FALSE, progress, error);
}

static AssayInfluenceScores *
self_arnoldi (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_inverse_score_by_low_rank (task, options, approximate, TRUE, progress, error);
}

/* One product a query beside those of the approximation: the true residual. */
static void
cost_arnoldi (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), products = MIN ((double) assay_values_get_int (options, "steps"), P);

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), products + (double) task->n_query, flops, bytes);
  *bytes += 16.0 * products * P;
}

ASSAY_METHOD_DEFINE (arnoldi) = { .name = "arnoldi", .help = "influence with the curvature's largest Ritz vectors, residuals stated",
                             .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF, .score = score_arnoldi, .self = self_arnoldi, .cost = cost_arnoldi };
