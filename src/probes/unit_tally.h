/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit_tally.h: one unit's activations, block by block, to the exact statistics of all of them.
 *
 * A tally holds the multiset of the values: counts of all 65,536 numbers for values of 16 bits, the values themselves for wider ones; and the
 * best rows at either end. Every statistic is a function of the multiset, taken in ascending order of the values, or of the ordered rows:
 * so blocks may come in any order, from any thread, and tallies of parts, merged, give the bits that one tally of the whole gives.
 *
 * Shape letters: n rows of a block. Ownership: a tally owns its buffers. Thread rule: one thread at a time per tally.
 * Numerics: counts, ranks, quantiles, least and largest values are exact; mean and variance are sums over the distinct values with their
 * counts, the variance around the mean (two passes), divided by the number of rows.
 */
#pragma once

#include "probes/unit_histogram.h"
#include "probes/unit_rows.h"
#include "store/types.h"

#define ASSAY_UNIT_N_QUANTILES 9
#define ASSAY_UNIT_MOST_BANDS 20

/* 0.001 0.01 0.05 0.25 0.5 0.75 0.95 0.99 0.999: the least value x with at least that share of the rows at or below x. */
extern const double assay_unit_quantiles[ASSAY_UNIT_N_QUANTILES];

/* The rows of a block, the same for every unit. */
typedef struct {
  gint64 n;
  const gint64 *example;        /* (n) */
  const gint32 *position;       /* (n) */
  gboolean ascending;           /* by example, then position */
} AssayUnitBlock;

/* The values that are not zero, cut at their quantiles: band b of B holds those above quantile b/B and up to quantile (b+1)/B of them, so
 * equal values are never parted, and a band may be empty. lo and hi are values that occur; NaN in an empty band. */
typedef struct { double lo, hi; gint64 count; } AssayUnitBand;

typedef struct {
  gint64 n, nonzero, n_distinct;
  double mean, variance, least, most;
  double quantile[ASSAY_UNIT_N_QUANTILES];
  gint64 count[ASSAY_UNIT_BINS];
  guint n_bands;
  AssayUnitBand band[ASSAY_UNIT_MOST_BANDS];
} AssayUnitStatistics;

typedef struct _AssayUnitTally AssayUnitTally;

/* The number behind a finite key of F16 or BF16. */
double          assay_unit_key_value    (AssayStoreType type, gint16 key);

/* type: F16 and BF16 are counted, what else the store has is kept as doubles. k: rows kept at either end. Errors: memory. */
AssayUnitTally *assay_unit_tally_new    (AssayStoreType type, gint64 k, GError **error);
void            assay_unit_tally_free   (AssayUnitTally *tally);
gboolean        assay_unit_tally_counts (AssayStoreType type);

/* keys (n): of unit_kernel.h for counted types; values (n) for others: the other one is NULL. At most 2^32 - 1 rows in all.
 * Returns -1, or the first row of the block whose value is not finite: the tally is of no use then. -2: no memory. */
gint64          assay_unit_tally_add    (AssayUnitTally *tally, const gint16 *keys, const double *values, const AssayUnitBlock *block);
/* Adds what `from` holds, of the same type and k; `from` keeps it. FALSE: no memory. */
gboolean        assay_unit_tally_merge  (AssayUnitTally *tally, const AssayUnitTally *from);
/* The statistics, and the best rows at either end, best first, in the tally until it is reset; the multiset is gone.
 * n_bands: 1 .. ASSAY_UNIT_MOST_BANDS. */
void            assay_unit_tally_finish (AssayUnitTally *tally, guint n_bands, AssayUnitStatistics *statistics);
const AssayUnitBest *assay_unit_tally_get_best (const AssayUnitTally *tally, gboolean largest);
/* Empty again. */
void            assay_unit_tally_reset  (AssayUnitTally *tally);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayUnitTally, assay_unit_tally_free)
