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

/* A text of tokens, such as "before", "token" or "after" of an example's context, as one line: ends of lines are shown by an arrow. Owns: the caller. */
char *assay_units_view_dup_line (const json_t *object, const char *key);
