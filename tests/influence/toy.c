/* SPDX-License-Identifier: GPL-3.0-or-later */
/* toy.c: see toy.h. */
#include "toy.h"

#include "base/rng.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static AssayDataset *
make_dataset (gint64 N, gint64 Q, gint64 D, const int *exponent, guint64 seed)
{
  g_autofree double *x = g_new (double, (N + Q) * D);
  g_autofree gint32 *label = g_new (gint32, N + Q);
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("toy", 0));
  AssayShape shape = ASSAY_SHAPE (D);
  AssayDataset *dataset;
  GError *error = NULL;

  for (gint64 i = 0; i < N + Q; i++)
    {
      double score = assay_rng_normal (&rng);

      for (gint64 d = 0; d < D; d++)
        score += x[i * D + d] = assay_rng_normal (&rng);
      label[i] = score > 0;
    }
  for (guint copy = 0; copy < 2; copy++)
    memcpy (x + copy * D, x + N * D, D * sizeof *x);
  label[TOY_HELPFUL] = label[N];
  label[TOY_HARMFUL] = !label[N];
  for (gint64 i = 0; i < (N + Q) * D && exponent != NULL; i++)
    x[i] = ldexp (x[i], exponent[i % D]);
  dataset = assay_dataset_new_from_arrays (&shape, N + Q, x, label, 2, NULL, "train", Q, "query", &error);
  g_assert_no_error (error);
  return dataset;
}

/* Takes the data set. */
static Toy *
toy_new_on (AssayDataset *dataset, double l2, const char *architecture, const char *config_text)
{
  Toy *toy = g_new0 (Toy, 1);
  json_t *config = json_loads (config_text, 0, NULL), *number = json_real (l2);
  GError *error = NULL;

  toy->backend = assay_backend_cpu_new (2);
  toy->dataset = dataset;
  toy->model = assay_model_new (architecture, config, ASSAY_F64, &error);
  g_assert_no_error (error);
  toy->options = assay_values_new (assay_train_params);
  g_assert_true (assay_values_set_text (toy->options, "optimizer", "newton", NULL));
  g_assert_true (assay_values_set_json (toy->options, "l2", number, NULL));
  json_decref (config);
  json_decref (number);
  toy->task = (AssayInfluenceTask) { .model = toy->model, .dataset = toy->dataset, .l2 = l2, .batch = 16,
                                     .memory = 1 << 28, .backend = toy->backend };
  toy->task.train = assay_dataset_get_split (toy->dataset, "train", &toy->task.n_train, NULL);
  toy->task.query = assay_dataset_get_split (toy->dataset, "query", &toy->task.n_query, NULL);
  toy->training = (AssayTraining) { .model = toy->model, .dataset = toy->dataset, .train = toy->task.train,
                                   .N = toy->task.n_train,
                                   .options = toy->options,
                                    .backend = toy->backend };
  toy->source.spec = (AssayRetraining) { .training = &toy->training, .query = toy->task.query,
                                              .Q = toy->task.n_query };
  return toy;
}

static Toy *
toy_new (gint64 N, gint64 Q, gint64 D, const int *exponent, double l2, guint64 seed, const char *architecture, const char *config_text)
{
  return toy_new_on (make_dataset (N, Q, D, exponent, seed), l2, architecture, config_text);
}

Toy *
toy_new_tokens (gint64 N, gint64 Q, gint64 T, gint64 V, guint64 seed)
{
  g_autofree char *config = g_strdup_printf ("{\"vocabulary\": %" G_GINT64_FORMAT ", \"context\": %" G_GINT64_FORMAT ", \"width\": 8, "
                                             "\"heads\": 2, \"layers\": 1}", V, T);
  g_autofree gint32 *token = g_new (gint32, (N + Q) * T), *target = g_new (gint32, (N + Q) * T);
  g_autofree float *weight = g_new0 (float, (N + Q) * T);
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("toy tokens", 0));
  AssayDataset *dataset;
  GError *error = NULL;
  Toy *toy;

  for (gint64 i = 0; i < N + Q; i++)
    {
      gint64 used = T - (gint64) assay_rng_below (&rng, 3), prompt = (gint64) assay_rng_below (&rng, T / 2);

      for (gint64 t = 0; t < T; t++)
        {
          token[i * T + t] = (gint32) assay_rng_below (&rng, V);
          target[i * T + t] = (gint32) assay_rng_below (&rng, V);
          weight[i * T + t] = t >= prompt && t < used;
        }
    }
  memcpy (token, token + N * T, T * sizeof *token);
  memcpy (target, target + N * T, T * sizeof *target);
  memcpy (weight, weight + N * T, T * sizeof *weight);
  dataset = assay_dataset_new_from_token_arrays (N + Q, T, V, token, target, weight, "train", Q, "query", &error);
  g_assert_no_error (error);
  toy = toy_new_on (dataset, 0, "transformer", config);
  assay_model_init (toy->model, seed);
  for (gint64 j = 0; j < assay_model_get_n_params (toy->model); j++)    /* away from the near zero of a fresh head */
    ((double *) assay_model_get_theta (toy->model))[j] += 0.2 * assay_rng_normal (&rng);
  return toy;
}

Toy *
toy_new_steps (gint64 N, gint64 Q, gint64 D, guint64 seed)
{
  g_autofree char *config = g_strdup_printf ("{\"inputs\": %" G_GINT64_FORMAT ", \"outputs\": 2, \"loss\": \"xent\"}", D);
  static const char *const options[][2] = { { "optimizer", "momentum" }, { "learning-rate", "0.1" }, { "steps", "60" }, { "batch", "8" },
                                            { "dtype", "f64" } };
  Toy *toy = toy_new (N, Q, D, NULL, 0, seed, "linear", config);
  gint64 P = assay_model_get_n_params (toy->model);
  AssayTrainResult result;
  GError *error = NULL;

  assay_values_free (toy->options);
  toy->options = assay_values_new (assay_train_params);
  for (gsize k = 0; k < G_N_ELEMENTS (options); k++)
    g_assert_true (assay_values_set_text (toy->options, options[k][0], options[k][1], NULL));
  toy->training.options = toy->options;
  assay_model_init (toy->model, seed);
  toy->start = g_memdup2 (assay_model_get_theta (toy->model), P * sizeof *toy->start);
  assay_train (&toy->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  toy->source.spec.start = toy->start;
  toy->task.training = &toy->training;
  toy->task.start = toy->start;
  toy->task.retrain = assay_ground_truth_retrain;
  toy->task.retrain_data = &toy->source;
  return toy;
}

Toy *
toy_new_for (const AssayMethod *method, gint64 N, gint64 Q, guint64 seed)
{
  if (method->flags & ASSAY_METHOD_NEEDS_STEPS)
    return toy_new_steps (N, Q, 3, seed);
  return method->flags & ASSAY_METHOD_NEEDS_TOKENS ? toy_new_tokens (N, Q, 6, 11, seed) : toy_new_logistic (N, Q, 3, 0.05, seed);
}

/* Two points of the way from the start to the optimum stand for the checkpoints of a training. */
static void
add_checkpoints (Toy *toy)
{
  gint64 P = assay_model_get_n_params (toy->model);

  for (guint c = 0; c < 2; c++)
    {
      toy->checkpoint[c] = g_new (double, P);
      assay_model_read_theta (toy->model, toy->checkpoint[c]);
      for (gint64 j = 0; j < P && c == 0; j++)
        toy->checkpoint[c][j] /= 2;
      toy->rate[c] = 0.5 / (1 + c);
    }
  toy->task.checkpoint = (const double *const *) toy->checkpoint;
  toy->task.checkpoint_rate = toy->rate;
  toy->task.n_checkpoints = 2;
}

Toy *
toy_new_logistic (gint64 N, gint64 Q, gint64 D, double l2, guint64 seed)
{
  g_autofree char *config = g_strdup_printf ("{\"inputs\": %" G_GINT64_FORMAT ", \"outputs\": 2, \"loss\": \"xent\"}", D);
  Toy *toy = toy_new (N, Q, D, NULL, l2, seed, "linear", config);
  AssayTrainResult result;
  GError *error = NULL;

  assay_train (&toy->training, NULL, &result, NULL, &error);
  g_assert_no_error (error);
  add_checkpoints (toy);
  toy->task.retrain = assay_ground_truth_retrain;
  toy->task.retrain_data = &toy->source;
  return toy;
}

Toy *
toy_new_binary (gint64 N, gint64 Q, gint64 D, const int *exponent, const double *theta, guint64 seed)
{
  g_autofree char *config = g_strdup_printf ("{\"inputs\": %" G_GINT64_FORMAT ", \"outputs\": 1, \"loss\": \"logistic\"}", D);
  Toy *toy = toy_new (N, Q, D, exponent, 0, seed, "linear", config);

  assay_model_write_theta (toy->model, theta);
  return toy;
}

Toy *
toy_new_mlp (gint64 N, gint64 Q, gint64 D, guint64 seed)
{
  g_autofree char *config = g_strdup_printf ("{\"widths\": [%" G_GINT64_FORMAT ", 5, 2], \"activations\": [\"tanh\"]}", D);
  Toy *toy = toy_new (N, Q, D, NULL, 0, seed, "mlp", config);

  assay_model_init (toy->model, seed);
  return toy;
}

void
toy_free (Toy *toy)
{
  if (toy == NULL)
    return;
  g_free (toy->checkpoint[0]);
  g_free (toy->checkpoint[1]);
  g_free (toy->start);
  assay_values_free (toy->options);
  assay_model_free (toy->model);
  assay_dataset_unref (toy->dataset);
  assay_backend_free (toy->backend);
  g_free (toy);
}

static AssayValues *
read_options (const AssayMethod *method, va_list list)
{
  AssayValues *options = assay_values_new (method->params);
  const char *name;
  GError *error = NULL;

  while ((name = va_arg (list, const char *)) != NULL)
    {
      assay_values_set_text (options, name, va_arg (list, const char *), &error);
      g_assert_no_error (error);
    }
  return options;
}

AssayValues *
toy_options (const AssayMethod *method, ...)
{
  AssayValues *options;
  va_list list;

  va_start (list, method);
  options = read_options (method, list);
  va_end (list);
  return options;
}

AssayInfluenceScores *
toy_score (const Toy *toy, const char *name, ...)
{
  const AssayMethod *method = assay_method_find (name, NULL);
  g_autoptr (AssayValues) options = NULL;
  AssayInfluenceScores *scores;
  GError *error = NULL;
  va_list list;

  va_start (list, name);
  options = read_options (method, list);
  va_end (list);
  scores = method->score (&toy->task, options, NULL, &error);
  g_assert_no_error (error);
  return scores;
}
