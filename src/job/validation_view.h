/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_view.h: what a validation found, for people: does prediction follow retraining, on the right scale, and do the examples ranked first
 * matter more than others?
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "validate" answers. */
void assay_validation_view (const json_t *document, AssayView *view);
