/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-rescaled.c: steps without single examples against dense systems written out here, exact removal of a quadratic loss, and the
 * reference case's own Newton steps. */
#include "influence/method.h"

#include "base/error.h"
#include "dense_system.h"
#include "influence/reference_case.h"
#include "influence/score.h"
#include "influence/task.h"
#include "toy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 24, Q = 3, D = 3, K = 2, P = K * (D + 1) };

/* theta is weight (K,D), then bias (K); z its logits. */
static void
logits_of (const double *theta, const double *x, double *z)
{
  for (gint64 k = 0; k < K; k++)
    {
      z[k] = theta[K * D + k];
      for (gint64 d = 0; d < D; d++)
        z[k] += theta[k * D + d] * x[d];
    }
}

static gint64
place_of (gint64 k, gint64 d)
{
  return d < D ? k * D + d : K * D + k;
}

/* g (P) and C += weight (diag p - pp') (x) (x,1)(x,1)' of one example. */
static void
add_example (const double *theta, const double *x, gint32 label, double weight, double *C, double *g)
{
  double z[K], p[K], sum = 0;

  logits_of (theta, x, z);
  for (gint64 k = 0; k < K; k++)
    sum += p[k] = exp (z[k]);
  for (gint64 k = 0; k < K; k++)
    p[k] /= sum;
  for (gint64 k = 0; k < K; k++)
    for (gint64 d = 0; d <= D; d++)
      {
        double a = d < D ? x[d] : 1;

        if (g != NULL)
          g[place_of (k, d)] = (p[k] - (label == k)) * a;
        for (gint64 l = 0; l < K && C != NULL; l++)
          for (gint64 e = 0; e <= D; e++)
            C[place_of (k, d) * P + place_of (l, e)] += weight * ((k == l ? p[k] : 0) - p[k] * p[l]) * a * (e < D ? x[e] : 1);
      }
}

typedef struct { double x[D]; gint32 label; } Example;

static Example
read_example (const Toy *toy, gint64 example)
{
  Example e;
  AssayBatch batch = { .dtype = ASSAY_F64, .x = e.x, .label = &e.label };

  assay_dataset_fill (toy->dataset, &example, 1, &batch);
  return e;
}

/* A_-i (P,P) = (1/N) sum_j!=i C_j + lambda I */
static void
matrix_without (const Toy *toy, const double *theta, double lambda, gint64 left_out, double *A)
{
  memset (A, 0, P * P * sizeof *A);
  for (gint64 j = 0; j < N; j++)
    {
      Example e = read_example (toy, toy->task.train[j]);

      if (j != left_out)
        add_example (theta, e.x, e.label, 1.0 / N, A, NULL);
    }
  for (gint64 j = 0; j < P; j++)
    A[j * P + j] += lambda;
}

static double
loss_of (const double *theta, const Example *e)
{
  double z[K];

  logits_of (theta, e->x, z);
  return log (exp (z[0]) + exp (z[1])) - z[e->label];
}

/* Both forms, with a damping, at the optimum: two classes under a softmax, so more than one output. */
static void
test_dense (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.02, 4);
  g_autoptr (AssayInfluenceScores) rescaled = toy_score (toy, "rescaled", "damping", "0.03", NULL);
  g_autoptr (AssayInfluenceScores) newton = toy_score (toy, "rescaled", "damping", "0.03", "form", "newton", NULL);
  g_autoptr (AssayInfluenceScores) plain = toy_score (toy, "exact", "damping", "0.03", NULL);
  double theta[P], A[P * P], apart = 0;

  assay_model_read_theta (toy->model, theta);
  for (gint64 i = 0; i < N; i++)
    {
      Example own = read_example (toy, toy->task.train[i]);
      double step[P], moved[P];

      matrix_without (toy, theta, 0.05, i, A);
      add_example (theta, own.x, own.label, 1, NULL, step);
      eliminate (P, A, step);
      for (gint64 j = 0; j < P; j++)
        moved[j] = theta[j] + step[j] / N;
      for (gint64 q = 0; q < Q; q++)
        {
          Example asked = read_example (toy, toy->task.query[q]);
          double g[P], product = 0, rise = loss_of (moved, &asked) - loss_of (theta, &asked);

          add_example (theta, asked.x, asked.label, 1, NULL, g);
          for (gint64 j = 0; j < P; j++)
            product += g[j] * step[j] / N;
          g_assert_cmpfloat_with_epsilon (rescaled->value[q * N + i], product, 1e-10 * fabs (product) + 1e-14);
          g_assert_cmpfloat_with_epsilon (newton->value[q * N + i], rise, 1e-10 * fabs (rise) + 1e-14);
          apart = MAX (apart, fabs (plain->value[q * N + i] - product) / fabs (product));
        }
    }
  g_assert_cmpfloat (apart, >, 0.05);                             /* else nothing was corrected */
}

/* Squared losses with l2: the minimiser without an example is a linear system, and removal is exact. */
static void
test_quadratic (void)
{
  enum { M = N + Q, R = D + 1 };
  Toy toy = { 0 };
  g_autoptr (Toy) features = toy_new_logistic (N, Q, D, 0.1, 8);
  double x[M * D], real[M], all[R * R], theta[R] = { 0 }, l2 = 0.1;
  AssayShape shape = ASSAY_SHAPE (D);
  json_t *config = json_pack ("{s:i, s:i, s:s}", "inputs", (int) D, "outputs", 1, "loss", "squared");
  g_autoptr (AssayInfluenceScores) scores = NULL;
  GError *error = NULL;

  for (gint64 i = 0; i < M; i++)
    {
      Example e = read_example (features, i < N ? features->task.train[i] : features->task.query[i - N]);

      memcpy (x + i * D, e.x, sizeof e.x);
      real[i] = e.x[0] - 2 * e.x[1] + 0.7 * sin (3.0 * (double) i);
    }
  toy.backend = assay_backend_cpu_new (2);
  toy.dataset = assay_dataset_new_from_arrays (&shape, M, x, NULL, 0, real, "train", Q, "query", &error);
  g_assert_no_error (error);
  toy.model = assay_model_new ("linear", config, ASSAY_F64, &error);
  g_assert_no_error (error);
  json_decref (config);
  toy.task = (AssayInfluenceTask) { .model = toy.model, .dataset = toy.dataset, .l2 = l2, .batch = 16, .memory = 1 << 28, .backend = toy.backend };
  toy.task.train = assay_dataset_get_split (toy.dataset, "train", &toy.task.n_train, NULL);
  toy.task.query = assay_dataset_get_split (toy.dataset, "query", &toy.task.n_query, NULL);
  for (gint64 left_out = -1; left_out < N; left_out++)            /* first with all */
    {
      double b[R] = { 0 };

      memset (all, 0, sizeof all);
      for (gint64 j = 0; j < N; j++)
        for (gint64 d = 0; d < R && j != left_out; d++)
          {
            double a = d < D ? x[j * D + d] : 1;

            b[d] += a * real[j] / N;
            for (gint64 e = 0; e < R; e++)
              all[d * R + e] += a * (e < D ? x[j * D + e] : 1) / N;
          }
      for (gint64 d = 0; d < R; d++)
        all[d * R + d] += l2;
      eliminate (R, all, b);
      if (left_out < 0)
        {
          memcpy (theta, b, sizeof theta);
          assay_model_write_theta (toy.model, theta);
          scores = toy_score (&toy, "rescaled", "damping", "0", "form", "newton", NULL);
        }
      for (gint64 q = 0; q < Q && left_out >= 0; q++)
        {
          double with = theta[D] - real[N + q], without = b[D] - real[N + q], measured;

          for (gint64 d = 0; d < D; d++)
            {
              with += theta[d] * x[(N + q) * D + d];
              without += b[d] * x[(N + q) * D + d];
            }
          measured = (without * without - with * with) / 2;
          g_assert_cmpfloat_with_epsilon (scores->value[q * N + left_out], measured, 1e-12 * (1 + with * with));
        }
    }
  assay_model_free (toy.model);
  assay_dataset_unref (toy.dataset);
  assay_backend_free (toy.backend);
}

/* One exact Newton step on the objective without an example, by PyTorch; and true retraining. */
static void
test_reference (void)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA");
  g_autofree char *path = given ? g_build_filename (given, "reference", "logistic", NULL)
                          : g_build_filename (g_test_get_dir (G_TEST_DIST), "..", "shared", "data", "reference", "logistic", NULL);
  g_autoptr (AssayReferenceCase) c = NULL;
  g_autoptr (AssayInfluenceScores) newton = NULL, plain = NULL;
  AssayBackend *backend;
  GError *error = NULL;
  Toy toy = { 0 };

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autofree char *reason = g_strdup_printf ("%s is not here", path);

      g_test_skip (reason);
      return;
    }
  c = assay_reference_case_open (path, &error);
  g_assert_no_error (error);
  backend = assay_backend_cpu_new (2);
  toy.task = (AssayInfluenceTask) { .model = c->model, .dataset = c->dataset, .l2 = c->l2, .batch = 64, .memory = 1 << 28, .backend = backend };
  toy.task.train = assay_dataset_get_split (c->dataset, "train", &toy.task.n_train, NULL);
  toy.task.query = assay_dataset_get_split (c->dataset, "query", &toy.task.n_query, NULL);
  newton = toy_score (&toy, "rescaled", "damping", "0", "form", "newton", NULL);
  plain = toy_score (&toy, "exact", "damping", "0", NULL);
  {
    gint64 n = assay_safetensors_find (c->expected, "loo.index")->dims[0];
    g_autofree gint32 *index = g_new (gint32, n);
    g_autofree double *expected = g_new (double, c->Q * n), *delta = g_new (double, c->Q * n);
    double largest = 0, of_newton = 0, of_plain = 0;

    g_assert_true (assay_reference_case_read_indices (c, c->expected, "loo.index", ASSAY_SHAPE (n), c->N, index, &error));
    g_assert_true (assay_reference_case_read (c, c->expected, "loo.newton", ASSAY_SHAPE (c->Q, n), expected, &error));
    g_assert_true (assay_reference_case_read (c, c->expected, "loo.delta", ASSAY_SHAPE (c->Q, n), delta, &error));
    for (gint64 i = 0; i < c->Q * n; i++)
      largest = MAX (largest, fabs (expected[i]));
    for (gint64 i = 0; i < c->Q * n; i++)
      {
        gint64 at = i / n * c->N + index[i % n];

        g_assert_cmpfloat_with_epsilon (newton->value[at], expected[i], 1e-8 * largest);
        of_newton += pow (newton->value[at] - delta[i], 2);
        of_plain += pow (plain->value[at] - delta[i], 2);
      }
    g_assert_cmpfloat (of_newton, <, 0.1 * of_plain);
  }
  assay_backend_free (backend);
}

/* Both sizes, from the dense matrix; the interval holds what elimination gives. */
static void
test_relatif (void)
{
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.02, 4);
  g_autoptr (AssayInfluenceScores) by_loss = toy_score (toy, "relatif", "damping", "0.03", NULL);
  g_autoptr (AssayInfluenceScores) by_step = toy_score (toy, "relatif", "damping", "0.03", "relative-to", "parameters", NULL);
  g_autoptr (AssayInfluenceScores) by_cg = toy_score (toy, "relatif", "damping", "0.03", "of", "cg", NULL);
  double theta[P], A[P * P];

  assay_model_read_theta (toy->model, theta);
  for (gint64 i = 0; i < N; i++)
    {
      Example own = read_example (toy, toy->task.train[i]);
      double x[P], g[P], self = 0, size = 0;

      matrix_without (toy, theta, 0.05, -1, A);
      add_example (theta, own.x, own.label, 1, NULL, g);
      memcpy (x, g, sizeof x);
      eliminate (P, A, x);
      for (gint64 j = 0; j < P; j++)
        {
          self += g[j] * x[j] / N;
          size += x[j] * x[j];
        }
      for (gint64 q = 0; q < Q; q++)
        {
          gint64 at = q * N + i;
          Example asked = read_example (toy, toy->task.query[q]);
          double of_query[P], infl = 0;

          add_example (theta, asked.x, asked.label, 1, NULL, of_query);
          for (gint64 j = 0; j < P; j++)
            infl += of_query[j] * x[j] / N;
          g_assert_cmpfloat_with_epsilon (by_loss->value[at], infl / sqrt (self), 1e-10);
          g_assert_cmpfloat_with_epsilon (by_step->value[at], infl * N / sqrt (size), 1e-10);
          g_assert_true (by_loss->lo[at] <= infl / sqrt (self) && infl / sqrt (self) <= by_loss->hi[at]);
          g_assert_true (by_cg->lo[at] <= infl / sqrt (self) && infl / sqrt (self) <= by_cg->hi[at]);
          g_assert_cmpfloat (by_cg->hi[at] - by_cg->lo[at], <, 0.1);
        }
    }
  g_assert_null (by_step->lo);
}

static void
test_relatif_bad (void)
{
  static const char *const bad[] = { "relatif", "bm25", "cosine", "nothing" };
  g_autoptr (Toy) toy = toy_new_logistic (N, Q, D, 0.02, 4);
  const AssayMethod *method = assay_method_find ("relatif", NULL);

  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      g_autoptr (AssayValues) options = toy_options (method, "of", bad[k], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_null (method->score (&toy->task, options, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rescaled/both forms are those of the dense system without the example", test_dense);
  g_test_add_func ("/rescaled/removal from a quadratic loss is exact", test_quadratic);
  g_test_add_func ("/rescaled/the reference case's Newton steps, nearer to retraining than plain influence", test_reference);
  g_test_add_func ("/relatif/scores are influence over both sizes, within their intervals", test_relatif);
  g_test_add_func ("/relatif/methods without a self-influence are refused", test_relatif_bad);
  return g_test_run ();
}
