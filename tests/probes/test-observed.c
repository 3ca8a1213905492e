/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-observed.c: every different value once, with who had it first and how many have it; the margin with each.
 */
#include "decided.h"

#include "probes/observed.h"

static AssayDataset *
repeated (void)
{
  static const double x[] = { 1, 0, 5,  2, 1, 5,  1, 0, -0.0,  1, 1, 0,  2, 1, 5 };
  static const gint32 y[] = { 0, 1, 0, 1, 0 };
  AssayShape shape = ASSAY_SHAPE (3);

  return assay_dataset_new_from_arrays (&shape, 5, x, y, 2, NULL, "train", 0, NULL, NULL);
}

static void
test_values (void)
{
  g_autoptr (AssayDataset) dataset = repeated ();
  const AssayColumnRange columns[] = { { 0, 2 }, { 2, 1 }, { 0, 3 } };
  const gint64 all[] = { 0, 1, 2, 3, 4 }, some[] = { 1, 4 };
  AssayObservedValues *v = assay_observed_new (dataset, all, 5, columns, 3, NULL, NULL);

  g_assert_cmpint (v[0].M, ==, 3);                                /* (1,0), (2,1), (1,1) */
  g_assert_cmpint (v[0].example[2], ==, 3);
  g_assert_cmpint (v[0].count[0], ==, 2);
  g_assert_cmpint (v[0].count[1], ==, 2);
  g_assert_cmpfloat (v[0].features[5], ==, 1);
  g_assert_cmpint (v[1].M, ==, 2);                                /* 5 and 0, whatever its sign */
  g_assert_cmpint (v[1].count[1], ==, 2);
  g_assert_cmpint (v[2].M, ==, 4);
  assay_observed_free (v, 3);
  v = assay_observed_new (dataset, some, 2, columns, 3, NULL, NULL);
  g_assert_cmpint (v[0].M, ==, 1);
  g_assert_cmpint (v[0].example[0], ==, 1);
  assay_observed_free (v, 3);
}

/* More values than a block: each margin is that of the input written out. */
static void
test_try (void)
{
  Decided d = decided_new (700, 6, 2, "linear", "{\"inputs\": 6, \"loss\": \"logistic\"}");
  const AssayColumnRange column = { 2, 2 };
  g_autofree gint64 *all = g_new (gint64, 700);
  g_autofree double *logits = NULL;
  AssayObservedValues *v;
  double x[6];

  for (gint64 i = 0; i < 700; i++)
    all[i] = i;
  v = assay_observed_new (d.fixture->dataset, all, 700, &column, 1, NULL, NULL);
  g_assert_cmpint (v->M, ==, 700);
  decided_read (&d, 0, x);
  logits = g_new (double, 700);
  assay_observed_try (v, &column, d.margin, x, logits, NULL);
  for (gint64 m = 0; m < 700; m += 13)
    {
      double other[6], at[6], expected;

      decided_read (&d, v->example[m], other);
      for (gint64 j = 0; j < 6; j++)
        at[j] = j == 2 || j == 3 ? other[j] : x[j];
      assay_margin_logits (d.margin, at, 1, &expected, NULL);
      g_assert_cmpfloat (logits[m], ==, expected);
    }
  assay_observed_free (v, 1);
  decided_clear (&d);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probes/observed/different values are found once", test_values);
  g_test_add_func ("/probes/observed/each is tried in place of the input's own", test_try);
  return g_test_run ();
}
