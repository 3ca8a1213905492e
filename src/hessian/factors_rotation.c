/* SPDX-License-Identifier: GPL-3.0-or-later */
/* factors_rotation.c: see factors_rotation.h. */
#include "hessian/factors_rotation.h"

#include "base/mem.h"
#include "hessian/module_there.h"

#include <string.h>

/* Q of the walk's type: vectors in columns. */
static gboolean
convert_basis (const AssayFactorsSide *side, AssayDtype dtype, void **basis, GError **error)
{
  gint64 n = side->n;

  if (side->vectors == NULL)
    return TRUE;
  *basis = assay_mem_alloc_array (n * n, assay_dtype_width (dtype), error);
  if (*basis == NULL)
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    for (gint64 k = 0; k < n; k++)
      if (dtype == ASSAY_F32)
        ((float *) *basis)[i * n + k] = (float) side->vectors[k * n + i];
      else
        ((double *) *basis)[i * n + k] = side->vectors[k * n + i];
  return TRUE;
}

gboolean
assay_factors_rotation_open (AssayFactorsRotation *self, const AssayFactors *factors, AssayWorkers *workers, AssayDtype dtype, gint64 B, GError **error)
{
  const AssayModules *modules = factors->modules;
  gsize width = assay_dtype_width (dtype);

  *self = (AssayFactorsRotation) { .factors = factors, .workers = workers, .row_basis = g_new0 (void *, modules->n),
                                   .column_basis = g_new0 (void *, modules->n) };
  for (guint m = 0; m < modules->n; m++)
    {
      self->n_uses = MAX (self->n_uses, modules->module[m].n_uses);
      if (!convert_basis (&factors->of[m].row, dtype, &self->row_basis[m], error)
          || !convert_basis (&factors->of[m].column, dtype, &self->column_basis[m], error))
        return FALSE;
    }
  self->row = g_new0 (void *, self->n_uses);
  self->column = g_new0 (void *, self->n_uses);
  self->outer = g_new0 (AssayModuleOuter, self->n_uses);
  for (guint u = 0; u < self->n_uses; u++)
    {
      gint64 row = 1, column = 1;

      for (guint m = 0; m < modules->n; m++)
        if (u < modules->module[m].n_uses)
          {
            const AssayModuleUse *use = &modules->module[m].uses[u];

            row = MAX (row, use->positions * (self->row_basis[m] ? use->rows : 1));
            column = MAX (column, use->positions * (self->column_basis[m] ? use->columns : 1));
          }
      if ((self->row[u] = assay_mem_alloc_array (B * row, width, error)) == NULL
          || (self->column[u] = assay_mem_alloc_array (B * column, width, error)) == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
send_basis (AssayBackend *device, AssayDtype dtype, gint64 n, const void *basis, void **there, GError **error)
{
  gsize bytes = (gsize) (n * n) * assay_dtype_width (dtype);

  return basis == NULL || ((*there = device->alloc (device, bytes, error)) != NULL && device->copy_in (device, *there, basis, bytes, error));
}

gboolean
assay_factors_rotation_send (AssayFactorsRotation *self, AssayBackend *device, AssayDtype dtype, gint64 B, const gboolean *marks, GError **error)
{
  const AssayModules *modules = self->factors->modules;
  gint64 row = 1, column = 1;

  self->device = device;
  self->row_there = g_new0 (void *, modules->n);
  self->column_there = g_new0 (void *, modules->n);
  for (guint m = 0; m < modules->n; m++)
    if (marks[m])
      {
        const AssayModule *module = &modules->module[m];

        row = MAX (row, module->uses[0].positions * module->rows);
        column = MAX (column, module->uses[0].positions * module->columns);
        if (!send_basis (device, dtype, module->rows, self->row_basis[m], &self->row_there[m], error)
            || !send_basis (device, dtype, module->columns, self->column_basis[m], &self->column_there[m], error))
          return FALSE;
      }
  return (self->turned_row = device->alloc (device, (gsize) (B * row) * assay_dtype_width (dtype), error)) != NULL
         && (self->turned_column = device->alloc (device, (gsize) (B * column) * assay_dtype_width (dtype), error)) != NULL;
}

static gboolean
rotate_there (const AssayModuleThere *there, gint64 K, gint64 n, const void *X, const void *basis, void *turned, const void **out, GError **error)
{
  *out = basis ? turned : X;
  return basis == NULL || assay_module_there_rotate (there, K, n, X, basis, turned, error);
}

gboolean
assay_factors_rotation_turn_there (AssayFactorsRotation *self, const AssayModuleBatch *batch, GError **error)
{
  const AssayModuleParts *parts = &batch->parts[0];
  gint64 n = parts->use->positions, K = batch->B * n;
  const guint m = batch->index;

  self->outer[0] = (AssayModuleOuter) { .n = n };
  return rotate_there (&batch->there, K, batch->module->rows, parts->row, self->row_there[m], self->turned_row, &self->outer[0].row, error)
         && rotate_there (&batch->there, K, batch->module->columns, parts->column, self->column_there[m], self->turned_column, &self->outer[0].column, error);
}

static void
leave_device (AssayFactorsRotation *self)
{
  for (guint m = 0; m < self->factors->modules->n; m++)
    {
      self->device->release (self->device, self->row_there[m]);
      self->device->release (self->device, self->column_there[m]);
    }
  self->device->release (self->device, self->turned_row);
  self->device->release (self->device, self->turned_column);
  g_free (self->row_there);
  g_free (self->column_there);
}

void
assay_factors_rotation_clear (AssayFactorsRotation *self)
{
  if (self->device != NULL)
    leave_device (self);
  for (guint m = 0; self->row_basis != NULL && m < self->factors->modules->n; m++)
    {
      assay_mem_free (self->row_basis[m]);
      assay_mem_free (self->column_basis[m]);
    }
  for (guint u = 0; self->row != NULL && u < self->n_uses; u++)
    {
      assay_mem_free (self->row[u]);
      assay_mem_free (self->column[u]);
    }
  g_free (self->row_basis);
  g_free (self->column_basis);
  g_free (self->row);
  g_free (self->column);
  g_free (self->outer);
}

/* Rows of a basis picked by one-hot vectors: rotated one-hot vectors. */
static void
look_up (gsize width, gint64 n, gint64 K, const gint32 *index, const char *basis, char *rotated)
{
  for (gint64 k = 0; k < K; k++)
    if (index[k] >= 0)
      memcpy (rotated + k * n * width, basis + index[k] * n * width, n * width);
    else
      memset (rotated + k * n * width, 0, n * width);
}

static const void *
rotate (const AssayFactorsRotation *self, AssayDtype dtype, gint64 n, gint64 K, const void *X, const void *basis, void *rotated)
{
  if (basis == NULL)
    return X;
  assay_module_multiply (dtype, self->workers, FALSE, FALSE, K, n, n, X, n, basis, n, FALSE, rotated, n);
  return rotated;
}

void
assay_factors_rotation_turn (AssayFactorsRotation *self, const AssayModuleBatch *batch)
{
  const AssayModule *module = batch->module;
  const void *row_basis = self->row_basis[batch->index], *column_basis = self->column_basis[batch->index];

  for (guint u = 0; u < module->n_uses; u++)
    {
      const AssayModuleParts *parts = &batch->parts[u];
      gint64 n = parts->use->positions, K = batch->B * n;

      self->outer[u] = (AssayModuleOuter) { .n = n, .index = row_basis ? NULL : parts->index };
      self->outer[u].column = rotate (self, batch->dtype, module->columns, K, parts->column, column_basis, self->column[u]);
      if (parts->index == NULL)
        self->outer[u].row = rotate (self, batch->dtype, module->rows, K, parts->row, row_basis, self->row[u]);
      else if (row_basis != NULL)
        {
          look_up (assay_dtype_width (batch->dtype), module->rows, K, parts->index, row_basis, self->row[u]);
          self->outer[u].row = self->row[u];
        }
    }
}
