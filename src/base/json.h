/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h: what jansson lacks: numbers that JSON cannot hold, and members that may be missing.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* null for what is not finite. New reference. */
json_t     *assay_json_number     (double value);
/* NaN where the member is missing or no number. */
double      assay_json_get_number (const json_t *object, const char *key);
/* `otherwise` where the member is missing or neither true nor false. */
gboolean    assay_json_get_switch (const json_t *object, const char *key, gboolean otherwise);
/* "" where the member is missing or no string. */
const char *assay_json_get_text   (const json_t *object, const char *key);
/* What is wrong with a document, as it may stand in a message: bytes that are no UTF-8 or do not print become '?'. Owns: the fault. */
const char *assay_json_show_fault (json_error_t *fault);
