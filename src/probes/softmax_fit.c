/* SPDX-License-Identifier: GPL-3.0-or-later */
/* softmax_fit.c: steps against a fixed bound of the curvature. */
#include "probes/softmax_fit.h"

#include "base/mem.h"
#include "hessian/dense.h"

#include <math.h>
#include <string.h>

#define MOST_STEPS 200
#define ENOUGH 1e-4             /* largest change of a weight in a step */

void
assay_softmax_fit_free (AssaySoftmaxFit *fit)
{
  if (fit == NULL)
    return;
  assay_mem_free (fit->mean);
  assay_mem_free (fit->scale);
  assay_mem_free (fit->weight);
  g_free (fit);
}

static void
standardise (AssaySoftmaxFit *fit, const double *X, const gint64 *rows, gint64 n)
{
  for (gint64 c = 0; c < fit->C; c++)
    {
      double sum = 0, squares = 0;

      for (gint64 i = 0; i < n; i++)
        sum += X[rows[i] * fit->C + c];
      fit->mean[c] = sum / (double) n;
      for (gint64 i = 0; i < n; i++)
        squares += (X[rows[i] * fit->C + c] - fit->mean[c]) * (X[rows[i] * fit->C + c] - fit->mean[c]);
      fit->scale[c] = squares > 0 ? 1 / sqrt (squares / (double) n) : 0;
    }
}

/* Z (n,C+1): standardised, with a 1 behind. */
static void
scale_rows (const AssaySoftmaxFit *fit, const double *X, const gint64 *rows, gint64 n, double *Z)
{
  for (gint64 i = 0; i < n; i++)
    {
      for (gint64 c = 0; c < fit->C; c++)
        Z[i * (fit->C + 1) + c] = (X[rows[i] * fit->C + c] - fit->mean[c]) * fit->scale[c];
      Z[i * (fit->C + 1) + fit->C] = 1;
    }
}

/* The bound, factored. The intercept is held by the least bit, so that the matrix is always definite. */
static AssayFactor *
factor_bound (const double *Z, gint64 n, gint64 D, double l2, GError **error)
{
  double *matrix = assay_mem_new (double, D * D, error);

  if (matrix == NULL)
    return NULL;
  for (gint64 i = 0; i < n; i++)
    for (gint64 c = 0; c < D; c++)
      for (gint64 d = 0; d <= c; d++)
        matrix[c * D + d] += 0.5 * Z[i * D + c] * Z[i * D + d];
  for (gint64 c = 0; c < D; c++)
    {
      matrix[c * D + c] += c + 1 < D ? l2 : 1e-9;
      for (gint64 d = 0; d < c; d++)
        matrix[d * D + c] = matrix[c * D + d];
    }
  return assay_factor_new (NULL, "bound of the softmax fit", ASSAY_F64, D, matrix, TRUE, error);
}

static void
softmax (const double *weight, const double *z, gint64 D, gint64 A, double *p)
{
  double top = -INFINITY, sum = 0;

  for (gint64 a = 0; a < A; a++)
    {
      p[a] = 0;
      for (gint64 c = 0; c < D; c++)
        p[a] += weight[a * D + c] * z[c];
      top = fmax (top, p[a]);
    }
  for (gint64 a = 0; a < A; a++)
    sum += p[a] = exp (p[a] - top);
  for (gint64 a = 0; a < A; a++)
    p[a] /= sum;
}

/* step (A,D) <- bound^-1 (sum_i ([a = y_i] - p_ia) z_i - l2 w_a); *largest: its largest entry. */
static gboolean
take_step (AssaySoftmaxFit *fit, const double *Z, const gint32 *label, const gint64 *rows, gint64 n, double l2, const AssayFactor *bound, double *step,
           double *p, double *largest, GError **error)
{
  gint64 D = fit->C + 1;

  for (gint64 k = 0; k < fit->A * D; k++)
    step[k] = (k + 1) % D != 0 ? -l2 * fit->weight[k] : 0;
  for (gint64 i = 0; i < n; i++)
    {
      softmax (fit->weight, Z + i * D, D, fit->A, p);
      for (gint64 a = 0; a < fit->A; a++)
        {
          double miss = (a == label[rows[i]]) - p[a];

          for (gint64 c = 0; c < D; c++)
            step[a * D + c] += miss * Z[i * D + c];
        }
    }
  if (!assay_factor_solve (bound, fit->A, step, error))
    return FALSE;
  *largest = 0;
  for (gint64 k = 0; k < fit->A * D; k++)
    {
      fit->weight[k] += step[k];
      *largest = fmax (*largest, fabs (step[k]));
    }
  return TRUE;
}

AssaySoftmaxFit *
assay_softmax_fit_new (const double *X, const gint32 *label, const gint64 *rows, gint64 n, gint64 C, gint64 A, double l2, GError **error)
{
  g_autoptr (AssaySoftmaxFit) fit = g_new0 (AssaySoftmaxFit, 1);
  g_autoptr (AssayBuffer) Z = NULL, step = NULL;
  g_autoptr (AssayFactor) bound = NULL;
  g_autofree double *p = g_new (double, A);
  double largest = INFINITY;

  fit->C = C;
  fit->A = A;
  if ((fit->mean = assay_mem_new (double, C, error)) == NULL || (fit->scale = assay_mem_new (double, C, error)) == NULL
      || (fit->weight = assay_mem_new (double, A * (C + 1), error)) == NULL || (Z = assay_mem_new (double, n * (C + 1), error)) == NULL
      || (step = assay_mem_new (double, A * (C + 1), error)) == NULL)
    return NULL;
  standardise (fit, X, rows, n);
  scale_rows (fit, X, rows, n, Z);
  bound = factor_bound (Z, n, C + 1, l2, error);
  if (bound == NULL)
    return NULL;
  for (int k = 0; k < MOST_STEPS && largest > ENOUGH; k++)
    if (!take_step (fit, Z, label, rows, n, l2, bound, step, p, &largest, error))
      return NULL;
  return g_steal_pointer (&fit);
}

void
assay_softmax_fit_predict (const AssaySoftmaxFit *fit, const double *x, double *p)
{
  g_autofree double *z = g_new (double, fit->C + 1);

  for (gint64 c = 0; c < fit->C; c++)
    z[c] = (x[c] - fit->mean[c]) * fit->scale[c];
  z[fit->C] = 1;
  softmax (fit->weight, z, fit->C + 1, fit->A, p);
}
