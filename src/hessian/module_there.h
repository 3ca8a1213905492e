/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_there.h: what factors and scores are made of, where a device has the sides of modules: kernels/op_module.cu. Internal to this floor.
 *
 * Sums are of doubles and the device's own; shapes are those of one micro-batch. Numerics: products in the type of the walk, sums in an order fixed by the
 * sizes; what is of one example and one vector has the same bits whatever others are beside them. Errors: those of the device; its memory.
 * Shape letters: B examples of n positions; H examples, Q vectors, N columns of a table of scores; stride: elements from one D or X to the next, at least rows
 * columns, zeros behind them.
 */
#pragma once

#include "hessian/module_kind.h"

/* Where, and how products are formed there (compute; other than FULL in F32 alone). */
typedef struct {
  AssayBackend *device;
  AssayDtype dtype;
  AssayCompute compute;
} AssayModuleThere;

/* c (K,C) <- (x, 1) for x (K,I), C = I or I + 1; zeros where masked (K bytes, or NULL). */
gboolean assay_module_there_columns (const AssayModuleThere *there, gint64 K, gint64 I, gint64 C, const void *x, const void *masked, void *c, GError **error);
/* sum (n,n) += X'X for X (K,n). */
gboolean assay_module_there_moment  (const AssayModuleThere *there, gint64 K, gint64 n, const void *X, double *sum, GError **error);
/* Y (K,n) <- X Q */
gboolean assay_module_there_rotate  (const AssayModuleThere *there, gint64 K, gint64 n, const void *X, const void *Q, void *Y, GError **error);
/* sum (rows,columns) += sum over b of (R_b' C_b)^2 for R (B,n,rows), C (B,n,columns). */
gboolean assay_module_there_squares (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C,
                                     double *sum, GError **error);
/* D (B,stride), (rows,columns) each, <- R_b' C_b for R (B,n,rows), C (B,n,columns). With BF16 D is in bf16. */
gboolean assay_module_there_form    (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C,
                                     gint64 stride, void *D, GError **error);
/* sum (B) += the sum over i of weight_i (R_b' C_b)_i^2. weight (rows,columns); NULL: ones. */
gboolean assay_module_there_forms   (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C,
                                     const double *weight, double *sum, GError **error);
/* score (Q,N), and also (Q,N) where it is not NULL, += X_q . D_h in the columns 0 .. H-1, for D (H,stride), X (Q,stride): the tables from a column on. With
 * BF16 D and X are in bf16, and stride is a multiple of 8. */
gboolean assay_module_there_products (const AssayModuleThere *there, gint64 H, gint64 Q, gint64 stride, const void *D, const void *X, gint64 N,
                                     double *score, double *also, GError **error);
/* The same of R_b' C_b without forming it: sum over positions of r_t' X_q c_t. */
gboolean assay_module_there_positions (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C,
                                     gint64 Q, gint64 stride, const void *X, gint64 N, double *score, double *also, GError **error);
/* y (n), in bf16, <- x (n) of floats. */
gboolean assay_module_there_round   (const AssayModuleThere *there, gint64 n, const void *x, void *y, GError **error);
/* X_b <- Q_S (W . Z_b) Q_A' entry by entry, for Z, X (B,rows,columns), W (rows,columns); bases with vectors in columns, NULL: the identity. Not with BF16. */
gboolean assay_module_there_weigh   (const AssayModuleThere *there, gint64 B, gint64 rows, gint64 columns, const void *Z, const double *W, const void *Q_S,
                                     const void *Q_A, void *X, GError **error);
/* sum (n), here, += what is there. */
gboolean assay_module_there_collect (AssayBackend *device, gint64 n, const double *there, double *sum, GError **error);
