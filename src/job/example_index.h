/* SPDX-License-Identifier: GPL-3.0-or-later */
/* example_index.h: how the rows of a table are called as examples: SPLIT:INDEX, as a model counts them that was trained on some of them.
 *
 * A model that filtered its data, or left rows out, counts what remained; without a model every row counts.
 * Ownership: reference counted; the index holds its table. Thread rule: immutable once made.
 */
#pragma once

#include "dataset/dataset.h"
#include "store/case.h"

typedef struct {
  gatomicrefcount count;
  AssayTable *table;
  AssayObject *data;
  AssayObject *model;           /* by which rows count; NULL: every row does */
  AssayDataset *dataset;        /* the model's; NULL without one */
  gint64 *index;                /* (rows) place in its split; -1: the model does not use the row */
  char **split;                 /* names, NULL-terminated */
  gint32 *split_of;             /* (rows) */
} AssayExampleIndex;

/* data: name of the data, or NULL for the model's; model: name, or NULL for none; "" for the newest that was trained on the data, if there is one.
 * Errors: NOT_FOUND; INPUT when the model was trained on other data; those of the data set. */
AssayExampleIndex *assay_example_index_new   (AssayCase *cas, const char *data, const char *model, GError **error);
AssayExampleIndex *assay_example_index_ref   (AssayExampleIndex *self);
void               assay_example_index_unref (AssayExampleIndex *self);

/* "train:17", or NULL for a row that is no example. Owns: the caller. */
char              *assay_example_index_dup_reference (const AssayExampleIndex *self, gint64 row);
/* The row of an example by its place in a split, or -1. Cost: O(1) with a model, else O(rows). */
gint64             assay_example_index_get_row (const AssayExampleIndex *self, const char *split, gint64 place);
/* The row of "train:17" or "id:VALUE", or -1. Cost: O(rows). */
gint64             assay_example_index_find (const AssayExampleIndex *self, const char *reference);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayExampleIndex, assay_example_index_unref)
