/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequence.h: how much of a padded token sequence belongs to an example: up to the last position whose target counts, prompts included.
 *
 * Shape letters: T positions. Thread rule: pure functions.
 */
#pragma once

#include "dataset/dataset.h"

/* Positions of row `row` of a batch of token sequences that belong to the example: T where no target counts. */
gint64  assay_sequence_get_length (const AssayBatch *batch, gint64 row, gint64 T);

/* The tokens of a data set's examples with the last target behind them, each row (T+1), -1 behind its end; length (n). */
gint32 *assay_sequence_read       (AssayDataset *dataset, const gint64 *examples, gint64 n, gint64 *length, GError **error);
