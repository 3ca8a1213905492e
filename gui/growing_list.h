/* SPDX-License-Identifier: GPL-3.0-or-later */
/* growing_list.h: the first rows of a model at once, and more of them in each of the frames that follow, until all are there.
 *
 * GTK makes widgets for some two hundred rows of a list, which takes longer than a frame may. A position that is not there yet cannot be selected or
 * scrolled to: who needs one asks for all. Ownership: the list owns the model. Thread rule: the main thread.
 */
#pragma once

#include <gtk/gtk.h>

/* Takes the model. All of it is shown until the first restart. */
GtkSliceListModel *assay_growing_list_new      (GListModel *model);
/* Before the model gets other rows. */
void               assay_growing_list_restart  (GtkSliceListModel *list);
void               assay_growing_list_show_all (GtkSliceListModel *list);
