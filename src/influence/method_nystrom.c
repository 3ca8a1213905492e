/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_nystrom.c: influence with a randomised low-rank (Nystrom) approximation of the curvature: a fixed number of products for any
 * number of queries.
 *
 *   infl[q, i] = (1/N) g_i' x_q,   x_q = g_q / lambda + V' diag (1 / (theta + lambda) - 1 / lambda) V g_q
 *
 * Every query's true residual is computed with the curvature itself, and its intervals follow from that.
 * Source: Frangella, Tropp & Udell 2021 (2110.02820); the manual's chapter on influence, "Low ranks".
 */
#include "influence/inverse.h"
#include "influence/task.h"

#include <math.h>

static const AssayParam params[] = {
  ASSAY_DAMPED_CURVATURE_PARAMS,
  { .name = "rank", .type = ASSAY_PARAM_INT, .def.i = 100, .min = 1, .max = 1e6, .unit = "directions",
    .help = "directions of the curvature that are learned: a product each, and memory of two models each" },
  { .name = "tolerance", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-3, .min = 0, .max = 1,
    .help = "true relative residual above which a query's scores are marked as approximate" },
  { .name = NULL }
};

static AssayLowRank *
approximate (AssayLinop *C, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_low_rank_new_nystrom (C, assay_values_get_int (options, "rank"), 0, progress, error);
}

static AssayInfluenceScores *
score_nystrom (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_inverse_score_by_low_rank (task, options, approximate, FALSE, progress, error);
}

static AssayInfluenceScores *
self_nystrom (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_inverse_score_by_low_rank (task, options, approximate, TRUE, progress, error);
}

/* One product a query beside those of the approximation: the true residual. */
static void
cost_nystrom (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  double P = (double) assay_model_get_n_params (task->model), products = MIN ((double) assay_values_get_int (options, "rank"), P);

  assay_solved_scores_cost (task, flops, bytes);
  assay_solved_scores_add_products (task, assay_values_get_string (options, "curvature"), products + (double) task->n_query, flops, bytes);
  *bytes += 16.0 * products * P;
}

ASSAY_METHOD_DEFINE (nystrom) = { .name = "nystrom", .help = "influence with the curvature's largest directions by random sketching, residuals stated",
                             .params = params, .flags = ASSAY_METHOD_HAS_DIRECTION | ASSAY_METHOD_CUTS_SELF, .score = score_nystrom, .self = self_nystrom, .cost = cost_nystrom };
