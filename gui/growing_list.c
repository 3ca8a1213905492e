/* SPDX-License-Identifier: GPL-3.0-or-later */
/* growing_list.c: a slice that grows on a timer. */
#include "gui/growing_list.h"

#include "gui/gradually.h"

#define KEY "assay-growth"
#define FIRST_ROWS 32           /* fill a screen */
#define MORE_ROWS 16            /* at a time */
#define LAID_OUT_ROWS 260       /* beyond these GTK makes no widgets, however many there are */

typedef struct { GtkSliceListModel *list; guint source; } Growth;

static void
growth_free (gpointer data)
{
  Growth *self = data;

  assay_gradually_stop (&self->source);
  g_free (self);
}

GtkSliceListModel *
assay_growing_list_new (GListModel *model)
{
  Growth *self = g_new0 (Growth, 1);

  self->list = gtk_slice_list_model_new (model, 0, G_MAXUINT);
  g_object_set_data_full (G_OBJECT (self->list), KEY, self, growth_free);
  return self->list;
}

static gboolean
grow (gpointer data)
{
  Growth *self = data;
  guint more = gtk_slice_list_model_get_size (self->list) + MORE_ROWS;
  gboolean is_last = more >= MIN (LAID_OUT_ROWS, g_list_model_get_n_items (gtk_slice_list_model_get_model (self->list)));

  gtk_slice_list_model_set_size (self->list, is_last ? G_MAXUINT : more);
  return !is_last;
}

void
assay_growing_list_restart (GtkSliceListModel *list)
{
  Growth *self = g_object_get_data (G_OBJECT (list), KEY);

  gtk_slice_list_model_set_size (list, FIRST_ROWS);
  assay_gradually_begin (&self->source, FALSE, grow, self);
}

void
assay_growing_list_show_all (GtkSliceListModel *list)
{
  Growth *self = g_object_get_data (G_OBJECT (list), KEY);

  assay_gradually_stop (&self->source);
  gtk_slice_list_model_set_size (list, G_MAXUINT);
}
