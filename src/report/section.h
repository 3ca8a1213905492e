/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section.h: the sections of a report. One section is one file section_NAME.c and one line in the folder's local.mk.
 *
 * A section reads the source's answers and puts what they say into its section of the document: result tables first, then sentences, tables,
 * figures and claims that cite them. What it has no data for goes onto the list of what was not done, with the command that would do it: a
 * report is never silently thinner. A section that added no block does not appear.
 *
 * Thread rule: one report at a time per document.
 */
#pragma once

#include "report/document.h"
#include "report/regime.h"
#include "report/source.h"

typedef struct {
  char *what, *why, *command;   /* command NULL: none would help */
} AssayNotDone;

typedef struct {
  const AssayReportSource *source;
  AssayDocument *document;
  AssayAudience audience;       /* only the internal one is shown other people's records */
  const AssayRegimeSet *regimes;        /* NULL: the report answers no regime */
  AssayFieldSet *fields;        /* filled by the program and by people, narrowed to the audience; NULL where there are no regimes */
  GPtrArray *not_done;          /* AssayNotDone */
  GPtrArray *unsaid;            /* strings: sections that say nothing to this reader */
} AssayReport;

typedef struct {
  const char *name, *title;
  const char *tells;            /* fields between spaces: where one is withheld, the section says nothing; NULL: none */
  gboolean (*write)  (AssayReport *report, AssaySection *section, GError **error);
  /* NULL, or: called when all sections have been written, for one that speaks of the others. */
  gboolean (*finish) (AssayReport *report, AssaySection *section, GError **error);
} AssaySectionKind;

#define ASSAY_SECTION_DEFINE(symbol)                                                                                    \
  extern const AssaySectionKind assay_section_kind_##symbol;                                                            \
  const AssaySectionKind assay_section_kind_##symbol

const AssaySectionKind *const *assay_section_kind_list (void);    /* in the order of the report, NULL-terminated */

/* Names what the report lacks. */
void assay_report_add_not_done (AssayReport *report, const char *what, const char *why, const char *command);

/* Writes all sections into report->document. The report's not_done and unsaid are made and freed here. Errors: those of the store. */
gboolean assay_report_write (AssayReport *report, GError **error);

/* The origin of a table: the answer's object, root and command. Members are borrowed from the answer. */
AssayResultSource assay_report_answer_as_source (const AssayReportAnswer *answer, const char *method);
