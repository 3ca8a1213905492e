/* SPDX-License-Identifier: GPL-3.0-or-later */
/* progress_bar.h: one line on the terminal that says what runs, how far it is, how fast, and how long it will take.
 *
 * It is drawn on standard error, only when that is a terminal that can go back to the start of a line, at most ten times a second,
 * and without escape sequences. Thread rule: reports come from one thread.
 */
#pragma once

#include "base/progress.h"

typedef struct _AssayProgressBar AssayProgressBar;

/* quiet: draw nothing. */
AssayProgressBar *assay_progress_bar_new   (gboolean quiet);
/* Clears the line. */
void              assay_progress_bar_free  (AssayProgressBar *bar);
/* Clears the line, and draws no more: what comes now is the answer. */
void              assay_progress_bar_yield (AssayProgressBar *bar);
/* The AssayProgressFunc; data is the bar. */
void              assay_progress_bar_report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data);

typedef struct {
  const char *stage, *unit, *note;      /* unit, note: may be NULL */
  guint64 first, done, total;           /* first: done when the stage began, not 0 for a resumed one; total 0: unknown */
  double seconds;                       /* since the stage began */
} AssayProgressState;

/* The line for a state, without padding: pure, for the tests. Owns: the caller. */
char             *assay_progress_bar_format (const AssayProgressState *state, guint columns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayProgressBar, assay_progress_bar_free)
