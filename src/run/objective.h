/* SPDX-License-Identifier: GPL-3.0-or-later */
/* objective.h: the training objective over a list of examples, summed in micro-batches of a fixed size and order:
 *
 *   J (theta) = (1/divisor) sum_i w_i l_i (theta) + l2/2 |theta|^2
 *
 * The divisor does not follow the weights: an example with weight 0 is left out and the others count as before.
 * Shape letters: N examples of one evaluation, B examples of a micro-batch, P parameters.
 * Numerics: everything is computed in dtype, but for the products of linear layers where compute says less; losses are summed in double, in the order of the examples. The bits depend on B.
 * Vectors are the host's or the backend's (model/exec.h).
 * Thread rule: one thread at a time. Nothing allocates after assay_objective_new.
 */
#pragma once

#include "run/pass.h"

typedef struct _AssayObjective AssayObjective;

typedef struct {
  const AssayModel *model;      /* its architecture; theta is given to each evaluation */
  AssayDataset *dataset;
  AssayDtype dtype;             /* F32 or F64 */
  AssayCompute compute;         /* of evaluations in F32 */
  AssayBackend *backend;
  gint64 N;
  gint64 micro_batch;           /* B; 0: assay_pass_choose_batch */
  const AssayLengthBuckets *buckets;    /* sequences: a micro-batch is walked at the length of its longest example's bucket; NULL: at the context */
  gboolean keeps_examples;      /* (without buckets) the same examples many times: their data and, with products, their primals stay in memory */
  gboolean products;            /* Hessian-vector products are wanted */
  double l2;
} AssayObjectiveSpec;

typedef struct {
  double data;                  /* (1/divisor) sum_i w_i l_i */
  double total;                 /* with the l2 term */
} AssayObjectiveValue;

/* Errors: SHAPE (the data set does not fit the model), UNSUPPORTED (assay_exec_new_walk), NO_MEMORY. */
AssayObjective *assay_objective_new          (const AssayObjectiveSpec *spec, GError **error);
void            assay_objective_free         (AssayObjective *objective);

/* The N examples that the next evaluations are over; weights (N), or NULL: ones. Both are the caller's and stay valid meanwhile. */
void            assay_objective_set_examples (AssayObjective *objective, const gint64 *examples, const double *weights, double divisor);

/* J and its gradient (P, dtype) at theta (P, dtype). theta stays valid until the last product.
 * Cost: a forward and a backward walk of N examples. Errors: those of the walk; a value that is not finite is returned as it is. */
gboolean        assay_objective_evaluate     (AssayObjective *objective, const void *theta, void *gradient, AssayObjectiveValue *value,
                                              GError **error);
/* product (P) <- (Hessian of J) direction (P), at the last theta. Cost: two walks more where primals were not kept. */
gboolean        assay_objective_product      (AssayObjective *objective, const void *direction, void *product, GError **error);

/* Floating-point operations of the model in all evaluations and products so far, as its operations count them. */
double          assay_objective_get_operations (const AssayObjective *objective);

/* Evaluates again with every tensor looked through, and says in the error where the first NaN or infinity is: tensor, example (with
 * its source), position. TRUE when all tensors are finite. */
gboolean        assay_objective_check        (AssayObjective *objective, const void *theta, void *gradient, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayObjective, assay_objective_free)
