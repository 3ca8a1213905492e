/* SPDX-License-Identifier: GPL-3.0-or-later */
/* predict.h: what a model says of examples: logits, and the probabilities of classes that they stand for.
 *
 * Shape letters: N examples, V logits of one example (1: a yes or no of two classes, or a real number). Thread rule: one call at a time per
 * backend.
 */
#pragma once

#include "base/progress.h"
#include "run/pass.h"

/* V of a model of features. */
gint64   assay_predict_get_width   (const AssayModel *model);

/* logits (N,V) in the model's own type, as doubles. Cost: one forward walk. Errors: USAGE for a model of tokens; NAN, naming the example;
 * those of the walk; cancelled. */
gboolean assay_predict_logits      (AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 N, AssayBackend *backend, double *logits,
                                    AssayProgress *progress, GError **error);

/* The probability of a class by the logits (V) of one example: the logistic function of the only one, else softmax. */
double   assay_predict_probability (const double *logits, gint64 V, gint64 class);
