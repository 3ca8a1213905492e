/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source.h: what a report is made of: a case, and what its stored jobs answer.
 *
 * An answer is the document that the job's command prints with --json, so that everything in a report can be had from the command line too.
 * The floor above gathers the answers (report includes no job) and gives them in the order in which they were made.
 *
 * Ownership: a source owns its answers and pins, and borrows the case. Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "store/case.h"

typedef struct {
  char *kind;                   /* of the job: "influence" */
  char *object;                 /* of the case: "job/influence/0123456789abcdef" */
  char *content_root;           /* of that object's values */
  char *command;                /* the command line that makes it again */
  char *utc;                    /* when it was committed */
  json_t *meta;                 /* of the object: "job" with all parameters, "provenance" with program, machine and times */
  json_t *document;             /* NULL: it cannot be answered any more, and `stale` says why */
  char *stale;                  /* NULL: everything it made is still what the case gives under its names */
} AssayReportAnswer;

/* A claim that a person chose for the summary. */
typedef struct {
  char *claim;                  /* its id */
  char *note;                   /* the person's words, or NULL */
  char *display;                /* the value as it was then; NULL: the claim has none */
  char *author, *utc;
} AssayReportPin;

typedef struct {
  AssayCase *cas;
  GPtrArray *answers;           /* AssayReportAnswer */
  GPtrArray *pins;              /* AssayReportPin */
} AssayReportSource;

AssayReportSource *assay_report_source_new  (AssayCase *cas);
void               assay_report_source_free (AssayReportSource *source);

/* meta, document: new references are taken. The rest is for the caller to set. Owns: the source. */
AssayReportAnswer *assay_report_source_add_answer (AssayReportSource *source, const char *kind, const char *object, json_t *meta, json_t *document);

/* The newest answer of that kind that is not stale, or NULL. */
const AssayReportAnswer *assay_report_source_find_newest (const AssayReportSource *source, const char *kind);

/* All answers of that kind that are not stale, in order. Owns: the caller, the array. */
GPtrArray *assay_report_source_list (const AssayReportSource *source, const char *kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayReportSource, assay_report_source_free)
