/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_search.h: the training examples with the k largest scores of a query, provably all of them and no other.
 *
 * Every row's score lies in an interval that the index gives (gradient_index.h). The k-th largest lower end of all rows is a threshold that the
 * k-th score cannot be below; a row whose upper end is below it is none of the k. The rows of largest norm give a first threshold. Then one pass
 * multiplies block after block of a row until no query needs it; the rows that come through are looked at without rounding the query, and the
 * scores of what is left then are recomputed by whoever knows how. Where much is left the answer is the same, and takes longer.
 * Rows are searched in segments that the data fix: the same answer, counts included, for any crew. Where a device has the index it makes that pass and sends what
 * is left: the same answer, and after one and four blocks all rows are left. Without memory there the pass is made here.
 * Shape letters: Q queries, N rows. Thread rule: one search at a time per crew.
 */
#pragma once

#include "influence/device_index.h"

#define ASSAY_INDEX_STAGES 4    /* one block, four blocks, all blocks, all blocks with the query as it is */

typedef enum {
  ASSAY_INDEX_MAGNITUDE,        /* largest |score| */
  ASSAY_INDEX_HELPFUL,          /* largest score: removing the example raises what is measured */
  ASSAY_INDEX_HARMFUL           /* smallest score */
} AssayIndexOrder;

extern const char *const assay_index_orders[];          /* "magnitude", "helpful", "harmful", NULL */

/* scores (Q,n) of n rows, ascending, for all queries of the search. */
typedef gboolean (*AssayIndexExact) (gpointer data, gint64 n, const gint64 *rows, double *scores, GError **error);

typedef struct {
  gint64 row;
  double value;                 /* recomputed */
  double lo, hi;                /* what the index alone says */
} AssayIndexHit;

typedef struct {
  gint64 Q, k;
  AssayIndexHit *hit;           /* (Q,k), best first; ties go to the smaller row */
  gint64 (*left)[ASSAY_INDEX_STAGES];   /* (Q): rows that were left after each stage */
  gint64 n_exact;               /* rows that were recomputed, for all queries together */
} AssayIndexAnswer;

/* there: NULL, or the same index on a device. Errors: USAGE for k outside 1 .. N; NAN; memory; those of exact; CHECK_FAILED where a recomputed score is outside its interval. */
AssayIndexAnswer *assay_gradient_index_search (const AssayGradientIndex *index, AssayDeviceIndex *there, AssayWorkers *workers, gint64 Q,
                                               const AssayIndexQuery *queries, gint64 k, AssayIndexOrder order, AssayIndexExact exact, gpointer data, GError **error);
void              assay_index_answer_free (AssayIndexAnswer *answer);

/* score (N) within bound (N) of one query, from the index alone; bound may be NULL. Cost: one reading of the index. Errors: memory; NAN. */
gboolean          assay_gradient_index_rank   (const AssayGradientIndex *index, AssayWorkers *workers, const AssayIndexQuery *query, double *score, double *bound,
                                               GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayIndexAnswer, assay_index_answer_free)
