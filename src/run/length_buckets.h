/* SPDX-License-Identifier: GPL-3.0-or-later */
/* length_buckets.h: a few lengths at which sequences of many lengths are walked, so that little of a walk is padding.
 *
 * A bucket holds the sequences that are longer than the bucket before and at most as long as its own length; it is walked at that length. The lengths are
 * those that leave the least padding, among multiples of a 1024th of the context.
 * Shape letters: N examples. Thread rule: pure functions.
 */
#pragma once

#include "dataset/dataset.h"

#define ASSAY_LENGTH_BUCKETS_MOST 64

typedef struct {
  guint n;                      /* 0: none, every walk has the model's context */
  gint64 length[ASSAY_LENGTH_BUCKETS_MOST];     /* (n) ascending; the last is that of the longest sequence */
} AssayLengthBuckets;

/* At most n buckets, 1 <= n <= ASSAY_LENGTH_BUCKETS_MOST, of N >= 1 examples of tokens; fewer where so many lengths do not occur.
 * Cost: O(N T + n min (T, 1024)^2). Owns: plain values. */
AssayLengthBuckets assay_length_buckets_choose (const AssayDataset *dataset, const gint64 *examples, gint64 N, guint n);
/* The first bucket that n examples, all of those that lengths were chosen for, fit into. */
guint              assay_length_buckets_find   (const AssayLengthBuckets *buckets, const AssayDataset *dataset, const gint64 *examples, gint64 n);
