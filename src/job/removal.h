/* SPDX-License-Identifier: GPL-3.0-or-later */
/* removal.h: which examples a retraining leaves out by scores of the case, what these predict of it, and random groups of the same make-up.
 *
 * A predictor speaks of the mean loss over the examples that its scores were asked about. Places count in the subject's training examples.
 * Shape letters: N training examples, Q queries.
 * Ownership: the predictor owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/ground_truth.h"
#include "influence/score.h"
#include "job/subject.h"

typedef struct {
  AssayObject *object;
  AssayInfluenceScores *scores;
  GArray *asked;                /* gint64: examples of the data set */
  gboolean has_unit;            /* scores are changes in nats, and sum to a prediction */
} AssayPredictor;

/* Errors: NOT_FOUND; INPUT for scores of another model or other data. */
AssayPredictor *assay_predictor_open (AssayCase *cas, const char *name, const AssaySubject *subject, GError **error);
/* Of scores that were just computed, for these examples of the data set (n), a row for each. All are taken but the examples, which are copied. */
AssayPredictor *assay_predictor_take (AssayObject *object, AssayInfluenceScores *scores, const gint64 *asked, gint64 n);
void            assay_predictor_free (AssayPredictor *predictor);

/* Places of the `count` examples whose removal raises the mean loss most (helpful), or lowers it most; equals in order. Elements are gint64.
 * Errors: USAGE when fewer have scores of that sign; NOT_CONVERGED when a solve did not end well. */
GArray         *assay_predictor_rank (const AssayPredictor *predictor, gint64 count, gboolean helpful, GError **error);

/* The change of the mean loss that a removal is predicted to make: the sum of its scores. lo, hi: of the solve; NaN where not certified. */
typedef struct { double value, lo, hi; } AssayPrediction;
AssayPrediction assay_predictor_sum  (const AssayPredictor *predictor, const AssayRemoval *removal);
/* The same of the loss of one of the examples asked about; NaN where the scores speak of their mean only, or have no unit. */
AssayPrediction assay_predictor_sum_of (const AssayPredictor *predictor, const AssayRemoval *removal, gint64 asked);

/* Adds `groups` random groups that have as many examples of each value of the columns as the places (n): drawn from all training examples
 * with these values, the chosen ones included. Errors: USAGE for a column that is not there or is neither number nor text. */
gboolean        assay_removal_add_matched (AssayGroundTruth *truth, const AssaySubject *subject, const char *const *columns, const gint64 *place,
                                           gint64 n, gint64 groups, guint64 seed, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPredictor, assay_predictor_free)
