/* SPDX-License-Identifier: GPL-3.0-or-later */
/* non_members.h: a negative control: the scores of examples that the model never saw, as if it had been trained on them.
 *
 * They cannot have done anything to the model, so the magnitudes of their scores are what a score may be by itself: the null distribution of each query.
 *
 *   area   = chance that the score of a training example is larger in magnitude than that of an example from outside; 0.5: as large
 *   p[i]   = (1 + number of outside examples whose score is at least as large) / (M + 1), adjusted over the N training examples (Benjamini and Hochberg)
 *
 * For examples drawn alike the p-values are valid whatever the distribution. A model that fits its training examples well has small gradients at them, and may
 * well give others larger scores: then magnitude is no evidence of having been trained on.
 * Shape letters: N training examples, M from outside, Q queries.
 * Ownership: the owner clears it. Thread rule: one at a time.
 * Source: the manual's chapter on influence, negative controls; Phipson and Smyth 2010 for the p-values; DeLong et al. 1988 for the spread of an area.
 */
#pragma once

#include "influence/method.h"
#include "stats/estimate.h"

typedef struct {
  gint64 n_query, n_train, n_outside;
  double *area;                 /* (Q) */
  double *first_p;              /* (Q) adjusted p of the score of largest magnitude */
  gint64 *n_significant;        /* (Q) training examples with adjusted p <= 1 - level */
  AssayEstimate mean_area;      /* over queries; the interval resamples queries and both kinds of examples, to first order */
} AssayNonMembers;

/* value (Q,M): the method's scores of those examples of the data set. Cost: the method's, and a pass over them. Errors: USAGE for a method that
 * scores nothing but what it was fitted to; those of the method. */
gboolean assay_non_members_score (const AssayMethod *method, const AssayInfluenceTask *task, const AssayValues *options, const gint64 *outside, gint64 M,
                                  double *value, AssayProgress *progress, GError **error);

/* outside (Q,M) beside the scores; NaN count nowhere. Cost: O(Q (N + M) log M). */
void     assay_non_members_init  (AssayNonMembers *self, const AssayInfluenceScores *scores, gint64 M, const double *outside, double level);
void     assay_non_members_clear (AssayNonMembers *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayNonMembers, assay_non_members_clear)
