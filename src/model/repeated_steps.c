/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repeated_steps.c: when a run is captured, and when it is replayed. */
#include "model/repeated_steps.h"

#include <string.h>

void
assay_repeated_steps_forget (AssayRepeatedSteps *steps, AssayBackend *backend)
{
  if (steps->captured != NULL)
    backend->drop (backend, steps->captured);
  *steps = (AssayRepeatedSteps) { 0 };
}

/* Captured and left to be replayed; *captured NULL where the device keeps nothing. A capture is ended, whatever became of it. */
static gboolean
capture (AssayBackend *backend, AssayQueueSteps queue, gpointer user_data, AssayCaptured **captured, GError **error)
{
  gboolean ok;

  if (!backend->capture_begin (backend, error))
    return FALSE;
  ok = queue (user_data, error);
  if (!backend->capture_end (backend, captured, ok ? error : NULL))
    return FALSE;
  if (!ok && *captured != NULL)
    {
      backend->drop (backend, *captured);
      *captured = NULL;
    }
  return ok;
}

gboolean
assay_repeated_steps_run (AssayRepeatedSteps *steps, AssayBackend *backend, const void *const *array, gint64 n, AssayQueueSteps queue, gpointer user_data,
                          GError **error)
{
  if (steps->n != n || memcmp (array, steps->array, sizeof steps->array) != 0)
    {
      assay_repeated_steps_forget (steps, backend);
      memcpy (steps->array, array, sizeof steps->array);
      steps->n = n;
      return queue (user_data, error);
    }
  if (steps->captured == NULL && !capture (backend, queue, user_data, &steps->captured, error))
    return FALSE;
  return steps->captured ? backend->replay (backend, steps->captured, error) : queue (user_data, error);
}
