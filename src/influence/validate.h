/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate.h: are the scores right? Predicted changes against what really happened when examples were left out and the model trained again.
 *
 *   one      single examples, drawn at random, each left out in turn: leave-one-out correlation
 *   group    random groups of one size: the sum of their scores against the change of the query's loss
 *   top      for each query the group ranked most helpful, against the random groups of the same size: does ranking beat chance?
 *
 * Every correlation is given for each query and as the mean over queries. Queries share the sets' luck, so its interval resamples both
 * sets and queries. The control repeats it with the scores dealt out to the examples at random: where its interval is not around 0,
 * something other than the ranking correlates.
 * The band is what a prediction may be off by: 95 % of the sets lie within it. It is not the interval of the solve.
 * Shape letters: S sets, Q queries.
 * Ownership: a validation owns its arrays. Thread rule: one thread at a time.
 * Source: Park et al. 2023 (2303.14186) for sums against retraining; Owen 2007 for the two-way bootstrap.
 */
#pragma once

#include "influence/ground_truth.h"
#include "influence/score.h"
#include "stats/estimate.h"
#include "store/case.h"

/* leave-one-out, groups, group-size, seed, draws, level. */
extern const AssayParam assay_validate_params[];

typedef struct {
  gint64 n_sets, n_query;       /* n_sets 0: not asked for */
  gint64 size;                  /* examples of a set */
  gint64 *place;                /* (S,size) of the examples left out, in the task's train */
  double *predicted, *measured; /* (S,Q) */
  double *pearson, *spearman;   /* (Q); NaN where undefined */
  double *pearson_lo, *pearson_hi;      /* (Q) by Fisher's z */
  AssayEstimate mean_pearson, mean_spearman;
  AssayEstimate control_pearson, control_spearman;
  double change;                /* 95 % quantile of |measured|: what the band is to be seen against */
  double band;                  /* 95 % quantile of |measured - predicted|; NaN for scores without unit */
  double slope;                 /* measured on predicted through the origin: 1 where the scale is right */
} AssayAgreement;

typedef struct {
  gint64 n_query, n_random;     /* n_random 0: not asked for */
  double *change;               /* (Q) of a query's loss without its most helpful group */
  double *random_mean;          /* (Q) without a random group */
  double *p;                    /* (Q) share of random groups that raised it at least as much, counting this one */
  AssayEstimate mean_change, mean_random, mean_difference;
} AssayTopRemoval;

typedef struct {
  gint64 group_size;
  guint draws;
  double level;
  guint64 seed;
  AssayAgreement one, group;
  AssayTopRemoval top;
} AssayValidation;

/* Whether the task can be validated with these options. Errors: USAGE when the training is not known, sizes do not fit, or nothing is asked. */
gboolean         assay_validate_check (const AssayInfluenceTask *task, const AssayValues *options, GError **error);
/* Retrainings that assay_validate makes, those with all examples included. */
gint64           assay_validate_count (const AssayInfluenceTask *task, const AssayValues *options);

/* Cost: assay_validate_count retrainings, kept where the task's retrain keeps them.
 * Errors: those of assay_validate_check; SHAPE for scores of another task; those of the retrainings; cancelled. */
AssayValidation *assay_validate (const AssayInfluenceTask *task, const AssayInfluenceScores *scores, const AssayValues *options,
                                 AssayProgress *progress, GError **error);
void             assay_validation_free (AssayValidation *validation);

/* {"leave_one_out": {...}, "groups": {...}, "top_removal": {...}}, null for what was not asked; undefined numbers are null. In each, an entry of
 * per_query belongs to the task's query of that number. New reference. */
json_t          *assay_validation_to_json (const AssayValidation *validation);

/* Commits an object of kind "validation": predicted and measured changes with their axes, correlations, and the document above in the
 * metadata under "result", beside method, unit and options. */
AssayObject     *assay_validation_save (AssayCase *cas, const char *name, const AssayValidation *validation,
                                        const AssayInfluenceTask *task,
                                        const AssayInfluenceScores *scores, const char *method, const AssayValues *options, json_t *extra,
                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayValidation, assay_validation_free)
