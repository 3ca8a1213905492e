/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_document.h: the document of a case, for whoever shows, changes or writes a report.
 *
 * Ownership: documents belong to the caller. Thread rule: one thread at a time.
 */
#pragma once

#include "job/kind.h"
#include "report/section.h"

typedef struct {
  const char *title;            /* NULL: from the case's name */
  AssayAudience audience;
  const AssayRegimeSet *regimes;        /* whose chosen packs the report answers; NULL: none */
  const char *model;            /* that the fields speak of; NULL: the newest */
  const char *fields;           /* file of what people state; NULL: none */
} AssayReportRequest;

/* Gathers the case's answers and lets every section write. Cost: recalls every stored job, which reads its data and model. Errors: cancelled; those
 * of the store. */
AssayDocument *assay_report_document_make (const AssayJobContext *context, const AssayReportRequest *request, GError **error);
