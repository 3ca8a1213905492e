/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-replay.c: the derivative through a training, against the training itself made again with other weights. */
#include "fixtures.h"

#include "run/evaluate.h"
#include "run/replay.h"

#include <math.h>
#include <string.h>

/* Of the mean loss over the first examples: the function that is differentiated here. */
#define N_ASKED 3

static double
mean_loss (Fixture *f)
{
  static const gint64 asked[N_ASKED] = { 0, 1, 2 };
  AssayEvaluation evaluation;
  GError *error = NULL;

  assay_evaluate (f->model, f->dataset, asked, N_ASKED, 0, f->backend, NULL, &evaluation, NULL, &error);
  g_assert_no_error (error);
  return evaluation.loss;
}

static void
train (Fixture *f)
{
  AssayTrainResult result;
  GError *error = NULL;

  fixture_rewind (f);
  assay_train (&f->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
}

/* gradient (P) of mean_loss at the model's theta, by central differences of its own gradient's function: an objective without l2. */
static void
loss_gradient (Fixture *f, double *gradient)
{
  static const gint64 asked[N_ASKED] = { 0, 1, 2 };
  AssayObjectiveSpec spec = { .model = f->model, .dataset = f->dataset, .dtype = ASSAY_F64, .backend = f->backend, .N = N_ASKED };
  g_autoptr (AssayObjective) objective = NULL;
  AssayObjectiveValue value;
  GError *error = NULL;

  objective = assay_objective_new (&spec, &error);
  g_assert_no_error (error);
  assay_objective_set_examples (objective, asked, NULL, N_ASKED);
  assay_objective_evaluate (objective, assay_model_get_theta (f->model), gradient, &value, &error);
  g_assert_no_error (error);
}

/* Central differences of order 4: with step 1e-3 their error is about 1e-12 times a fifth derivative, and rounding 1e-16 / 1e-3. */
static double
difference (Fixture *f, gint64 i)
{
  const double h = 1e-3;
  double value[4], at[4] = { -2, -1, 1, 2 };

  for (guint k = 0; k < 4; k++)
    {
      f->weight[i] = 1 + at[k] * h;
      train (f);
      value[k] = mean_loss (f);
    }
  f->weight[i] = 1;
  return (value[0] - 8 * value[1] + 8 * value[2] - value[3]) / (12 * h);
}

static void
check (Fixture *f)
{
  gint64 P = assay_model_get_n_params (f->model), N = f->training.N;
  g_autofree double *adjoint = g_new (double, 2 * P), *derivative = g_new (double, 2 * N);
  g_autoptr (AssayReplay) replay = NULL;
  double largest = 0;
  GError *error = NULL;

  f->training.weight = f->weight;
  train (f);
  loss_gradient (f, adjoint);
  for (gint64 p = 0; p < P; p++)
    adjoint[P + p] = -2 * adjoint[p];
  replay = assay_replay_new (&f->training, f->start, ASSAY_F64, NULL, &error);
  g_assert_no_error (error);
  assay_replay_reverse (replay, 2, adjoint, derivative, NULL, &error);
  g_assert_no_error (error);
  g_clear_pointer (&replay, assay_replay_free);
  for (gint64 i = 0; i < N; i++)
    {
      largest = MAX (largest, fabs (derivative[i]));
      g_assert_cmpfloat_with_epsilon (derivative[N + i], -2 * derivative[i], 1e-12 * MAX (1, fabs (derivative[i])));
    }
  g_assert_cmpfloat (largest, >, 0);
  for (gint64 i = 0; i < N; i += 7)
    g_assert_cmpfloat_with_epsilon (derivative[i], difference (f, i), 1e-7 * largest);
}

#define SMOOTH "\"steps\": 12, \"batch\": 5, \"dtype\": \"f64\""

static void
test_adamw (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"adamw\", " SMOOTH ", \"eps-root\": 1e-6, \"weight-decay\": 0.1, \"schedule\": \"linear\", \"learning-rate\": 0.02}", 2);

  check (f);
}

static void
test_sgd (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"sgd\", " SMOOTH ", \"learning-rate\": 0.1, \"l2\": 0.05}", 2);

  check (f);
}

static void
test_momentum (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"momentum\", " SMOOTH ", \"learning-rate\": 0.05, \"momentum\": 0.8}", 2);

  check (f);
}

static void
test_clip (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"adamw\", " SMOOTH ", \"eps-root\": 1e-6, \"learning-rate\": 0.02, \"clip\": 0.05}", 2);

  check (f);
}

/* Batches of sequences of like length, walked at their lengths in both directions. */
static void
test_buckets (void)
{
  g_autoptr (Fixture) f = fixture_lengths ("{\"optimizer\": \"momentum\", " SMOOTH ", \"learning-rate\": 0.05, \"length-buckets\": 3}", 2);

  check (f);
}

static void
test_elsewhere (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"optimizer\": \"sgd\", " SMOOTH "}", 1);
  g_autoptr (AssayReplay) replay = NULL;
  g_autoptr (GError) error = NULL;

  train (f);
  ((double *) assay_model_get_theta (f->model))[0] += 1e-9;
  replay = assay_replay_new (&f->training, f->start, ASSAY_F64, NULL, &error);
  g_assert_null (replay);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
}

/* The same training by another crew, and in f32 walks. */
static void
test_crew (void)
{
  g_autofree double *first = NULL;

  for (guint threads = 1; threads <= 3; threads++)
    {
      g_autoptr (Fixture) f = fixture_transformer ("{\"optimizer\": \"adamw\", \"eps-root\": 1e-8, \"steps\": 7}", threads);
      gint64 P = assay_model_get_n_params (f->model), N = f->training.N;
      g_autofree double *adjoint = g_new (double, P);
      double *derivative = g_new (double, N);
      g_autoptr (AssayReplay) replay = NULL;
      GError *error = NULL;

      train (f);
      for (gint64 p = 0; p < P; p++)
        adjoint[p] = sin ((double) p);
      replay = assay_replay_new (&f->training, f->start, ASSAY_F32, NULL, &error);
      g_assert_no_error (error);
      assay_replay_reverse (replay, 1, adjoint, derivative, NULL, &error);
      g_assert_no_error (error);
      if (first == NULL)
        first = derivative;
      else
        {
          g_assert_cmpmem (first, N * sizeof *first, derivative, N * sizeof *derivative);
          g_free (derivative);
        }
    }
}

static void
test_whole_batch (void)
{
  g_autoptr (Fixture) f = fixture_logistic ("{\"optimizer\": \"newton\"}", 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_replay_new (&f->training, f->start, ASSAY_F64, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
}

static void
test_compute (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"steps\": 3, \"compute\": \"bf16\"}", 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (assay_replay_new (&f->training, f->start, ASSAY_F64, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "products in full"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/replay/adamw: derivatives are those of the training itself", test_adamw);
  g_test_add_func ("/replay/sgd: derivatives are those of the training itself", test_sgd);
  g_test_add_func ("/replay/momentum: derivatives are those of the training itself", test_momentum);
  g_test_add_func ("/replay/clipping: derivatives are those of the training itself", test_clip);
  g_test_add_func ("/replay/length buckets: derivatives are those of the training itself", test_buckets);
  g_test_add_func ("/replay/a model that the training does not end in is refused", test_elsewhere);
  g_test_add_func ("/replay/any crew gives the same bits", test_crew);
  g_test_add_func ("/replay/a training of rounded products is refused", test_compute);
  g_test_add_func ("/replay/a whole-batch training has no steps to walk back", test_whole_batch);
  return g_test_run ();
}
