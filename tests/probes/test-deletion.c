/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-deletion.c: of an affine margin everything is known: drops are sums of contributions, no order is better; of others the best and worst
 * orders are compared with all there are.
 */
#include "decided.h"

#include "probes/deletion.h"
#include "probes/integrated_gradients.h"

#include <math.h>

/* Three columns over six features. */
static const AssayColumnRange columns[] = { { 0, 1 }, { 1, 3 }, { 4, 2 } };
static const AssayColumnRange singles[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 1 }, { 4, 1 }, { 5, 1 } };

static void
sum_columns (const double *contribution, const AssayColumnRange *range, gint64 C, double *out)
{
  for (gint64 c = 0; c < C; c++)
    {
      out[c] = 0;
      for (gint64 k = 0; k < range[c].n; k++)
        out[c] += contribution[range[c].first + k];
    }
}

static AssayDeletion *
delete (const Decided *d, double sign, const AssayColumnRange *range, gint64 C, gint64 i, gint64 R)
{
  const AssayMarginChoice choice = { 1, 0, 0 };
  double x[6], r[6], contribution[6], of_column[6];
  AssayAttribution a;
  AssayDeletion *deletion;
  GError *error = NULL;

  decided_read (d, i, x);
  decided_read (d, i + 20, r);
  assay_attribute (d->margin, &choice, x, r, 100000, contribution, &a, NULL, &error);
  g_assert_no_error (error);
  sum_columns (contribution, range, C, of_column);
  deletion = assay_deletion_new (d->margin, &choice, sign, x, r, range, C, of_column, R, 5, NULL, &error);
  g_assert_no_error (error);
  return deletion;
}

static void
test_affine (void)
{
  Decided d = decided_new (60, 6, 2, "linear", "{\"inputs\": 6, \"loss\": \"logistic\"}");

  for (gint64 i = 0; i < 20; i++)
    for (double sign = -1; sign <= 1; sign += 2)
      {
        g_autoptr (AssayDeletion) e = delete (&d, sign, columns, 3, i, 40);

        g_assert_cmpint (e->K, ==, 3);
        for (gint64 k = 0; k < 3; k++)
          {
            g_assert_cmpfloat (fabs (e->claimed[k] - e->measured[k]), <=, 1e-13);
            g_assert_cmpfloat (e->random_mean[k], <=, e->measured[k] + 1e-13);
            g_assert_cmpfloat (e->random_lo[k], <=, e->random_hi[k]);
          }
        g_assert_cmpfloat (e->largest_gap, <=, 1e-13);
        g_assert_cmpfloat (fabs (e->best_area - e->area), <=, 1e-13);
        g_assert_cmpfloat (e->worst_area, <=, e->random_area + 1e-13);
        g_assert_cmpfloat (fabs (e->rescaled - 1), <=, 1e-10);
        g_assert_cmpfloat (e->p, >=, 1.0 / 41);
      }
  decided_clear (&d);
}

/* Areas of all 720 orders of six columns, walked one by one. */
static void
all_orders (const Decided *d, gint64 i, double *best, double *worst)
{
  const AssayMarginChoice choice = { 1, 0, 0 };
  double x[6], r[6], value[64], at[64 * 6];
  GError *error = NULL;

  decided_read (d, i, x);
  decided_read (d, i + 20, r);
  for (guint set = 0; set < 64; set++)
    for (gint64 j = 0; j < 6; j++)
      at[set * 6 + j] = set >> j & 1 ? r[j] : x[j];
  assay_margin_values (d->margin, &choice, at, 64, value, &error);
  g_assert_no_error (error);
  *best = -INFINITY;
  *worst = INFINITY;
  for (guint code = 0; code < 720; code++)
    {
      guint set = 0, rest = code, left[6] = { 0, 1, 2, 3, 4, 5 };
      double area = 0;

      for (guint step = 0; step < 6; step++)
        {
          guint n = 6 - step, pick = rest % n;

          rest /= n;
          set |= 1u << left[pick];
          left[pick] = left[n - 1];
          area += (value[0] - value[set]) / 6;
        }
      *best = fmax (*best, area);
      *worst = fmin (*worst, area);
    }
}

/* 20 sets of three of six exceed the beam of 8, so the search may miss: it must never claim more than there is, and mostly finds it. */
static void
test_search (void)
{
  Decided d = decided_new (60, 6, 2, "mlp", "{\"widths\": [6, 8, 2], \"activations\": [\"tanh\"]}");
  gint64 found = 0;

  for (gint64 i = 0; i < 20; i++)
    {
      g_autoptr (AssayDeletion) e = delete (&d, 1, singles, 6, i, 10);
      double best, worst;

      all_orders (&d, i, &best, &worst);
      g_assert_cmpfloat (e->best_area, <=, best + 1e-12);
      g_assert_cmpfloat (e->worst_area, >=, worst - 1e-12);
      g_assert_cmpfloat (e->area, <=, e->best_area);
      g_assert_cmpfloat (e->area, >=, e->worst_area);
      g_assert_true (isnan (e->rescaled) || (e->rescaled >= 0 && e->rescaled <= 1));
      found += e->best_area >= best - 1e-12;
      found += e->worst_area <= worst + 1e-12;
    }
  g_assert_cmpint (found, >=, 30);
  decided_clear (&d);
}

/* When all columns are gone the input is the reference; when all are kept it is itself. */
static void
test_ends (void)
{
  Decided d = decided_new (60, 6, 3, "mlp", "{\"widths\": [6, 8, 3], \"activations\": [\"relu\"]}");
  const AssayMarginChoice choice = { 1, 0, 0 };

  for (gint64 i = 0; i < 10; i++)
    {
      g_autoptr (AssayDeletion) e = delete (&d, 1, singles, 6, i, 0);
      double x[12], m[2];

      decided_read (&d, i, x);
      decided_read (&d, i + 20, x + 6);
      assay_margin_values (d.margin, &choice, x, 2, m, NULL);
      g_assert_cmpfloat (e->measured[5], ==, m[0] - m[1]);
      g_assert_cmpfloat (e->only[5], ==, m[0]);
      g_assert_cmpfloat (fabs (e->claimed[5] - e->measured[5]), <=, 1e-6 * fmax (1, fabs (e->measured[5])));
      g_assert_cmpfloat (e->p, ==, 1);                            /* no random order: nothing is shown */
    }
  decided_clear (&d);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probes/deletion/of an affine margin the order is the best and drops are as claimed", test_affine);
  g_test_add_func ("/probes/deletion/searched orders lie within all there are", test_search);
  g_test_add_func ("/probes/deletion/everything gone is the reference, everything kept the input", test_ends);
  return g_test_run ();
}
