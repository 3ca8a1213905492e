/* SPDX-License-Identifier: GPL-3.0-or-later */
/* application.h: the program assay-workbench: one process for all windows, with the settings and the jobs that they share.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_list.h"
#include "gui/settings.h"

#include <adwaita.h>

#define ASSAY_APPLICATION_ID "org.assay.Workbench"

#define ASSAY_TYPE_APPLICATION (assay_application_get_type ())
G_DECLARE_FINAL_TYPE (AssayApplication, assay_application, ASSAY, APPLICATION, AdwApplication)

AssayApplication *assay_application_new          (void);
AssaySettings    *assay_application_get_settings (AssayApplication *self);
AssayJobList     *assay_application_get_jobs     (AssayApplication *self);
