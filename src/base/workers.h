/* SPDX-License-Identifier: GPL-3.0-or-later */
/* workers.h: a crew of threads that share out numbered blocks of one task at a time.
 *
 * Blocks are cut by the data, never by the number of threads, and each block writes its own output: so results are the
 * same bits for any crew size. A worker that has nothing to do looks for the next task for some 20 microseconds and then
 * sleeps in the kernel, so another busy program on the machine costs its share of the processor and no more. The calling thread works too.
 * Thread rule: one task at a time per crew; nested calls from inside a block run on the calling thread.
 */
#pragma once

#include <glib.h>

typedef struct _AssayWorkers AssayWorkers;

/* block in 0 .. n_blocks-1; worker in 0 .. n_threads-1 selects per-thread scratch. */
typedef void (*AssayBlockFunc) (gsize block, guint worker, gpointer data);

/* n_threads 0: one per processor that this process may use. */
AssayWorkers *assay_workers_new       (guint n_threads);
void          assay_workers_free      (AssayWorkers *workers);
guint         assay_workers_get_count (const AssayWorkers *workers);
/* Runs all blocks and returns when the last has ended. workers may be NULL: the caller does all. No allocation. */
void          assay_workers_run       (AssayWorkers *workers, gsize n_blocks, AssayBlockFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayWorkers, assay_workers_free)
