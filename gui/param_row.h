/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_row.h: one declared parameter on a form: its name and help from the table, and the control that its type asks for.
 *
 * A switch, a menu of its choices, a number with steps, or text; a list has a line for each text and an empty one for the next. Files can be
 * looked for; what can be offered is in a menu beside the text. "changed" is emitted when a person changed the value.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/param_entry.h"

#include <adwaita.h>

#define ASSAY_TYPE_PARAM_ROW (assay_param_row_get_type ())
G_DECLARE_FINAL_TYPE (AssayParamRow, assay_param_row, ASSAY, PARAM_ROW, AdwActionRow)

/* offer NULL: nothing ever. data must outlive the row. */
GtkWidget        *assay_param_row_new       (const AssayParam *param, AssayParamOffer offer, gpointer data);
const AssayParam *assay_param_row_get_param (AssayParamRow *self);
/* Shows what was filled in; NULL: the default. Nothing is emitted. */
void              assay_param_row_set_texts (AssayParamRow *self, const char *const *texts);
/* NULL: the default. Owns: the caller. */
char            **assay_param_row_dup_texts (AssayParamRow *self);
/* What is wrong with it, in place of its help; NULL: nothing. */
void              assay_param_row_set_fault (AssayParamRow *self, const char *fault);
