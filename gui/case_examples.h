/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_examples.h: the data of a case in memory, loaded once for all pages that show examples.
 *
 * What is asked for a second time is given at once, in the next turn of the main loop, as long as data and model are the same objects.
 * Thread rule: the main thread.
 */
#pragma once

#include "gui/case_reader.h"
#include "job/example_index.h"

#define ASSAY_TYPE_CASE_EXAMPLES (assay_case_examples_get_type ())
G_DECLARE_FINAL_TYPE (AssayCaseExamples, assay_case_examples, ASSAY, CASE_EXAMPLES, GObject)

AssayCaseExamples *assay_case_examples_new    (AssayCaseReader *reader);

/* As assay_example_index_new, with the columns of assay_example_answers_add where they take about a second at most: data NULL for the model's, or the newest; model "" for the newest of the data. */
void               assay_case_examples_ask    (AssayCaseExamples *self, const char *data, const char *model, GCancellable *cancellable,
                                               GAsyncReadyCallback callback, gpointer user_data);
/* A new reference. */
AssayExampleIndex *assay_case_examples_finish (AssayCaseExamples *self, GAsyncResult *result, GError **error);
/* What was loaded may be another thing now. */
void               assay_case_examples_forget (AssayCaseExamples *self);
