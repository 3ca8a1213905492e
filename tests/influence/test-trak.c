/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-trak.c: projections whose matrix never exists, and the kernel regression on them, against dense formulas. */
#include "influence/method.h"

#include "base/error.h"
#include "dense_system.h"
#include "hessian/gradient.h"
#include "influence/projection.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <string.h>

enum { N = 24, Q = 3, D = 5, P = D + 1 };

static const double theta[P] = { 0.4, -0.7, 0.2, 0.9, -0.3, 0.1 };

/* d margin / d theta of an example of a one-logit model, and 1 - p of its answer. */
static double
margin_gradient (const Toy *toy, gint64 example, double *phi)
{
  double x[D], z = theta[D], margin;
  gint32 label;
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = &label };

  assay_dataset_fill (toy->dataset, &example, 1, &batch);
  for (gint64 d = 0; d < D; d++)
    z += theta[d] * x[d];
  margin = (2 * label - 1) * z;
  for (gint64 d = 0; d < P; d++)
    phi[d] = (2 * label - 1) * (d < D ? x[d] : 1);
  return 1 / (1 + exp (margin));
}

/* S (P,k), read off what it makes of unit vectors. */
static void
read_signs (gint64 k, guint64 seed, AssayBackend *backend, double *S)
{
  g_autoptr (AssayProjection) projection = assay_projection_new (P, k, seed, NULL);
  double unit[P * P] = { 0 };

  for (gint64 j = 0; j < P; j++)
    unit[j * P + j] = 1;
  assay_projection_apply (projection, backend->workers, P, unit, S);
}

static void
project (gint64 k, const double *S, const double *g, double *out)
{
  for (gint64 c = 0; c < k; c++)
    {
      out[c] = 0;
      for (gint64 j = 0; j < P; j++)
        out[c] += S[j * k + c] * g[j];
    }
}

static void
check_scores (gint64 k, double damping, const AssayInfluenceScores *scores, const Toy *toy, const double *S)
{
  double phi[N * P], doubt[N], kernel[P * P] = { 0 }, trace = 0;

  for (gint64 i = 0; i < N; i++)
    {
      double g[P];

      doubt[i] = margin_gradient (toy, toy->task.train[i], g);
      project (k, S, g, phi + i * k);
      for (gint64 a = 0; a < k; a++)
        for (gint64 b = 0; b < k; b++)
          kernel[a * k + b] += phi[i * k + a] * phi[i * k + b];
    }
  for (gint64 a = 0; a < k; a++)
    trace += kernel[a * k + a];
  for (gint64 a = 0; a < k; a++)
    kernel[a * k + a] += damping * trace / (double) k;
  for (gint64 q = 0; q < Q; q++)
    {
      double g[P], x[P], A[P * P], sure = margin_gradient (toy, toy->task.query[q], g);

      project (k, S, g, x);
      memcpy (A, kernel, sizeof A);
      eliminate (k, A, x);
      for (gint64 i = 0; i < N; i++)
        {
          double expected = 0;

          for (gint64 a = 0; a < k; a++)
            expected += sure * x[a] * phi[i * k + a] * doubt[i];  /* the loss's gradient is - (1 - p) that of the margin */
          g_assert_cmpfloat_with_epsilon (scores->value[q * N + i], expected, 1e-11 * (1 + fabs (expected)));
        }
    }
}

static void
test_scores (void)
{
  g_autoptr (Toy) toy = toy_new_binary (N, Q, D, NULL, theta, 9);
  g_autoptr (AssayInfluenceScores) whole = toy_score (toy, "trak", NULL), projected = toy_score (toy, "trak", "projection", "4", "damping", "0.01",
                                                                                                 "seed", "5", NULL);
  double S[P * P] = { 0 };

  for (gint64 j = 0; j < P; j++)
    S[j * P + j] = 1;
  check_scores (P, 1e-3, whole, toy, S);
  read_signs (4, 5, toy->backend, S);
  check_scores (4, 0.01, projected, toy, S);
}

static void
test_projection (void)
{
  enum { K = 70, SEEDS = 200 };
  AssayBackend *backend = assay_backend_cpu_new (2);
  g_autofree double *S = g_new (double, P * K), *other = g_new (double, P * K), *one = g_new (double, K), *all = g_new (double, P * K);
  g_autoptr (AssayProjection) small = assay_projection_new (1000, K, 3, NULL);
  g_autofree double *v = g_new (double, 3 * 1000), *three = g_new (double, 3 * K), *second = g_new (double, K);
  double product = 0;

  g_assert_cmpint (small->k, ==, K);
  for (gint64 i = 0; i < 3 * 1000; i++)
    v[i] = sin ((double) i) + (i < 1000);
  assay_projection_apply (small, backend->workers, 3, v, three);
  assay_projection_apply (small, NULL, 1, v + 1000, second);
  g_assert_cmpmem (three + K, K * sizeof *three, second, K * sizeof *second);     /* whatever else was projected, on any crew */
  for (guint seed = 0; seed < SEEDS; seed++)
    {
      g_autoptr (AssayProjection) drawn = assay_projection_new (1000, K, seed, NULL);

      assay_projection_apply (drawn, backend->workers, 2, v, three);
      for (gint64 c = 0; c < K; c++)
        {
          product += three[c] * three[c] / SEEDS;
          g_assert_true (isfinite (three[c]));
        }
    }
  {
    double exact = 0;

    for (gint64 i = 0; i < 1000; i++)
      exact += v[i] * v[i];
    /* unbiased, with a relative variance of at most 2 / (k SEEDS); five deviations */
    g_assert_cmpfloat_with_epsilon (product, exact, 5 * exact * sqrt (2.0 / (K * SEEDS)));
  }
  assay_backend_free (backend);
}

/* A soft threshold keeps the order and zeroes the rest; two checkpoints are averaged factor by factor. */
static void
test_options (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 9);
  g_autoptr (AssayInfluenceScores) all = toy_score (toy, "trak", NULL), some = toy_score (toy, "trak", "keep", "0.25", NULL);
  g_autoptr (AssayInfluenceScores) twice = NULL;
  double *second;
  gint64 n_left = 0;

  for (gint64 i = 0; i < N; i++)
    {
      n_left += some->value[i] != 0;
      g_assert_cmpfloat (fabs (some->value[i]), <=, fabs (all->value[i]));
      g_assert_true (some->value[i] == 0 || some->value[i] * all->value[i] > 0);
    }
  g_assert_cmpint (n_left, <=, N / 4);
  g_assert_cmpint (n_left, >, 0);
  second = toy->checkpoint[1];
  memcpy (toy->checkpoint[0], second, assay_model_get_n_params (toy->model) * sizeof *second);      /* the same model twice */
  twice = toy_score (toy, "trak", "checkpoints", "2", NULL);
  for (gint64 i = 0; i < Q * N; i++)
    g_assert_cmpfloat_with_epsilon (twice->value[i], all->value[i], 1e-12 * fabs (all->value[i]));
}

static void
test_bad (void)
{
  static const struct { const char *name, *value; AssayErrorCode code; } bad[] = {
    { "checkpoints", "3", ASSAY_ERROR_USAGE },                    /* there are two */
    { "damping", "0", ASSAY_ERROR_NOT_CONVERGED },                /* two classes under a softmax: only differences move */
  };
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, 3, 0.05, 9);
  const AssayMethod *method = assay_method_find ("trak", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayValues) options = toy_options (method, bad[k].name, bad[k].value, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (method->score (&toy->task, options, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, (int) bad[k].code);
    }
}

/* scale (P): 1 / (sqrt V + eps) behind the last step, from the state that a trainer of the same training leaves. */
static void
read_scale (const Toy *toy, gint64 n, double *scale)
{
  AssayTraining training = toy->training;
  g_autoptr (AssayModel) model = assay_model_copy (toy->model, ASSAY_F64, NULL);
  AssayTrainer *trainer;
  AssayTrainerState state;
  AssayTrainRow row;

  memcpy (assay_model_get_theta (model), toy->start, n * sizeof (double));
  training.model = model;
  trainer = assay_trainer_new (&training, NULL);
  while (!assay_trainer_is_done (trainer))
    g_assert_true (assay_trainer_step (trainer, &row, NULL));
  state = assay_trainer_get_state (trainer);
  for (gint64 p = 0; p < n; p++)
    scale[p] = 1 / (sqrt (((double *) state.vectors)[n + p] / (1 - pow (0.999, (double) state.step))) + 1e-8);
  assay_trainer_free (trainer);
}

/* Angles in the metric (R + damping)^-1 of gradients times scale, without a projection. */
static void
check_angles (const Toy *toy, const double *scale, const AssayInfluenceScores *scores)
{
  gint64 n = assay_model_get_n_params (toy->model), rows = toy->task.n_train + toy->task.n_query, train = toy->task.n_train;
  g_autofree double *x = g_new (double, rows * n), *solved = g_new (double, rows * n), *R = g_new0 (double, n * n), *A = g_new (double, n * n);
  AssayPoint point = assay_influence_task_get_train (&toy->task), query = assay_influence_task_get_point (&toy->task, NULL, toy->task.query, rows - train);
  double trace = 0;

  g_assert_true (assay_gradient_rows (&point, x, NULL, NULL));
  g_assert_true (assay_gradient_rows (&query, x + train * n, NULL, NULL));
  for (gint64 i = 0; i < rows * n; i++)
    x[i] *= scale[i % n];
  for (gint64 i = 0; i < rows; i++)
    for (gint64 a = 0; a < n; a++)
      for (gint64 b = 0; b < n; b++)
        R[a * n + b] += 0.5 / (double) (i < train ? train : rows - train) * x[i * n + a] * x[i * n + b];
  for (gint64 a = 0; a < n; a++)
    trace += R[a * n + a];
  for (gint64 a = 0; a < n; a++)
    R[a * n + a] += 0.25 * trace / (double) n;
  for (gint64 i = 0; i < rows; i++)
    {
      memcpy (A, R, n * n * sizeof *A);
      memcpy (solved + i * n, x + i * n, n * sizeof *x);
      eliminate (n, A, solved + i * n);
    }
  for (gint64 q = train; q < rows; q++)
    for (gint64 i = 0; i < train; i++)
      {
        double xy = 0, xx = 0, yy = 0;

        for (gint64 a = 0; a < n; a++)
          {
            xy += x[q * n + a] * solved[i * n + a];
            xx += x[q * n + a] * solved[q * n + a];
            yy += x[i * n + a] * solved[i * n + a];
          }
        g_assert_cmpfloat_with_epsilon (scores->value[(q - train) * train + i], xy / sqrt (xx * yy), 1e-9);
      }
}

static void
test_moments (void)
{
  g_autoptr (Toy) toy = toy_new_steps (N, Q, 3, 11);
  gint64 n = assay_model_get_n_params (toy->model);
  g_autofree double *scale = g_new (double, n), *gradients = g_new (double, N * n);
  const AssayMethod *method = assay_method_find ("trackstar", NULL);
  g_autoptr (AssayValues) options = toy_options (method, "moment", "optimizer", NULL);
  AssayPoint point = assay_influence_task_get_train (&toy->task);
  AssayTrainResult result;
  GError *error = NULL;

  g_assert_null (method->score (&toy->task, options, NULL, &error));       /* momentum has no second moment */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "adamw"));
  g_clear_error (&error);
  {
    g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "trackstar", "damping", "0.25", NULL);
    double mean = 0;

    g_assert_true (assay_gradient_rows (&point, gradients, NULL, NULL));
    memset (scale, 0, n * sizeof *scale);
    for (gint64 i = 0; i < N * n; i++)
      scale[i % n] += gradients[i] * gradients[i] / N;
    for (gint64 p = 0; p < n; p++)
      mean += scale[p] / (double) n;
    for (gint64 p = 0; p < n; p++)
      scale[p] = 1 / sqrt (scale[p] + 1e-8 * mean);
    check_angles (toy, scale, scores);
  }
  g_assert_true (assay_values_set_text (toy->options, "optimizer", "adamw", NULL));
  memcpy (assay_model_get_theta (toy->model), toy->start, n * sizeof *scale);
  assay_train (&toy->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  {
    g_autoptr (AssayInfluenceScores) scores = toy_score (toy, "trackstar", "damping", "0.25", NULL);

    read_scale (toy, n, scale);
    check_angles (toy, scale, scores);
    g_assert_nonnull (strstr (scores->notes->str, "the optimizer behind its last step"));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trak/scores are those of the dense formula, projected or not", test_scores);
  g_test_add_func ("/trak/projections are the same for any company and keep lengths in the mean", test_projection);
  g_test_add_func ("/trak/thresholds and checkpoints", test_options);
  g_test_add_func ("/trak/what cannot be scored is refused", test_bad);
  g_test_add_func ("/trackstar/is an angle of gradients scaled by the optimizer's second moment, or by their own", test_moments);
  return g_test_run ();
}
