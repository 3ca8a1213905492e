/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-integrated_gradients.c: the axioms: conservation, nothing for what does nothing, equal shares for equal features, opposite paths; kinks are
 * found; and what does not converge says so.
 */
#include "decided.h"

#include "probes/integrated_gradients.h"

#include <math.h>

#define SMOOTH "{\"widths\": [6, 8, 3], \"activations\": [\"tanh\"]}"
#define KINKED "{\"widths\": [6, 16, 3], \"activations\": [\"relu\"]}"

static AssayAttribution
attribute (const Decided *d, const AssayMarginChoice *choice, const double *x, const double *reference, gint64 most, double *contribution)
{
  AssayAttribution a;
  GError *error = NULL;

  assay_attribute (d->margin, choice, x, reference, most, contribution, &a, NULL, &error);
  g_assert_no_error (error);
  return a;
}

static double
add (const double *x, gint64 n)
{
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += x[i];
  return sum;
}

/* w (x - r), and a residual that is rounding: of 6 products and two walks. */
static void
test_affine (void)
{
  Decided d = decided_new (40, 6, 2, "linear", "{\"inputs\": 6, \"loss\": \"logistic\"}");
  const AssayMarginChoice choice = { 1, 0, 0.7 };
  const double *theta = assay_model_get_theta (d.fixture->model);
  double x[6], r[6], c[6];

  for (gint64 i = 0; i < 20; i++)
    {
      AssayAttribution a;

      decided_read (&d, i, x);
      decided_read (&d, i + 20, r);
      a = attribute (&d, &choice, x, r, 1, c);
      g_assert_true (a.is_exact && a.converged);
      g_assert_cmpint (a.gradients, ==, 0);
      for (gint64 j = 0; j < 6; j++)
        g_assert_cmpfloat (c[j], ==, theta[j] * (x[j] - r[j]));
      g_assert_cmpfloat (a.residual, <=, 64 * 0x1p-52 * (1 + fabs (a.at_input) + fabs (a.at_reference)));
    }
  decided_clear (&d);
}

static void
check_conservation (const char *config)
{
  Decided d = decided_new (60, 6, 3, "mlp", config);
  const AssayMarginChoice choice = { 2, 0, 0 };
  double x[6], r[6], there[6], back[6];

  for (gint64 i = 0; i < 25; i++)
    {
      AssayAttribution a, b;

      decided_read (&d, i, x);
      decided_read (&d, i + 30, r);
      a = attribute (&d, &choice, x, r, 100000, there);
      b = attribute (&d, &choice, r, x, 100000, back);
      g_assert_true (a.converged && b.converged && !a.is_exact);
      g_assert_cmpfloat (a.residual, <=, 1e-6 * fmax (1, fabs (a.change)));
      g_assert_cmpfloat (fabs (add (there, 6) - a.sum), <=, 1e-12);
      g_assert_cmpfloat (fabs (a.change + b.change), <=, 1e-12);
      for (gint64 j = 0; j < 6; j++)
        g_assert_cmpfloat (fabs (there[j] + back[j]), <=, 4e-6 * fmax (1, fabs (a.change)));
    }
  decided_clear (&d);
}

static void
test_smooth (void)
{
  check_conservation (SMOOTH);
}

static void
test_kinks (void)
{
  check_conservation (KINKED);
}

/* Feature 2 is read by nothing; features 0 and 1 are read alike. */
static void
test_dummy_and_symmetry (void)
{
  Decided d = decided_new (60, 6, 3, "mlp", KINKED);
  AssayMarginChoice choice = { 1, 2, 0 };
  double *theta = assay_model_get_theta (d.fixture->model), x[6], r[6], c[6];
  GError *error = NULL;

  for (gint64 o = 0; o < 16; o++)
    {
      theta[o * 6 + 2] = 0;
      theta[o * 6 + 1] = theta[o * 6];
    }
  assay_margin_free (d.margin);
  d.margin = assay_margin_new (d.fixture->model, d.fixture->backend, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < 10; i++)
    {
      decided_read (&d, i, x);
      decided_read (&d, i + 30, r);
      x[1] = x[0];
      r[1] = r[0];
      g_assert_true (attribute (&d, &choice, x, r, 100000, c).converged);
      g_assert_cmpfloat (c[2], ==, 0);
      g_assert_cmpfloat (fabs (c[0] - c[1]), <=, 1e-13 * (1 + fabs (c[0])));
    }
  decided_clear (&d);
}

/* m_ab + m_bc = m_ac, and so for the contributions: within the three tolerances. */
static void
test_additive (void)
{
  Decided d = decided_new (60, 6, 3, "mlp", SMOOTH);
  const AssayMarginChoice choices[] = { { 0, 1, 0 }, { 1, 2, 0 }, { 0, 2, 0 } };
  double x[6], r[6], c[3][6];

  decided_read (&d, 3, x);
  decided_read (&d, 33, r);
  for (guint k = 0; k < 3; k++)
    g_assert_true (attribute (&d, &choices[k], x, r, 100000, c[k]).converged);
  for (gint64 j = 0; j < 6; j++)
    g_assert_cmpfloat (fabs (c[0][j] + c[1][j] - c[2][j]), <=, 1e-5);
  decided_clear (&d);
}

static void
test_not_converged (void)
{
  Decided d = decided_new (60, 6, 3, "mlp", KINKED);
  const AssayMarginChoice choice = { 2, 0, 0 };
  double x[6], r[6], c[6];
  gint64 cut_short = 0;

  for (gint64 i = 0; i < 20; i++)
    {
      AssayAttribution a;

      decided_read (&d, i, x);
      decided_read (&d, i + 30, r);
      a = attribute (&d, &choice, x, r, 24, c);
      g_assert_cmpint (a.gradients, <=, 24);
      g_assert_true (!a.converged || a.residual <= a.tolerance);
      cut_short += !a.converged;
    }
  g_assert_cmpint (cut_short, >, 10);
  decided_clear (&d);
}

static void
test_same_point (void)
{
  Decided d = decided_new (60, 6, 3, "mlp", KINKED);
  const AssayMarginChoice choice = { 2, 0, 0 };
  double x[6], c[6];

  decided_read (&d, 0, x);
  g_assert_true (attribute (&d, &choice, x, x, 8, c).converged);
  for (gint64 j = 0; j < 6; j++)
    g_assert_cmpfloat (c[j], ==, 0);
  decided_clear (&d);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probes/integrated_gradients/an affine margin is exact", test_affine);
  g_test_add_func ("/probes/integrated_gradients/a smooth margin is conserved, both ways", test_smooth);
  g_test_add_func ("/probes/integrated_gradients/so is one with kinks", test_kinks);
  g_test_add_func ("/probes/integrated_gradients/what is not read gets nothing, what is read alike gets the same", test_dummy_and_symmetry);
  g_test_add_func ("/probes/integrated_gradients/contributions add up as margins do", test_additive);
  g_test_add_func ("/probes/integrated_gradients/what does not converge says so", test_not_converged);
  g_test_add_func ("/probes/integrated_gradients/against itself nothing contributes", test_same_point);
  return g_test_run ();
}
