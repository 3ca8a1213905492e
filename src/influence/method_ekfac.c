/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_ekfac.c: curvature blocks in Kronecker bases, with eigenvalues fitted to the gradients of single examples (EK-FAC).
 *
 *   X = Q_S [ (Q_S' D_q Q_A) / (Lambda + lambda) ] Q_A'          unit: nats per removed example
 *
 * Source: George et al. 2018 (1806.03884); Grosse et al. 2023 (2308.03296).
 */
#include "influence/factored.h"

static const AssayParam params[] = { ASSAY_FACTORED_PARAMS, { .name = NULL } };

static AssayInfluenceScores *
score_ekfac (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score (task, options, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_ekfac (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost (task, options, ASSAY_FACTORS_KRONECKER, flops, bytes);
}

static AssayInfluenceScores *
self_ekfac (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score_self (task, options, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_self_ekfac (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost_self (task, options, ASSAY_FACTORS_KRONECKER, flops, bytes);
}

ASSAY_METHOD_DEFINE (ekfac) = { .name = "ekfac", .help = "influence by eigenvalue-corrected Kronecker factors of every parameter (EK-FAC)",
                              .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF | ASSAY_METHOD_HAS_DIRECTION, .score = score_ekfac,
                              .self = self_ekfac, .cost = cost_ekfac, .cost_self = cost_self_ekfac };
