/* SPDX-License-Identifier: GPL-3.0-or-later */
/* backend_vector.c: to the processor's loops or to a device's kernels, by where the vector lies. */
#include "run/backend_vector.h"

#include "tensor/op_call.h"

#include <math.h>

gboolean
assay_backend_vector_is_there (AssayBackend *backend, const void *x)
{
  return backend->owns != NULL && backend->owns (backend, x);
}

gboolean
assay_backend_vector_run (AssayBackend *backend, const char *rule, AssayDtype dtype, gint64 n, const double *attr, guint n_x, const void *const *x, guint n_y,
                          void *const *y, GError **error)
{
  AssayShape shape[ASSAY_OP_MAX_IN];
  AssayOpCall call = { .n_in = MAX (1, n_x), .n_out = n_y, .in_shape = shape, .out_shape = shape, .attr = attr };

  for (guint k = 0; k < G_N_ELEMENTS (shape); k++)
    shape[k] = ASSAY_SHAPE (n);
  for (guint k = 0; k < n_x; k++)
    call.x[k] = x[k];
  for (guint k = 0; k < n_y; k++)
    call.y[k] = y[k];
  return backend->run_op (backend, rule, ASSAY_FWD, dtype, &call, error);
}

gboolean
assay_backend_vector_dot (AssayBackend *backend, AssayDtype dtype, gint64 n, const void *a, const void *b, double *product, GError **error)
{
  const void *x[] = { a, b };
  gpointer there;
  gboolean ok;

  if (!assay_backend_vector_is_there (backend, a))
    {
      *product = assay_vector_dot (backend->workers, dtype, n, a, b);
      return TRUE;
    }
  if ((there = backend->alloc (backend, sizeof *product, error)) == NULL)
    return FALSE;
  ok = assay_backend_vector_run (backend, "vector_dot", dtype, n, NULL, 2, x, 1, &there, error)
       && backend->copy_out (backend, product, there, sizeof *product, error);
  backend->release (backend, there);
  return ok;
}

gboolean
assay_backend_vector_norm (AssayBackend *backend, AssayDtype dtype, gint64 n, const void *a, double *norm, GError **error)
{
  if (!assay_backend_vector_dot (backend, dtype, n, a, a, norm, error))
    return FALSE;
  *norm = sqrt (*norm);
  return TRUE;
}

gboolean
assay_backend_vector_add (AssayBackend *backend, AssayDtype dtype, gint64 n, double alpha, const void *x, void *y, GError **error)
{
  if (assay_backend_vector_is_there (backend, y))
    return assay_backend_vector_run (backend, "vector_add", dtype, n, &alpha, 1, &x, 1, &y, error);
  assay_vector_add (backend->workers, dtype, n, alpha, x, y);
  return TRUE;
}

gboolean
assay_backend_vector_scale (AssayBackend *backend, AssayDtype dtype, gint64 n, double alpha, void *y, GError **error)
{
  if (assay_backend_vector_is_there (backend, y))
    return assay_backend_vector_run (backend, "vector_scale", dtype, n, &alpha, 0, NULL, 1, &y, error);
  assay_vector_scale (backend->workers, dtype, n, alpha, y);
  return TRUE;
}
