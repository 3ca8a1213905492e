/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_source.h: gathers what a case's stored jobs answer, and the pins, for a report.
 *
 * Ownership: the source belongs to the caller. Thread rule: one thread at a time.
 */
#pragma once

#include "job/runner.h"
#include "report/source.h"

/* Errors: cancelled; those of the store. An answer that cannot be had is no error: it says why. */
AssayReportSource *assay_report_source_gather (const AssayJobContext *context, GError **error);
