/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score_store.h: scores kept in a case, and the validator that stands before it.
 *
 * An object of kind "scores" has
 *   /scores/value, lo, hi (Q,N)       axes query and example: numbers of examples in the data set
 *   /question_examples (Q,m)          where a query is the mean of m examples; the axis question then only counts
 *   /scores/parts (Q,N,M), /part (M)  what each part adds to a score, where it was broken down, and the parts' names; attribute parts_by
 *   /scores/solver/...    (Q)         reason, true_residual, iterations, ... where something was solved
 * and attributes of /scores: method, unit, sign, measure, damping, l2, counterfactual, interval_kind, interval_words. They are also in the
 * object's metadata under "attributes", beside "options" and what the caller adds.
 * Shape letters: Q queries, N training examples.
 * Thread rule: as the store's: one call at a time on a case.
 */
#pragma once

#include "influence/score.h"
#include "store/case.h"

#define ASSAY_SCORES_PART "scores-part"

/* Refuses attributes that lack one of the names above, have one of the wrong type, or an unknown unit, sign or interval_kind. damping and l2
 * are numbers of 0 or more; null only for a score without a unit, or one that was imported. where names the document. */
gboolean     assay_score_attributes_check (const json_t *attributes, const char *where, GError **error);
/* What scores say of themselves. New reference. */
json_t      *assay_score_attributes_new   (const AssayInfluenceScores *scores, const char *method);

/* Commits the scores. extra: a JSON object merged into the metadata (provenance), or NULL. Errors: those of the validator; of the store. */
AssayObject *assay_influence_scores_save  (AssayCase *cas, const char *name, const AssayInfluenceScores *scores,
                                           const AssayInfluenceTask *task,
                                           const char *method, const AssayValues *options, json_t *extra, GError **error);
/* The same for a part of scores, an object of kind "scores-part" that a whole is made of later. */
AssayObject *assay_influence_scores_save_part (AssayCase *cas, const char *name, const AssayInfluenceScores *scores, const AssayInfluenceTask *task,
                                               const char *method, const AssayValues *options, json_t *extra, GError **error);
AssayInfluenceScores *assay_influence_scores_load_part (AssayCase *cas, const char *name, GError **error);
/* Reads them back, validated again. method (may be NULL) receives an interned name. */
AssayInfluenceScores *assay_influence_scores_load (AssayCase *cas, const char *name, const char **method, GError **error);

/* The examples of the data set that the scores were asked about, all queries behind each other. Elements are gint64. */
GArray      *assay_influence_scores_load_asked (AssayCase *cas, const char *name, GError **error);

/* The k scores of one query that are largest in magnitude, read in blocks: memory for k and one block, whatever N. */
AssayTop    *assay_influence_scores_load_top (AssayCase *cas, const char *name, gint64 query, gint64 k, GError **error);
