/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense_system.c: see dense_system.h. */
#include "dense_system.h"

#include <math.h>

void
eliminate (gint64 n, double *A, double *b)
{
  for (gint64 c = 0; c < n; c++)
    {
      gint64 best = c;

      for (gint64 r = c; r < n; r++)
        best = fabs (A[r * n + c]) > fabs (A[best * n + c]) ? r : best;
      for (gint64 j = 0; j < n; j++)
        {
          double t = A[c * n + j];

          A[c * n + j] = A[best * n + j];
          A[best * n + j] = t;
        }
      double t = b[c];
      b[c] = b[best];
      b[best] = t;
      for (gint64 r = 0; r < n; r++)
        if (r != c)
          {
            double f = A[r * n + c] / A[c * n + c];

            for (gint64 j = c; j < n; j++)
              A[r * n + j] -= f * A[c * n + j];
            b[r] -= f * b[c];
          }
    }
  for (gint64 c = 0; c < n; c++)
    b[c] /= A[c * n + c];
}
