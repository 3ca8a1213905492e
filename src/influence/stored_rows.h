/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stored_rows.h: one row of numbers for each example, in objects "gradients" of a case, found by the example.
 *
 * Objects that were imported (job/import_gradients.c) hold rows of training examples first, then of queries: a query's row is looked for among the latter.
 * Shape letters: p numbers of a row. Ownership: the rows own their readers; the task's case must outlive them. Thread rule: one at a time.
 */
#pragma once

#include "influence/method.h"

typedef struct {
  gint64 width;                 /* p */
  GPtrArray *sources;           /* internal */
  GString *words;               /* what the rows are, a line for each object */
  AssayDataset *dataset;        /* borrowed: names examples in messages */
} AssayStoredRows;

/* names: of objects; each must hold one group of gradients, all of one width. Errors: USAGE where none is named; NOT_FOUND; INPUT for objects of another model, of norms
 * alone, or unfinished; SHAPE for widths that differ. */
AssayStoredRows *assay_stored_rows_open (const AssayInfluenceTask *task, const char *const *names, GError **error);
void             assay_stored_rows_free (AssayStoredRows *self);
/* row (p) of an example of the data set. Errors: NOT_FOUND with its name. */
gboolean         assay_stored_rows_read (const AssayStoredRows *self, gint64 example, gboolean is_query, double *row, GError **error);
/* p, or 0 where there are none; for plans. */
gint64           assay_stored_rows_get_width (const AssayInfluenceTask *task, const char *const *names);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayStoredRows, assay_stored_rows_free)
