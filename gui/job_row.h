/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_row.h: one job that runs or has ended, in a list: what was asked, how far it is or how it ended, and what can be done with it.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_list.h"

#include <adwaita.h>

#define ASSAY_TYPE_JOB_ROW (assay_job_row_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobRow, assay_job_row, ASSAY, JOB_ROW, GtkListBoxRow)

GtkWidget *assay_job_row_new      (AssayJobList *jobs, AssayJobProcess *process);
/* The case that the window shows, NULL: none; and looks again whether the job's own is still there. */
void       assay_job_row_set_case (AssayJobRow *self, const char *path);
