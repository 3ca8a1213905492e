/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watchdog.h: for tests: how long the start took, and for how long the main loop kept somebody waiting, and where.
 *
 * With ASSAY_WORKBENCH_WATCHDOG=FILE in the environment, FILE is written when the program ends, one quantity a line:
 *   start_ms N                    from the start of the process to the first frame that shows a case
 *   longest_stall_ms N CPU PAGE   the longest turn of the main loop from then until the window is gone, layout and drawing included;
 *                                 what the processor did for it, which is less where other programs had it; the page in front then
 *   longest_work_ms N CPU PAGE    the longest turn without the frames
 *   stall MS CPU FRAMES_MS PAGE   each turn of more than 50 ms, in order, and how much of it were frames
 * What was never seen is not there. Without the variable nothing is measured.
 * Thread rule: the main thread.
 */
#pragma once

#include <gtk/gtk.h>

/* Before the main loop runs. */
void     assay_watchdog_start      (void);
/* The page in front from now on. */
void     assay_watchdog_set_page   (const char *name);
/* The window shows a case from its next frame on. */
void     assay_watchdog_case_shown (GtkWidget *window);
/* After the main loop: writes what was seen. */
gboolean assay_watchdog_stop       (GError **error);
