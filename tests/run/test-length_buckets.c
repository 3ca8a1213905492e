/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-length_buckets.c: lengths that hold every sequence and leave the least padding; walks at them are those at the context. */
#include "fixtures.h"

#include "run/length_buckets.h"

#include <math.h>

/* Sequences with so many tokens, each a target but the last. */
static AssayDataset *
make_dataset (const gint64 *length, gint64 n, gint64 T)
{
  g_autofree gint32 *token = g_new0 (gint32, n * T);
  g_autofree float *weight = g_new0 (float, n * T);
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < n; i++)
    for (gint64 t = 0; t + 1 < length[i]; t++)
      weight[i * T + t] = 1;
  dataset = assay_dataset_new_from_token_arrays (n, T, 3, token, token, weight, "train", 0, NULL, &error);
  g_assert_no_error (error);
  return dataset;
}

static gint64
count_walked (const AssayLengthBuckets *buckets, const gint64 *length, gint64 n)
{
  gint64 walked = 0;

  for (gint64 i = 0; i < n; i++)
    {
      guint k = 0;

      while (buckets->length[k] < length[i])
        g_assert_cmpuint (++k, <, buckets->n);
      walked += buckets->length[k];
    }
  return walked;
}

/* Against all ways to choose three lengths of those that occur, the longest among them. */
static void
test_least (void)
{
  static const gint64 length[] = { 2, 2, 2, 3, 4, 5, 5, 9, 9, 10, 10, 10, 17, 18, 30 };
  const gint64 n = G_N_ELEMENTS (length), all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
  g_autoptr (AssayDataset) dataset = make_dataset (length, n, 40);
  AssayLengthBuckets chosen = assay_length_buckets_choose (dataset, all, n, 3);
  gint64 least = G_MAXINT64;

  for (gint64 a = 0; a < n; a++)
    for (gint64 b = a; b < n; b++)
      {
        const AssayLengthBuckets other = { 3, { length[a], length[b], 30 } };

        least = MIN (least, count_walked (&other, length, n));
      }
  g_assert_cmpuint (chosen.n, ==, 3);
  g_assert_cmpint (chosen.length[2], ==, 30);
  g_assert_cmpint (count_walked (&chosen, length, n), ==, least);
  for (gint64 i = 0; i < n; i++)
    {
      guint k = assay_length_buckets_find (&chosen, dataset, &i, 1);

      g_assert_cmpint (chosen.length[k], >=, length[i]);
      g_assert_true (k == 0 || chosen.length[k - 1] < length[i]);
    }
}

static void
test_few_lengths (void)
{
  static const gint64 length[] = { 7, 3, 7, 3, 3 }, all[] = { 0, 1, 2, 3, 4 };
  g_autoptr (AssayDataset) dataset = make_dataset (length, 5, 9);
  AssayLengthBuckets chosen = assay_length_buckets_choose (dataset, all, 5, 8), one = assay_length_buckets_choose (dataset, all, 5, 1);

  g_assert_cmpuint (chosen.n, ==, 2);
  g_assert_cmpint (chosen.length[0], ==, 3);
  g_assert_cmpint (chosen.length[1], ==, 7);
  g_assert_cmpuint (one.n, ==, 1);
  g_assert_cmpint (one.length[0], ==, 7);
}

/* Contexts of more than 1024 positions: lengths are rounded up, never beyond the longest. */
static void
test_long (void)
{
  static const gint64 length[] = { 4000, 1001, 2499 }, all[] = { 0, 1, 2 };
  g_autoptr (AssayDataset) dataset = make_dataset (length, 3, 4096);
  AssayLengthBuckets chosen = assay_length_buckets_choose (dataset, all, 3, 64);

  g_assert_cmpuint (chosen.n, ==, 3);
  g_assert_cmpint (chosen.length[0], ==, 1004);
  g_assert_cmpint (chosen.length[1], ==, 2500);
  g_assert_cmpint (chosen.length[2], ==, 4000);
}

static double *
get_gradient (const Fixture *f, const AssayLengthBuckets *buckets, gint64 micro_batch, AssayObjectiveValue *value)
{
  AssayObjectiveSpec spec = { .model = f->model, .dataset = f->dataset, .dtype = ASSAY_F64, .backend = f->backend, .N = f->training.N,
                              .micro_batch = micro_batch, .buckets = buckets };
  double *gradient = g_new (double, assay_model_get_n_params (f->model));
  g_autoptr (AssayObjective) objective = NULL;
  GError *error = NULL;

  objective = assay_objective_new (&spec, &error);
  g_assert_no_error (error);
  assay_objective_set_examples (objective, f->training.train, NULL, (double) f->training.N);
  assay_objective_evaluate (objective, assay_model_get_theta (f->model), gradient, value, &error);
  g_assert_no_error (error);
  return gradient;
}

/* What is behind the last target has no part in losses and gradients. Both sum the same terms of size 1, in another order: of 43 examples with 12
 * positions, through a few dozen products in double. */
static void
test_walks (void)
{
  static const char *const models[][2] = {
    { "transformer", "{\"vocabulary\": 11, \"context\": 12, \"width\": 8, \"layers\": 2, \"heads\": 2}" },
    { "transformer", "{\"vocabulary\": 11, \"context\": 12, \"width\": 8, \"layers\": 1, \"heads\": 2, \"positions\": \"rotary\", \"norm\": \"rmsnorm\", "
      "\"window\": 5, \"token-reduction\": \"mean\"}" },
    { "mamba", "{\"vocabulary\": 11, \"context\": 12, \"width\": 8, \"layers\": 1, \"state\": 4}" },
    { "rwkv", "{\"vocabulary\": 11, \"context\": 12, \"width\": 6, \"layers\": 2, \"mlp\": 9}" },
  };

  for (guint m = 0; m < G_N_ELEMENTS (models); m++)
    {
      g_autoptr (Fixture) f = fixture_new (fixture_sequences (48, 12, 11), models[m][0], models[m][1], "{\"dtype\": \"f64\"}", 2);
      AssayObjectiveValue whole;
      g_autofree double *truth = get_gradient (f, NULL, 0, &whole);

      for (guint n = 1; n <= 9; n += 4)
        for (gint64 micro = 0; micro <= 4; micro += 4)
          {
            AssayLengthBuckets buckets = assay_length_buckets_choose (f->dataset, f->training.train, f->training.N, n);
            AssayObjectiveValue value;
            g_autofree double *gradient = get_gradient (f, &buckets, micro, &value);

            g_assert_cmpfloat_with_epsilon (value.data, whole.data, 1e-13 * whole.data);
            for (gint64 p = 0; p < assay_model_get_n_params (f->model); p++)
              g_assert_cmpfloat_with_epsilon (gradient[p], truth[p], 1e-13);
          }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/length buckets/their lengths leave the least padding", test_least);
  g_test_add_func ("/length buckets/there are no more of them than lengths", test_few_lengths);
  g_test_add_func ("/length buckets/long contexts are told apart in steps", test_long);
  g_test_add_func ("/length buckets/losses and gradients are those at the context", test_walks);
  return g_test_run ();
}
