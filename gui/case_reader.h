/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_reader.h: a case, open for reading on a thread of its own, so that the window never waits for it.
 *
 * What is asked is done in order on the reader's thread, with the case opened by the first request and brought up to date before each.
 * The answer arrives in the main loop. A request that was cancelled before its turn is dropped without being done.
 * Thread rule: ask and finish on the main thread; an AssayReadFunc runs on the reader's thread and touches no widget.
 */
#pragma once

#include "store/case.h"

#include <gio/gio.h>

#define ASSAY_TYPE_CASE_READER (assay_case_reader_get_type ())
G_DECLARE_FINAL_TYPE (AssayCaseReader, assay_case_reader, ASSAY, CASE_READER, GObject)

/* Returns the answer, or NULL with an error. A long one looks at cancellable now and then. */
typedef gpointer (*AssayReadFunc) (AssayCase *cas, gconstpointer question, GCancellable *cancellable, GError **error);

AssayCaseReader *assay_case_reader_new    (const char *path);
const char      *assay_case_reader_get_path (AssayCaseReader *self);

/* Takes the question. free_question, free_answer: NULL where there is nothing to free. */
void             assay_case_reader_ask    (AssayCaseReader *self, AssayReadFunc func, gpointer question, GDestroyNotify free_question,
                                           GDestroyNotify free_answer, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* In the callback. Errors: those of func, of opening the case, and G_IO_ERROR_CANCELLED. Owns: the caller. */
gpointer         assay_case_reader_finish (AssayCaseReader *self, GAsyncResult *result, GError **error);
