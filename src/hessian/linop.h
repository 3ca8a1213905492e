/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linop.h: linear operators on parameter space, as functions: y = A x without a matrix.
 *
 * Vectors are doubles whatever the model computes in, so solvers and sums are in double. K vectors travel together, each
 * contiguous: X (K,n), Y (K,n).
 * Ownership: reference counted; combinators hold references to what they combine. Thread rule: one apply at a time per operator.
 */
#pragma once

#include <glib.h>

typedef struct _AssayLinop AssayLinop;

struct _AssayLinop {
  gatomicrefcount refs;
  const char *name;             /* "Hessian", "Gauss-Newton", ... */
  gint64 n;
  gboolean is_symmetric;
  double shift;                 /* known lower bound of the spectrum, or -infinity: 0 for Gauss-Newton and Fisher, lambda once damped */
  guint64 n_applied;            /* vectors so far */
  gboolean (*apply) (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error);
  void     (*finalize) (AssayLinop *op);        /* frees what the implementation added; the struct itself is freed by unref */
};

AssayLinop *assay_linop_ref    (AssayLinop *op);
void        assay_linop_unref  (AssayLinop *op);
/* Y = A X. Errors: those of the walk below (NaN, device, memory). */
gboolean    assay_linop_apply  (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLinop, assay_linop_unref)
