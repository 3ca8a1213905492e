/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradually.h: making and removing many widgets in small steps, so that no turn of the main loop takes longer than a frame may.
 *
 * A handle is 0 while nothing is left to do. Ownership: who has the handle stops it before its data go away. Thread rule: the main thread.
 */
#pragma once

#include <gtk/gtk.h>

/* FALSE: that was the last one. */
typedef gboolean (*AssayStep) (gpointer data);

/* Takes the first steps in the next frame: one in each frame, or with fill as many as take a part of it, for what a step makes has to be laid out
 * and drawn, too. What the handle was at work on ends. */
void assay_gradually_begin (guint *handle, gboolean fill, AssayStep step, gpointer data);
void assay_gradually_stop  (guint *handle);

/* Hides a box or a grid of many widgets at once, and takes it apart in the frames that follow, itself at last. */
void assay_gradually_remove (GtkWidget *widget);
