/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-overlap.c: counts of equal examples and equal runs of tokens, on data small enough to count by hand, and against a slow count. */
#include "report/overlap.h"

#include "base/rng.h"

#include <string.h>

static AssayDataset *
make_features (gint64 n, gint64 D, const double *x, const gint32 *label, gint64 n_test)
{
  AssayShape shape = { .rank = 1, .dim = { D } };
  g_autoptr (GError) error = NULL;
  AssayDataset *dataset = assay_dataset_new_from_arrays (&shape, n, x, label, 2, NULL, "train", n_test, "test", &error);

  g_assert_no_error (error);
  return dataset;
}

static void
find (AssayDataset *dataset, AssayOverlap *overlap, AssayDuplicates *duplicates)
{
  g_autoptr (GError) error = NULL;
  gint64 n_train, n_test;
  const gint64 *train = assay_dataset_get_split (dataset, "train", &n_train, NULL), *test = assay_dataset_get_split (dataset, "test", &n_test, NULL);

  g_assert_true (assay_overlap_find (dataset, train, n_train, test, n_test, overlap, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (assay_overlap_count_duplicates (dataset, train, n_train, duplicates, NULL, &error));
  g_assert_no_error (error);
}

static void
test_features (void)
{
  static const double x[] = { 1, 2,  3, 4,  1, 2,  0, 5,   1, 2,  -0.0, 5,  3, 4,  9, 9 };
  static const gint32 label[] = { 0, 1, 1, 0,   1, 0, 0, 0 };
  g_autoptr (AssayDataset) dataset = make_features (8, 2, x, label, 4);
  AssayDuplicates duplicates;
  AssayOverlap overlap;

  find (dataset, &overlap, &duplicates);
  g_assert_cmpint (duplicates.examples, ==, 4);
  g_assert_cmpint (duplicates.distinct, ==, 3);
  g_assert_cmpint (duplicates.repeated, ==, 1);
  g_assert_cmpint (overlap.examples, ==, 4);
  g_assert_cmpint (overlap.same_input, ==, 3);                    /* -0 is 0 */
  g_assert_cmpint (overlap.same_example, ==, 2);                  /* (1,2) with label 1 and (0,5) with 0; (3,4) has the other label */
  g_assert_cmpint (overlap.run, ==, 0);
}

static void
test_no_test (void)
{
  static const double x[] = { 1, 2 };
  static const gint32 label[] = { 0, 1 };
  g_autoptr (AssayDataset) dataset = make_features (2, 1, x, label, 0);
  g_autoptr (GError) error = NULL;
  gint64 n;
  const gint64 *train = assay_dataset_get_split (dataset, "train", &n, NULL);
  AssayOverlap overlap;

  g_assert_true (assay_overlap_find (dataset, train, n, train, 0, &overlap, NULL, &error));
  g_assert_cmpint (overlap.same_input, ==, 0);
}

static gboolean
is_same_run (const gint32 *a, const gint32 *b, gint64 n)
{
  return memcmp (a, b, (gsize) n * sizeof *a) == 0;
}

/* Every run of every test example against every run of every training example. */
static void
count_slowly (const gint32 *token, gint64 N, gint64 T, gint64 n_test, gint64 run, AssayOverlap *overlap)
{
  for (gint64 i = N - n_test; i < N; i++)
    {
      gboolean touched = FALSE;

      for (gint64 t = 0; t + run <= T; t++)
        {
          gboolean found = FALSE;

          for (gint64 j = 0; j < N - n_test; j++)
            for (gint64 s = 0; s + run <= T; s++)
              found = found || is_same_run (token + i * T + t, token + j * T + s, run);
          overlap->found_runs += found;
          touched = touched || found;
        }
      overlap->touched += touched;
    }
}

static void
test_tokens (void)
{
  const gint64 N = 600, T = 17, n_test = 200;
  AssayRng rng = assay_rng_new (1, assay_rng_stream ("overlap", 0));
  g_autofree gint32 *token = g_new (gint32, N * T), *target = g_new (gint32, N * T);
  g_autofree float *weight = g_new (float, N * T);
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayDataset) dataset = NULL;
  AssayOverlap overlap, expected = { 0 };
  AssayDuplicates duplicates;

  for (gint64 k = 0; k < N * T; k++)
    {
      token[k] = (gint32) assay_rng_below (&rng, 20) == 0;        /* mostly 0: some runs meet, some do not */
      target[k] = 0;
      weight[k] = 1;
    }
  dataset = assay_dataset_new_from_token_arrays (N, T, 2, token, target, weight, "train", n_test, "test", &error);
  g_assert_no_error (error);
  find (dataset, &overlap, &duplicates);
  count_slowly (token, N, T, n_test, ASSAY_OVERLAP_RUN, &expected);
  g_assert_cmpint (overlap.run, ==, ASSAY_OVERLAP_RUN);
  g_assert_cmpint (overlap.runs, ==, n_test * (T - ASSAY_OVERLAP_RUN + 1));
  g_assert_cmpint (overlap.found_runs, ==, expected.found_runs);
  g_assert_cmpint (overlap.touched, ==, expected.touched);
  g_assert_cmpint (overlap.found_runs, >, 0);
  g_assert_cmpint (overlap.found_runs, <, overlap.runs);
}

/* Sequences shorter than a run are compared whole. */
static void
test_short_tokens (void)
{
  static const gint32 token[] = { 1, 2, 3,  2, 3, 4,  1, 2, 3,  1, 2, 4 }, target[12] = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayDataset) dataset = assay_dataset_new_from_token_arrays (4, 3, 5, token, target, NULL, "train", 2, "test", &error);
  AssayDuplicates duplicates;
  AssayOverlap overlap;

  g_assert_no_error (error);
  find (dataset, &overlap, &duplicates);
  g_assert_cmpint (overlap.run, ==, 3);
  g_assert_cmpint (overlap.runs, ==, 2);
  g_assert_cmpint (overlap.found_runs, ==, 1);
  g_assert_cmpint (overlap.same_input, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/overlap/equal inputs, equal examples and repeated ones are counted", test_features);
  g_test_add_func ("/overlap/nothing overlaps with nothing", test_no_test);
  g_test_add_func ("/overlap/runs of tokens agree with a slow count", test_tokens);
  g_test_add_func ("/overlap/short sequences are compared whole", test_short_tokens);
  return g_test_run ();
}
