/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_outcome.h: a window with all that is known of a job: its command, when it ran and how it ended, and what it found, as the program tells it.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_process.h"

#include <adwaita.h>

/* parent: the window that it belongs to. */
void assay_job_outcome_show (GtkWindow *parent, AssayJobProcess *process);

/* "08:12", with the day where it was another one; "" while it is not known. Owns: the caller. */
char *assay_job_began_words (AssayJobProcess *process);
