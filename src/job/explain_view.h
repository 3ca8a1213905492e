/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_view.h: packets of decisions for people.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "job/view.h"

#include <jansson.h>

/* document: what kind "explain" answers. */
void assay_explain_view (const json_t *document, AssayView *view);
