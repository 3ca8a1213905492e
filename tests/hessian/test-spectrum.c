/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stochastic Lanczos quadrature on matrices whose spectrum is known. */
#include "matrices.h"

#include "base/mem.h"
#include "hessian/spectrum.h"

#include <math.h>

#define N 120

typedef struct {
  double *matrix, values[N];
  AssayLinop *A;
} Problem;

static void
problem_init (Problem *p, double power)
{
  for (gint64 i = 0; i < N; i++)
    p->values[i] = 20 * pow ((double) i + 1, -power);
  p->matrix = make_spectrum (5, N, p->values);
  p->A = assay_linop_dense_new (N, p->matrix, TRUE, 0);
}

static void
problem_clear (Problem *p)
{
  assay_linop_unref (p->A);
  assay_mem_free (p->matrix);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Problem, problem_clear)

/* Within six standard errors, and those are no excuse: each at most a quarter of the value. */
static void
assert_estimates (AssaySpectrumEstimate found, double truth)
{
  assert_close (found.value, truth, 6 * found.error + 1e-9 * fabs (truth));
  g_assert_cmpfloat (found.error, <=, truth / 4);
}

static void
test_estimates (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssaySpectrum) spectrum = NULL;
  double trace = 0;

  problem_init (&p, 1);
  spectrum = assay_spectrum_new (p.A, 12, 40, 1, NULL, NULL);
  g_assert_cmpint (spectrum->products, ==, 12 * 40);
  for (gint64 i = 0; i < N; i++)
    trace += p.values[i];
  assert_estimates (assay_spectrum_sum (spectrum), trace);
  for (double lambda = 1e-3; lambda < 100; lambda *= 10)
    {
      double d = 0;

      for (gint64 i = 0; i < N; i++)
        d += p.values[i] / (p.values[i] + lambda);
      assert_estimates (assay_spectrum_effective_dimension (spectrum, lambda), d);
    }
  assert_close (spectrum->largest, p.values[0], 1e-10);
  g_assert_cmpfloat (spectrum->largest, <=, p.values[0] * (1 + 1e-13));
  g_assert_cmpfloat (spectrum->smallest, >=, p.values[N - 1] * (1 - 1e-10));
  assert_close (assay_spectrum_extreme (spectrum, TRUE).value, p.values[0], 1e-6);
}

/* All steps: for each probe the quadrature is the quadratic form, and counts add up to the whole. */
static void
test_whole (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssaySpectrum) spectrum = NULL;

  problem_init (&p, 0.5);
  spectrum = assay_spectrum_new (p.A, 3, 10 * N, 1, NULL, NULL);
  g_assert_cmpint (spectrum->steps, ==, N);
  for (gint64 probe = 0; probe < 3; probe++)
    for (gint64 j = 0; j < N; j++)
      assert_close (spectrum->ritz[probe * N + j], p.values[N - 1 - j], 1e-11);
  assert_close (assay_spectrum_count (spectrum, -1, 100).value, N, 1e-10);
  assert_close (assay_spectrum_count (spectrum, 0, 4).value + assay_spectrum_count (spectrum, 4, 100).value, N, 1e-10);
  g_assert_cmpfloat (spectrum->smallest_reach, <=, 1e-10);
}

/* Random signs see a diagonal matrix's trace exactly. */
static void
test_diagonal (void)
{
  g_autofree double *matrix = g_new0 (double, N * N);
  g_autoptr (AssayLinop) A = NULL;
  g_autoptr (AssaySpectrum) spectrum = NULL;

  for (gint64 i = 0; i < N; i++)
    matrix[i * N + i] = (double) (i % 7) - 2;
  A = assay_linop_dense_new (N, matrix, TRUE, -INFINITY);
  spectrum = assay_spectrum_new (A, 2, 30, 4, NULL, NULL);
  g_assert_cmpint (spectrum->length[0], ==, 7);
  for (gint64 k = 0; k < 7; k++)
    {
      gint64 count = 0;

      for (gint64 i = 0; i < N; i++)
        count += i % 7 == k;
      assert_close (assay_spectrum_count (spectrum, (double) k - 2.5, (double) k - 1.5).value, (double) count, 1e-10);
    }
  assert_close (assay_spectrum_sum (spectrum).error, 0, 1e-10);
  assert_close (spectrum->smallest, -2, 1e-12);
}

static void
test_repeats (void)
{
  g_auto (Problem) p = { 0 };
  g_autoptr (AssaySpectrum) a = NULL, b = NULL, c = NULL;

  problem_init (&p, 1);
  a = assay_spectrum_new (p.A, 2, 10, 1, NULL, NULL);
  b = assay_spectrum_new (p.A, 1, 10, 1, NULL, NULL);
  c = assay_spectrum_new (p.A, 1, 10, 2, NULL, NULL);
  for (gint64 j = 0; j < 10; j++)
    g_assert_cmpfloat (a->ritz[j], ==, b->ritz[j]);               /* a probe does not depend on how many there are */
  g_assert_cmpfloat (b->ritz[3], !=, c->ritz[3]);
  g_assert_true (isnan (assay_spectrum_sum (b).error));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spectrum/trace and effective dimension are within their errors, the extremes within the spectrum", test_estimates);
  g_test_add_func ("/spectrum/with all steps the Ritz values are the eigenvalues", test_whole);
  g_test_add_func ("/spectrum/random signs count the eigenvalues of a diagonal matrix exactly", test_diagonal);
  g_test_add_func ("/spectrum/probes are streams of the seed", test_repeats);
  return g_test_run ();
}
