/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gradually.c: steps on a timer of one frame. */
#include "gui/gradually.h"

#define FRAME_MSEC 17
#define BUDGET_US 6000          /* of a frame */

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
