/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scan_matrix.c: from every position that writes, its write is followed through the states to every position that reads. */
#include "run/scan_matrix.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

/* kept (n,S): exp (step A); carried (S): what is left of the write of one position. */
static void
fill (const AssayScanMatrix *scan, gint64 i, double *kept, double *carried, double *out)
{
  const gint64 n = scan->n, S = scan->S;

  for (gint64 t = 0; t < n; t++)
    for (gint64 k = 0; k < S; k++)
      kept[t * S + k] = exp (-exp (scan->a_log[i * S + k]) * scan->step[t * scan->I + i]);
  memset (out, 0, (gsize) (n * n) * sizeof *out);
  for (gint64 s = 0; s < n; s++)
    for (gint64 t = s; t < n; t++)
      {
        double sum = 0;

        for (gint64 k = 0; k < S; k++)
          {
            carried[k] = t == s ? scan->step[s * scan->I + i] * scan->write[s * S + k] : carried[k] * kept[t * S + k];
            sum += scan->read[t * S + k] * carried[k];
          }
        out[t * n + s] = sum;
      }
}

gboolean
assay_scan_matrix_fill (const AssayScanMatrix *scan, gint64 i, double *out, GError **error)
{
  g_autoptr (AssayBuffer) kept = assay_mem_alloc_array ((guint64) (scan->n + 1) * (guint64) scan->S, sizeof (double), error);

  if (kept == NULL)
    return FALSE;
  fill (scan, i, kept, (double *) kept + scan->n * scan->S, out);
  return TRUE;
}

gboolean
assay_scan_matrix_fill_all (const AssayScanMatrix *scan, double *out, GError **error)
{
  const gint64 size = scan->n * scan->n;
  g_autoptr (AssayBuffer) buffer = assay_mem_alloc_array ((guint64) (scan->n + 1) * (guint64) scan->S + (guint64) size, sizeof (double), error);
  double *one = buffer, *kept = one + size;

  if (buffer == NULL)
    return FALSE;
  memset (out, 0, (gsize) size * sizeof *out);
  for (gint64 i = 0; i < scan->I; i++)
    {
      fill (scan, i, kept, kept + scan->n * scan->S, one);
      for (gint64 k = 0; k < size; k++)
        out[k] += fabs (one[k]) / (double) scan->I;
    }
  return TRUE;
}
