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

/* Floating-point operations of a training; is_near: it begins where all but a few examples are at their optimum. The data set is asked for length-buckets alone.
 * Numerics: exact for optimizers with a given number of steps, but for the few batches of length-buckets that mix lengths; within a factor of a few for others. */
double assay_training_cost (const AssayTraining *training, gboolean is_near);
