/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method_diagonal.c: the diagonal of the Fisher matrix alone.
 *
 *   X = D_q / (mean D_i^2 + lambda)          unit: nats per removed example
 *
 * Source: the simplest curvature that has a scale of its own; what better bases are measured against.
 */
#include "influence/factored.h"

static const AssayParam params[] = { ASSAY_FACTORED_PARAMS, { .name = NULL } };

static AssayInfluenceScores *
score_diagonal (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score (task, options, ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_diagonal (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost (task, options, ASSAY_FACTORS_IDENTITY, flops, bytes);
}

static AssayInfluenceScores *
self_diagonal (const AssayInfluenceTask *task, const AssayValues *options, AssayProgress *progress, GError **error)
{
  return assay_factored_score_self (task, options, ASSAY_FACTORS_IDENTITY, ASSAY_SPECTRUM_FITTED, progress, error);
}

static void
cost_self_diagonal (const AssayInfluenceTask *task, const AssayValues *options, double *flops, double *bytes)
{
  assay_factored_cost_self (task, options, ASSAY_FACTORS_IDENTITY, flops, bytes);
}

ASSAY_METHOD_DEFINE (diagonal) = { .name = "diagonal", .help = "influence by the diagonal of the Fisher matrix",
                                 .params = params, .flags = ASSAY_METHOD_CUTS_EXAMPLES | ASSAY_METHOD_CUTS_SELF | ASSAY_METHOD_HAS_DIRECTION, .score = score_diagonal,
                              .self = self_diagonal, .cost = cost_diagonal, .cost_self = cost_self_diagonal };
