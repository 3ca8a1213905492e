/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watchdog.h: for tests: how long the start took, and for how long the main loop kept somebody waiting, and where.
 *
 * With ASSAY_WORKBENCH_WATCHDOG=FILE in the environment, FILE is written when the program ends, one quantity a line:
 *   start_ms N                    from the start of the process to the first frame that shows a case
 *   longest_stall_ms N            the longest turn of the main loop from then on, without the drawing of frames
 *   longest_stall_cpu_ms N        what the processor did for it: less where other programs had it
 *   longest_stall_page NAME       the page in front then
 *   stall MS CPU_MS NAME          each turn of more than 50 ms, in order
 * What was never seen is not there. Without the variable nothing is measured.
 * Thread rule: the main thread.
 */
#pragma once

#include <gtk/gtk.h>

/* Before the main loop runs. */
void assay_watchdog_start      (void);
/* The page in front from now on. */
void assay_watchdog_set_page   (const char *name);
/* The window shows a case from its next frame on. */
void assay_watchdog_case_shown (GtkWidget *window);
/* After the main loop. */
void assay_watchdog_stop       (void);
