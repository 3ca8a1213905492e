/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_answers.h: what a model makes of each example, as columns of its table, so that wrong answers are found by filtering and sorting:
 *
 *   model_answer   the class or token that the model gives (the last one that counts), or the value; missing where a row is no example
 *   model_right    share of the example's predictions that are right, 0 or 1 where there is one; not for real targets
 *   model_loss     the example's loss
 *
 * A column that the data have themselves stays theirs. Thread rule: before the index is shared.
 */
#pragma once

#include "base/progress.h"
#include "job/example_index.h"
#include "tensor/backend.h"

/* Whether a column is one of these, by its name. */
gboolean assay_example_answers_is_column (const char *name);
/* assay_cell_dup_text of any column of such a table; losses and shares to a few digits. Owns: the caller. */
char    *assay_example_answers_dup_text (const AssayColumn *column, gint64 row, gsize max_characters);
/* Multiplications and additions that the answers take, about, by the size of the model; 0 without one. */
double   assay_example_answers_cost (const AssayExampleIndex *index);
/* Adds the columns. An index without a model stays as it is. Errors: those of loading the model and of the walk; cancelled. */
gboolean assay_example_answers_add  (AssayExampleIndex *index, AssayCase *cas, AssayBackend *backend, AssayProgress *progress, GError **error);
