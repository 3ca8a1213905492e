/* SPDX-License-Identifier: GPL-3.0-or-later */
/* repeated_steps.h: steps that a device runs again and again on the same arrays: launched one by one at first, captured the second time, and replayed as one
 * launch from then on.
 *
 * Ownership: the backend outlives what was captured. Thread rule: that of the walk.
 */
#pragma once

#include "tensor/backend.h"

#define ASSAY_REPEATED_ARRAYS 4

typedef struct {
  const void *array[ASSAY_REPEATED_ARRAYS];     /* what the last run was on */
  gint64 n;                                     /* and along so many directions; 0: none yet */
  AssayCaptured *captured;                      /* of that; NULL: not yet */
} AssayRepeatedSteps;

/* Queues the steps. Errors: its own, of the first that failed. */
typedef gboolean (*AssayQueueSteps) (gpointer user_data, GError **error);

/* Runs them on those arrays, which are what `queue` will work on. */
gboolean assay_repeated_steps_run    (AssayRepeatedSteps *steps, AssayBackend *backend, const void *const *array, gint64 n, AssayQueueSteps queue,
                                      gpointer user_data, GError **error);
/* What was captured is not what will be run. */
void     assay_repeated_steps_forget (AssayRepeatedSteps *steps, AssayBackend *backend);
