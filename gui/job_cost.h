/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_cost.h: what a command would take, asked of the program itself by --dry-run before anything is started.
 *
 * Thread rule: the main thread.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
  gboolean from_store;          /* the case has the answer already */
  double seconds;               /* NaN: not known */
  double memory, disk, flops;   /* bytes held at most, bytes written, operations */
  char *words;                  /* "about 12 s · 340 MB of memory · writes 153 kB" */
  char *steps;                  /* one line for each step, and what the times rest on */
} AssayJobCost;

void          assay_job_cost_ask    (const char *command, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* Errors: what the program says of the command, one line; those of starting it; cancelled. Owns: the caller. */
AssayJobCost *assay_job_cost_finish (GAsyncResult *result, GError **error);
void          assay_job_cost_free   (AssayJobCost *cost);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayJobCost, assay_job_cost_free)
