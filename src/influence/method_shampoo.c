/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_shampoo.c: curvature blocks in the bases of L = mean D D' and R = mean D' D, with fitted eigenvalues (eigenvalue-corrected Shampoo).
 *
 *   X = Q_L [ (Q_L' D_q Q_R) / (Lambda + lambda) ] Q_R'          unit: nats per removed example
 *
 * Source: Gupta et al. 2018 (1802.09568); George et al. 2018 (1806.03884).
 */
#include "influence/factored.h"

static const AssayParam params[] = { ASSAY_FACTORED_PARAMS, { .name = NULL } };

static AssayInfluenceScores *
score_shampoo (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score (task, options, ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_shampoo (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost (task, options, ASSAY_FACTORS_SHAMPOO, flops, bytes);
}

static AssayInfluenceScores *
self_shampoo (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score_self (task, options, ASSAY_FACTORS_SHAMPOO, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_self_shampoo (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost_self (task, options, ASSAY_FACTORS_SHAMPOO, flops, bytes);
}

ASSAY_METHOD_DEFINE (shampoo) = { .name = "shampoo", .help = "influence by fitted eigenvalues in the bases of second moments of whole gradients",
                              .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF | ASSAY_METHOD_HAS_DIRECTION, .score = score_shampoo,
                              .self = self_shampoo, .cost = cost_shampoo, .cost_self = cost_self_shampoo };
