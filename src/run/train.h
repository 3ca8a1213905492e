/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train.h: a training that keeps its progress in a case, and goes on from there when it is run again.
 *
 * Objects of the run NAME:
 *   model       NAME             the trained parameters; meta: what the caller gave, "training" (identity), "result"
 *   metrics     NAME             /metrics/loss, /metrics/rate, /metrics/gradient_norm along the axis "step"
 *   checkpoint  NAME/step-N      parameters after step N with "rate" and "rate_sum" (of the steps since the one before)
 *   checkpoint  NAME/state       what is needed to go on, superseded again and again
 *
 * The identity is a digest of everything that the result depends on: options, architecture, first parameters, examples, weights, the
 * caller's meta, and the instruction set. A run with that identity which was finished is answered from the case; one which was
 * not goes on at its last saved state and ends with the same bits as if it had never stopped.
 * Thread rule: one training at a time per model; several may share a case.
 */
#pragma once

#include "base/progress.h"
#include "run/trainer.h"
#include "store/case.h"

typedef struct {
  AssayCase *store;             /* open for writing */
  const char *name;
  json_t *meta;                 /* object or NULL; borrowed. Names the data: their content roots belong here. */
  const struct _AssayRecorderShare *share;       /* of banks (run/retrain.h): NULL, or what one of several processes does */
} AssayTrainPlace;

/* Trains training->model. place NULL: nothing is kept.
 * Errors: those of trainer.h and of the store; INTERRUPTED or TERMINATED after a cancel, when the state has been saved. */
gboolean assay_train (const AssayTraining *training, const AssayTrainPlace *place, AssayTrainResult *result, AssayProgress *progress,
                      GError **error);

/* The kept parameters of a run, oldest first. */
typedef struct {
  guint n;
  gint64 P;
  gint64 *step;                 /* (n) */
  double *rate;                 /* (n) learning rate of the step that led there */
  double *rate_sum;             /* (n) over the steps since the checkpoint before */
  double **theta;               /* (n) of (P) */
} AssayTrajectory;

/* Errors: NOT_FOUND when the run kept none, with what to do. */
AssayTrajectory *assay_trajectory_load (AssayCase *store, const char *name, GError **error);
void             assay_trajectory_free (AssayTrajectory *trajectory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTrajectory, assay_trajectory_free)
