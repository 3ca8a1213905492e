/* SPDX-License-Identifier: GPL-3.0-or-later */
/* provenance_window.h: where an object of the case comes from, in a window of its own beside what is being read: its digest, the command that made
 * it, when, from which inputs, and so on up to the files from outside.
 *
 * Pages offer it as the action "win.provenance" with "kind/name".
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_contents.h"
#include "gui/job_list.h"

#include <adwaita.h>

/* The window, shown beside parent; NULL: the case has no such object. Owns: GTK. */
GtkWidget *assay_provenance_window_show (GtkWindow *parent, const AssayCaseContents *contents, AssayJobList *jobs, const char *object);
