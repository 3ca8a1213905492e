/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-evaluate.c: losses and accuracies against sums taken by hand from the logits, whatever the batch. */
#include "fixtures.h"

#include "run/evaluate.h"

#include <math.h>
#include <string.h>

static void
test_features (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);
  gint64 N = f->training.N, right = 0;
  double x[6], *theta = assay_model_get_theta (f->model), sum = 0;
  g_autofree double *losses = g_new (double, N);
  gint32 label;
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = &label };
  AssayEvaluation e;
  GError *error = NULL;

  for (gint64 i = 0; i < N; i++)                                  /* fc1 (8,6), bias (8), fc2 (3,8), bias (3) */
    {
      double h[8], z[3], total = 0;
      guint best = 0;

      assay_dataset_fill (f->dataset, f->training.train + i, 1, &batch);
      for (guint o = 0; o < 8; o++)
        {
          h[o] = theta[48 + o];
          for (guint d = 0; d < 6; d++)
            h[o] += theta[o * 6 + d] * x[d];
          h[o] = tanh (h[o]);
        }
      for (guint c = 0; c < 3; c++)
        {
          z[c] = theta[56 + 24 + c];
          for (guint o = 0; o < 8; o++)
            z[c] += theta[56 + c * 8 + o] * h[o];
          total += exp (z[c]);
          best = z[c] > z[best] ? c : best;
        }
      losses[i] = log (total) - z[label];
      sum += losses[i];
      right += (gint32) best == label;
    }
  for (gint64 size = 0; size <= N + 3; size += 4)
    {
      g_autofree double *l = g_new (double, N);

      assay_evaluate (f->model, f->dataset, f->training.train, N, size, f->backend, l, &e, NULL, &error);
      g_assert_no_error (error);
      for (gint64 i = 0; i < N; i++)
        g_assert_cmpfloat (fabs (l[i] - losses[i]), <=, 1e-14);
      g_assert_cmpfloat (fabs (e.loss - sum / (double) N), <=, 1e-14);
      g_assert_cmpint (e.n_predictions, ==, N);
      g_assert_cmpfloat (e.accuracy, ==, (double) right / (double) N);
    }
}

static void
test_tokens (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  AssayEvaluation e;
  GError *error = NULL;
  gint64 counted = 0;
  AssayTrainResult result;
  AssayValues *longer = assay_values_new (assay_train_params);

  for (gint64 i = 0; i < f->training.N; i++)
    for (gint64 t = 0; t < 6; t++)
      counted += (i + t) % 3 != 0;                                /* as fixtures.c weighs positions */
  assay_evaluate (f->model, f->dataset, f->training.train, f->training.N, 4, f->backend, NULL, &e, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (e.n_predictions, ==, counted);
  g_assert_cmpfloat (e.accuracy, <, 0.5);
  assay_values_set_text (longer, "steps", "600", NULL);
  assay_values_set_text (longer, "learning-rate", "0.01", NULL);
  f->training.options = longer;
  assay_train (&f->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  assay_evaluate (f->model, f->dataset, f->training.train, f->training.N, 4, f->backend, NULL, &e, NULL, &error);
  g_assert_cmpfloat (e.accuracy, >, 0.95);                        /* the target is a function of token and position */
  assay_values_free (longer);
}

static void
test_nothing (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\"}", 1);
  AssayEvaluation e;
  GError *error = NULL;

  assay_evaluate (f->model, f->dataset, f->training.train, 0, 0, f->backend, NULL, &e, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (isnan (e.loss) && isnan (e.accuracy));
  g_assert_cmpint (e.N, ==, 0);
}

static void
test_fault (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
  AssayEvaluation e = { .N = -1 };
  g_autoptr (GError) error = NULL;

  ((float *) assay_model_get_theta (f->model))[0] = NAN;
  g_assert_false (assay_evaluate (f->model, f->dataset, f->training.train + 3, 4, 2, f->backend, NULL, &e, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_true (g_str_has_prefix (error->message, "evaluation: train:3"));
  g_assert_cmpint (e.N, ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/evaluate/losses and accuracy of features are those worked out by hand, for any batch", test_features);
  g_test_add_func ("/evaluate/of tokens the positions with weight count", test_tokens);
  g_test_add_func ("/evaluate/of nothing there is no mean", test_nothing);
  g_test_add_func ("/evaluate/a loss that is not finite is reported with its example", test_fault);
  return g_test_run ();
}
