/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradually.c: steps on a timer of one frame. */
#include "gui/gradually.h"

#define FRAME_MSEC 17
#define BUDGET_US 2500          /* of a frame: to lay out and to draw what was made takes several times as long */

typedef struct {
  guint *handle;
  gboolean fill;
  AssayStep step;
  gpointer data;
} Work;

static gboolean
work (gpointer data)
{
  const Work *self = data;
  gint64 end = g_get_monotonic_time () + BUDGET_US;

  do
    if (!self->step (self->data))
      {
        if (!g_source_is_destroyed (g_main_current_source ()))          /* the last step may have begun something else */
          *self->handle = 0;
        return G_SOURCE_REMOVE;
      }
  while (self->fill && !g_source_is_destroyed (g_main_current_source ()) && g_get_monotonic_time () < end);
  return G_SOURCE_CONTINUE;
}

void
assay_gradually_begin (guint *handle, gboolean fill, AssayStep step, gpointer data)
{
  Work *self = g_new (Work, 1);

  *self = (Work) { handle, fill, step, data };
  assay_gradually_stop (handle);
  *handle = g_timeout_add_full (G_PRIORITY_DEFAULT, FRAME_MSEC, work, self, g_free);
}

void
assay_gradually_stop (guint *handle)
{
  g_clear_handle_id (handle, g_source_remove);
}

/* --- taking apart -------------------------------------------------------------------------------------------------- */

/* Whether what it holds can be taken out one by one. */
static gboolean
is_plain_container (GtkWidget *widget)
{
  return GTK_IS_BOX (widget) || GTK_IS_GRID (widget) || GTK_IS_SCROLLED_WINDOW (widget) || GTK_IS_VIEWPORT (widget);
}

static void
take_out (GtkWidget *parent, GtkWidget *child)
{
  if (GTK_IS_BOX (parent))
    gtk_box_remove (GTK_BOX (parent), child);
  else if (GTK_IS_GRID (parent))
    gtk_grid_remove (GTK_GRID (parent), child);
  else if (GTK_IS_VIEWPORT (parent))
    gtk_viewport_set_child (GTK_VIEWPORT (parent), NULL);
  else
    gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (parent), NULL);
}

static GtkWidget *
find_child (GtkWidget *parent)
{
  return GTK_IS_SCROLLED_WINDOW (parent) ? gtk_scrolled_window_get_child (GTK_SCROLLED_WINDOW (parent)) : gtk_widget_get_last_child (parent);
}

/* From the last leaf on. */
static gboolean
take_out_next (gpointer data)
{
  GtkWidget *parent = data, *child = find_child (parent);

  while (child != NULL && is_plain_container (child) && find_child (child) != NULL)
    {
      parent = child;
      child = find_child (parent);
    }
  if (child != NULL)
    {
      take_out (parent, child);
      return TRUE;
    }
  parent = gtk_widget_get_parent (data);
  if (parent != NULL && is_plain_container (parent))
    take_out (parent, data);
  return FALSE;
}

static gboolean
take_apart (gpointer data)
{
  gint64 end = g_get_monotonic_time () + BUDGET_US;

  while (take_out_next (data))
    if (g_get_monotonic_time () >= end)
      return G_SOURCE_CONTINUE;
  return G_SOURCE_REMOVE;
}

void
assay_gradually_remove (GtkWidget *widget)
{
  gtk_widget_set_visible (widget, FALSE);
  g_timeout_add_full (G_PRIORITY_DEFAULT, FRAME_MSEC, take_apart, g_object_ref (widget), g_object_unref);
}
