/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_vector.h: run/vector.h for flat vectors that may lie in a backend's memory, where they stay; those of the caller are the processor's work as ever.
 *
 * All vectors of a call lie in the same memory. Numerics: sums in double in an order fixed by n, another one on a device than on the processor; updates are
 * rounded as on the processor, but for products and sums that a device fuses. Errors: those of the device.
 */
#pragma once

#include "run/vector.h"
#include "tensor/backend.h"

/* Whether the vector is a device's. */
gboolean assay_backend_vector_is_there (AssayBackend *backend, const void *x);

/* *norm <- sqrt (a'a); *product <- a'b. A NaN or infinity in a shows in the result. */
gboolean assay_backend_vector_norm  (AssayBackend *backend, AssayDtype dtype, gint64 n, const void *a, double *norm, GError **error);
gboolean assay_backend_vector_dot   (AssayBackend *backend, AssayDtype dtype, gint64 n, const void *a, const void *b, double *product, GError **error);
/* y <- y + alpha x;  y <- alpha y */
gboolean assay_backend_vector_add   (AssayBackend *backend, AssayDtype dtype, gint64 n, double alpha, const void *x, void *y, GError **error);
gboolean assay_backend_vector_scale (AssayBackend *backend, AssayDtype dtype, gint64 n, double alpha, void *y, GError **error);

/* Of a device's vectors: a rule of kernels/op_vector.cu by its name, with x (n_x) and y (n_y) as it names them. dtype: of what it is a template over. */
gboolean assay_backend_vector_run   (AssayBackend *backend, const char *rule, AssayDtype dtype, gint64 n, const double *attr, guint n_x, const void *const *x,
                                     guint n_y, void *const *y, GError **error);
