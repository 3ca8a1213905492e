/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.c: see world.h. */
#include "world.h"

#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

#define N_DATASET 13
#define N_EXAMPLES 10
#define BATCH 4                 /* 10 = 4 + 4 + 2: a smaller last micro-batch */

const WorldCase world_cases[] = {
  { "softmax regression", "linear", "{\"inputs\": 5, \"outputs\": 3}" },
  { "logistic regression", "linear", "{\"inputs\": 4, \"loss\": \"logistic\"}" },
  { "least squares", "linear", "{\"inputs\": 4, \"loss\": \"squared\"}" },
  { "mlp", "mlp", "{\"widths\": [6, 7, 5, 3], \"activations\": [\"tanh\", \"gelu\"]}" },
  { "mlp with relu", "mlp", "{\"widths\": [6, 7, 3], \"activations\": [\"relu\"]}" },
  { "cnn", "cnn",
    "{\"input\": [2, 8, 8], \"conv\": [{\"out\": 3, \"kernel\": 3, \"padding\": 1, \"activation\": \"tanh\", \"pool\": {\"kind\": \"max\", \"kernel\": 2}},"
    " {\"out\": 4, \"kernel\": 3, \"activation\": \"silu\", \"pool\": {\"kind\": \"average\", \"kernel\": 2}}], \"fc\": [6, 3]}" },
  { "cnn, groups", "cnn",
    "{\"input\": [2, 6, 6], \"conv\": [{\"out\": 4, \"kernel\": 3, \"padding\": 1, \"groups\": 2, \"activation\": \"tanh\"},"
    " {\"out\": 4, \"kernel\": 3, \"groups\": 4, \"stride\": 2, \"activation\": \"silu\"}], \"fc\": [3]}" },
  { "transformer, gpt2", "transformer", "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2}" },
  { "transformer, llama, mean over tokens", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 4, \"kv-heads\": 2, \"mlp\": 10, \"norm\": \"rmsnorm\","
    " \"positions\": \"rotary\", \"gated\": true, \"activation\": \"silu\", \"bias\": false, \"tied\": false, \"names\": \"llama\","
    " \"token-reduction\": \"mean\"}" },
  { "mamba", "mamba", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"state\": 3, \"rank\": 2}" },
  { "rwkv", "rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"inner\": 5, \"mlp\": 7}" },
  /* Heads of fewer channels are divided by a deviation that may be near 0, which magnifies roundings. */
  { "rwkv, heads", "rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 1, \"inner\": 15, \"heads\": 3, \"mlp\": 7, \"token-reduction\": \"mean\"}" },
  { "encoder", "encoder", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"heads\": 2, \"mlp\": 8, \"positions-size\": 7}" },
  { "encoder, a head of its own, mean over tokens", "encoder",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 1, \"heads\": 3, \"mlp\": 8, \"tied\": false, \"token-reduction\": \"mean\"}" },
  { .name = NULL }
};

static AssayDataset *
make_tokens (AssayGraph *graph, AssayRng *rng)
{
  gint64 T = assay_graph_get_value (graph, assay_graph_find (graph, "tokens"))->shape.dim[1];
  gint64 V = assay_shape_last (&assay_graph_get_value (graph, assay_graph_get_logits (graph))->shape);
  g_autofree gint32 *token = g_new (gint32, N_DATASET * T), *target = g_new (gint32, N_DATASET * T);
  g_autofree float *weight = g_new (float, N_DATASET * T);

  for (gint64 i = 0; i < N_DATASET * T; i++)
    {
      token[i] = (gint32) assay_rng_below (rng, V);
      target[i] = (gint32) assay_rng_below (rng, V);
      weight[i] = i % T < 1 ? 0 : 1;                              /* the first position is a prompt */
    }
  return assay_dataset_new_from_token_arrays (N_DATASET, T, V, token, target, weight, "train", 0, NULL, NULL);
}

static AssayDataset *
make_features (AssayGraph *graph, AssayRng *rng)
{
  AssayShape x_shape = assay_graph_get_value (graph, assay_graph_find (graph, "x"))->shape, shape = { .rank = x_shape.rank - 1 };
  const AssayGraphValue *y = assay_graph_get_value (graph, assay_graph_find (graph, "y"));
  gint64 V = assay_shape_last (&assay_graph_get_value (graph, assay_graph_get_logits (graph))->shape), n = assay_shape_count (&x_shape);
  g_autofree double *x = g_new (double, N_DATASET * n), *real = g_new (double, N_DATASET);
  g_autofree gint32 *label = g_new (gint32, N_DATASET);

  memcpy (shape.dim, x_shape.dim + 1, shape.rank * sizeof *shape.dim);
  for (gint64 i = 0; i < N_DATASET * n; i++)
    x[i] = assay_rng_normal (rng);
  for (gint64 i = 0; i < N_DATASET; i++)
    {
      label[i] = (gint32) assay_rng_below (rng, MAX (V, 2));
      real[i] = assay_rng_normal (rng);
    }
  return assay_dataset_new_from_arrays (&shape, N_DATASET, x, y->is_index ? label : NULL, y->is_index ? MAX (V, 2) : 0,
                                        y->is_index ? NULL : real, "train", 0, NULL, NULL);
}

World *
world_new (const WorldCase *c, guint n_threads)
{
  World *w = g_new0 (World, 1);
  AssayRng rng = assay_rng_new (21, 0);
  json_t *config = json_loads (c->config, 0, NULL);
  GError *error = NULL;
  AssayGraph *graph;
  double *theta;

  w->model = assay_model_new (c->architecture, config, ASSAY_F64, &error);
  g_assert_no_error (error);
  json_decref (config);
  w->P = assay_model_get_n_params (w->model);
  theta = world_draw (w, 1, 1);
  for (gint64 i = 0; i < w->P; i++)
    theta[i] *= 0.4;
  assay_model_write_theta (w->model, theta);
  assay_mem_free (theta);
  graph = assay_model_get_layout (w->model);
  w->dataset = assay_model_get_block (w->model)->data == ASSAY_DATA_TOKENS ? make_tokens (graph, &rng) : make_features (graph, &rng);
  g_assert_nonnull (w->dataset);
  w->backend = assay_backend_cpu_new (n_threads);
  w->N = N_EXAMPLES;
  w->examples = g_new (gint64, N_DATASET);
  for (gint64 i = 0; i < N_DATASET; i++)
    w->examples[i] = i;
  assay_rng_shuffle (&rng, w->examples, N_DATASET);
  w->point = (AssayPoint) { .model = w->model, .dataset = w->dataset, .examples = w->examples, .n_examples = w->N, .dtype = ASSAY_F64,
                            .batch = BATCH, .backend = w->backend };
  return w;
}

void
world_free (World *w)
{
  assay_model_free (w->model);
  assay_dataset_unref (w->dataset);
  assay_backend_free (w->backend);
  g_free (w->examples);
  g_free (w);
}

double *
world_draw (const World *w, guint64 seed, gint64 n)
{
  double *x = assay_mem_new (double, n * w->P, NULL);
  AssayRng rng = assay_rng_new (seed, assay_rng_stream ("world", 0));

  g_assert_nonnull (x);
  for (gint64 i = 0; i < n * w->P; i++)
    x[i] = assay_rng_normal (&rng);
  return x;
}
