/* SPDX-License-Identifier: GPL-3.0-or-later */
/* models.c: see models.h. */
#include "models.h"

#include "base/mem.h"
#include "base/rng.h"
#include "model/adapters.h"

#include <complex.h>
#include <string.h>

const ModelCase model_cases[] = {
  { "linear, softmax", "linear", "{\"inputs\": 5, \"outputs\": 3}" },
  { "linear, softmax, no bias", "linear", "{\"inputs\": 5, \"outputs\": 3, \"bias\": false}" },
  { "linear, logistic", "linear", "{\"inputs\": 4, \"loss\": \"logistic\"}" },
  { "linear, squared", "linear", "{\"inputs\": 4, \"outputs\": 2, \"loss\": \"squared\"}" },
  { "mlp, tanh and relu", "mlp", "{\"widths\": [6, 7, 5, 3], \"activations\": [\"tanh\", \"relu\"]}" },
  { "mlp, gelu and silu", "mlp", "{\"widths\": [6, 7, 5, 3], \"activations\": [\"gelu\", \"silu\"], \"bias\": false}" },
  { "mlp, sigmoid and gelu_tanh", "mlp", "{\"widths\": [6, 7, 5, 3], \"activations\": [\"sigmoid\", \"gelu_tanh\"]}" },
  { "mlp, one layer", "mlp", "{\"widths\": [6, 3]}" },
  { "cnn, max and average pooling", "cnn",
    "{\"input\": [2, 8, 8], \"conv\": [{\"out\": 3, \"kernel\": 3, \"padding\": 1, \"activation\": \"tanh\", \"pool\": {\"kind\": \"max\", \"kernel\": 2}},"
    " {\"out\": 4, \"kernel\": 3, \"activation\": \"relu\", \"pool\": {\"kind\": \"average\", \"kernel\": 2}}], \"fc\": [6, 3]}" },
  { "cnn, strides, no bias", "cnn",
    "{\"input\": [1, 9, 9], \"conv\": [{\"out\": 3, \"kernel\": 3, \"stride\": 2, \"activation\": \"gelu\"}], \"fc\": [3], \"bias\": false}" },
  { "cnn, groups", "cnn",
    "{\"input\": [4, 7, 7], \"conv\": [{\"out\": 6, \"kernel\": 3, \"groups\": 2, \"activation\": \"relu\"},"
    " {\"out\": 6, \"kernel\": 3, \"groups\": 6, \"activation\": \"tanh\"}], \"fc\": [3]}" },
  { "transformer, gpt2", "transformer", "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2}" },
  { "transformer, gpt2, untied, no bias, mean", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 1, \"heads\": 2, \"tied\": false, \"bias\": false, \"token-reduction\": \"mean\"}" },
  { "transformer, gpt2, gated, rotary adjacent, grouped", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 4, \"kv-heads\": 2, \"mlp\": 12, \"positions\": \"rotary\","
    " \"rope-adjacent\": true, \"gated\": true, \"activation\": \"gelu\"}" },
  { "transformer, llama", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 4, \"kv-heads\": 2, \"mlp\": 10, \"norm\": \"rmsnorm\","
    " \"positions\": \"rotary\", \"gated\": true, \"activation\": \"silu\", \"bias\": false, \"tied\": false, \"names\": \"llama\"}" },
  { "transformer, llama, biases, one key head, adjacent", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 1, \"heads\": 2, \"kv-heads\": 1, \"norm\": \"rmsnorm\","
    " \"positions\": \"rotary\", \"rope-adjacent\": true, \"rope-theta\": 100, \"activation\": \"tanh\", \"names\": \"llama\"}" },
  { "transformer, gpt-neox", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 12, \"layers\": 2, \"heads\": 2, \"mlp\": 10, \"positions\": \"rotary\", \"rope-size\": 2,"
    " \"parallel\": true, \"activation\": \"gelu\", \"tied\": false, \"names\": \"gpt-neox\"}" },
  { "transformer, windows, normalised heads of their own size, some biases", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"heads\": 2, \"kv-heads\": 1, \"head-size\": 4, \"norm\": \"rmsnorm\","
    " \"positions\": \"rotary\", \"rope-scaling\": \"yarn\", \"rope-factor\": 2, \"rope-original\": 3, \"rope-high\": 4, \"rope-magnitude\": 1.07,"
    " \"window\": 3, \"full-layers\": \"1\", \"head-norm\": true, \"gated\": true, \"bias\": false, \"qkv-bias\": true, \"names\": \"llama\"}" },
  { "transformer, scores scaled by layers, quick gelu", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2, \"attention-scale\": 0.9, \"scale-by-layer\": true, \"activation\": \"gelu_quick\"}" },
  { "mamba", "mamba", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"state\": 3, \"rank\": 2}" },
  { "mamba, biases, its own head", "mamba",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 4, \"layers\": 1, \"inner\": 5, \"state\": 2, \"kernel\": 2, \"bias\": true, \"conv-bias\": false,"
    " \"activation\": \"tanh\", \"silu-gate\": true, \"tied\": false, \"token-reduction\": \"mean\"}" },
  { "rwkv", "rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"mlp\": 9}" },
  { "rwkv, more channels inside, a tied head, mean", "rwkv",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 4, \"layers\": 1, \"inner\": 7, \"tied\": true, \"token-reduction\": \"mean\"}" },
  { "rwkv, heads", "rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"inner\": 8, \"heads\": 2, \"mlp\": 9, \"head-eps\": 0.01}" },
  { "encoder", "encoder", "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2, \"mlp\": 12, \"positions-size\": 9}" },
  { "encoder, a head of its own, mean, one type", "encoder",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 1, \"heads\": 3, \"types\": 1, \"activation\": \"tanh\", \"tied\": false,"
    " \"token-reduction\": \"mean\"}" },
  { "encoder, bare", "encoder", "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2, \"mlp\": 12, \"head\": \"none\"}" },
  { "transformer, llama, adapters of everything", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 4, \"kv-heads\": 2, \"mlp\": 10, \"norm\": \"rmsnorm\","
    " \"positions\": \"rotary\", \"gated\": true, \"activation\": \"silu\", \"bias\": false, \"tied\": false, \"names\": \"llama\"}" },
  { "transformer, gpt2, adapters of the last layer's attention", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 2, \"heads\": 2, \"token-reduction\": \"mean\"}" },
  { "mamba, adapters", "mamba", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"state\": 3, \"rank\": 2}" },
  { "rwkv, adapters", "rwkv", "{\"vocabulary\": 11, \"context\": 6, \"width\": 6, \"layers\": 2, \"mlp\": 9}" },
  { "transformer, no positions, no layers", "transformer",
    "{\"vocabulary\": 11, \"context\": 6, \"width\": 8, \"layers\": 0, \"positions\": \"none\"}" },
  { .name = NULL }
};

static double *
draw (gint64 n, const char *purpose, double scale)
{
  double *x = assay_mem_new (double, n, NULL);
  AssayRng rng = assay_rng_new (11, assay_rng_stream (purpose, 0));

  g_assert_nonnull (x);
  for (gint64 i = 0; i < n; i++)
    x[i] = scale * assay_rng_normal (&rng);
  return x;
}

/* Cases whose modules of these patterns have adapters of rank 2, which are then the only parameters. */
static const struct { const char *name, *modules; } adapted[] = {
  { "transformer, llama, adapters of everything", "*" },
  { "transformer, gpt2, adapters of the last layer's attention", "h.1.attn.*, nothing" },
  { "mamba, adapters", "*in_proj,*x_proj,*out_proj" },
  { "rwkv, adapters", "*attention.key,*attention.output,*feed_forward.value" },
};

static const char *
find_modules (const ModelCase *c)
{
  for (gsize k = 0; k < G_N_ELEMENTS (adapted); k++)
    if (strcmp (adapted[k].name, c->name) == 0)
      return adapted[k].modules;
  return NULL;
}

/* The model with its parameters frozen, and adapters in their place. */
static AssayModel *
adapt (AssayModel *base, const char *modules)
{
  double *theta = draw (assay_model_get_n_params (base), "base", 0.4);
  g_autoptr (AssayModel) own = base;
  g_autoptr (AssayAdapters) adapters = NULL;
  json_auto_t *source = json_object ();
  AssayModel *model;
  GError *error = NULL;

  assay_model_write_theta (base, theta);
  assay_mem_free (theta);
  adapters = assay_adapters_new (base, 2, 3, modules, source, &error);
  g_assert_no_error (error);
  model = assay_model_new_adapted (base, adapters, ASSAY_F64, &error);
  g_assert_no_error (error);
  return model;
}

Sample *
sample_new (const ModelCase *c, gint64 batch)
{
  Sample *s = g_new0 (Sample, 1);
  GError *error = NULL;
  json_t *config = json_loads (c->config, 0, NULL);

  g_assert_nonnull (config);
  s->model = assay_model_new (c->architecture, config, ASSAY_F64, &error);
  g_assert_no_error (error);
  json_decref (config);
  if (find_modules (c) != NULL)
    s->model = adapt (s->model, find_modules (c));
  s->B = batch;
  s->P = assay_model_get_n_params (s->model);
  s->theta = draw (s->P, "theta", 0.4);
  s->direction = draw (s->P, "direction", 1);
  s->second = draw (s->P, "second", 1);
  s->weights = draw (batch, "weights", 1);
  if (batch > 1)
    s->weights[1] = 0;
  assay_model_write_theta (s->model, s->theta);
  return s;
}

void
sample_free (Sample *s)
{
  assay_model_free (s->model);
  assay_mem_free (s->theta);
  assay_mem_free (s->direction);
  assay_mem_free (s->second);
  assay_mem_free (s->weights);
  g_free (s);
}

static void *
convert (const double *x, gint64 n, AssayDtype dtype)
{
  void *y = assay_mem_alloc_array (n, assay_dtype_width (dtype), NULL);

  g_assert_nonnull (y);
  assay_dtype_convert (ASSAY_F64, x, dtype, y, n);
  return y;
}

/* How many values an index input may take: the rows that it chooses from; labels follow the logits. */
static gint64
count_choices (AssayGraph *graph, guint v)
{
  gint64 below = assay_shape_last (&assay_graph_get_value (graph, assay_graph_get_logits (graph))->shape);

  for (guint n = 0; n < assay_graph_get_n_nodes (graph); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (graph, n);

      if (strcmp (node->op->name, "embedding") == 0 && node->in[1] == v)
        return node->in_shape[0].dim[0];
    }
  return below == 1 ? 2 : below;
}

static void *
fill_input (AssayGraph *graph, guint v, AssayDtype dtype)
{
  const AssayGraphValue *x = assay_graph_get_value (graph, v);
  gint64 n = assay_shape_count (&x->shape);
  AssayRng rng = assay_rng_new (12, assay_rng_stream (x->name, 0));
  double *numbers;
  void *y;

  if (x->is_index)
    {
      gint32 *index = assay_mem_new (gint32, n, NULL);
      gint64 below = count_choices (graph, v);

      for (gint64 i = 0; i < n; i++)
        index[i] = (gint32) assay_rng_below (&rng, below);
      return index;
    }
  numbers = draw (n, x->name, 1);
  if (strcmp (x->name, "weight") == 0)                            /* of positions: some do not count */
    for (gint64 i = 0; i < n; i++)
      numbers[i] = i % 4 == 2 ? 0 : 0.5 + (double) (i % 3) / 4;
  y = convert (numbers, n, dtype);
  assay_mem_free (numbers);
  return y;
}

/* Token types are the graph's only where nobody binds them. */
static gboolean
is_free (const AssayGraphValue *x)
{
  return x->role == ASSAY_VALUE_INPUT && x->constant == NULL && (x->is_index || !x->is_zero);
}

Walk *
walk_new (const Sample *s, AssayWalk kind, AssayDtype dtype, AssayBackend *backend, const guint *keep)
{
  return walk_new_spec (s, &(AssayWalkSpec) { .walk = kind, .dtype = dtype, .keep = keep }, backend);
}

Walk *
walk_new_spec (const Sample *s, const AssayWalkSpec *spec, AssayBackend *backend)
{
  const AssayDtype dtype = spec->dtype;
  Walk *walk = g_new0 (Walk, 1);
  GError *error = NULL;
  g_autoptr (AssayGraph) graph = assay_model_build (s->model, s->B, &error);

  g_assert_no_error (error);
  walk->dtype = dtype;
  walk->exec = assay_exec_new_walk (graph, spec, backend, &error);
  g_assert_no_error (error);
  walk->inputs = g_ptr_array_new_with_free_func (assay_mem_free);
  for (guint v = 0; v < assay_graph_get_n_values (graph); v++)
    if (is_free (assay_graph_get_value (graph, v)))
      {
        g_ptr_array_add (walk->inputs, fill_input (graph, v, dtype));
        assay_exec_set_input (walk->exec, v, walk->inputs->pdata[walk->inputs->len - 1]);
      }
  walk->theta = convert (s->theta, s->P, dtype);
  walk->weights = convert (s->weights, s->B, dtype);
  return walk;
}

void
walk_free (Walk *walk)
{
  assay_exec_free (walk->exec);
  g_ptr_array_unref (walk->inputs);
  assay_mem_free (walk->theta);
  assay_mem_free (walk->weights);
  g_free (walk);
}

void
walk_prepare (Walk *walk, const Sample *s, const double *direction, double step, void *gradient)
{
  GError *error = NULL;

  assay_dtype_convert (ASSAY_F64, s->theta, walk->dtype, walk->theta, s->P);
  if (walk->dtype == ASSAY_C128 && direction != NULL)
    for (gint64 p = 0; p < s->P; p++)
      ((double *) walk->theta)[2 * p + 1] = step * direction[p];
  assay_exec_prepare (walk->exec, walk->theta, walk->weights, gradient, FALSE, &error);
  g_assert_no_error (error);
}

void
walk_apply (Walk *walk, const Sample *s, const double *direction, double *product)
{
  void *v = convert (direction, s->P, walk->dtype), *Hv = convert (direction, s->P, walk->dtype);
  GError *error = NULL;

  assay_exec_apply (walk->exec, v, Hv, FALSE, &error);
  g_assert_no_error (error);
  assay_dtype_convert (walk->dtype, Hv, ASSAY_F64, product, s->P);
  assay_mem_free (v);
  assay_mem_free (Hv);
}

#define BLOCK 3

/* What one direction gave: its product, or the derivatives of the losses. */
static gsize
get_result (const Walk *walk, const Sample *s, gboolean is_tangent, gint64 k, const char *products, const void **result)
{
  const gsize width = assay_dtype_width (walk->dtype), bytes = (gsize) (is_tangent ? s->B : s->P) * width;

  *result = is_tangent ? assay_exec_get_tangent (walk->exec, k, assay_graph_get_loss (assay_exec_get_graph (walk->exec))) : (const void *) (products + (gsize) k * bytes);
  return bytes;
}

void
walk_check_blocks (const Sample *s, const char *name, AssayWalk kind, AssayDtype dtype, AssayCompute compute, AssayBackend *backend)
{
  const gboolean is_tangent = kind == ASSAY_WALK_TANGENT;
  const gsize width = assay_dtype_width (dtype), bytes = (gsize) s->P * width;
  Walk *single = walk_new_spec (s, &(AssayWalkSpec) { .walk = kind, .dtype = dtype, .compute = compute }, backend);
  Walk *block = walk_new_spec (s, &(AssayWalkSpec) { .walk = kind, .dtype = dtype, .K = BLOCK, .compute = compute }, backend);
  g_autofree char *directions = g_malloc (BLOCK * bytes), *products = g_malloc0 (BLOCK * bytes), *alone = g_malloc0 (bytes);
  GError *error = NULL;

  for (gint64 i = 0; i < BLOCK * s->P; i++)
    {
      const double x = i < s->P ? s->direction[i] : i < 2 * s->P ? s->second[i - s->P] : s->direction[i - 2 * s->P] - 3 * s->second[i - 2 * s->P];

      assay_dtype_convert (ASSAY_F64, &x, dtype, directions + (gsize) i * width, 1);
    }
  walk_prepare (single, s, NULL, 0, NULL);
  walk_prepare (block, s, NULL, 0, NULL);
  for (guint again = 0; again < 6; again++)                       /* the same block three times, as a device captures it; then fewer */
    {
      const gint64 n = again < 3 ? BLOCK : again - 2 < BLOCK ? again - 2 : 2;

      memset (products, 0, BLOCK * bytes);
      assay_exec_apply_block (block->exec, n, directions, is_tangent ? NULL : products, FALSE, &error);
      g_assert_no_error (error);
      for (gint64 k = 0; k < n; k++)
        {
          const void *expected, *found;
          gsize size;

          assay_exec_apply (single->exec, directions + (gsize) k * bytes, is_tangent ? NULL : alone, FALSE, &error);
          g_assert_no_error (error);
          get_result (single, s, is_tangent, 0, alone, &expected);
          size = get_result (block, s, is_tangent, k, products, &found);
          if (memcmp (expected, found, size) != 0)
            g_error ("%s, walk %d: direction %d of %d has other bits than alone", name, (int) kind, (int) k, (int) n);
        }
    }
  walk_free (single);
  walk_free (block);
}
