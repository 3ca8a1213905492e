/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_there.h: what factors are made of, where a device has the sides of modules: kernels/op_module.cu. Internal to this floor.
 *
 * Sums are of doubles and the device's own; shapes are those of one micro-batch. Numerics: products in the type of the walk, sums in an order fixed by the
 * sizes. Errors: those of the device.
 */
#pragma once

#include "hessian/module_kind.h"

/* c (K,C) <- (x, 1) for x (K,I), C = I or I + 1; zeros where masked (K bytes, or NULL). */
gboolean assay_module_there_columns (AssayBackend *device, AssayDtype dtype, gint64 K, gint64 I, gint64 C, const void *x, const void *masked, void *c, GError **error);
/* sum (n,n) += X'X for X (K,n). */
gboolean assay_module_there_moment  (AssayBackend *device, AssayDtype dtype, gint64 K, gint64 n, const void *X, double *sum, GError **error);
/* Y (K,n) <- X Q */
gboolean assay_module_there_rotate  (AssayBackend *device, AssayDtype dtype, gint64 K, gint64 n, const void *X, const void *Q, void *Y, GError **error);
/* sum (rows,columns) += sum over b of (R_b' C_b)^2 for R (B,n,rows), C (B,n,columns). */
gboolean assay_module_there_squares (AssayBackend *device, AssayDtype dtype, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C,
                                     double *sum, GError **error);
