/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evaluate.h: losses and accuracy of a model on examples, in batches of one size and in order.
 *
 * Shape letters: N examples, T positions. Thread rule: one thread at a time per evaluator.
 */
#pragma once

#include "base/progress.h"
#include "run/pass.h"

typedef struct {
  gint64 N;
  double loss;                  /* mean of the examples' losses */
  gint64 n_predictions;         /* examples, or positions whose target counts */
  double accuracy;              /* share whose largest logit is the target; NaN for real targets */
} AssayEvaluation;

/* What is wanted of each example; any may be NULL. */
typedef struct {
  double *loss;                 /* (N) */
  double *right;                /* (N) share of its predictions that are the target; NaN for real targets */
  double *answer;               /* (N) the last prediction that counts: a class, or a token; the value itself for a real target */
} AssayEachExample;

typedef struct _AssayEvaluator AssayEvaluator;

/* batch 0: assay_pass_choose_batch of the data set. Computes in the model's type. */
AssayEvaluator *assay_evaluator_new  (const AssayModel *model, AssayDataset *dataset, gint64 batch, AssayBackend *backend, GError **error);
void            assay_evaluator_free (AssayEvaluator *evaluator);

/* theta (P, the model's type). each: NULL for none of it. Errors: NAN, naming the example; those of the walk; cancelled. */
gboolean        assay_evaluator_run  (AssayEvaluator *evaluator, const void *theta, const gint64 *examples, gint64 N, const AssayEachExample *each,
                                      AssayEvaluation *result, AssayProgress *progress, GError **error);

/* The same in one call, for the model's own theta. */
gboolean        assay_evaluate       (AssayModel *model, AssayDataset *dataset, const gint64 *examples, gint64 N, gint64 batch,
                                      AssayBackend *backend, double *loss, AssayEvaluation *result, AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayEvaluator, assay_evaluator_free)
