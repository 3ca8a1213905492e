/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.c: see block.h. */
#include "hessian/block.h"

#include "hessian/vector_f64.h"
#include "tensor/gemm.h"

#include <string.h>

#define PANEL 32                /* vectors that are made orthogonal to each other one by one: to those before them, all together */

void
assay_block_inner (gint64 n, gint64 K, const double *X, gint64 M, const double *Y, double *G)
{
  if (K > 0 && M > 0)
    assay_gemm_f64 (NULL, FALSE, TRUE, K, M, n, 1, X, n, Y, n, FALSE, G, M);
}

void
assay_block_combine (gint64 n, gint64 K, const double *X, gint64 M, double a, const double *C, double *Y)
{
  if (K > 0 && M > 0)
    assay_gemm_f64 (NULL, TRUE, FALSE, M, n, K, a, C, M, X, n, TRUE, Y, n);
}

static void
swap_rows (gint64 n, double *a, double *b)
{
  for (gint64 i = 0; i < n && a != b; i++)
    {
      double t = a[i];

      a[i] = b[i];
      b[i] = t;
    }
}

static void
project_out_one (gint64 n, const double *v, double *x)
{
  assay_f64_add (n, -assay_f64_dot (n, v, x), v, x);
}

/* An orthonormal basis of vectors of at most unit size, the largest remainder first; those of which no more than `tolerance` is left are left out. */
static gint64
orthonormalise (gint64 n, gint64 K, double *X, double tolerance)
{
  gint64 rank = 0;

  while (rank < K)
    {
      gint64 largest = rank;
      double largest_norm = 0;
      double *v = X + rank * n;

      for (gint64 k = rank; k < K; k++)
        {
          double norm = assay_f64_norm (n, X + k * n);

          if (norm > largest_norm)
            {
              largest = k;
              largest_norm = norm;
            }
        }
      if (!(largest_norm > tolerance))
        break;
      swap_rows (n, v, X + largest * n);
      for (gint64 j = 0; j < rank; j++)
        project_out_one (n, X + j * n, v);
      assay_f64_scale (n, 1 / assay_f64_norm (n, v), v);
      for (gint64 k = ++rank; k < K; k++)
        project_out_one (n, v, X + k * n);
    }
  return rank;
}

/* X (K,n) less its components along an orthonormal basis V (M,n). scratch (M,K). */
static void
project_out (gint64 n, gint64 M, const double *V, gint64 K, double *X, double *scratch)
{
  assay_block_inner (n, M, V, K, X, scratch);
  assay_block_combine (n, M, V, K, -1, scratch, X);
}

gint64
assay_block_basis (gint64 n, gint64 K, double *X, double tolerance)
{
  g_autofree double *scratch = K > PANEL ? g_new (double, K * PANEL) : NULL;
  gint64 rank = 0, rest = K;

  for (gint64 k = rest - 1; k >= 0; k--)                          /* to unit size; zero vectors to the end, out of the way */
    {
      double norm = assay_f64_norm (n, X + k * n);

      if (norm > 0)
        assay_f64_scale (n, 1 / norm, X + k * n);
      else
        swap_rows (n, X + k * n, X + --rest * n);
    }
  for (gint64 first = 0; first < rest; first += PANEL)
    {
      double *panel = X + first * n;
      gint64 count = MIN (PANEL, rest - first);

      project_out (n, rank, X, count, panel, scratch);
      count = orthonormalise (n, count, panel, tolerance);
      if (rank > 0)                                               /* once more: what was left may have been little */
        {
          project_out (n, rank, X, count, panel, scratch);
          count = orthonormalise (n, count, panel, 0);
        }
      memmove (X + rank * n, panel, count * n * sizeof *X);
      rank += count;
    }
  return rank;
}

void
assay_block_project_out (gint64 n, gint64 M, const double *V, gint64 K, double *X, double *scratch)
{
  for (guint pass = 0; pass < 2; pass++)
    project_out (n, M, V, K, X, scratch);
}
