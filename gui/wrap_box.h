/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wrap_box.h: children in lines like words: each in its own width, a new line where there is no more room. Thread rule: the main thread. */
#pragma once

#include <gtk/gtk.h>

/* Property "spacing", between children and between lines. In a .ui file children are given as to any widget. */
#define ASSAY_TYPE_WRAP_BOX (assay_wrap_box_get_type ())
G_DECLARE_FINAL_TYPE (AssayWrapBox, assay_wrap_box, ASSAY, WRAP_BOX, GtkWidget)

AssayWrapBox *assay_wrap_box_new    (int spacing);
void          assay_wrap_box_append (AssayWrapBox *self, GtkWidget *child);
