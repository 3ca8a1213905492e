/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_outcome.h: what became of an export: its progress, where the report lies, and the three verdicts of `assay verify`, which is run by itself
 * when the report is written. Afterwards it can be signed, verified again and opened.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_process.h"

#include <adwaita.h>

#define ASSAY_TYPE_REPORT_OUTCOME (assay_report_outcome_get_type ())
G_DECLARE_FINAL_TYPE (AssayReportOutcome, assay_report_outcome, ASSAY, REPORT_OUTCOME, AdwBin)

/* Nothing was exported. */
void assay_report_outcome_clear         (AssayReportOutcome *self);
/* The private key that signs, or NULL; its public half lies beside it. */
void assay_report_outcome_set_key       (AssayReportOutcome *self, const char *key);
void assay_report_outcome_show_progress (AssayReportOutcome *self, AssayJobProcess *job);
/* The export is over. */
void assay_report_outcome_show_export   (AssayReportOutcome *self, AssayJobProcess *job);
/* Any other job is over: one that verifies or signs what was exported is shown. */
void assay_report_outcome_job_ended     (AssayReportOutcome *self, AssayJobProcess *job);
