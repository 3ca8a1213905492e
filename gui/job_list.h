/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_list.h: the jobs of this person that run or ended lately, in all windows: a GListModel of AssayJobProcess, the newest first.
 *
 * "changed" is emitted with a process when what it shows is another one, "ended" once when it is over.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_process.h"

#define ASSAY_TYPE_JOB_LIST (assay_job_list_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobList, assay_job_list, ASSAY, JOB_LIST, GObject)

/* Finds the jobs again that earlier windows started. */
AssayJobList    *assay_job_list_new     (void);
/* Errors: those of assay_job_process_start. Owns: the list. */
AssayJobProcess *assay_job_list_start   (AssayJobList *self, const char *command, guint threads, GError **error);
guint            assay_job_list_count_running (AssayJobList *self);
/* The running job of a case that began last, or NULL; path NULL: of any case. Owns: the list. */
AssayJobProcess *assay_job_list_find_running (AssayJobList *self, const char *path);
/* Takes a job that is over from the list, with its records. */
void             assay_job_list_forget  (AssayJobList *self, AssayJobProcess *process);
