/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_kfac.c: curvature blocks as products of two small matrices (K-FAC).
 *
 *   X = (T S (x) A + lambda I)^-1 D_q          unit: nats per removed example
 *
 * Source: Martens and Grosse 2015 (1503.05671).
 */
#include "influence/factored.h"

static const AssayParam params[] = { ASSAY_FACTORED_PARAMS, { .name = NULL } };

static AssayInfluenceScores *
score_kfac (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score (task, options, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER, progress, error);
}

static void
cost_kfac (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost (task, options, ASSAY_FACTORS_KRONECKER, flops, bytes);
}

static AssayInfluenceScores *
self_kfac (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score_self (task, options, ASSAY_FACTORS_KRONECKER, ASSAY_SPECTRUM_KRONECKER, progress, error);
}

static void
cost_self_kfac (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost_self (task, options, ASSAY_FACTORS_KRONECKER, flops, bytes);
}

ASSAY_METHOD_DEFINE (kfac) = { .name = "kfac", .help = "influence by Kronecker factors of every parameter (K-FAC)",
                             .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF | ASSAY_METHOD_HAS_DIRECTION, .score = score_kfac,
                              .self = self_kfac, .cost = cost_kfac, .cost_self = cost_self_kfac };
