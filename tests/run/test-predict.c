/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-predict.c: logits whose losses are those of an evaluation, probabilities that add up, and what is refused. */
#include "fixtures.h"

#include "run/evaluate.h"
#include "run/predict.h"

#include <math.h>

static void
compare_losses (Fixture *f, gint64 V)
{
  gint64 N = f->training.N;
  g_autofree double *loss = g_new (double, N), *logits = g_new (double, N * V);
  AssayEvaluation e;
  GError *error = NULL;

  g_assert_cmpint (assay_predict_get_width (f->model), ==, V);
  assay_evaluate (f->model, f->dataset, f->training.train, N, 3, f->backend, loss, &e, NULL, &error);
  g_assert_no_error (error);
  assay_predict_logits (f->model, f->dataset, f->training.train, N, f->backend, logits, NULL, &error);
  g_assert_no_error (error);
  for (gint64 i = 0; i < N; i++)
    {
      double sum = 0;

      for (gint64 c = 0; c < MAX (V, 2); c++)
        sum += assay_predict_probability (logits + i * V, V, c);
      g_assert_cmpfloat (fabs (sum - 1), <=, 1e-15);
      g_assert_cmpfloat (fabs (-log (assay_predict_probability (logits + i * V, V, assay_dataset_get_label (f->dataset, f->training.train[i]))) - loss[i]),
                         <=, 1e-13);
    }
}

static void
test_softmax (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);

  compare_losses (f, 3);
}

static void
test_one_logit (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"dtype\": \"f64\"}", 1);
  double far[] = { 800 };

  compare_losses (f, 1);
  g_assert_cmpfloat (assay_predict_probability (far, 1, 1), ==, 1);
  g_assert_cmpfloat (assay_predict_probability (far, 1, 0), ==, 0);
}

static void
test_tokens (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  g_autoptr (GError) error = NULL;
  double logits[1];

  g_assert_false (assay_predict_logits (f->model, f->dataset, f->training.train, 1, f->backend, logits, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/predict/softmax gives the losses of an evaluation", test_softmax);
  g_test_add_func ("/run/predict/one logit is a yes or no", test_one_logit);
  g_test_add_func ("/run/predict/a model of tokens is refused", test_tokens);
  return g_test_run ();
}
