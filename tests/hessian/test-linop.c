/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Combinators against the same thing written out by hand. */
#include "matrices.h"

#include "base/error.h"
#include "base/mem.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 7

typedef struct {
  double *a, *b;
  double x[2 * N], y[2 * N];
  AssayLinop *A, *B;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  const double values[N] = { -2, -1, 0.5, 1, 2, 3, 4 }, positive[N] = { 1, 1, 2, 3, 5, 8, 13 };

  (void) data;
  f->a = make_spectrum (1, N, values);
  f->b = make_spectrum (2, N, positive);
  fill_normal (3, 2 * N, f->x);
  f->A = assay_linop_dense_new (N, f->a, TRUE, -2);
  f->B = assay_linop_dense_new (N, f->b, TRUE, 1);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  (void) data;
  assay_linop_unref (f->A);
  assay_linop_unref (f->B);
  assay_mem_free (f->a);
  assay_mem_free (f->b);
}

/* y = (p a + q b + s I) x for two vectors. */
static void
expect (Fixture *f, AssayLinop *op, double p, double q, double s)
{
  GError *error = NULL;

  g_assert_true (assay_linop_apply (op, 2, f->x, f->y, &error));
  g_assert_no_error (error);
  for (guint k = 0; k < 2; k++)
    for (guint i = 0; i < N; i++)
      {
        double sum = s * f->x[k * N + i], size = fabs (sum);

        for (guint j = 0; j < N; j++)
          {
            double term = (p * f->a[i * N + j] + q * f->b[i * N + j]) * f->x[k * N + j];

            sum += term;
            size += fabs (p * f->a[i * N + j] * f->x[k * N + j]) + fabs (q * f->b[i * N + j] * f->x[k * N + j]);
          }
        assert_close (f->y[k * N + i], sum, 2 * (N + 4) * DBL_EPSILON * size);
      }
}

static void
test_matrix (Fixture *f, gconstpointer data)
{
  (void) data;
  expect (f, f->A, 1, 0, 0);
  g_assert_cmpuint (f->A->n_applied, ==, 2);
}

static void
test_shift (Fixture *f, gconstpointer data)
{
  g_autoptr (AssayLinop) op = assay_linop_shift_new (f->A, 2.5);

  (void) data;
  expect (f, op, 1, 0, 2.5);
  g_assert_cmpfloat (op->shift, ==, 0.5);
  g_assert_true (op->is_symmetric);
}

static void
test_scale (Fixture *f, gconstpointer data)
{
  g_autoptr (AssayLinop) twice = assay_linop_scale_new (f->A, 2), negative = assay_linop_scale_new (f->A, -1);
  g_autoptr (AssayLinop) nothing = assay_linop_scale_new (f->A, 0);

  (void) data;
  expect (f, twice, 2, 0, 0);
  g_assert_cmpfloat (twice->shift, ==, -4);
  expect (f, negative, -1, 0, 0);
  g_assert_cmpfloat (negative->shift, ==, -INFINITY);
  g_assert_cmpfloat (nothing->shift, ==, 0);
}

static void
test_sum (Fixture *f, gconstpointer data)
{
  g_autoptr (AssayLinop) op = assay_linop_sum_new (f->A, f->B, NULL), shifted = assay_linop_shift_new (op, 1);
  g_autoptr (AssayLinop) small = assay_linop_dense_new (2, f->a, TRUE, 0);
  g_autoptr (GError) error = NULL;

  (void) data;
  expect (f, shifted, 1, 1, 1);
  g_assert_cmpfloat (shifted->shift, ==, 0);
  g_assert_null (assay_linop_sum_new (f->A, small, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
}

static void
test_restrict (Fixture *f, gconstpointer data)
{
  const AssaySlice slices[] = { { 4, 2 }, { 1, 1 } };
  const gint64 picked[] = { 4, 5, 1 };
  g_autoptr (AssayLinop) op = assay_linop_restrict_new (f->A, slices, 2, NULL);

  (void) data;
  g_assert_cmpint (op->n, ==, 3);
  g_assert_cmpfloat (op->shift, ==, -2);
  for (guint round = 0; round < 2; round++)                       /* nothing of the first is left in the second */
    {
      g_assert_true (assay_linop_apply (op, 2, f->x + round, f->y, NULL));
      for (guint k = 0; k < 2; k++)
        for (guint i = 0; i < 3; i++)
          {
            double sum = 0;

            for (guint j = 0; j < 3; j++)
              sum += f->a[picked[i] * N + picked[j]] * f->x[round + k * 3 + j];
            assert_close (f->y[k * 3 + i], sum, 100 * DBL_EPSILON);
          }
    }
}

static void
test_congruence (Fixture *f, gconstpointer data)
{
  double scale[N];
  g_autoptr (AssayLinop) op = NULL;

  (void) data;
  for (guint i = 0; i < N; i++)
    scale[i] = ldexp (1, (int) i - 2);
  op = assay_linop_congruence_new (f->A, scale, 0.5, NULL);
  g_assert_cmpfloat (op->shift, ==, 0.5);
  g_assert_true (assay_linop_apply (op, 2, f->x, f->y, NULL));
  for (guint k = 0; k < 2; k++)
    for (guint i = 0; i < N; i++)
      {
        double sum = 0;

        for (guint j = 0; j < N; j++)
          sum += scale[i] * scale[j] * f->a[i * N + j] * f->x[k * N + j];
        assert_close (f->y[k * N + i], sum, 100 * DBL_EPSILON);
      }
}

static void
test_restrict_refuses (Fixture *f, gconstpointer data)
{
  const struct { AssaySlice slice[2]; guint n; } bad[] = {
    { { { 0, 3 }, { 2, 1 } }, 2 }, { { { 5, 3 } }, 1 }, { { { -1, 2 } }, 1 }, { { { 2, 0 } }, 1 }, { { { G_MAXINT64, 2 } }, 1 }, { { { 0, 0 } }, 0 },
  };

  (void) data;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_linop_restrict_new (f->A, bad[i].slice, bad[i].n, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE);
    }
}

static void
test_ownership (Fixture *f, gconstpointer data)
{
  AssayLinop *inner = assay_linop_dense_new (N, f->a, TRUE, -2);
  g_autoptr (AssayLinop) outer = assay_linop_shift_new (inner, 1);

  (void) data;
  assay_linop_unref (inner);
  expect (f, outer, 1, 0, 1);
}

#define CASE(name, func) g_test_add ("/hessian/linop/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE ("a matrix multiplies every vector of a block", test_matrix);
  CASE ("a shift adds lambda x and raises the known bound", test_shift);
  CASE ("a scale multiplies and keeps the bound when positive", test_scale);
  CASE ("a sum adds products and bounds and refuses unequal sizes", test_sum);
  CASE ("a congruence scales both sides", test_congruence);
  CASE ("a restriction is the principal part in the order of its slices", test_restrict);
  CASE ("a restriction refuses slices outside, empty or meeting", test_restrict_refuses);
  CASE ("a combinator keeps what it combines alive", test_ownership);
  return g_test_run ();
}
