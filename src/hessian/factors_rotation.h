/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_rotation.h: the sides of examples' gradients in the basis of curvature factors, before any gradient is formed.
 *
 *   Q_S' D_i Q_A = sum_t (Q_S' r_t) (Q_A' c_t)'
 *
 * Shape letters: B examples of a micro-batch. Ownership: borrows the factors; what it turned is its own until the next batch.
 * Thread rule: one batch at a time. Numerics: a row has the same bits in any batch.
 */
#pragma once

#include "hessian/factors.h"
#include "hessian/module_pass.h"
#include "hessian/module_products.h"

typedef struct {
  const AssayFactors *factors;
  AssayWorkers *workers;
  void **row_basis, **column_basis;     /* (modules): (n,n) with eigenvectors in columns, of the walk's type; NULL: the identity */
  void **row, **column;                 /* (uses): rotated sides of a micro-batch */
  guint n_uses;
  AssayModuleOuter *outer;              /* (uses): what assay_factors_rotation_turn made */
  AssayBackend *device;                 /* NULL, or where the modules that stay there are turned */
  void **row_there, **column_there;     /* (modules): bases there; NULL: the identity */
  void *turned_row, *turned_column;     /* of a micro-batch, there */
} AssayFactorsRotation;

/* For micro-batches of at most B examples that are walked in dtype. Clear it after a failure, too. Errors: memory. */
gboolean assay_factors_rotation_open  (AssayFactorsRotation *rotation, const AssayFactors *factors, AssayWorkers *workers, AssayDtype dtype, gint64 B,
                                       GError **error);
/* From here on modules (modules->n) that are marked are turned on the device. Errors: NO_MEMORY. */
gboolean assay_factors_rotation_send  (AssayFactorsRotation *rotation, AssayBackend *device, AssayDtype dtype, gint64 B, const gboolean *marks, GError **error);
void     assay_factors_rotation_clear (AssayFactorsRotation *rotation);
/* outer <- the sides of a module's uses, turned. Cost: 2 positions (rows^2 + columns^2) flops an example and use. */
void     assay_factors_rotation_turn  (AssayFactorsRotation *rotation, const AssayModuleBatch *batch);
/* The same of parts that are on the device: there is outer[0]. */
gboolean assay_factors_rotation_turn_there (AssayFactorsRotation *rotation, const AssayModuleBatch *batch, GError **error);
