/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_arrival.h: parameters on their way in, one after another: each is looked at for numbers that are none, and packed where the caller wants weights of
 * lower precision, so that no more than one of them is held in f32. Internal to this floor.
 *
 * Ownership: the model keeps what arrived once it has ended. Thread rule: one thread.
 */
#pragma once

#include "model/checkpoint.h"
#include "model/packed_weights.h"

typedef struct {
  AssayModel *model;
  AssayWorkers *workers;        /* NULL: this thread alone */
  AssayPackedWeights *packed;   /* NULL: weights stay as they are */
  const char *source;           /* for messages; NULL: the caller says it */
} AssayArrival;

/* options: NULL or how the model is opened. Errors: USAGE for packed weights of a model that is not of f32. */
gboolean assay_arrival_begin (AssayArrival *self, AssayModel *model, const AssayCheckpointOptions *options, const char *source, GError **error);
void     assay_arrival_clear (AssayArrival *self);
/* values: of a parameter, in the vector that becomes theta. Errors: NAN, naming source, parameter and element; memory. */
gboolean assay_arrival_add   (AssayArrival *self, const AssayGraphValue *parameter, void *values, GError **error);
/* Every parameter has been added. */
void     assay_arrival_end   (AssayArrival *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayArrival, assay_arrival_clear)
