/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_state.h: what is wrong with the case that a report is made of, for the report's first page: answers that cannot be had any more, work that was
 * not finished, records that were lost. A report is never silently thinner.
 *
 * Thread rule: that of the report.
 */
#pragma once

#include "report/section.h"

/* Adds warnings to the document, and what is missing to the list of what was not done. */
void assay_report_add_case_state (AssayReport *report);
