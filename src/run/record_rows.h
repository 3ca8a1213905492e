/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record_rows.h: which positions of which examples a recording has as rows, known before the first walk.
 *
 * Rows are in the order of the examples, an example's in the order of its positions. Positions behind the end of a text are no rows: they are padding.
 * A sample is so many of the rows, drawn by a counter: row (example, position) has a random number of (seed, example, position), and those with
 * the lowest numbers are drawn. So it does not depend on how the corpus is cut or ordered.
 * Shape letters: N examples, n rows, T positions.
 * Ownership: the caller. Thread rule: immutable once made.
 */
#pragma once

#include "model/model.h"
#include "dataset/dataset.h"

typedef struct {
  gint64 N, n;
  gint64 *offset;               /* (N+1) rows before example i; of sampled recordings some examples have none */
  gint32 *position;             /* (n) of each row; NULL: an example's rows are its positions from 0 on */
} AssayRecordRows;

/* examples (N). sample: how many rows are drawn, 0: all are taken. Memory: 8 bytes an example, and 32 bytes a drawn row. Errors: memory. */
AssayRecordRows *assay_record_rows_new  (const AssayModel *model, const AssayDataset *dataset, const gint64 *examples, gint64 N, gint64 sample, guint64 seed,
                                         GError **error);
/* One row for each of N examples. */
AssayRecordRows *assay_record_rows_new_single (gint64 N, GError **error);
/* One row for each position of an example whose target counts in the loss. Memory: 4 bytes a row and 8 an example. */
AssayRecordRows *assay_record_rows_new_targets (const AssayModel *model, const AssayDataset *dataset, const gint64 *examples, gint64 N, GError **error);
void             assay_record_rows_free (AssayRecordRows *rows);
/* The example that row r belongs to, counted from 0 in `examples`; N for r = n. */
gint64           assay_record_rows_find (const AssayRecordRows *rows, gint64 row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRecordRows, assay_record_rows_free)
