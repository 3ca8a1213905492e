/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress.h: how a long job says where it is, and learns that it should stop.
 *
 * The library reports fractions; a program decides what to draw. NULL is a valid progress: nobody watches.
 * Thread rule: report from one thread; cancel from any thread or signal handler.
 */
#pragma once

#include <glib.h>
#include <signal.h>

typedef struct _AssayProgress AssayProgress;

/* done and total count units ("steps", "examples", "products"); total 0: unknown. note may be NULL. */
typedef void (*AssayProgressFunc) (const char *stage, guint64 done, guint64 total, const char *unit, const char *note,
                                   gpointer data);

AssayProgress *assay_progress_new      (AssayProgressFunc func, gpointer data);
/* One that is cancelled when its parent is, which it does not own: for a part of a job that reports to the whole. */
AssayProgress *assay_progress_new_child (AssayProgress *parent, AssayProgressFunc func, gpointer data);
void           assay_progress_free     (AssayProgress *progress);
void           assay_progress_report   (AssayProgress *progress, const char *stage, guint64 done, guint64 total,
                                        const char *unit, const char *note);
/* reason: ASSAY_ERROR_INTERRUPTED or ASSAY_ERROR_TERMINATED. Async-signal-safe. */
void           assay_progress_cancel   (AssayProgress *progress, int reason);
/* TRUE, with the error set, when somebody asked to stop. */
gboolean       assay_progress_is_cancelled (AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProgress, assay_progress_free)
