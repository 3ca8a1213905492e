/* SPDX-License-Identifier: GPL-3.0-or-later */
/* agreement.h: predicted against measured changes over the sets of one kind: the linear datamodeling score, its interval, and the best that noise allows.
 *
 *   predicted[s, q] = sum over the examples i of set s of score[q, i]
 *   lds = mean over queries of the Spearman correlation over sets of predicted and measured
 *
 * Queries share the sets' luck, so the interval resamples both sets and queries. The control repeats it with the scores dealt out to the examples at random:
 * where its interval is not around 0, something other than the ranking correlates. A second one holds each query's predictions against what was measured of
 * another query: what is left there is not specific to a query. The band is what a prediction may be off by: 95 % of the sets lie
 * within it; it is not the interval of the solve.
 * The ceiling is what a perfect prediction of the mean over all trainings would reach against a mean over R of them.
 * Shape letters: S sets, Q queries, R seeds.
 * Ownership: an agreement owns its arrays. Thread rule: one thread at a time.
 * Source: Park et al. 2023 (2303.14186); Owen 2007 for the two-way bootstrap; Spearman and Brown 1910 for the ceiling.
 */
#pragma once

#include "influence/ground_truth.h"
#include "influence/score.h"
#include "stats/estimate.h"

/* How intervals are drawn. */
typedef struct {
  guint draws;
  double level;
  guint64 seed;
} AssayResamplingPlan;

typedef struct {
  char *name;                   /* of the family of sets */
  gint64 n_sets, n_query;       /* n_sets 0: none was measured */
  gint64 size;                  /* examples of a set */
  gint64 *place;                /* (S,size) of the examples left out, in the task's train */
  gint64 *number;               /* (S) of the set in its family */
  GArray *diverged;             /* gint64: numbers of the sets that are left out here, because no retraining without them ended well */
  double *predicted, *measured; /* (S,Q) */
  double *pearson, *pearson_lo, *pearson_hi;            /* (Q) by Fisher's z; NaN where undefined */
  double *spearman, *spearman_lo, *spearman_hi;         /* (Q) by Fisher's z, Bonett and Wright */
  double *p, *adjusted;         /* (Q) of spearman against none, two-sided; adjusted over the queries (Benjamini and Hochberg) */
  gint64 n_significant;         /* queries with a positive correlation and adjusted <= 1 - level */
  AssayEstimate mean_pearson, mean_spearman;
  AssayEstimate control_pearson, control_spearman;
  AssayEstimate other_spearman; /* of each query's predictions with what was measured of the next one; NaN for one query */
  double change;                /* 95 % quantile of |measured|: what the band is to be seen against */
  double band;                  /* 95 % quantile of |measured - predicted|; NaN for scores without unit */
  double slope;                 /* measured on predicted through the origin: 1 where the scale is right */
} AssayAgreement;

/* Of the sets of that kind (and family, of random groups) in a bank that has run. */
void assay_agreement_init  (AssayAgreement *agreement, const AssayGroundTruth *truth, AssayRemovalKind kind, guint family,
                            const AssayInfluenceScores *scores, const AssayResamplingPlan *plan);
void assay_agreement_clear (AssayAgreement *agreement);

typedef struct {
  guint n_seeds;
  double value;                 /* 1 for one seed; NaN where seeds do not agree at all */
  double rho_1;                 /* mean over queries and pairs of seeds of the rank correlation of their changes; NaN for one seed */
  double signal_to_noise;       /* median over queries: deviation over sets of the true change, over the standard error of its measurement; NaN for one seed */
  const char *reason;           /* how the value came about */
} AssayCeiling;

AssayCeiling assay_ceiling_of (const AssayGroundTruth *truth, AssayRemovalKind kind, guint family);
