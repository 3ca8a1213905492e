/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_form.h: a form made from declared parameters: a row for each, the kind's own first, then parts that can be opened.
 *
 * The rows are made a few in each frame. "changed" is emitted when a person changed a value, with the form's texts up to date.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_form.h"
#include "gui/param_row.h"

#define ASSAY_TYPE_PARAM_FORM (assay_param_form_get_type ())
G_DECLARE_FINAL_TYPE (AssayParamForm, assay_param_form, ASSAY, PARAM_FORM, AdwBin)

/* For all forms from now on. data must outlive the widget. */
void          assay_param_form_set_offer (AssayParamForm *self, AssayParamOffer offer, gpointer data);
/* Takes the form and shows it. */
void          assay_param_form_take      (AssayParamForm *self, AssayJobForm *form);
/* Borrowed; NULL before the first was taken. */
AssayJobForm *assay_param_form_get       (AssayParamForm *self);
/* Shows what the program says at the row that it is about, where that is known. NULL: takes back what was said. */
void          assay_param_form_say       (AssayParamForm *self, const char *message);
