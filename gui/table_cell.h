/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_cell.h: one line of text in a cell of a table, and the title above it.
 *
 * GTK makes cells for some two hundred rows of a list, of which a screen shows a few: a cell lays its text out only where it is drawn, and asks for
 * room by the number of characters. Thread rule: the main thread.
 */
#pragma once

#include <gtk/gtk.h>

/* Numbers stand at the right, of figures of equal width. What is not whole may be cut off where there is no room; a number never is. */
GtkWidget *assay_table_cell_new      (gboolean is_number, gboolean is_whole);
/* Text as it is shown: escaped where it comes from a file. */
void       assay_table_cell_set_text (GtkWidget *cell, const char *visible);

/* Data of a GtkColumnViewColumn, anything but NULL: its cells are numbers. */
#define ASSAY_TABLE_NUMBERS "assay-numbers"

/* Titles of numbers stand above the numbers, at the right. */
void       assay_table_align_titles  (GtkColumnView *view);
