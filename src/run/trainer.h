/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trainer.h: one deterministic training, step by step, in memory. run/train.h drives it and keeps its state in a case.
 *
 * A step takes its batch from the order (run/batch_order.h), the mean gradient over the batch (run/objective.h), clips it, takes the
 * rate from the schedule, and lets the optimizer move theta. The whole run is a function of model, examples, weights and options:
 * not of threads, and not of where it was interrupted.
 * A weight of 0 leaves an example out while batches, divisor and rates stay as they were: the counterfactual "this run without it".
 * Shape letters: N training examples, B batch, P parameters.
 * Ownership: the spec's objects are the caller's and outlive the trainer; theta is trained in place in the model.
 * Thread rule: one thread at a time. assay_trainer_step allocates nothing.
 */
#pragma once

#include "run/batch_order.h"
#include "run/optimizer.h"

/* optimizer, learning-rate, schedule, warmup, steps, epochs, batch, l2, ...: every option of a training. */
extern const AssayParam assay_train_params[];

typedef struct {
  AssayModel *model;            /* theta at the start; the trained theta at the end */
  AssayDataset *dataset;
  const gint64 *train;          /* (N) examples of the data set */
  const double *weight;         /* (N) or NULL: ones */
  gint64 N;
  const AssayValues *options;   /* of assay_train_params */
  AssayBackend *backend;
  const gint64 *order;          /* (n_order) places in train, batch after batch, of a first-order training; NULL: shuffled by the seed */
  gint64 n_order;
  /* See AssayOptimizerStep; for newton alone. Retrainings side by side call it from several threads. */
  gboolean (*precondition) (gpointer data, const double *r, double *z, GError **error);
  gpointer precondition_data;
} AssayTraining;

/* One row of the log, of the batch before theta moved. */
typedef struct {
  gint64 step;                  /* from 1 */
  double loss;                  /* mean over the batch, without the l2 term */
  double rate;
  double gradient_norm;         /* of the objective, before clipping */
} AssayTrainRow;

typedef struct _AssayTrainer AssayTrainer;

/* The type that these options compute in: F64 for newton and lbfgs unless told otherwise, else F32. */
AssayDtype    assay_train_get_dtype  (const AssayValues *options);
/* Steps over N examples, or along an order of n_order places (0: shuffled by the seed); of newton and lbfgs the most that they may take. */
gint64        assay_train_get_n_steps (const AssayValues *options, gint64 N, gint64 n_order);

/* Errors: USAGE (options that contradict each other, a model of another type), SHAPE (data that do not fit), NO_MEMORY. */
AssayTrainer *assay_trainer_new      (const AssayTraining *training, GError **error);
void          assay_trainer_free     (AssayTrainer *trainer);

/* Errors: NAN, naming step, example and tensor, with theta as before the step; NOT_CONVERGED (newton, lbfgs: see there); cancelled, with
 * everything as before the step. */
gboolean      assay_trainer_step     (AssayTrainer *trainer, AssayTrainRow *row, GError **error);
gboolean      assay_trainer_is_done  (const AssayTrainer *trainer);
/* Lets a long step of newton be stopped between two products; NULL: nobody watches. */
void          assay_trainer_set_progress (AssayTrainer *trainer, AssayProgress *progress);
/* Back before the first step, with what theta and weights hold now. */
void          assay_trainer_restart  (AssayTrainer *trainer);

gint64        assay_trainer_get_step (const AssayTrainer *trainer);       /* steps done */
gint64        assay_trainer_get_n_steps (const AssayTrainer *trainer);    /* at most */
gboolean      assay_trainer_is_whole_batch (const AssayTrainer *trainer);
const AssayOptimizer *assay_trainer_get_optimizer (const AssayTrainer *trainer);
gint64        assay_trainer_get_batch (const AssayTrainer *trainer);      /* B; N where all are seen in every step */
/* The order that its steps follow; for first-order trainings. Owns: the caller. */
AssayBatchOrder *assay_trainer_make_order (const AssayTrainer *trainer, GError **error);
/* At whose lengths its micro-batches are walked; NULL: all at the context. */
const AssayLengthBuckets *assay_trainer_get_buckets (const AssayTrainer *trainer);
double        assay_trainer_get_rate (const AssayTrainer *trainer, gint64 step);      /* of step, from 1 */

/* Whole-batch: objective at theta, its gradient's norm, the last decrement. First-order: those of the last batch. */
typedef struct {
  AssayTrainReason reason;
  gint64 steps;
  double loss, objective, gradient_norm, decrement;
  double operations;            /* of the model's walks in all steps; NaN: not known */
  double seconds;               /* time that the steps took, all runs of an interrupted training together; NaN: not known */
} AssayTrainResult;

gboolean      assay_trainer_get_result (AssayTrainer *trainer, AssayTrainResult *result, GError **error);

/* What a later step depends on, besides theta: written out to stop, read in to go on. */
typedef struct {
  gint64 step;
  AssayTrainReason reason;
  AssayDtype dtype;
  gint64 P;
  guint n_vectors, n_scalars;
  void *theta;                  /* (P) */
  void *vectors;                /* (n_vectors,P) */
  double *scalars;              /* (n_scalars) */
  double last[4];               /* loss, gradient norm and decrement of the last step, and operations of all, for the result */
} AssayTrainerState;

/* Borrowed buffers. To go on: fill them, set the other members, then assay_trainer_resume. Of a training on a device they, and the model's theta, hold what
 * was there at the last assay_trainer_fetch, or when the training was done. */
AssayTrainerState assay_trainer_get_state (AssayTrainer *trainer);
/* Errors: those of the device. */
gboolean      assay_trainer_fetch    (AssayTrainer *trainer, GError **error);
void          assay_trainer_resume   (AssayTrainer *trainer, const AssayTrainerState *state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTrainer, assay_trainer_free)
