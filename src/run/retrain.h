/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retrain.h: the same training again without some examples: what really happens when they are left out.
 *
 * Left out means weight 0: batches, divisor and rates stay those of the training. A first-order training is repeated from the same first
 * parameters ("this run without them"); a whole-batch training begins at the trained ones, where its unique optimum is near.
 * Sets are retrained side by side, each on one thread, with the same bits as one after the other.
 * Shape letters: N training examples, Q queries, P parameters, K sets.
 * Thread rule: one thread at a time per retrainer; a bank starts threads of its own.
 */
#pragma once

#include "run/train.h"

typedef struct {
  const AssayTraining *training;        /* its model gives the architecture and, whole-batch, the trained theta; it is not changed */
  const void *start;            /* (P, model's type) first parameters of a first-order training; NULL for whole-batch: model's theta */
  const gint64 *query;          /* (Q) examples of the data set whose losses are asked for */
  const AssayModel *measured;   /* the model with a measure that is asked for instead; NULL: the loss */
  gint64 Q;
  gboolean mark_diverged;       /* a bank goes on where a set's training does not converge or its loss is not finite: its losses are NaN */
} AssayRetraining;

typedef struct _AssayRetrainer AssayRetrainer;

/* One model, trainer and evaluator on a crew of its own (n_threads). The spec's objects outlive it. */
AssayRetrainer *assay_retrainer_new  (const AssayRetraining *spec, guint n_threads, GError **error);
void            assay_retrainer_free (AssayRetrainer *retrainer);
/* Retrains without the training examples at places without (each in 0 .. N-1) and writes the query losses (Q).
 * result: NULL, or how the training ended. Errors: USAGE (a place outside, or all left out), NOT_CONVERGED (whole-batch: the steps ran
 * out), those of the training; cancelled. */
gboolean        assay_retrainer_run  (AssayRetrainer *retrainer, const gint64 *without, gint64 n_without, double *query_loss,
                                      AssayTrainResult *result, AssayProgress *progress, GError **error);

typedef struct { const gint64 *place; gint64 n; } AssayRetrainSet;

/* How a set's training ended; kept, so numbers stay. */
typedef enum { ASSAY_RETRAIN_DONE = 0, ASSAY_RETRAIN_NOT_CONVERGED = 1, ASSAY_RETRAIN_NOT_FINITE = 2 } AssayRetrainOutcome;

/* Query losses (K,Q) of K sets. place NULL, or where finished sets are kept as rows of the object "retraining" NAME (/retraining/query_loss, steps,
 * gradient_norm, outcome, and left_out, a digest of the places): a bank that was stopped goes on with the next set, a finished one is read back, and sets
 * that another finished bank of the case has are taken from there. A set that leaves nothing out is never marked: its error is the bank's.
 * With a share in place this process does its sets alone, and query_loss says nothing; whoever runs the bank without a share reads it back. */
gboolean        assay_retrain_bank   (const AssayRetraining *spec, const AssayRetrainSet *sets, gint64 K, const AssayTrainPlace *place,
                                      double *query_loss, AssayProgress *progress, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayRetrainer, assay_retrainer_free)
