/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index_influence.h: questions to a stored gradient index: the most influential training examples at any damping, and all of them ranked.
 *
 * Scores are those of the methods on factors (factored.h), which recompute what the index leaves open: the same bits as theirs on the
 * processor; on a device, where those make the vectors of queries otherwise, the same to rounding.
 * Shape letters: Q queries, N training examples, P parameters. Thread rule: one question at a time per backend.
 */
#pragma once

#include "influence/index_search.h"
#include "influence/index_store.h"

/* For each of n dampings the k first training examples of every query. answers (n) are the caller's, also n_exact of each: examples that were walked,
 * added up over blocks of queries. Cost: a gradient for each query, one reading of the index for each damping and block of 32 queries, and a pass over
 * the examples that are left.
 * With a device the index is sent there, where it fits, and searched there.
 * Errors: INPUT for a query whose gradient is zero; those of assay_gradient_index_search and of the walks. */
gboolean assay_index_search (const AssayInfluenceTask *task, const AssayStoredIndex *index, AssayFactorsSpectrum spectrum, guint n,
                             const AssayFactorsDamping *dampings, gint64 k, AssayIndexOrder order, AssayIndexAnswer **answers, AssayProgress *progress,
                             GError **error);

/* The gradient of one query in the index's basis, rotated (P): what every damping needs. */
gboolean assay_index_rotate_query (const AssayInfluenceTask *task, const AssayStoredIndex *index, gint64 query, double *rotated, GError **error);
/* score (N) of all training examples at a damping within bound (N), from the index alone; bound may be NULL. */
gboolean assay_index_rank (const AssayStoredIndex *index, AssayFactorsSpectrum spectrum, const AssayFactorsDamping *damping, const double *rotated,
                           AssayWorkers *workers, double *score, double *bound, GError **error);
