/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixtures.h: a folder of its own for a test, a small table in it, and jobs run there as the program would run them.
 *
 * The table has 40 people: id, age, group (a, b, c), score (low, high), with no gap.
 */
#pragma once

#include "job/runner.h"

typedef struct {
  char *folder, *table, *cas;   /* paths; the case is not made yet */
} Folder;

void             folder_set_up    (Folder *folder, gconstpointer unused);
void             folder_tear_down (Folder *folder, gconstpointer unused);

/* A job of a kind on the folder's case; parameters as name, value, ..., NULL. */
AssayJob        *folder_job       (const Folder *folder, const char *kind, ...) G_GNUC_NULL_TERMINATED;
/* Freezes and runs it. On failure the error must be expected by the caller. */
AssayJobOutcome *folder_run       (AssayJob *job, gboolean force, GError **error);
/* The job's document; an error ends the test. */
json_t          *folder_answer    (const Folder *folder, const char *kind, ...) G_GNUC_NULL_TERMINATED;
/* new, import --id id, train --name NAME on the table. */
void             folder_train     (const Folder *folder, const char *name);
