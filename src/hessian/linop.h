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
  double product_error;         /* what a product may be off by: ||computed - A x|| <= product_error ||A|| ||x||; checked by linop_check */
  guint64 n_applied;            /* vectors so far */
  gboolean (*apply) (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error);
  AssayLinop *coarse;           /* near this one and cheaper (products of rounded factors), with nothing certified of it; owned; NULL: there is none */
  void     (*finalize) (AssayLinop *op);        /* frees what the implementation added; the struct itself is freed by unref */
};

AssayLinop *assay_linop_ref    (AssayLinop *op);
void        assay_linop_unref  (AssayLinop *op);
/* Y = A X; X and Y do not overlap. Errors: those of the walk below (NaN, device, memory). */
gboolean    assay_linop_apply  (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error);

/* Y = A X by the coarse operator, where there is one: for the steps of an iteration that measures its residuals with A itself and starts again from them. */
gboolean    assay_linop_apply_coarse (AssayLinop *op, gint64 K, const double *X, double *Y, GError **error);
/* From here on A has that coarse operator, of its size. */
void        assay_linop_set_coarse (AssayLinop *op, AssayLinop *coarse);

/* For implementations: a struct of `size` bytes that begins with an AssayLinop, zeroed, with one reference; the members of
 * the AssayLinop are copied from the prototype. */
gpointer    assay_linop_alloc  (gsize size, const AssayLinop *prototype);

/* --- combinators: each holds references to its parts and has no coarse operator, whatever they have ---------------------------------------------------------------------- */

/* A + lambda I. */
AssayLinop *assay_linop_shift_new (AssayLinop *A, double lambda);
/* c A. */
AssayLinop *assay_linop_scale_new (AssayLinop *A, double c);
/* S A S, S diagonal with the entries scale (n), which are copied. lower_bound of the result's spectrum: -infinity when unknown.
 * Numerics: product_error is A's own: for powers of two it is right where A's products commute with such factors. Errors: memory. */
AssayLinop *assay_linop_congruence_new (AssayLinop *A, const double *scale, double lower_bound, GError **error);
/* A + B. Errors: SHAPE when their sizes differ; memory for one vector. */
AssayLinop *assay_linop_sum_new   (AssayLinop *A, AssayLinop *B, GError **error);

/* A group of coordinates: first, first + 1, ..., first + count - 1. */
typedef struct { gint64 first, count; } AssaySlice;

/* The principal part S' A S, where S picks the coordinates of the slices in their order. Numerics: product_error stays relative to
 * ||A||. Errors: SHAPE when a slice leaves 0 .. n-1, is empty, or meets another; memory for two vectors of A. */
AssayLinop *assay_linop_restrict_new (AssayLinop *A, const AssaySlice *slices, guint n_slices, GError **error);

/* A matrix (n,n), row-major, borrowed: it must outlive the operator. lower_bound of the spectrum: -infinity when unknown.
 * Numerics: rows are summed as run/vector.h says. */
AssayLinop *assay_linop_dense_new (gint64 n, const double *matrix, gboolean is_symmetric, double lower_bound);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLinop, assay_linop_unref)
