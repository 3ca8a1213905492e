/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_export.h: a table that a page shows, as a file: CSV or JSON, by the name that is chosen.
 *
 * A table is {"columns": [names], "rows": [[cells]]}; cells are strings, numbers, booleans or null.
 * Text never becomes a formula: in CSV a cell that a spreadsheet would calculate is marked as text.
 * Thread rule: the main thread; the formatting functions are pure.
 */
#pragma once

#include <gtk/gtk.h>
#include <jansson.h>

/* Asks for a file and writes it. Takes the table. Says how it went by "win.tell" of the window. */
void  assay_table_export_ask     (GtkWindow *window, json_t *table);

/* RFC 4180, numbers as they are written in JSON. Owns: the caller. */
char *assay_table_export_to_csv  (const json_t *table);
/* One object for each row, by column names. Owns: the caller. */
char *assay_table_export_to_json (const json_t *table);
