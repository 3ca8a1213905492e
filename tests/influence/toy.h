/* SPDX-License-Identifier: GPL-3.0-or-later */
/* toy.h: small questions whose answers are known: multinomial logistic regressions trained to their optimum, and models that are not.
 *
 * Ownership: a toy owns everything its task points to.
 */
#pragma once

#include "influence/ground_truth.h"
#include "influence/method.h"

typedef struct {
  AssayBackend *backend;
  AssayDataset *dataset;        /* splits train and query */
  AssayModel *model;
  AssayValues *options;         /* of the training */
  AssayTraining training;
  AssayRetrainSource source;
  double *checkpoint[2], rate[2];
  double *start;                /* (P) first parameters of a training by steps, else NULL */
  AssayInfluenceTask task;
} Toy;

/* N examples of two classes in D dimensions with Q queries drawn alike, trained by Newton's method to its optimum under l2.
 * Train example 0 is query 0 itself; train example 1 is query 0 with the other label. */
Toy *toy_new_logistic (gint64 N, gint64 Q, gint64 D, double l2, guint64 seed);
/* The same data under one logit, without l2, at theta (P), with column d multiplied by 2^exponent[d] (D). */
Toy *toy_new_binary   (gint64 N, gint64 Q, gint64 D, const int *exponent, const double *theta, guint64 seed);
/* The same data under a network with a hidden layer, at its random first parameters: nothing converged, nothing convex. */
Toy *toy_new_mlp      (gint64 N, gint64 Q, gint64 D, guint64 seed);
/* Sequences of T positions over V tokens under a one-layer transformer at its random first parameters: the first positions are a prompt
 * that does not count, and some sequences end early. Train example 0 is query 0 itself. */
Toy *toy_new_tokens   (gint64 N, gint64 Q, gint64 T, gint64 V, guint64 seed);
/* The same data and model as toy_new_logistic, trained by steps of gradient descent with momentum, without l2. */
Toy *toy_new_steps    (gint64 N, gint64 Q, gint64 D, guint64 seed);
/* What a method of the registry is asked in: sequences for those that need them, a training by steps, else toy_new_logistic with l2 0.05. */
Toy *toy_new_for      (const AssayMethod *method, gint64 N, gint64 Q, guint64 seed);
void toy_free         (Toy *toy);

#define TOY_HELPFUL 0
#define TOY_HARMFUL 1

/* All options of a method at their defaults, then NAME, VALUE, ..., NULL. */
AssayValues *toy_options (const AssayMethod *method, ...) G_GNUC_NULL_TERMINATED;
AssayInfluenceScores *toy_score (const Toy *toy, const char *method, ...) G_GNUC_NULL_TERMINATED;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Toy, toy_free)
