/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_fields.h: a window in which a person answers the fields of a report, field by field: what is asked, what stands there now, and what they
 * state, confirm or withhold. It is written to the file of the case's fields when the window is closed.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/report_draft.h"

#include <adwaita.h>

#define ASSAY_TYPE_REPORT_FIELDS (assay_report_fields_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportFields, assay_report_fields, ASSAY, REPORT_FIELDS, AdwPreferencesWindow)

/* path: the file. Emits "saved" (NULL: all is well, or what is wrong, for people) when it was written or could not be. */
GtkWidget *assay_report_fields_new (const AssayReportDraft *draft, const char *path);
