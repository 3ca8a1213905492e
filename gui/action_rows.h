/* SPDX-License-Identifier: GPL-3.0-or-later */
/* action_rows.h: rows of data in a list of libadwaita: what is data is never markup, and what hides or moves text becomes visible.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <adwaita.h>

/* subtitle NULL: none. */
GtkWidget *assay_action_row_new        (const char *title, const char *subtitle);
/* At the end of the row: a value, and below it in small print what it is held against; NULL or "": nothing. */
void       assay_action_row_add_value  (GtkWidget *row, const char *value, const char *below);
/* A button at the end of the row: an icon with name, for who cannot see it and as the tooltip. target: floating or owned, is consumed. */
GtkWidget *assay_action_row_add_icon   (GtkWidget *row, const char *icon, const char *name, const char *action, GVariant *target);
/* The same with words on it, with a mnemonic. tooltip NULL: none. */
GtkWidget *assay_action_row_add_button (GtkWidget *row, const char *label, const char *tooltip, const char *action, GVariant *target);
