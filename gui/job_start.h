/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_start.h: a new job: its kind, its form, the command that it is, what it would take, and the button that starts it.
 *
 * Form and command are one thing in two forms: whichever is changed, the other follows. What it takes is asked of the program a moment after the
 * last change; what the program refuses cannot be started, and its words stand at the row that they are about.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/job_list.h"
#include "gui/session.h"

#include <adwaita.h>

#define ASSAY_TYPE_JOB_START (assay_job_start_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobStart, assay_job_start, ASSAY, JOB_START, AdwBin)

/* What is in the case, for the menus and for what the program says; the first time also for a first form. */
void        assay_job_start_set_case (AssayJobStart *self, AssayCaseContents *contents, AssaySession *session);
/* A command to look at and to start. */
void        assay_job_start_propose  (AssayJobStart *self, const char *command);
/* The command as it stands. */
const char *assay_job_start_get_command (AssayJobStart *self);
/* Starts it, if the program would. */
void        assay_job_start_run      (AssayJobStart *self);
/* The program may say something else now. */
void        assay_job_start_ask      (AssayJobStart *self);
