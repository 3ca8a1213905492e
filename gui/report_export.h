/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_export.h: how the report is to be written, the export itself, and what verification says of it afterwards.
 *
 * It stands in a page, whose case it exports. Everything it does is a command of the program, run as a job; when the fields of the case were
 * answered anew it asks for "report.refresh".
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/report_draft.h"

#include <adwaita.h>

#define ASSAY_TYPE_REPORT_EXPORT (assay_report_export_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportExport, assay_report_export, ASSAY, REPORT_EXPORT, AdwBin)

/* is_new: of another case; what was exported before is forgotten. draft NULL: none yet. */
void  assay_report_export_set_draft   (AssayReportExport *self, AssayReportDraft *draft, gboolean is_new);
/* The command that exports as it is set now, into the program's default directory. Owns: the caller. */
char *assay_report_export_dup_command (AssayReportExport *self);
