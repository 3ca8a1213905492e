/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_box.h: a result for people as widgets: headings, sentences, fields that line up, tables. Thread rule: the main thread. */
#pragma once

#include "job/view.h"

#include <gtk/gtk.h>

/* A new widget. Rows of a table beyond the first hundred are counted and left to the command. */
GtkWidget *assay_view_box_new (const AssayView *view);
