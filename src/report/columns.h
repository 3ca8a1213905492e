/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns.h: columns of result tables from arrays of JSON objects, which is how answers list things.
 *
 * items: an array of objects; a member that is missing or of another type is NaN, -1 or "". path: members joined by '.', "control.value".
 * Thread rule: pure functions.
 */
#pragma once

#include "report/results.h"

#include <jansson.h>

/* The member at the path, or NULL. Borrowed. */
const json_t *assay_columns_find  (const json_t *object, const char *path);
double        assay_columns_get   (const json_t *object, const char *path);         /* NaN where there is no number */
/* Each adds a column over the items, in their order. */
guint assay_columns_add_numbers   (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path);
guint assay_columns_add_counts    (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path);
guint assay_columns_add_texts     (AssayResultTable *table, const AssayResultColumn *about, const json_t *items, const char *path);
/* A column of one row. */
guint assay_columns_add_number    (AssayResultTable *table, const AssayResultColumn *about, double value);
guint assay_columns_add_count     (AssayResultTable *table, const AssayResultColumn *about, gint64 value);
