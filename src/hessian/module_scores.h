/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_scores.h: inner products of given vectors with the gradients of many examples, all vectors in one pass over the examples.
 *
 *   s[q, i] = x_q' g_i = sum over modules  sum over positions  r_t' X_q c_t
 *
 * For each module the cheaper of two ways is taken; rows R, columns C, positions n, vectors Q, flops for an example:
 *   form        D_i is formed from its positions, then one product with all vectors      2 n R C + 2 Q R C
 *   positions   X_q c_t for every position, D_i is never formed                          2 n Q R C      (one-hot rows: 2 n Q C)
 * Modules that can stay on the point's device are scored there (module_scores_there.h): of the vectors of so many queries as fit, in as many passes.
 * Numerics: in the point's type within a module, in double over modules; in a fixed order for any crew, whatever the point's batch and the device's memory.
 * Shape letters: N examples, Q vectors, P parameters. Thread rule: one call at a time per backend.
 */
#pragma once

#include "base/progress.h"
#include "hessian/factors_inverse.h"
#include "hessian/modules.h"
#include "hessian/point.h"

typedef enum { ASSAY_ROUTE_CHEAPER, ASSAY_ROUTE_FORM, ASSAY_ROUTE_POSITIONS } AssayScoreRoute;

/* scores (Q,N); by_module (modules->n, Q, N), or NULL; X (Q,P). route: CHEAPER, or the one to take for all modules.
 * Errors: those of the walks; memory; stopped on request. */
gboolean assay_module_scores  (const AssayPoint *point, const AssayModules *modules, gint64 Q, const double *X, AssayScoreRoute route,
                               double *scores, double *by_module, AssayProgress *progress, GError **error);

/* The same with x_q = A^-1 g_q for the examples of queries (Q), a point of the same model, type and backend: vectors are made where they are used, and none of
 * P doubles is held. Modules are those of the inverse's factors. */
gboolean assay_module_scores_of_queries (const AssayPoint *point, AssayFactorsInverse *inverse, const AssayPoint *queries, AssayScoreRoute route, double *scores,
                                         AssayProgress *progress, GError **error);

/* The way that a module is taken, and its flops for one example. */
AssayScoreRoute assay_module_choose_route (const AssayModule *module, gint64 Q, double *flops);
const char     *assay_score_route_name (AssayScoreRoute route);

/* scores (K,N) = direction_k' g_i by the cheaper way, by count of operations: this pass, or a tangent walk for each direction
 * (assay_gradient_along), which is also the way where no kind of module covers some parameter. Errors: as above. */
gboolean assay_module_scores_along (const AssayPoint *point, gint64 K, const double *directions, double *scores, AssayProgress *progress,
                                    GError **error);
/* squared_norm (N) = ||g_i||^2. Cost: a forward and a backward walk of micro-batches, and each D formed once. */
gboolean assay_module_squared_norms (const AssayPoint *point, double *squared_norm, AssayProgress *progress, GError **error);
