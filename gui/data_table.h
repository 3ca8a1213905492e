/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_table.h: the rows of a table of the case as a table to look at: any number of rows, sorted by clicking a header.
 *
 * "selected" is emitted when a person selects another row, "sort-changed" when another sort is asked for; the order itself is made by who
 * listens, in a worker, and given back.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/lazy_model.h"
#include "job/example_index.h"

#include <adwaita.h>

#define ASSAY_TYPE_DATA_TABLE (assay_data_table_get_type ())
G_DECLARE_FINAL_TYPE (AssayDataTable, assay_data_table, ASSAY, DATA_TABLE, AdwBin)

/* At most this many of a table's columns are shown at once: the time of a jump grows with them. */
#define ASSAY_DATA_TABLE_MAX_COLUMNS 11

/* Another table: its first columns are shown. NULL: none. */
void               assay_data_table_set_index   (AssayDataTable *self, AssayExampleIndex *index);
/* Names of the columns to show, in order, what the model makes of the rows before all others; the first MAX_COLUMNS are. NULL-terminated. */
void               assay_data_table_set_columns (AssayDataTable *self, const char *const *names);
gboolean           assay_data_table_shows_column (AssayDataTable *self, const char *name);
/* Takes the order. The selected row stays selected and in sight where it still is in it. */
void               assay_data_table_take_order  (AssayDataTable *self, AssayRowOrder *order);
AssayLazyModel    *assay_data_table_get_model   (AssayDataTable *self);
/* The column that a person sorts by, or NULL. */
const AssayColumn *assay_data_table_get_sort    (AssayDataTable *self, gboolean *descending);
/* Selects a row and shows it; -1: none. Emits nothing. FALSE when it is not in the order. */
gboolean           assay_data_table_select      (AssayDataTable *self, gint64 row);
gint64             assay_data_table_get_selected (AssayDataTable *self);
/* Shows the row at a place of the order. */
void               assay_data_table_show_place  (AssayDataTable *self, gint64 place);
