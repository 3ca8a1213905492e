/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer.h: how theta moves. One optimizer_*.c and one line in local.mk each.
 *
 * A first-order optimizer is given the gradient of one batch and updates theta by it. A whole-batch optimizer sees the objective over all
 * examples, evaluates it as often as it likes within a step, works in F64, and says when it has converged.
 * Everything that a later step depends on is in state and scalars, so a run that is stopped and continued goes on with the same bits.
 * Shape letters: P parameters. Ownership: all buffers are the trainer's. Thread rule: one step at a time. A step allocates nothing.
 */
#pragma once

#include "base/param.h"
#include "base/progress.h"
#include "run/objective.h"

typedef enum {
  ASSAY_TRAIN_RUNNING,
  ASSAY_TRAIN_STEPS_DONE,       /* all steps that were asked for */
  ASSAY_TRAIN_CONVERGED,        /* the Newton decrement fell to the tolerance */
  ASSAY_TRAIN_ROUNDING          /* it fell as far as rounding lets it */
} AssayTrainReason;

typedef struct {
  const AssayValues *options;   /* of assay_train_params */
  AssayBackend *backend;
  AssayDtype dtype;
  gint64 P;
  gint64 step;                  /* from 1 */
  double rate;                  /* learning rate of this step */
  void *theta;                  /* (P), updated; as all vectors of a first-order step it may be the backend's (run/backend_vector.h) */
  void *gradient;               /* (P) at theta; a whole-batch step leaves that of the new theta */
  void *state;                  /* (n_state,P), zero before the first step */
  void *work;                   /* (n_work,P), kept between steps but never stored */
  double *scalars;              /* (n_scalars), zero before the first step */

  /* Whole-batch only. */
  AssayObjective *objective;
  AssayObjectiveValue value;    /* at theta; left at the new theta */
  double decrement;             /* sqrt (g' B^-1 g) with B the curvature in use: how far, in standard errors, up to sqrt N */
  AssayTrainReason reason;      /* set when there is nothing left to do */
  /* z <- an approximate inverse of the Hessian times r, or NULL. */
  gboolean (*precondition) (gpointer data, const double *r, double *z, GError **error);
  gpointer precondition_data;
  /* Looked at within a long step: when somebody wants to stop, the step fails with that error and leaves everything as it was. */
  AssayProgress *progress;
} AssayOptimizerStep;

/* One step backwards: from the adjoints of what it left, those of what it found, but for the part of theta's that goes through the gradient. */
typedef struct {
  const AssayValues *options;
  AssayDtype dtype;             /* of state */
  gint64 P;
  gint64 step;                  /* from 1 */
  double rate;
  const double *gradient;       /* (P) that the step was given */
  const void *state;            /* (n_state,P) behind the step */
  double *theta_adjoint;        /* (P), in place */
  double *state_adjoint;        /* (n_state,P), in place */
  double *direction;            /* (P), written: the adjoint of the gradient */
} AssayOptimizerReverse;

typedef struct {
  const char *name, *help;
  gboolean is_whole_batch;
  gboolean needs_products;
  /* Vectors and scalars for these options and P; either pointer may be ignored. */
  void     (*size) (const AssayValues *options, gint64 P, guint *n_state, guint *n_work, guint *n_scalars);
  gboolean (*step) (AssayOptimizerStep *s, GError **error);
  void     (*reverse) (const AssayOptimizerReverse *r);           /* first-order; NULL for others */
  /* scale (P), written: how far, over the rate, a gradient that stays the same takes theta in a step, judged by the state behind `step`.
   * Returns the share of theta itself that a step takes off, over the rate. First-order; NULL: 1 and 0. */
  double   (*scale) (const AssayValues *options, AssayDtype dtype, gint64 P, gint64 step, const void *state, double *scale);
} AssayOptimizer;

#define ASSAY_OPTIMIZER_DEFINE(symbol)                                                                                  \
  extern const AssayOptimizer assay_optimizer_##symbol;                                                                 \
  const AssayOptimizer assay_optimizer_##symbol

const AssayOptimizer *assay_optimizer_find (const char *name);            /* NULL when there is none */
extern const char *const assay_optimizer_names[];                         /* NULL-terminated */
