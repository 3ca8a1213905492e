/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_strip.h: the running job at the foot of the sidebar; there only while something runs. Thread rule: the main thread. */
#pragma once

#include "gui/job_list.h"

#include <adwaita.h>

#define ASSAY_TYPE_JOB_STRIP (assay_job_strip_get_type ())
G_DECLARE_FINAL_TYPE (AssayJobStrip, assay_job_strip, ASSAY, JOB_STRIP, AdwBin)

void assay_job_strip_set_jobs (AssayJobStrip *self, AssayJobList *jobs);
/* Jobs of this case come first. */
void assay_job_strip_set_case (AssayJobStrip *self, const char *path);
