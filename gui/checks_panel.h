/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checks_panel.h: every self-check of a case with what was found, what it must not exceed and what follows; those that read everything or
 * compute something are run from here, and tell their outcome in place.
 *
 * Failed checks come first. "changed" is emitted when a check that was run from here has ended.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/job_list.h"

#include <adwaita.h>

#define ASSAY_TYPE_CHECKS_PANEL (assay_checks_panel_get_type ())
G_DECLARE_FINAL_TYPE (AssayChecksPanel, assay_checks_panel, ASSAY, CHECKS_PANEL, AdwBin)

void  assay_checks_panel_set_jobs (AssayChecksPanel *self, AssayJobList *jobs);
/* checks: of AssaySelfCheck; references are taken. */
void  assay_checks_panel_show     (AssayChecksPanel *self, AssayCaseContents *contents, GPtrArray *checks);
/* "1 failed, 3 passed, 2 not checked", those on demand counted too. Owns: the caller. */
char *assay_checks_panel_describe (AssayChecksPanel *self);
