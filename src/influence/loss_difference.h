/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss_difference.h: query loss difference: do the examples that scores rank highest matter more than others?
 *
 *   qld = mean over queries q of [ f_q (retrained without the highest-ranked share) - mean over random shares of f_q (retrained without them) ]
 *
 * The ranking is of all queries together, by their mean score, or of each query for itself. The interval resamples the random shares and the queries.
 * Shape letters: G random shares, Q queries.
 * Ownership: a difference owns its arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/agreement.h"

typedef enum { ASSAY_RANKING_NONE, ASSAY_RANKING_OF_ALL, ASSAY_RANKING_OF_EACH } AssayRanking;

typedef struct {
  AssayRanking ranking;
  gint64 n_query, n_random;     /* n_random: those whose retraining ended well; 0: nothing was measured */
  gint64 size;                  /* examples of a share */
  gint64 *place;                /* (size), or of each query (Q,size): those ranked highest, in the task's train */
  double *rise;                 /* (Q) change of a query's loss without those ranked highest */
  double *random_mean;          /* (Q) without a random share */
  double *p;                    /* (Q) share of random removals that raised it at least as much, counting this one */
  AssayEstimate mean_rise, mean_random, estimate;
} AssayLossDifference;

/* Retrainings that it takes, the one with all examples included. */
gint64   assay_loss_difference_count (AssayRanking ranking, gint64 n_query, gint64 n_random, guint n_seeds);

/* Retrains without the `size` examples that the scores rank highest, and without n_random random groups of as many. A difference whose retrainings
 * diverged has n_random 0, or NaN where they did. Errors: those of the retrainings. */
gboolean assay_loss_difference_init  (AssayLossDifference *difference, const AssayInfluenceTask *task, const AssayInfluenceScores *scores,
                                      AssayRanking ranking, gint64 size, gint64 n_random, guint n_seeds, const AssayResamplingPlan *plan,
                                      AssayProgress *progress, GError **error);
void     assay_loss_difference_clear (AssayLossDifference *difference);

/* Places in the training examples, the highest first (those without a score last): of one query, or (query < 0) by the mean over all. (N), the caller's. */
gint64  *assay_influence_scores_rank (const AssayInfluenceScores *scores, gint64 query);
