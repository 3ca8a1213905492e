/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_view.h: a trained model for people: how the training ended, losses and accuracies, coefficients.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "train" answers. */
void assay_train_view (const json_t *document, AssayView *view);
