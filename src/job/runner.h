/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runner.h: takes a job from its specification to its result: opens the case, finds the inputs, answers from the store or runs,
 * and keeps summary and provenance in the case.
 *
 * An object of kind "job" holds them: name "KIND/IDENTITY" (16 digits), meta with the specification, the provenance and the list
 * of outputs, array "/job/summary" with the summary as JSON text. A stored answer is used only while everything it made is still the newest of its name.
 * Ownership: outcomes belong to the caller. Thread rule: one job at a time per process.
 */
#pragma once

#include "job/spec.h"

typedef struct {
  guint threads;                /* 0: one for each processor of this process */
  const char *device;           /* "cpu", "cuda" or "cuda:N"; NULL: cpu */
  const char *cuda_module;      /* NULL: the program's own */
  gboolean force;               /* run even when the store has the answer */
  gboolean (*confirm) (const char *question, gpointer data);    /* NULL: no */
  gpointer confirm_data;
  void (*emit) (const char *text, gsize n, gpointer data);      /* text of a kind that gives it out as it is made; NULL: the document has it */
  gpointer emit_data;
  const char *command_line;     /* for the record */
  AssayProgress *progress;
  AssayCollective *collective;  /* NULL, or the ranks that do the job together: all of them run it, and the first has its answer */
} AssayJobOptions;

typedef struct {
  json_t *document;             /* "schema", "version", "notes" and all the fields of the kind */
  char *finding;                /* NULL, or what was found wrong: exit status 1 */
  char *incomplete;             /* NULL, or what the result lacks: exit status 5 */
  int exit_status;
  gboolean from_store;
} AssayJobOutcome;

/* On ranks other than the first the outcome has no document, and the same exit status; a job that is not cut into parts is refused there.
 * Errors: whatever stopped the job, on all ranks; nothing committed is touched, and what can be resumed is resumed by the same call. */
AssayJobOutcome *assay_job_run     (AssayJob *job, const AssayJobOptions *options, GError **error);

/* What assay_job_run would do: a document with the job itself under "job", and its plan. Changes nothing. */
AssayJobOutcome *assay_job_dry_run (AssayJob *job, const AssayJobOptions *options, GError **error);

/* Runs a job as a part of another that has its case open: on that case, its workers and its threads. The part is kept like any other job, under
 * the command line that would do it alone; its outputs are its own. progress: the whole's, or a child of it. */
AssayJobOutcome *assay_job_run_part (AssayJob *part, const AssayJobContext *whole, AssayProgress *progress, GError **error);

/* What a stored job answers today, an object of kind "job", by whatever version of this program it was run: the document that its command prints.
 * Nothing is run. shown: NULL, or parameters that choose what is shown of the answer, in place of those that were given. command receives the command
 * line that asks for the same in the case's own directory, also after most errors. Errors: NOT_FOUND when what it made has been superseded; INPUT
 * when its inputs are others now; those of the store. */
AssayJobOutcome *assay_job_recall  (AssayObject *object, const json_t *shown, const AssayJobContext *whole, char **command, GError **error);

/* The summary that a job of the case was stored with: object is of kind "job". New reference. Errors: of the store; DAMAGED when it is no JSON. */
json_t          *assay_job_read_summary (AssayCase *cas, AssayObject *object, GError **error);

void             assay_job_outcome_free (AssayJobOutcome *outcome);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJobOutcome, assay_job_outcome_free)
