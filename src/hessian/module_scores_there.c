/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_scores_there.c: see module_scores_there.h. */
#include "hessian/module_scores_there.h"

#include "base/mem.h"
#include "hessian/module_there.h"
#include "run/backend_vector.h"

#define ALIGNED 8               /* elements that a stride is a multiple of */

static gboolean
is_rounded (const AssayModuleScoresThere *self, guint m)
{
  return self->there.compute == ASSAY_COMPUTE_BF16 && self->held[m] != NULL;
}

/* Bytes of an X or D. */
static gsize
get_bytes (const AssayModuleScoresThere *self, guint m, gboolean is_bf16)
{
  return (gsize) self->stride[m] * (is_bf16 ? 2 : assay_dtype_width (self->there.dtype));
}

static gboolean
make_matrices (AssayModuleScoresThere *self, guint m, gboolean is_formed, GError **error)
{
  AssayBackend *device = self->there.device;
  const gboolean is_bf16 = is_formed && self->there.compute == ASSAY_COMPUTE_BF16;
  const gint64 size = self->modules->module[m].rows * self->modules->module[m].columns;

  self->stride[m] = is_formed ? (size + ALIGNED - 1) / ALIGNED * ALIGNED : size;
  return (self->X[m] = device->alloc (device, (gsize) self->Q * get_bytes (self, m, is_bf16), error)) != NULL
         && (!is_formed || (self->held[m] = device->alloc (device, (gsize) self->H * get_bytes (self, m, is_bf16), error)) != NULL);
}

gboolean
assay_module_scores_there_open (AssayModuleScoresThere *self, const AssayModuleThere *there, const AssayModules *modules, const gboolean *marks,
                                const gboolean *is_formed, gint64 Q, gint64 N, gint64 H, gboolean by_module, GError **error)
{
  AssayBackend *device = there->device;
  const gsize table = (gsize) (Q * N) * sizeof (double);
  gint64 largest = 1;

  *self = (AssayModuleScoresThere) { .there = *there, .modules = modules, .Q = Q, .N = N, .H = H, .stride = g_new0 (gint64, modules->n),
                                     .X = g_new0 (void *, modules->n), .held = g_new0 (void *, modules->n), .n_held = g_new0 (gint64, modules->n),
                                     .first_held = g_new0 (gint64, modules->n), .by_module = g_new0 (double *, modules->n) };
  if ((self->sums = device->alloc (device, 2 * table, error)) == NULL)
    return FALSE;
  for (guint m = 0; m < modules->n; m++)
    if (marks[m])
      {
        if (!make_matrices (self, m, is_formed[m], error) || (by_module && (self->by_module[m] = device->alloc (device, table, error)) == NULL))
          return FALSE;
        largest = MAX (largest, modules->module[m].rows * modules->module[m].columns);
      }
  return there->compute != ASSAY_COMPUTE_BF16 || (self->unrounded = device->alloc (device, (gsize) largest * sizeof (float), error)) != NULL;
}

gboolean
assay_module_scores_there_put (AssayModuleScoresThere *self, guint m, gint64 q, const void *D, GError **error)
{
  const gint64 size = self->modules->module[m].rows * self->modules->module[m].columns;
  AssayBackend *device = self->there.device;
  char *X = (char *) self->X[m] + (gsize) q * get_bytes (self, m, is_rounded (self, m));

  if (!is_rounded (self, m))
    return device->copy_in (device, X, D, (gsize) size * assay_dtype_width (self->there.dtype), error);
  return device->copy_in (device, self->unrounded, D, (gsize) size * sizeof (float), error) && assay_module_there_round (&self->there, size, self->unrounded, X, error);
}

gboolean
assay_module_scores_there_take (AssayModuleScoresThere *self, guint m, gint64 q, gint64 n, const void *D, GError **error)
{
  const gint64 size = self->modules->module[m].rows * self->modules->module[m].columns;
  const AssayDtype dtype = self->there.dtype;

  for (gint64 k = 0; k < n; k++)
    {
      const void *from = (const char *) D + (gsize) (k * size) * assay_dtype_width (dtype);
      void *X = (char *) self->X[m] + (gsize) (q + k) * get_bytes (self, m, is_rounded (self, m));

      if (is_rounded (self, m) ? !assay_module_there_round (&self->there, size, from, X, error)
                               : !assay_backend_vector_run (self->there.device, "vector_copy", dtype, size, NULL, 1, &from, 1, &X, error))
        return FALSE;
    }
  return TRUE;
}

/* The products of what is held of a module. */
static gboolean
flush (AssayModuleScoresThere *self, guint m, GError **error)
{
  const gint64 first = self->first_held[m], n = self->n_held[m];

  self->n_held[m] = 0;
  return n == 0
         || assay_module_there_products (&self->there, n, self->Q, self->stride[m], self->held[m], self->X[m], self->N,
                                         self->sums + self->Q * self->N + first, self->by_module[m] ? self->by_module[m] + first : NULL, error);
}

static gboolean
add_formed (AssayModuleScoresThere *self, const AssayModuleBatch *batch, GError **error)
{
  const gsize width = assay_dtype_width (self->there.dtype);
  const AssayModule *module = batch->module;
  const AssayModuleParts *parts = &batch->parts[0];
  const gint64 n = parts->use->positions;
  const guint m = batch->index;

  for (gint64 b = 0, B; b < batch->B; b += B)
    {
      B = MIN (self->H - self->n_held[m], batch->B - b);
      if (self->n_held[m] == 0)
        self->first_held[m] = batch->first + b;
      if (!assay_module_there_form (&self->there, B, n, module->rows, module->columns, (const char *) parts->row + (gsize) (b * n * module->rows) * width,
                                    (const char *) parts->column + (gsize) (b * n * module->columns) * width, self->stride[m],
                                    (char *) self->held[m] + (gsize) self->n_held[m] * get_bytes (self, m, is_rounded (self, m)), error))
        return FALSE;
      self->n_held[m] += B;
      if (self->n_held[m] == self->H && !flush (self, m, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_module_scores_there_add (AssayModuleScoresThere *self, const AssayModuleBatch *batch, GError **error)
{
  const AssayModuleParts *parts = &batch->parts[0];
  const guint m = batch->index;

  if (self->held[m] != NULL)
    return add_formed (self, batch, error);
  return assay_module_there_positions (&self->there, batch->B, parts->use->positions, batch->module->rows, batch->module->columns, parts->row, parts->column,
                                       self->Q, self->stride[m], self->X[m], self->N, self->sums + batch->first,
                                       self->by_module[m] ? self->by_module[m] + batch->first : NULL, error);
}

/* to (Q,N) += a table from there; fetched: room for one. */
static gboolean
add_table (AssayModuleScoresThere *self, const double *table, const double *scale, double *fetched, double *to, GError **error)
{
  if (!self->there.device->copy_out (self->there.device, fetched, table, (gsize) (self->Q * self->N) * sizeof (double), error))
    return FALSE;
  for (gint64 q = 0; q < self->Q; q++)
    for (gint64 i = q * self->N; i < (q + 1) * self->N; i++)
      to[i] += fetched[i] / scale[q];
  return TRUE;
}

gboolean
assay_module_scores_there_finish (AssayModuleScoresThere *self, const double *scale, double *scores, double *by_module, gint64 apart, GError **error)
{
  g_autoptr (AssayBuffer) fetched = assay_mem_alloc_array (self->Q * self->N, sizeof (double), error);

  if (fetched == NULL)
    return FALSE;
  for (guint m = 0; m < self->modules->n; m++)
    if (!flush (self, m, error))
      return FALSE;
  for (guint k = 0; k < 2; k++)
    if (!add_table (self, self->sums + k * self->Q * self->N, scale, fetched, scores, error))
      return FALSE;
  for (guint m = 0; m < self->modules->n; m++)
    if (self->by_module[m] != NULL && !add_table (self, self->by_module[m], scale, fetched, by_module + m * apart, error))
      return FALSE;
  return TRUE;
}

void
assay_module_scores_there_clear (AssayModuleScoresThere *self)
{
  AssayBackend *device = self->there.device;

  if (device == NULL)
    return;
  for (guint m = 0; m < self->modules->n; m++)
    {
      device->release (device, self->X[m]);
      device->release (device, self->held[m]);
      device->release (device, self->by_module[m]);
    }
  device->release (device, self->unrounded);
  device->release (device, self->sums);
  g_free (self->stride);
  g_free (self->X);
  g_free (self->held);
  g_free (self->n_held);
  g_free (self->first_held);
  g_free (self->by_module);
}
