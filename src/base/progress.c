/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.c: a callback and an atomic flag. */
#include "base/progress.h"

#include "base/error.h"

#include <stdatomic.h>

struct _AssayProgress {
  AssayProgress *parent;        /* or NULL */
  AssayProgressFunc func;
  gpointer data;
  atomic_int cancelled;         /* 0, or error code + 1 */
};

AssayProgress *
assay_progress_new (AssayProgressFunc func, gpointer data)
{
  AssayProgress *progress = g_new0 (AssayProgress, 1);

  progress->func = func;
  progress->data = data;
  return progress;
}

AssayProgress *
assay_progress_new_child (AssayProgress *parent, AssayProgressFunc func, gpointer data)
{
  AssayProgress *progress = assay_progress_new (func, data);

  progress->parent = parent;
  return progress;
}

void
assay_progress_free (AssayProgress *progress)
{
  g_free (progress);
}

void
assay_progress_report (AssayProgress *progress, const char *stage, guint64 done, guint64 total, const char *unit,
                       const char *note)
{
  if (progress != NULL && progress->func != NULL)
    progress->func (stage, done, total, unit, note, progress->data);
}

void
assay_progress_cancel (AssayProgress *progress, int reason)
{
  if (progress != NULL)
    atomic_store (&progress->cancelled, reason + 1);
}

gboolean
assay_progress_is_cancelled (AssayProgress *progress, GError **error)
{
  int reason = 0;

  for (; progress != NULL && reason == 0; progress = progress->parent)
    reason = atomic_load (&progress->cancelled);
  if (reason == 0)
    return FALSE;
  g_set_error (error, ASSAY_ERROR, reason - 1, "stopped on request after the last checkpoint; run the same command again to go on");
  return TRUE;
}
