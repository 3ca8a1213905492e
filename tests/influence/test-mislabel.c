/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-mislabel.c: wrong labels are made as asked, found better than by chance, and counted rightly. */
#include "influence/mislabel.h"

#include "base/error.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 200, WRONG = 20 };

static AssayMislabelDetection *
detect (Toy *toy, const char *share, const char *seed, GError **error)
{
  const AssayMethod *method = assay_method_find ("exact", NULL);
  g_autoptr (AssayValues) options = assay_values_new (assay_mislabel_params), of_method = toy_options (method, NULL);
  g_autoptr (AssayModel) model = assay_model_copy (toy->model, assay_model_get_dtype (toy->model), NULL);
  AssayTraining training = toy->training;

  g_assert_true (assay_values_set_text (options, "share", share, NULL) && assay_values_set_text (options, "mislabel-seed", seed, NULL));
  training.model = model;
  return assay_mislabel_detect (&training, method, of_method, options, 64, 1 << 24, NULL, error);
}

/* The chance that a wrong label ranks above a right one, pair by pair. */
static double
count_pairs (const AssayMislabelDetection *d, const double *key)
{
  double above = 0, pairs = 0;

  for (gint64 i = 0; i < d->n_train; i++)
    for (gint64 j = 0; j < d->n_train; j++)
      if (d->is_wrong[i] && !d->is_wrong[j])
        {
          above += key[i] > key[j] ? 1 : key[i] < key[j] ? 0 : 0.5;
          pairs++;
        }
  return above / pairs;
}

static void
test_found (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, 2, 3, 0.01, 5);
  GError *error = NULL;
  g_autoptr (AssayMislabelDetection) d = detect (toy, "0.1", "3", &error), again = detect (toy, "0.1", "3", NULL), other = detect (toy, "0.1", "4", NULL);
  double perfect[N], last = 0;
  gint64 n = 0;

  g_assert_no_error (error);
  g_assert_cmpint (d->n_wrong, ==, WRONG);
  for (gint64 i = 0; i < N; i++)
    {
      n += d->is_wrong[i];
      perfect[i] = d->is_wrong[i];
    }
  g_assert_cmpint (n, ==, WRONG);
  g_assert_cmpfloat_with_epsilon (d->by_self.value, count_pairs (d, d->self), 1e-12);
  g_assert_cmpfloat_with_epsilon (d->by_loss.value, count_pairs (d, d->loss), 1e-12);
  g_test_message ("auc %.3f, by loss %.3f", d->by_self.value, d->by_loss.value);
  g_assert_cmpfloat (d->by_self.lo, >, 0.5);
  g_assert_cmpfloat (assay_mislabel_found (d, perfect, 0.1), ==, 1);
  g_assert_cmpfloat (assay_mislabel_found (d, perfect, 0.05), ==, 0.5);
  for (double share = 0.1; share <= 1; share += 0.1)
    {
      g_assert_cmpfloat (assay_mislabel_found (d, d->self, share), >=, last);
      last = assay_mislabel_found (d, d->self, share);
    }
  g_assert_cmpfloat (assay_mislabel_found (d, d->self, 1), ==, 1);
  g_assert_cmpmem (d->self, N * sizeof (double), again->self, N * sizeof (double));
  g_assert_cmpint (memcmp (d->is_wrong, other->is_wrong, N * sizeof (gboolean)), !=, 0);
}

static void
test_refusals (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (30, 2, 3, 0.05, 8), tokens = toy_new_tokens (10, 2, 6, 5, 1);
  g_autoptr (GError) none = NULL, words = NULL;

  g_assert_null (detect (toy, "0.001", "0", &none));
  g_assert_error (none, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  tokens->training = (AssayTraining) { .model = tokens->model, .dataset = tokens->dataset, .train = tokens->task.train, .N = tokens->task.n_train,
                                       .backend = tokens->backend };
  g_assert_null (detect (tokens, "0.3", "0", &words));
  g_assert_error (words, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mislabel/wrong labels are made as asked and found better than by chance", test_found);
  g_test_add_func ("/mislabel/what has no labels and what has no wrong ones is refused", test_refusals);
  return g_test_run ();
}
