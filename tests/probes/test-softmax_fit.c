/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-softmax_fit.c: the fit is the minimum that it says. */
#include "probes/softmax_fit.h"

#include "base/rng.h"

#include <math.h>

#define N 120
#define C 4
#define A 3

static void
make (double *X, gint32 *label, gint64 *rows)
{
  AssayRng rng = assay_rng_new (4, 4);

  for (gint64 i = 0; i < N; i++)
    {
      rows[i] = i;
      label[i] = (gint32) (i % A);
      for (gint64 c = 0; c < C; c++)
        X[i * C + c] = 5 + (c + 1) * assay_rng_normal (&rng) + (c == label[i] ? 3 : 0);
    }
}

static void
test_minimum (void)
{
  double X[N * C], p[A], gradient[A * (C + 1)] = { 0 };
  gint32 label[N];
  gint64 rows[N];
  g_autoptr (AssaySoftmaxFit) fit = NULL;
  GError *error = NULL;

  make (X, label, rows);
  fit = assay_softmax_fit_new (X, label, rows, N, C, A, 1, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < N; i++)
    {
      double sum = 0;

      assay_softmax_fit_predict (fit, X + i * C, p);
      for (gint64 a = 0; a < A; a++)
        {
          sum += p[a];
          for (gint64 c = 0; c <= C; c++)
            gradient[a * (C + 1) + c] += (p[a] - (a == label[i])) * (c < C ? (X[i * C + c] - fit->mean[c]) * fit->scale[c] : 1);
        }
      g_assert_cmpfloat (fabs (sum - 1), <, 1e-14);
    }
  for (gint64 a = 0; a < A; a++)
    for (gint64 c = 0; c <= C; c++)
      {
        double g = gradient[a * (C + 1) + c] + (c < C ? fit->weight[a * (C + 1) + c] : 0);

        /* A step of 1e-4 at most was left, and the bound on the curvature is at most N/2 C + 1 in any direction. */
        g_assert_cmpfloat (fabs (g), <, 1e-4 * (N / 2.0 * (C + 1) + 1));
      }
}

static void
test_constant_feature (void)
{
  double X[N * C], p[A];
  gint32 label[N];
  gint64 rows[N];
  g_autoptr (AssaySoftmaxFit) fit = NULL;

  make (X, label, rows);
  for (gint64 i = 0; i < N; i++)
    X[i * C + 1] = 7;
  fit = assay_softmax_fit_new (X, label, rows, N, C, A, 1, NULL);
  X[1] = 1e6;                                                     /* of a feature that never varied nothing is learnt */
  assay_softmax_fit_predict (fit, X, p);
  for (gint64 a = 0; a < A; a++)
    g_assert_true (isfinite (p[a]));
  g_assert_cmpfloat (p[0], >, 1.0 / A);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/softmax_fit/the penalised gradient is zero at the fit", test_minimum);
  g_test_add_func ("/softmax_fit/a constant feature has no weight", test_constant_feature);
  return g_test_run ();
}
