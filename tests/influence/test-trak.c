/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-trak.c: projections whose matrix never exists, and the kernel regression on them, against dense formulas. */
#include "influence/method.h"

#include "base/error.h"
#include "dense_system.h"
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trak/scores are those of the dense formula, projected or not", test_scores);
  g_test_add_func ("/trak/projections are the same for any company and keep lengths in the mean", test_projection);
  g_test_add_func ("/trak/thresholds and checkpoints", test_options);
  g_test_add_func ("/trak/what cannot be scored is refused", test_bad);
  return g_test_run ();
}
