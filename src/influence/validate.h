/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validate.h: are the scores right? Predicted changes against what really happened when examples were left out and the model trained again.
 *
 *   loo      single examples, drawn at random, each left out in turn: leave-one-out correlation
 *   lds      random groups, in families of one size: the sum of their scores against the change of the query's loss (influence/agreement.h)
 *   qld      what is ranked highest left out, against random groups of as many: does the ranking beat chance? (influence/loss_difference.h)
 *   curve    the same for several numbers of examples; of each query for itself it shows how many examples carry its answer
 *   grade    what that allows the scores to be used for (influence/grade.h)
 *
 * Sets and losses may come from a bank that was measured elsewhere; then nothing of it is retrained.
 * Shape letters: S sets, Q queries.
 * Ownership: a validation owns its arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/grade.h"
#include "store/case.h"

/* leave-one-out, groups, group-share, group-size, seeds, qld, qld-share, qld-random, curve, set-seed, draws, level. */
extern const AssayParam assay_validate_params[];

/* Ground truth that is there already. */
typedef struct {
  const AssayBank *bank;
  const gint64 *query;          /* (Q) number of each of the task's queries in the bank */
  gboolean sets_only;           /* leave out what the bank leaves out, but retrain here */
} AssayValidationSource;

typedef struct {
  AssayResamplingPlan plan;
  guint n_seeds;
  gint64 n_train;
  const char *measure, *change_unit;    /* what is measured of a query, "loss" or its name; what its changes are in; interned */
  AssayAgreement one;
  GArray *families;             /* AssayAgreement of random groups; the first is the lds */
  GArray *ceilings;             /* AssayCeiling of each */
  AssayLossDifference difference;
  GArray *curve;                /* AssayLossDifference for each size that was asked for, in order */
  double *base;                 /* (Q) losses of the queries after training with all */
  AssayGrade grade;
} AssayValidation;

/* Whether the task can be validated with these options; source NULL: everything is retrained. Errors: USAGE when the training is not known, sizes do not
 * fit, or nothing is asked. */
gboolean          assay_validate_check   (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source, GError **error);
/* Retrainings that assay_validate_measure makes, and assay_validate for each method, those with all examples included. */
gint64            assay_validate_count_common (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source);
gint64            assay_validate_count_of_method (const AssayInfluenceTask *task, const AssayValues *options);
/* Seeds that count: 1 where another one changes nothing. */
guint             assay_validate_get_seeds (const AssayInfluenceTask *task, const AssayValues *options);

/* How intervals are drawn. */
AssayResamplingPlan assay_validate_get_plan (const AssayValues *options);

/* What happened to the queries without the sets, the same for all methods; kept where the task's retrain keeps it.
 * Errors: those of assay_validate_check; of the retrainings; cancelled. Owns: the caller. */
AssayGroundTruth *assay_validate_measure (const AssayInfluenceTask *task, const AssayValues *options, const AssayValidationSource *source,
                                          AssayProgress *progress, GError **error);
/* Cost: assay_validate_count_of_method retrainings. Errors: SHAPE for scores of another task; those of the retrainings; cancelled. */
AssayValidation  *assay_validate         (const AssayInfluenceTask *task, const AssayGroundTruth *truth, const AssayInfluenceScores *scores,
                                          const AssayValues *options, AssayProgress *progress, GError **error);
void              assay_validation_free  (AssayValidation *validation);
/* The family that stands for the model; NULL when no groups were asked for. */
const AssayAgreement *assay_validation_get_lds (const AssayValidation *validation);

/* {"measure", "change_unit", "lds": {...}, "ceiling", "qld": {...}, "loo": {...}, "families": [...], "grade": {...}, ...}, null for what was not asked; undefined numbers are null. An
 * entry of per_query belongs to the task's query of that number. New reference. */
json_t           *assay_validation_to_json (const AssayValidation *validation);

/* Commits an object of kind "validation": predicted and measured changes with their axes, correlations, and the document above in the
 * metadata under "result", beside method, unit and options. */
AssayObject      *assay_validation_save  (AssayCase *cas, const char *name, const AssayValidation *validation, const AssayInfluenceTask *task,
                                          const AssayInfluenceScores *scores, const char *method, const AssayValues *options, json_t *extra,
                                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayValidation, assay_validation_free)
