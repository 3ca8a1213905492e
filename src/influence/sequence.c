/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequence.c: looks at the weights of a batch. */
#include "influence/sequence.h"

#include "base/mem.h"

gint64
assay_sequence_get_length (const AssayBatch *batch, gint64 row, gint64 T)
{
  for (gint64 t = T; t > 0; t--)
    {
      gint64 at = row * T + t - 1;
      double weight = batch->dtype == ASSAY_F32 ? (double) ((const float *) batch->weight)[at] : ((const double *) batch->weight)[at];

      if (weight != 0)
        return t;
    }
  return T;
}

gint32 *
assay_sequence_read (AssayDataset *dataset, const gint64 *examples, gint64 n, gint64 *length, GError **error)
{
  gint64 T = assay_dataset_get_shape (dataset).dim[0];
  g_autoptr (AssayBuffer) memory = assay_mem_alloc_array (n * (T + 1), sizeof (gint32), error);
  g_autofree gint32 *token = g_new (gint32, T), *target = g_new (gint32, T);
  g_autofree double *weight = g_new (double, T);
  AssayBatch batch = { .dtype = ASSAY_F64, .token = token, .target = target, .weight = weight };
  gint32 *rows = memory;

  for (gint64 i = 0; rows != NULL && i < n; i++)
    {
      gint64 used;

      assay_dataset_fill (dataset, examples + i, 1, &batch);
      used = assay_sequence_get_length (&batch, 0, T);
      for (gint64 t = 0; t <= T; t++)
        rows[i * (T + 1) + t] = t < used ? token[t] : t == used ? target[used - 1] : -1;
      length[i] = used + 1;
    }
  return g_steal_pointer (&memory);
}
