/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training_cost.h: what a training will take, known or estimated before it starts; for plans.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "run/trainer.h"

/* What an optimizer that stops by itself is taken to need: steps from first parameters, and from the optimum of nearly the same examples. */
#define ASSAY_TRAINING_COST_STEPS 10
#define ASSAY_TRAINING_COST_STEPS_NEAR 4

/* Floating-point operations over N examples, in an order of n_order places where it is given, with options of assay_train_params; is_near: it begins where all but a few examples are at their
 * optimum. Numerics: exact for optimizers with a given number of steps, within a factor of a few for others. */
double assay_training_cost (const AssayModel *model, const AssayValues *options, gint64 N, gint64 n_order, gboolean is_near);
