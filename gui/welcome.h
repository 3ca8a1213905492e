/* SPDX-License-Identifier: GPL-3.0-or-later */
/* welcome.h: what a window shows before a case is open: build the demonstration, open a case, the cases opened lately.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/job_list.h"
#include "gui/settings.h"

#include <adwaita.h>

#define ASSAY_TYPE_WELCOME (assay_welcome_get_type ())
G_DECLARE_FINAL_TYPE (AssayWelcome, assay_welcome, ASSAY, WELCOME, AdwBin)

void  assay_welcome_set_services (AssayWelcome *self, AssaySettings *settings, AssayJobList *jobs);

/* Where the demonstration is kept: the user's documents, or the data directory where there are none. Owns: the caller. */
char *assay_welcome_demonstration_path (void);
