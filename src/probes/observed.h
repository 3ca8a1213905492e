/* SPDX-License-Identifier: GPL-3.0-or-later */
/* observed.h: the different values that a column really takes, as the features that stand for them, and what the decision would be with each.
 *
 * Values come from examples: nothing is made up, so a flip is to a value that somebody had. A value is known by its first example.
 * Shape letters: N examples, D features, V logits, M values of one column.
 * Ownership: values own their arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "dataset/dataset.h"
#include "probes/deletion.h"

typedef struct {
  gint64 M;
  gint64 *example;              /* (M) the first with this value, ascending */
  gint64 *count;                /* (M) how many have it */
  double *features;             /* (M,n) n: features of the column */
} AssayObservedValues;

/* One for each of C columns, over N examples; NULL-safe to free. Cost: one pass over the examples, hashing; memory for all different values.
 * Errors: cancelled. */
AssayObservedValues *assay_observed_new  (AssayDataset *dataset, const gint64 *examples, gint64 N, const AssayColumnRange *column, gint64 C,
                                          AssayProgress *progress, GError **error);
void                 assay_observed_free (AssayObservedValues *values, gint64 C);

/* logits (M,V) at x (D) with the column's features replaced by each of its values. Errors: those of the margin. */
gboolean             assay_observed_try  (const AssayObservedValues *values, const AssayColumnRange *column, AssayMargin *margin, const double *x,
                                          double *logits, GError **error);
