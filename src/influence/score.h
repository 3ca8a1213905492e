/* SPDX-License-Identifier: GPL-3.0-or-later */
/* score.h: what a method answers: a matrix of scores with their checks, the largest of them, and their JSON form.
 *
 * An entry NaN was not scored (leave-one-out of a subset). Scores of a query whose solve did not converge are kept and marked.
 * Shape letters: Q queries, N training examples.
 * Ownership: scores own their arrays and solves; texts in them are static or interned. Thread rule: immutable once made.
 */
#pragma once

#include "influence/measure_name.h"
#include "influence/method.h"
#include "influence/top.h"

#define ASSAY_UNIT_NATS      "nats per removed example"
#define ASSAY_UNIT_ACTIVATION "activation per removed example"
#define ASSAY_UNIT_PROBE     "probe value per removed example"
#define ASSAY_UNIT_RELATIVE  "relative"
#define ASSAY_SIGN           "positive: removing the example raises the query's loss"
#define ASSAY_SIGN_MEASURE   "positive: removing the example raises what is measured of the query"
#define ASSAY_SIGN_SELF      "positive: removing the example raises its own loss"

gboolean    assay_influence_scores_are_of_losses (const AssayInfluenceScores *scores);
/* What the sign of such scores means, by what they measure. */
const char *assay_influence_scores_get_sign (const AssayInfluenceScores *scores);

/* Values NaN; with_interval: lo and hi too; with_solves: (Q) results, all zero. Errors: not enough memory. */
AssayInfluenceScores *assay_influence_scores_new (gint64 n_query, gint64 n_train, gboolean with_interval, gboolean with_solves,
                                                  GError **error);

/* TRUE where nothing was solved, or the query's solve converged; query < 0: all queries. */
gboolean    assay_influence_scores_has_converged (const AssayInfluenceScores *scores, gint64 query);

/* The k scores of one query that are largest in magnitude. */
AssayTop   *assay_influence_scores_get_top (const AssayInfluenceScores *scores, gint64 query, gint64 k);

/* One query's answer: method, measure, unit, sign, counterfactual, l2, damping, solver (null where nothing is solved), interval_kind
 * with its words, notes, and scores[] of the k largest: example (index into the training split), id, file and row that it came from,
 * score, lo, hi, se_sample, se_seed, converged, and its parts where the scores have them.
 * Infinite or missing numbers are null. New reference. */
json_t     *assay_influence_scores_to_json (const AssayInfluenceScores *scores, const AssayInfluenceTask *task, const char *method,
                                            gint64 query, gint64 k);

/* One of those scores, without standard errors; entry->example is a place in the training examples. New reference. */
json_t     *assay_influence_entry_to_json (const AssayTopEntry *entry, const AssayInfluenceTask *task, gboolean converged);

/* "solve", "sampling" or "none". */
const char *assay_interval_kind_name (AssayIntervalKind kind);
gboolean    assay_interval_kind_parse (const char *name, AssayIntervalKind *kind);
