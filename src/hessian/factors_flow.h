/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_flow.h: where a training takes small changes, on a quadratic whose curvature C the factors stand for.
 *
 *   d delta / ds = -(M (C + l2) + gamma) delta + M g          M: the optimizer's metric, s: the sum of rates up to `time`, from delta = 0
 *   q' delta = (F q)' g         F = int e^(-s B) ds M,  B = (C + l2) M + gamma           q before that time: e^(-time B) q
 *
 * Where M is 1 all is diagonal in the factors' basis: F = (1 - e^(-time b)) / b, which is `time` at b = 0. Nothing has to be damped then: a finite training
 * damps by about 1 / time. A metric of its own for each parameter shares no basis with C: there the exponential is taken by diagonals, and
 * F = (1 - e^(-time B)) (C + l2 + damping)^-1 by the factors' inverse, without gamma / M, which is small beside the damping.
 * Shape letters: P parameters, K vectors. Ownership: everything is the caller's. Thread rule: one call at a time.
 * Source: Bae et al. 2024 (2405.12186), section 3, and appendix C for the metric.
 */
#pragma once

#include "hessian/factors_inverse.h"

typedef struct {
  double time;                  /* >= 0 */
  double l2, decay;             /* decay is gamma */
} AssayFactorsFlow;

/* U = F X and X <- e^(-time B) X, M = 1; U, X (K,P). Errors: memory. Cost: 6 rows columns (rows + columns) flops a module and vector. */
gboolean assay_factors_flow_back (const AssayFactors *factors, const AssayFactorsFlow *flow, AssayWorkers *workers, gint64 K, double *X, double *U,
                                  GError **error);

/* The same in the metric (P), with the diagonal of C (P) and the inverse of C + l2 + damping. */
void     assay_factors_flow_back_in_metric (AssayFactorsInverse *inverse, const double *diagonal, const double *metric, const AssayFactorsFlow *flow,
                                            gint64 K, double *X, double *U);
