/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_process.h: a job that runs: the program `assay` as a process of its own, watched through the records of --jsonl.
 *
 * The records go to a file, so that the job does not end with the window, and a window that opens later finds it again.
 * "changed" is emitted when something to show is another one, "ended" once, when the outcome is known.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_progress.h"

#include <gio/gio.h>
#include <jansson.h>

typedef enum {
  ASSAY_JOB_RUNNING,
  ASSAY_JOB_STOPPING,           /* asked to stop: it saves what it can go on from */
  ASSAY_JOB_DONE,
  ASSAY_JOB_FOUND,              /* done, and something was found: exit status 1 */
  ASSAY_JOB_STOPPED,            /* asked to, or killed: the same command goes on from what was saved */
  ASSAY_JOB_FAILED
} AssayJobState;

#define ASSAY_TYPE_JOB_PROCESS (assay_job_process_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobProcess, assay_job_process, ASSAY, JOB_PROCESS, GObject)

/* command: "assay train demo.assay --steps 100", as a shell would read it. threads 0: as many as there are. folder: where records are kept.
 * Errors: INPUT when it is no command of this program; NOT_FOUND when the program is not there; those of starting it. */
AssayJobProcess *assay_job_process_start   (const char *command, guint threads, const char *folder, GError **error);
/* One that an earlier window started, from its file; NULL when that holds no job. */
AssayJobProcess *assay_job_process_adopt   (const char *file);

/* Asks it to save and end. */
void             assay_job_process_stop    (AssayJobProcess *self);

const char      *assay_job_process_get_command (AssayJobProcess *self);
/* The subcommand: "train". */
const char      *assay_job_process_get_kind (AssayJobProcess *self);
/* The case it works on, an absolute path; NULL: none. */
const char      *assay_job_process_get_case (AssayJobProcess *self);
AssayJobState    assay_job_process_get_state (AssayJobProcess *self);
gboolean         assay_job_process_is_over (AssayJobProcess *self);
/* Share that is done; below 0: not known. */
double           assay_job_process_get_fraction (AssayJobProcess *self);
/* "training, 400 of 3,000 steps · 216/s · 12 s left": where it is, or how it ended. */
const char      *assay_job_process_get_words (AssayJobProcess *self);
/* Seconds left, or NaN. */
double           assay_job_process_get_remaining (AssayJobProcess *self);
/* Since it began; of a job that is over, that it took. */
double           assay_job_process_get_seconds (AssayJobProcess *self);
/* When it began, UTC, ISO 8601; "" while not known. */
const char      *assay_job_process_get_utc (AssayJobProcess *self);
/* What --json prints, of a job that is over, or NULL. Owns: the process. */
const json_t    *assay_job_process_get_document (AssayJobProcess *self);
/* What it has written so far, of a kind that gives text out as it is made; "" when nothing. Owns: the process. */
const char      *assay_job_process_get_text (AssayJobProcess *self);
/* -1: it runs, or ended without a word. */
int              assay_job_process_get_exit_status (AssayJobProcess *self);
/* AssayJobStage: what it did one after the other, as far as it said. Owns: the process. */
const GPtrArray *assay_job_process_get_stages (AssayJobProcess *self);
/* The file of its records. */
const char      *assay_job_process_get_file (AssayJobProcess *self);
