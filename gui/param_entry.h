/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_entry.h: a text of a parameter: an entry with its default or form in grey, a menu of what can be offered, and a way to look for a file.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "base/param.h"

#include <adwaita.h>

#define ASSAY_TYPE_PARAM_ENTRY (assay_param_entry_get_type ())
G_DECLARE_FINAL_TYPE (AssayParamEntry, assay_param_entry, ASSAY, PARAM_ENTRY, AdwBin)

/* What can be offered now: AssayChoice that the array releases (gui/case_choices.h). Owns: the caller. */
typedef GPtrArray *(*AssayParamOffer) (const AssayParam *param, gpointer data);

/* offer NULL: nothing ever. data must outlive the entry. */
GtkWidget   *assay_param_entry_new          (const AssayParam *param, const char *text, AssayParamOffer offer, gpointer data);
GtkEditable *assay_param_entry_get_editable (AssayParamEntry *self);
