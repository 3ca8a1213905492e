/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overlap.h: what the splits of a data set have in common: examples that are the same, and runs of tokens that are the same.
 *
 * Two examples are the same when everything that the model is given is the same, bit for bit (0 and -0 count as one): the terms, the pixels or
 * the tokens. Examples and runs are compared by the first 16 bytes of their SHA-256.
 * Shape letters: N examples, T positions, n tokens of a run.
 * Cost: O (N log N) of a split; 16 bytes for each example, and for each run of tokens of the split that is looked up. Memory is not kept.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "base/progress.h"
#include "dataset/dataset.h"

/* Most tokens of a run: what is usual for language models. */
#define ASSAY_OVERLAP_RUN 13

typedef struct {
  gint64 examples;
  gint64 distinct;              /* different inputs among them */
  gint64 repeated;              /* examples - distinct */
} AssayDuplicates;

typedef struct {
  gint64 examples;              /* of the split that is looked up */
  gint64 same_input;            /* of them: the training split has one with the same input */
  gint64 same_example;          /* of them: with the same target, too */
  gint64 run;                   /* n; 0: no tokens, and the rest is 0 */
  gint64 runs, found_runs;      /* runs of n tokens within an example, at every position; those that the training split has too */
  gint64 touched;               /* examples with at least one such run */
} AssayOverlap;

gboolean assay_overlap_count_duplicates (const AssayDataset *dataset, const gint64 *examples, gint64 N, AssayDuplicates *duplicates,
                                         AssayProgress *progress, GError **error);
/* How much of `examples` stands in `train`. */
gboolean assay_overlap_find (const AssayDataset *dataset, const gint64 *train, gint64 n_train, const gint64 *examples, gint64 N,
                             AssayOverlap *overlap, AssayProgress *progress, GError **error);
