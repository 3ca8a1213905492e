/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixtures.c: see fixtures.h. */
#include "fixtures.h"

#include "base/rng.h"

#include <string.h>

#define N_TEST 5

AssayDataset *
fixture_features (gint64 n, gint64 D, gint64 n_classes)
{
  g_autofree double *x = g_new (double, n * D);
  g_autofree gint32 *label = g_new (gint32, n);
  AssayRng rng = assay_rng_new (5, assay_rng_stream ("features", 0));
  AssayShape shape = ASSAY_SHAPE (D);
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < n; i++)
    {
      double score = assay_rng_normal (&rng);

      for (gint64 d = 0; d < D; d++)
        {
          x[i * D + d] = assay_rng_normal (&rng);
          score += x[i * D + d] * (double) (d % 3 - 1);
        }
      label[i] = score > 0.7 ? (gint32) n_classes - 1 : score > -0.7 ? (gint32) (i % n_classes) : 0;
    }
  dataset = assay_dataset_new_from_arrays (&shape, n, x, label, n_classes, NULL, "train", N_TEST, "test", &error);
  g_assert_no_error (error);
  return dataset;
}

AssayDataset *
fixture_tokens (gint64 n, gint64 T, gint64 V)
{
  g_autofree gint32 *token = g_new (gint32, n * T), *target = g_new (gint32, n * T);
  g_autofree float *weight = g_new (float, n * T);
  AssayRng rng = assay_rng_new (6, assay_rng_stream ("tokens", 0));
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < n; i++)
    for (gint64 t = 0; t < T; t++)
      {
        token[i * T + t] = (gint32) assay_rng_below (&rng, V);
        target[i * T + t] = (token[i * T + t] * 2 + (gint32) t) % (gint32) V;
        weight[i * T + t] = (i + t) % 3 == 0 ? 0 : 1;
      }
  dataset = assay_dataset_new_from_token_arrays (n, T, V, token, target, weight, "train", N_TEST, "test", &error);
  g_assert_no_error (error);
  return dataset;
}

AssayDataset *
fixture_sequences (gint64 n, gint64 T, gint64 V)
{
  g_autofree gint32 *token = g_new0 (gint32, n * T), *target = g_new0 (gint32, n * T);
  g_autofree float *weight = g_new0 (float, n * T);
  AssayRng rng = assay_rng_new (7, assay_rng_stream ("sequences", 0));
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < n; i++)
    {
      gint64 length = 1 + (gint64) assay_rng_below (&rng, i % 3 == 0 ? 2 : T);

      for (gint64 t = 0; t < length; t++)
        {
          token[i * T + t] = (gint32) assay_rng_below (&rng, V);
          target[i * T + t] = (token[i * T + t] * 2 + (gint32) t) % (gint32) V;
          weight[i * T + t] = t < length / 3 ? 0 : 1;
        }
    }
  dataset = assay_dataset_new_from_token_arrays (n, T, V, token, target, weight, "train", N_TEST, "test", &error);
  g_assert_no_error (error);
  return dataset;
}

Fixture *
fixture_new (AssayDataset *dataset, const char *architecture, const char *config, const char *options, guint threads)
{
  Fixture *f = g_new0 (Fixture, 1);
  json_t *model = json_loads (config, 0, NULL), *values = json_loads (options, 0, NULL);
  GError *error = NULL;

  g_assert_nonnull (model);
  g_assert_nonnull (values);
  f->dataset = dataset;
  f->options = assay_values_from_json (assay_train_params, values, "options", &error);
  g_assert_no_error (error);
  f->model = assay_model_new (architecture, model, assay_train_get_dtype (f->options), &error);
  g_assert_no_error (error);
  assay_model_init (f->model, 3);
  f->backend = assay_backend_cpu_new (threads);
  f->training = (AssayTraining) { .model = f->model, .dataset = dataset, .options = f->options, .backend = f->backend };
  f->training.train = assay_dataset_get_split (dataset, "train", &f->training.N, &error);
  g_assert_no_error (error);
  f->weight = g_new (double, f->training.N);
  for (gint64 i = 0; i < f->training.N; i++)
    f->weight[i] = 1;
  f->theta_bytes = assay_model_get_n_params (f->model) * assay_dtype_width (assay_model_get_dtype (f->model));
  f->start = g_memdup2 (assay_model_get_theta (f->model), f->theta_bytes);
  json_decref (model);
  json_decref (values);
  return f;
}

void
fixture_free (Fixture *f)
{
  assay_model_free (f->model);
  assay_values_free (f->options);
  assay_backend_free (f->backend);
  assay_dataset_unref (f->dataset);
  g_free (f->weight);
  g_free (f->start);
  g_free (f);
}

void
fixture_rewind (Fixture *f)
{
  memcpy (assay_model_get_theta (f->model), f->start, f->theta_bytes);
}

Fixture *
fixture_mlp (const char *options, guint threads)
{
  return fixture_new (fixture_features (36, 6, 3), "mlp", "{\"widths\": [6, 8, 3], \"activations\": [\"tanh\"]}", options, threads);
}

Fixture *
fixture_transformer (const char *options, guint threads)
{
  return fixture_new (fixture_tokens (23, 6, 11), "transformer",
                      "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 1, \"heads\": 2}", options, threads);
}

Fixture *
fixture_lengths (const char *options, guint threads)
{
  return fixture_new (fixture_sequences (48, 12, 11), "transformer",
                      "{\"vocabulary\": 11, \"context\": 12, \"width\": 8, \"layers\": 1, \"heads\": 2, \"token-reduction\": \"mean\"}", options, threads);
}

Fixture *
fixture_logistic (const char *options, guint threads)
{
  return fixture_new (fixture_features (60, 4, 2), "linear", "{\"inputs\": 4, \"loss\": \"logistic\"}", options, threads);
}

Fixture *
fixture_diverging (void)
{
  return fixture_new (fixture_features (36, 6, 3), "mlp", "{\"widths\": [6, 8, 8, 3], \"activations\": [\"none\"]}",
                      "{\"optimizer\": \"sgd\", \"learning-rate\": 1e6, \"steps\": 50, \"batch\": 4, \"checkpoint-every\": 1}", 1);
}
