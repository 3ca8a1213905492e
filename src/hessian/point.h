/* SPDX-License-Identifier: GPL-3.0-or-later */
/* point.h: where curvature is taken: a model at a theta, meeting given examples of a data set, computed in a given type.
 *
 * Everything on this floor that walks a model starts from a point: curvature operators, gradients, directional derivatives.
 * Examples are walked in micro-batches of `batch` in the order given, and sums over micro-batches are in double in that order: the
 * bits of a sum depend on the size of its micro-batches and on nothing else (threads, kept walks, memory); what is of one example does not depend on it.
 * Who must give the same bits for any batch fixes that of sums (sum_batch).
 * Shape letters: N examples, P parameters.
 * Ownership: a plain value that borrows everything. Objects made from it copy theta and the list of examples; model, data set and
 * backend must outlive them. Thread rule: immutable.
 */
#pragma once

#include "run/pass.h"

typedef struct {
  const AssayModel *model;
  const double *theta;          /* (P), or NULL: the model's own */
  AssayDataset *dataset;
  const gint64 *examples;       /* (N), of the data set */
  gint64 n_examples;
  AssayDtype dtype;             /* F32 or F64: what walks compute in */
  gint64 batch;                 /* examples of a micro-batch */
  gint64 sum_batch;             /* of one whose examples are summed over; 0: batch */
  AssayCompute compute;         /* of products of linear layers in walks of curvature operators in f32 (AssayWalkSpec) */
  gsize memory;                 /* bytes that kept walks may take; 0: nothing is kept and walks take as little as they can */
  AssayBackend *backend;
} AssayPoint;

/* FALSE when there are no examples, one that the data set does not have, no batch, or a type that walks do not compute in. */
gboolean assay_point_check       (const AssayPoint *point, GError **error);

/* The point with the micro-batches of sums. */
AssayPoint assay_point_for_sums  (const AssayPoint *point);

/* theta (P) in the given compute type. */
void     assay_point_read_theta  (const AssayPoint *point, AssayDtype dtype, void *theta);
/* The same in memory of the point's backend, for walks. Owns: the caller, who releases it there. Errors: NO_MEMORY. */
void    *assay_point_new_theta   (const AssayPoint *point, AssayDtype dtype, GError **error);

/* What a product or gradient may be off by, relative to the operator's norm, by the type that walks compute in: 1e-12 in f64, 1e-5 in
 * f32. These are the bounds that every architecture is held to against the oracle, in the tests and by linop_check.h. */
double   assay_point_get_product_error (const AssayPoint *point);
