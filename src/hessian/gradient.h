/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradient.h: first derivatives of losses at a point: means, one per example, and along directions without forming any gradient.
 *
 * Losses are the examples' own, in nats; neither l2 nor a divisor is in them unless said. Results are doubles.
 * Shape letters: N examples, P parameters, K directions, T positions of a token sequence.
 * Errors of all: a NaN or infinity, naming tensor and example; the data set does not fit the model; memory; stopped on request.
 * Ownership: outputs are the caller's arrays. Thread rule: one call at a time per backend.
 */
#pragma once

#include "base/progress.h"
#include "hessian/point.h"

/* gradient (P) = (1/N) sum_i g_i; loss (N), or NULL. Cost: one gradient walk over the examples. */
gboolean assay_gradient_mean     (const AssayPoint *point, double *gradient, double *loss, GError **error);

/* gradient (P) = sum_i weight_i g_i; weight (N). */
gboolean assay_gradient_weighted (const AssayPoint *point, const double *weight, double *gradient, double *loss, GError **error);

/* Called once for each example, in order: i in 0 .. N-1, gradient g_i (P) valid until it returns. FALSE ends the walk with its error. */
typedef gboolean (*AssayGradientFunc) (gint64 i, double loss, const double *gradient, gpointer data, GError **error);

/* Streams the gradients of the single examples. Cost: N gradient walks of batch 1, memory for one gradient. */
gboolean assay_gradient_each     (const AssayPoint *point, AssayGradientFunc func, gpointer data, AssayProgress *progress, GError **error);
/* All of them as a matrix, gradients (N,P). */
gboolean assay_gradient_rows     (const AssayPoint *point, double *gradients, AssayProgress *progress, GError **error);
/* squared_norm (N) = ||g_i||^2. */
gboolean assay_gradient_squared_norms (const AssayPoint *point, double *squared_norm, AssayProgress *progress, GError **error);

/* derivative (K,N) = g_i . direction_k; directions (K,P). Cost: one forward walk and K tangent walks over the examples; no gradient
 * is formed. With direction A^-1 g_q this is the full-rank scoring pass of query q. */
gboolean assay_gradient_along    (const AssayPoint *point, gint64 K, const double *directions, double *derivative,
                                  AssayProgress *progress, GError **error);

/* The same for every position of token sequences, derivative (K,N,T), of each position's own cross-entropy: without the position's
 * weight in the example's loss. Errors: USAGE when the model's loss has no positions. */
gboolean assay_gradient_along_tokens (const AssayPoint *point, gint64 K, const double *directions, double *derivative,
                                  AssayProgress *progress, GError **error);
