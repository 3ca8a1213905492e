/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First derivatives in their several forms agree with each other and with differences of the loss. */
#include "world.h"

#include "base/error.h"
#include "base/mem.h"
#include "hessian/gradient.h"
#include "tensor/compare.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double *
vector (gint64 n)
{
  double *x = assay_mem_new (double, n, NULL);

  g_assert_nonnull (x);
  return x;
}

/* Mean, weighted sum and squared norms are those of the rows; losses are the same by both routes. */
static void
test_rows (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  gint64 N = w->N, P = w->P;
  double *rows = vector (N * P), *mean = vector (P), *sum = vector (P), *loss = vector (N), *other_loss = vector (N), *norm = vector (N);
  double *expected_mean = vector (P), *expected_sum = vector (P), weight[10];

  for (gint64 i = 0; i < N; i++)
    weight[i] = (double) i - 3.5;
  g_assert_true (assay_gradient_rows (&w->point, rows, NULL, NULL));
  g_assert_true (assay_gradient_mean (&w->point, mean, loss, NULL));
  g_assert_true (assay_gradient_weighted (&w->point, weight, sum, other_loss, NULL));
  g_assert_true (assay_gradient_squared_norms (&w->point, norm, NULL, NULL));
  g_assert_cmpmem (loss, N * sizeof *loss, other_loss, N * sizeof *loss);
  for (gint64 i = 0; i < N; i++)
    {
      double square = 0;

      for (gint64 p = 0; p < P; p++)
        {
          square += rows[i * P + p] * rows[i * P + p];
          expected_mean[p] += rows[i * P + p] / (double) N;
          expected_sum[p] += weight[i] * rows[i * P + p];
        }
      g_assert_cmpfloat (fabs (norm[i] - square), <=, P * DBL_EPSILON * square);
      g_assert_cmpfloat (loss[i], >, 0);
    }
  g_assert_cmpfloat (assay_compare (mean, expected_mean, P).relative, <=, 1e-13);
  g_assert_cmpfloat (assay_compare (sum, expected_sum, P).relative, <=, 1e-13);
  g_clear_pointer (&rows, assay_mem_free);
  g_clear_pointer (&mean, assay_mem_free);
  g_clear_pointer (&sum, assay_mem_free);
  g_clear_pointer (&loss, assay_mem_free);
  g_clear_pointer (&other_loss, assay_mem_free);
  g_clear_pointer (&norm, assay_mem_free);
  g_clear_pointer (&expected_mean, assay_mem_free);
  g_clear_pointer (&expected_sum, assay_mem_free);
}

/* g_i . v without forming g_i. */
static void
test_along (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 2);
  gint64 N = w->N, P = w->P, K = 3;
  double *rows = vector (N * P), *v = world_draw (w, 8, K), *along = vector (K * N), *f32 = vector (K * N), *expected = vector (K * N);

  for (gint64 p = 0; p < P; p++)
    v[p] = ldexp (v[p], -300);                                    /* one direction far below f32's range */
  g_assert_true (assay_gradient_rows (&w->point, rows, NULL, NULL));
  g_assert_true (assay_gradient_along (&w->point, K, v, along, NULL, NULL));
  w->point.dtype = ASSAY_F32;
  g_assert_true (assay_gradient_along (&w->point, K, v, f32, NULL, NULL));
  for (gint64 k = 0; k < K; k++)
    {
      for (gint64 i = 0; i < N; i++)
        for (gint64 p = 0; p < P; p++)
          expected[k * N + i] += rows[i * P + p] * v[k * P + p];
      g_assert_cmpfloat (assay_compare (along + k * N, expected + k * N, N).relative, <=, 1e-12);
      g_assert_cmpfloat (assay_compare (f32 + k * N, expected + k * N, N).relative, <=, 1e-5);
    }
  assay_mem_free (rows);
  assay_mem_free (v);
  assay_mem_free (along);
  assay_mem_free (f32);
  assay_mem_free (expected);
}

/* Positions weighted as in the loss add up to the example; models without positions say that they have none. */
static void
test_tokens (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  gboolean tokens = assay_model_get_block (w->model)->data == ASSAY_DATA_TOKENS, mean = assay_model_is_token_mean (w->model);
  gint64 N = w->N, T = tokens ? assay_dataset_get_shape (w->dataset).dim[0] : 1, K = 2;
  double *v = world_draw (w, 8, K), *along = vector (K * N), *each = vector (K * N * T);
  g_autoptr (GError) error = NULL;

  if (!tokens)
    {
      g_assert_false (assay_gradient_along_tokens (&w->point, K, v, each, NULL, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
  else
    {
      g_assert_true (assay_gradient_along (&w->point, K, v, along, NULL, NULL));
      g_assert_true (assay_gradient_along_tokens (&w->point, K, v, each, NULL, NULL));
      for (gint64 i = 0; i < K * N; i++)
        {
          double sum = 0, size = 0;

          for (gint64 t = 1; t < T; t++)                          /* the first has weight 0 in the data */
            {
              sum += each[i * T + t] / (mean ? T - 1 : 1);
              size += fabs (each[i * T + t]);
            }
          g_assert_cmpfloat (fabs (sum - along[i]), <=, 4 * T * DBL_EPSILON * size);
          g_assert_cmpfloat (each[i * T], !=, 0);                 /* derivatives are of every position, counted or not */
        }
    }
  assay_mem_free (v);
  assay_mem_free (along);
  assay_mem_free (each);
}

/* A theta given with the point is used in place of the model's. */
static void
test_theta (gconstpointer data)
{
  g_autoptr (World) w = world_new (data, 1);
  double *theta = world_draw (w, 31, 1), *given = vector (w->P), *own = vector (w->P), *before = vector (w->P);

  g_assert_true (assay_gradient_mean (&w->point, before, NULL, NULL));
  w->point.theta = theta;
  g_assert_true (assay_gradient_mean (&w->point, given, NULL, NULL));
  w->point.theta = NULL;
  assay_model_write_theta (w->model, theta);
  g_assert_true (assay_gradient_mean (&w->point, own, NULL, NULL));
  g_assert_cmpmem (given, w->P * sizeof *given, own, w->P * sizeof *own);
  g_assert_true (memcmp (given, before, w->P * sizeof *given) != 0);
  assay_mem_free (theta);
  assay_mem_free (given);
  assay_mem_free (own);
  assay_mem_free (before);
}

static gboolean
stop_at_two (gint64 i, double loss, const double *gradient, gpointer data, GError **error)
{
  (void) loss;
  (void) gradient;
  *(gint64 *) data = i;
  if (i < 2)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "enough");
  return FALSE;
}

static void
test_ends (void)
{
  g_autoptr (World) w = world_new (&world_cases[3], 1);
  g_autoptr (AssayProgress) progress = assay_progress_new (NULL, NULL);
  g_autoptr (GError) enough = NULL, stopped = NULL, stopped_along = NULL, not_finite = NULL;
  double *v = world_draw (w, 1, 1), *out = vector (w->N * w->P), *theta = assay_model_get_theta (w->model);
  gint64 last = -1;

  g_assert_false (assay_gradient_each (&w->point, stop_at_two, &last, NULL, &enough));
  g_assert_error (enough, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_cmpint (last, ==, 2);
  assay_progress_cancel (progress, ASSAY_ERROR_INTERRUPTED);
  g_assert_false (assay_gradient_rows (&w->point, out, progress, &stopped));
  g_assert_error (stopped, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  g_assert_false (assay_gradient_along (&w->point, 1, v, out, progress, &stopped_along));
  g_assert_error (stopped_along, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  theta[w->P - 1] = NAN;
  g_assert_false (assay_gradient_mean (&w->point, out, NULL, &not_finite));
  g_assert_error (not_finite, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_nonnull (strstr (not_finite->message, "fc3.bias"));
  assay_mem_free (v);
  assay_mem_free (out);
}

/* Logits so far apart that the loss overflows f32, in one example: it is named. */
static void
test_names_example (void)
{
  g_autoptr (World) w = world_new (&world_cases[2], 1);
  double x[4 * 3] = { 1, 1, 1, 1, 1e200, 1, 1, 1, 1, 1, 1, 1 }, y[3] = { 0 }, gradient[8];
  const gint64 examples[] = { 2, 0, 1 };
  AssayShape shape = ASSAY_SHAPE (4);
  g_autoptr (AssayDataset) dataset = assay_dataset_new_from_arrays (&shape, 3, x, NULL, 0, y, "train", 0, NULL, NULL);
  g_autoptr (GError) error = NULL;

  w->point.dataset = dataset;
  w->point.examples = examples;
  w->point.n_examples = 3;
  g_assert_false (assay_gradient_mean (&w->point, gradient, NULL, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  g_assert_nonnull (strstr (error->message, "train:1"));
}

int
main (int argc, char **argv)
{
  static const struct { const char *sentence; GTestDataFunc func; } each[] = {
    { "sums and norms are those of the single gradients", test_rows },
    { "derivatives along directions are inner products with the gradients", test_along },
    { "positions add up to their example", test_tokens },
    { "a given theta stands in for the model's", test_theta },
  };

  g_test_init (&argc, &argv, NULL);
  for (const WorldCase *c = world_cases; c->name != NULL; c++)
    for (gsize i = 0; i < G_N_ELEMENTS (each); i++)
      {
        g_autofree char *path = g_strdup_printf ("/hessian/gradient/%s/%s", c->name, each[i].sentence);

        g_test_add_data_func (path, c, each[i].func);
      }
  g_test_add_func ("/hessian/gradient/callbacks, requests and NaN end a walk with their reason", test_ends);
  g_test_add_func ("/hessian/gradient/the example that overflows is named", test_names_example);
  return g_test_run ();
}
