/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_summary.h: one unit's activations, block by block, to what has the same size for any number of them: a histogram of 256 bins, the best rows
 * at either end, and sums without rounding from which mean and variance follow.
 *
 * Everything is a function of the multiset of rows: blocks may come in any order, and summaries of parts, merged, give the bits that one of the whole gives.
 * What needs all values (quantiles, different values, draws from bands) is not known: unit_tally.h has it, for 256 KiB a unit.
 *
 * Shape letters: n rows of a block. Ownership: init and clear. Thread rule: one thread at a time per summary.
 * Numerics: counts and rows are exact; mean and variance are of the exact sums, rounded once or twice.
 */
#pragma once

#include "probes/unit_tally.h"
#include "stats/exact_sum.h"

#define ASSAY_UNIT_SUMS 4       /* of float16: AssayUnitKernels' add_up */

typedef struct {
  AssayStoreType type;
  gint64 n;
  gint64 count[ASSAY_UNIT_BINS];
  AssayExactSum sum, square;
  AssayUnitBest largest, smallest;
} AssayUnitSummary;

/* k: rows kept at either end, at least 1. */
void   assay_unit_summary_init   (AssayUnitSummary *summary, AssayStoreType type, gint64 k);
void   assay_unit_summary_clear  (AssayUnitSummary *summary);
/* Bytes of one. */
gsize  assay_unit_summary_measure (gint64 k);
/* As in assay_unit_tally_add: keys for F16 and BF16, else values. All must be finite. */
void   assay_unit_summary_add    (AssayUnitSummary *summary, const gint16 *keys, const double *values, const AssayUnitBlock *block);
/* The same for n rows of F16 in two halves: what was counted, and added up to below 2^63, elsewhere, count (256) and sum (ASSAY_UNIT_SUMS: values, then squares); and
 * those of the rows that may be among the best. */
void   assay_unit_summary_add_counts (AssayUnitSummary *summary, gint64 n, const gint64 *count, const gint64 *sum);
void   assay_unit_summary_offer  (AssayUnitSummary *summary, const AssayUnitRow *row);
/* Numbers at most *lo or at least *hi may yet be among the best; ascending: rows to come are behind all that were. FALSE: any may. Cost: sorts what was offered since. */
gboolean assay_unit_summary_bound (AssayUnitSummary *summary, gboolean ascending, double *lo, double *hi);
/* Adds what `from` holds, of the same type and k; `from` keeps it. */
void   assay_unit_summary_merge  (AssayUnitSummary *summary, const AssayUnitSummary *from);
/* What is known: no bands, n_distinct -1, quantiles NaN. The best rows lie sorted in the summary. */
void   assay_unit_summary_finish (AssayUnitSummary *summary, AssayUnitStatistics *statistics);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayUnitSummary, assay_unit_summary_clear)
