/* SPDX-License-Identifier: GPL-3.0-or-later */
/* units_view.h: units for people: a ranked table for each tap, or the page of one unit.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "units" answers. */
void assay_units_view (const json_t *document, AssayView *view);
