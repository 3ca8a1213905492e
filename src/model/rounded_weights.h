/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rounded_weights.h: the parameters of a walk on a device, and its directions, in bf16: what linear layers multiply with where values are stored so. Rounded once for
 * a walk, to nearest even, not once for each product.
 *
 * Shape letters: P parameters, K directions at once. Cost: 6 bytes moved for each number rounded. Ownership: graph and backend outlive it.
 * Thread rule: that of the walk.
 */
#pragma once

#include "model/graph.h"

typedef struct _AssayRoundedWeights AssayRoundedWeights;

/* Room for theta and for K directions, which may be 0. Errors: NO_MEMORY. */
AssayRoundedWeights *assay_rounded_weights_new   (const AssayGraph *graph, gint64 K, AssayBackend *backend, GError **error);
void                 assay_rounded_weights_free  (AssayRoundedWeights *weights);

/* theta (P), directions (n,P): the device's, in f32. Errors: those of the device. */
gboolean    assay_rounded_weights_set_theta      (AssayRoundedWeights *weights, const void *theta, GError **error);
gboolean    assay_rounded_weights_set_directions (AssayRoundedWeights *weights, gint64 n, const void *directions, GError **error);

/* Where a parameter's numbers are, and its first direction's. */
const void *assay_rounded_weights_get            (const AssayRoundedWeights *weights, const AssayGraphValue *parameter);
const void *assay_rounded_weights_get_direction  (const AssayRoundedWeights *weights, const AssayGraphValue *parameter);
/* Bytes from one direction to the next. */
gsize       assay_rounded_weights_get_apart      (const AssayRoundedWeights *weights);
/* Bytes of theta and of K directions. */
gsize       assay_rounded_weights_measure        (const AssayGraph *graph, gint64 K);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRoundedWeights, assay_rounded_weights_free)
