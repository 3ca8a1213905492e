/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_weights.h: the weights of a model's linear layers in lower precision, for forward walks.
 *
 * What is no weight of a linear layer (embeddings, norms, biases, convolutions) stays in theta and is read there.
 * Ownership: packed weights hold copies and not the model; they are of the theta that there was. A model may own them in the place of theirs in theta. Thread rule: constant once made.
 */
#pragma once

#include "model/model.h"
#include "tensor/packed.h"

/* For the weights of such a model, none of them there yet. Errors: USAGE for a model that is not of f32. */
AssayPackedWeights *assay_packed_weights_begin     (const AssayModel *model, AssayPackedType type, GError **error);
/* values: the numbers of a parameter, which are packed where it is the weight of a linear layer. *is_spare: nothing else reads them. Errors: memory. */
gboolean            assay_packed_weights_add       (AssayPackedWeights *self, const AssayGraphValue *parameter, const float *values, AssayWorkers *workers, gboolean *is_spare,
                                                    GError **error);
/* All of a model's. */
/* Cost: a read of theta; as many bytes as get_bytes says. Errors: USAGE for a model that is not of f32; memory. */
AssayPackedWeights *assay_packed_weights_new       (AssayModel *model, AssayPackedType type, AssayWorkers *workers, GError **error);
void                assay_packed_weights_free      (AssayPackedWeights *self);

/* What takes the place of a parameter of any graph of the model, or NULL. */
const AssayPacked  *assay_packed_weights_find      (const AssayPackedWeights *self, const AssayGraphValue *parameter);
const char         *assay_packed_weights_get_type_name (const AssayPackedWeights *self);
gsize               assay_packed_weights_get_bytes (const AssayPackedWeights *self);
/* The norm of what rounding took from those weights, as a share of theirs. */
double              assay_packed_weights_get_error (const AssayPackedWeights *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPackedWeights, assay_packed_weights_free)
