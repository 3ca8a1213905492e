/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_progress.h: where a job is, out of its records of progress: its stages, how fast it goes, how long it still takes.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* reached: "400 of 3,000 steps", or "". Seconds count from the job's begin. */
typedef struct { char *name, *reached; double began, ended; } AssayJobStage;

typedef struct {
  GPtrArray *stages;            /* AssayJobStage; the last one is where it is */
  double fraction;              /* share that is done; below 0: not known */
  double seconds;               /* since the job began */
  double remaining;             /* seconds, or NaN */
  double first;                 /* what was done when the stage began */
} AssayJobProgress;

void  assay_job_progress_init  (AssayJobProgress *self);
void  assay_job_progress_clear (AssayJobProgress *self);
/* "training, 400 of 3,000 steps · 216/s · 12 s left". Owns: the caller. */
char *assay_job_progress_take  (AssayJobProgress *self, const json_t *record);
