/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_controls.h: whether what is ranked first hangs on choices that should not matter, and what an untrained model would have said.
 *
 * Thread rule: one thread at a time.
 */
#pragma once

#include "job/validation_method.h"

/* Adds, where the job asks for them, for scores of a method of ours:
 *   "stability"        {"top", "min_jaccard", "variants": ["damping 0.03", ...], "overlaps": [...], "refused": [...], "per_query": [...]}: of each query the least overlap of the
 *                      examples with scores of largest magnitude between the scores and those with damping three times and a third as large, in the other precision,
 *                      with two other seeds of what is drawn, and at two earlier checkpoints; overlaps: the mean over queries for each variant
 *   "random_weights"   {"estimate", "lo", "hi", "significant_queries", "per_query": [{"spearman", "p", "q"}]}: the lds of the same method on the same model with
 *                      first parameters drawn at random; {"refused"} where it cannot be asked there
 *   "non_members"      {"examples", "area", "lo", "hi", "least_p", "significant_examples", "queries_with_significant", "per_query": [{"area", "first_q",
 *                      "significant_examples"}]}: influence/non_members.h, for examples drawn from those that the model was not trained on and that are not
 *                      asked about; significant_examples: the mean over queries; {"refused"} where the method cannot score them
 * Errors: those of the method; of the store. */
gboolean assay_validation_add_controls (json_t *document, const AssayValidationQuestion *question, guint method, const AssayGroundTruth *truth,
                                        const AssayInfluenceScores *scores, const AssayJob *job, AssayJobContext *context, GError **error);

/* Examples of the data set that the model was not trained on and that are no queries. Elements are gint64. Owns: the caller. */
GArray  *assay_validation_find_non_members (const AssayValidationQuestion *question);
