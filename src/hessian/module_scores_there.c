/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_scores_there.c: see module_scores_there.h. */
#include "hessian/module_scores_there.h"

#include "base/mem.h"
#include "hessian/module_there.h"

#define ALIGNED 8               /* elements that a stride is a multiple of */

static void *
make_matrices (AssayModuleScoresThere *self, guint m, gint64 n, GError **error)
{
  return self->device->alloc (self->device, (gsize) (n * self->stride[m]) * assay_dtype_width (self->dtype), error);
}

gboolean
assay_module_scores_there_open (AssayModuleScoresThere *self, AssayBackend *device, AssayDtype dtype, const AssayModules *modules, const gboolean *marks,
                                const gboolean *is_formed, gint64 Q, gint64 N, gint64 H, gboolean by_module, GError **error)
{
  const gsize table = (gsize) (Q * N) * sizeof (double);

  *self = (AssayModuleScoresThere) { .device = device, .modules = modules, .dtype = dtype, .Q = Q, .N = N, .H = H, .stride = g_new0 (gint64, modules->n),
                                     .X = g_new0 (void *, modules->n), .held = g_new0 (void *, modules->n), .n_held = g_new0 (gint64, modules->n),
                                     .first_held = g_new0 (gint64, modules->n), .by_module = g_new0 (double *, modules->n) };
  if ((self->sums = device->alloc (device, 2 * table, error)) == NULL)
    return FALSE;
  for (guint m = 0; m < modules->n; m++)
    if (marks[m])
      {
        self->stride[m] = (modules->module[m].rows * modules->module[m].columns + ALIGNED - 1) / ALIGNED * ALIGNED;
        if ((self->X[m] = make_matrices (self, m, Q, error)) == NULL
            || (is_formed[m] && (self->held[m] = make_matrices (self, m, H, error)) == NULL)
            || (by_module && (self->by_module[m] = device->alloc (device, table, error)) == NULL))
          return FALSE;
      }
  return TRUE;
}

gboolean
assay_module_scores_there_put (AssayModuleScoresThere *self, guint m, gint64 q, const void *D, GError **error)
{
  const gsize width = assay_dtype_width (self->dtype);

  return self->device->copy_in (self->device, (char *) self->X[m] + (gsize) (q * self->stride[m]) * width, D,
                                (gsize) (self->modules->module[m].rows * self->modules->module[m].columns) * width, error);
}

/* The products of what is held of a module. */
static gboolean
flush (AssayModuleScoresThere *self, guint m, GError **error)
{
  const gint64 first = self->first_held[m], n = self->n_held[m];

  self->n_held[m] = 0;
  return n == 0
         || assay_module_there_products (self->device, self->dtype, n, self->Q, self->stride[m], self->held[m], self->X[m], self->N,
                                         self->sums + self->Q * self->N + first, self->by_module[m] ? self->by_module[m] + first : NULL, error);
}

static gboolean
add_formed (AssayModuleScoresThere *self, const AssayModuleBatch *batch, GError **error)
{
  const gsize width = assay_dtype_width (self->dtype);
  const AssayModule *module = batch->module;
  const AssayModuleParts *parts = &batch->parts[0];
  const gint64 n = parts->use->positions;
  const guint m = batch->index;

  for (gint64 b = 0, B; b < batch->B; b += B)
    {
      B = MIN (self->H - self->n_held[m], batch->B - b);
      if (self->n_held[m] == 0)
        self->first_held[m] = batch->first + b;
      if (!assay_module_there_form (self->device, self->dtype, B, n, module->rows, module->columns, (const char *) parts->row + (gsize) (b * n * module->rows) * width,
                                    (const char *) parts->column + (gsize) (b * n * module->columns) * width, self->stride[m],
                                    (char *) self->held[m] + (gsize) (self->n_held[m] * self->stride[m]) * width, error))
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
  return assay_module_there_positions (self->device, self->dtype, batch->B, parts->use->positions, batch->module->rows, batch->module->columns, parts->row, parts->column,
                                       self->Q, self->stride[m], self->X[m], self->N, self->sums + batch->first,
                                       self->by_module[m] ? self->by_module[m] + batch->first : NULL, error);
}

/* to (Q,N) += a table from there; fetched: room for one. */
static gboolean
add_table (AssayModuleScoresThere *self, const double *table, const double *scale, double *fetched, double *to, GError **error)
{
  if (!self->device->copy_out (self->device, fetched, table, (gsize) (self->Q * self->N) * sizeof (double), error))
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
  if (self->device == NULL)
    return;
  for (guint m = 0; m < self->modules->n; m++)
    {
      self->device->release (self->device, self->X[m]);
      self->device->release (self->device, self->held[m]);
      self->device->release (self->device, self->by_module[m]);
    }
  self->device->release (self->device, self->sums);
  g_free (self->stride);
  g_free (self->X);
  g_free (self->held);
  g_free (self->n_held);
  g_free (self->first_held);
  g_free (self->by_module);
}
