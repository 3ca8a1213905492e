/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cholesky.c: row-oriented Cholesky factorisation of an equilibrated matrix. */
#include "run/cholesky.h"

#include <math.h>

#define LEAST_PIVOT 1e-13       /* of a diagonal of ones: what is less has been made by rounding */

static double
dot (const double *a, const double *b, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

double
assay_cholesky_factor (gint64 n, double *A, double *scale)
{
  double smallest = 1;

  for (gint64 i = 0; i < n; i++)
    scale[i] = A[i * n + i] != 0 ? sqrt (fabs (A[i * n + i])) : 1;
  for (gint64 i = 0; i < n; i++)
    for (gint64 j = 0; j <= i; j++)
      {
        double a = A[i * n + j] / (scale[i] * scale[j]) - dot (A + i * n, A + j * n, j);

        if (j < i)
          A[i * n + j] = a / A[j * n + j];
        else
          {
            smallest = MIN (smallest, a);
            A[i * n + i] = a > LEAST_PIVOT ? sqrt (a) : 1;
          }
      }
  return smallest;
}

void
assay_cholesky_solve (gint64 n, const double *L, const double *scale, const double *b, double *x)
{
  for (gint64 i = 0; i < n; i++)
    x[i] = (b[i] / scale[i] - dot (L + i * n, x, i)) / L[i * n + i];
  for (gint64 i = n; i-- > 0; )
    {
      x[i] /= L[i * n + i];
      for (gint64 j = 0; j < i; j++)
        x[j] -= L[i * n + j] * x[i];
    }
  for (gint64 i = 0; i < n; i++)
    x[i] /= scale[i];
}
