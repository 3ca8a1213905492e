/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_there.c: calls of a device's rules for modules. */
#include "hessian/module_there.h"

#include "base/mem.h"
#include "tensor/op_call.h"

static gboolean
run (const AssayModuleThere *there, const char *rule, const AssayShape *in, const AssayShape *out, const void *a, const void *b, void *y, GError **error)
{
  AssayOpCall call = { .compute = there->compute, .n_in = 2, .n_out = 1, .in_shape = in, .out_shape = out, .x = { a, b }, .y = { y } };

  return there->device->run_op (there->device, rule, ASSAY_FWD, there->dtype, &call, error);
}

gboolean
assay_module_there_columns (const AssayModuleThere *there, gint64 K, gint64 I, gint64 C, const void *x, const void *masked, void *c, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (K, I), ASSAY_SHAPE (K) }, out = ASSAY_SHAPE (K, C);

  return run (there, "module_columns", in, &out, x, masked, c, error);
}

gboolean
assay_module_there_moment (const AssayModuleThere *there, gint64 K, gint64 n, const void *X, double *sum, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (K, n), ASSAY_SHAPE (1) }, out = ASSAY_SHAPE (n, n);

  return run (there, "module_moment", in, &out, X, NULL, sum, error);
}

gboolean
assay_module_there_rotate (const AssayModuleThere *there, gint64 K, gint64 n, const void *X, const void *Q, void *Y, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (K, n), ASSAY_SHAPE (n, n) };

  return run (there, "module_rotate", in, &in[0], X, Q, Y, error);
}

gboolean
assay_module_there_squares (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C, double *sum,
                            GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (B, n, rows), ASSAY_SHAPE (B, n, columns) }, out = ASSAY_SHAPE (rows, columns);

  return run (there, "module_squares", in, &out, R, C, sum, error);
}

gboolean
assay_module_there_form (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C, gint64 stride, void *D,
                         GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (B, n, rows), ASSAY_SHAPE (B, n, columns) }, out = ASSAY_SHAPE (B, stride);

  return run (there, "module_form", in, &out, R, C, D, error);
}

gboolean
assay_module_there_forms (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C, const double *weight,
                          double *sum, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (B, n, rows), ASSAY_SHAPE (B, n, columns), ASSAY_SHAPE (rows, columns) }, out = ASSAY_SHAPE (B);
  AssayOpCall call = { .compute = there->compute, .n_in = 3, .n_out = 1, .in_shape = in, .out_shape = &out, .x = { R, C, weight }, .y = { sum } };

  return there->device->run_op (there->device, "module_forms", ASSAY_FWD, there->dtype, &call, error);
}

gboolean
assay_module_there_products (const AssayModuleThere *there, gint64 H, gint64 Q, gint64 stride, const void *D, const void *X, gint64 N, double *score,
                             double *also, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (H, stride), ASSAY_SHAPE (Q, stride) }, out[] = { ASSAY_SHAPE (Q, N), ASSAY_SHAPE (Q, N) };
  AssayOpCall call = { .compute = there->compute, .n_in = 2, .n_out = 2, .in_shape = in, .out_shape = out, .x = { D, X }, .y = { score, also } };

  return there->device->run_op (there->device, "module_products", ASSAY_FWD, there->dtype, &call, error);
}

gboolean
assay_module_there_positions (const AssayModuleThere *there, gint64 B, gint64 n, gint64 rows, gint64 columns, const void *R, const void *C, gint64 Q,
                              gint64 stride, const void *X, gint64 N, double *score, double *also, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (B, n, rows), ASSAY_SHAPE (B, n, columns), ASSAY_SHAPE (Q, stride) }, out[] = { ASSAY_SHAPE (Q, N), ASSAY_SHAPE (Q, N) };
  AssayOpCall call = { .compute = there->compute, .n_in = 3, .n_out = 2, .in_shape = in, .out_shape = out, .x = { R, C, X }, .y = { score, also } };

  return there->device->run_op (there->device, "module_positions", ASSAY_FWD, there->dtype, &call, error);
}

gboolean
assay_module_there_weigh (const AssayModuleThere *there, gint64 B, gint64 rows, gint64 columns, const void *Z, const double *W, const void *Q_S, const void *Q_A,
                          void *X, GError **error)
{
  const AssayShape in[] = { ASSAY_SHAPE (B, rows, columns), ASSAY_SHAPE (rows, columns), ASSAY_SHAPE (rows, rows), ASSAY_SHAPE (columns, columns) };
  AssayOpCall call = { .compute = there->compute, .n_in = 4, .n_out = 1, .in_shape = in, .out_shape = in, .x = { Z, W, Q_S, Q_A }, .y = { X } };

  return there->device->run_op (there->device, "module_weigh", ASSAY_FWD, there->dtype, &call, error);
}

gboolean
assay_module_there_collect (AssayBackend *device, gint64 n, const double *there, double *sum, GError **error)
{
  g_autoptr (AssayBuffer) fetched = assay_mem_alloc_array (n, sizeof (double), error);

  if (fetched == NULL || !device->copy_out (device, fetched, there, (gsize) n * sizeof (double), error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    sum[i] += ((double *) fetched)[i];
  return TRUE;
}

gboolean
assay_module_there_round (const AssayModuleThere *there, gint64 n, const void *x, void *y, GError **error)
{
  const AssayShape shape = ASSAY_SHAPE (n);
  AssayOpCall call = { .n_in = 1, .n_out = 1, .in_shape = &shape, .out_shape = &shape, .x = { x }, .y = { y } };

  return there->device->run_op (there->device, "vector_to_bf16", ASSAY_FWD, ASSAY_F32, &call, error);
}
