/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_mamba.c: language models of selective state spaces (Mamba, the first of that name).
 *
 *   h = embed (tokens);   each layer: h += mixer (norm (h));   logits = head (norm (h))
 *
 *   mixer:  x, z = in (u)    x = phi (conv (x))    step, write, read = x_proj (x)    step = softplus (dt_proj (step))
 *           y = scan (x, step, A, write, read, D)    out (y phi (z))
 *
 * Parameter names are those of the transformers library without its prefix.
 * Source: Gu and Dao, arXiv 2312.00752, section 3.
 */
#include "model/block.h"

#include <math.h>
#include <string.h>


static const AssayParam params[] = {
  ASSAY_BLOCK_TOKENS,
  { .name = "width", .type = ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .help = "size of the residual stream" },
  { .name = "layers", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 0, .max = 1000, .help = "mixers" },
  { .name = "inner", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .unit = "channels", .help = "channels of a mixer; 0: twice the width" },
  { .name = "state", .type = ASSAY_PARAM_INT, .def.i = 16, .min = 1, .max = 1e5, .help = "states of a channel" },
  { .name = "kernel", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 1e4, .unit = "tokens", .help = "length of the convolution" },
  { .name = "rank", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .help = "rank of the map to steps; 0: a sixteenth of the width, rounded up" },
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .help = "inside the root of the norm" },
  { .name = "activation", .type = ASSAY_PARAM_CHOICE, .def.s = "silu", .choices = assay_block_activations, .help = "after the convolution and of the gate" },
  { .name = "silu-gate", .type = ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_ADVANCED, .help = "whether the gate is SiLU whatever follows the convolution" },
  { .name = "bias", .type = ASSAY_PARAM_BOOL, .help = "whether the maps into and out of a mixer have biases" },
  { .name = "conv-bias", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether the convolution has a bias" },
  ASSAY_BLOCK_TIED,
  ASSAY_BLOCK_REDUCTION,
  { .name = NULL }
};

typedef struct {
  AssayGraph *graph;
  const AssayValues *config;
  const char *activation;
  gint64 C, I, S, K, R, layers;
} Builder;

#define JOIN(a, b) g_strconcat ((a), ".", (b), NULL)

static guint
add_norm (const Builder *b, const char *name, guint x)
{
  g_autofree char *weight = JOIN (name, "weight");
  guint gain = assay_graph_add_param (b->graph, weight, ASSAY_SHAPE (b->C), (AssayInit) { ASSAY_INIT_ONE, 0 });

  return assay_graph_add_node (b->graph, "rmsnorm", name, ASSAY_IN (x, gain), ASSAY_ATTRS (assay_values_get_double (b->config, "eps")));
}

static guint
add_linear (const Builder *b, const char *prefix, const char *name, guint x, gint64 in, gint64 out, gboolean bias, double std)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_block_add_linear (b->graph, full, x, in, out, bias, (AssayInit) { ASSAY_INIT_NORMAL, std });
}

static guint
add_slice (const Builder *b, const char *prefix, const char *name, guint x, gint64 start, gint64 length)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_graph_add_node (b->graph, "slice", full, ASSAY_IN (x), ASSAY_ATTRS (start, length));
}

static guint
add_param (const Builder *b, const char *prefix, const char *name, AssayShape shape, AssayInit init)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_graph_add_param (b->graph, full, shape, init);
}

static guint
add_node (const Builder *b, const char *op, const char *prefix, const char *name, guint n_in, const guint *in)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_graph_add_node (b->graph, op, full, n_in, in, ASSAY_NO_ATTRS);
}

static guint
add_activation (const Builder *b, const char *prefix, const char *name, guint x)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_block_add_activation (b->graph, b->activation, full, x);
}

static guint
add_gate (const Builder *b, const char *prefix, guint z)
{
  g_autofree char *full = JOIN (prefix, "gate");

  return assay_block_add_activation (b->graph, assay_values_get_bool (b->config, "silu-gate") ? "silu" : b->activation, full, z);
}

static guint
add_convolution (const Builder *b, const char *prefix, guint x)
{
  guint weight = add_param (b, prefix, "conv1d.weight", ASSAY_SHAPE (b->I, 1, b->K), (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) b->K) });

  if (!assay_values_get_bool (b->config, "conv-bias"))
    return add_node (b, "causal_conv", prefix, "conv1d", ASSAY_IN (x, weight));
  return add_node (b, "causal_conv", prefix, "conv1d",
                   ASSAY_IN (x, weight, add_param (b, prefix, "conv1d.bias", ASSAY_SHAPE (b->I), (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) b->K) })));
}

/* How long every channel takes at every position. */
static guint
add_step (const Builder *b, const char *prefix, guint x)
{
  g_autofree char *name = JOIN (prefix, "dt_proj");
  guint weight = add_param (b, prefix, "dt_proj.weight", ASSAY_SHAPE (b->I, b->R), (AssayInit) { ASSAY_INIT_UNIFORM, 1 / sqrt ((double) b->R) });
  guint bias = add_param (b, prefix, "dt_proj.bias", ASSAY_SHAPE (b->I), (AssayInit) { ASSAY_INIT_STEP, 0 });
  guint low = assay_graph_add_node (b->graph, "linear", name, ASSAY_IN (x, weight, bias), ASSAY_NO_ATTRS);

  return add_node (b, "softplus", prefix, "step", ASSAY_IN (low));
}

static guint
add_mixer (const Builder *b, const char *prefix, guint u)
{
  gboolean bias = assay_values_get_bool (b->config, "bias");
  guint both = add_linear (b, prefix, "in_proj", u, b->C, 2 * b->I, bias, 0.02), x, gate, selected, step, a_log, skip, write, read, y;

  x = add_slice (b, prefix, "x", both, 0, b->I);
  gate = add_gate (b, prefix, add_slice (b, prefix, "z", both, b->I, b->I));
  x = add_activation (b, prefix, "act", add_convolution (b, prefix, x));
  selected = add_linear (b, prefix, "x_proj", x, b->I, b->R + 2 * b->S, FALSE, 0.02);
  step = add_step (b, prefix, add_slice (b, prefix, "low_step", selected, 0, b->R));
  write = add_slice (b, prefix, "write", selected, b->R, b->S);
  read = add_slice (b, prefix, "read", selected, b->R + b->S, b->S);
  a_log = add_param (b, prefix, "A_log", ASSAY_SHAPE (b->I, b->S), (AssayInit) { ASSAY_INIT_LOG_PLACE, 0 });
  skip = add_param (b, prefix, "D", ASSAY_SHAPE (b->I), (AssayInit) { ASSAY_INIT_ONE, 0 });
  y = add_node (b, "selective_scan", prefix, "scan", ASSAY_IN (x, step, a_log, write, read, skip));
  y = add_node (b, "mul", prefix, "gated", ASSAY_IN (y, gate));
  return add_linear (b, prefix, "out_proj", y, b->I, b->C, bias, 0.02 / sqrt ((double) MAX (1, b->layers)));
}

static guint
add_layer (const Builder *b, gint64 layer, guint h)
{
  g_autofree char *prefix = g_strdup_printf ("layers.%" G_GINT64_FORMAT, layer);
  g_autofree char *norm = JOIN (prefix, "norm"), *mixer = JOIN (prefix, "mixer");

  return add_node (b, "add", prefix, "residual_post", ASSAY_IN (h, add_mixer (b, mixer, add_norm (b, norm, h))));
}

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  gint64 V = assay_values_get_int (config, "vocabulary"), T = assay_values_get_int (config, "context"), C = assay_values_get_int (config, "width");
  gint64 I = assay_values_get_int (config, "inner"), R = assay_values_get_int (config, "rank");
  Builder b = { .graph = graph, .config = config, .activation = assay_values_get_string (config, "activation"), .C = C, .I = I ? I : 2 * C,
                .S = assay_values_get_int (config, "state"), .K = assay_values_get_int (config, "kernel"), .R = R ? R : (C + 15) / 16,
                .layers = assay_values_get_int (config, "layers") };
  guint tokens, targets, weight, h, table;

  (void) error;
  tokens = assay_graph_add_input (graph, "tokens", TRUE, ASSAY_SHAPE (batch, T));
  targets = assay_graph_add_input (graph, "targets", TRUE, ASSAY_SHAPE (batch, T));
  weight = assay_graph_add_input (graph, "weight", FALSE, ASSAY_SHAPE (batch, T));
  table = assay_graph_add_param (graph, "embeddings.weight", ASSAY_SHAPE (V, C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
  h = assay_graph_add_node (graph, "embedding", "embed", ASSAY_IN (table, tokens), ASSAY_NO_ATTRS);
  for (gint64 l = 0; l < b.layers; l++)
    h = add_layer (&b, l, h);
  h = add_norm (&b, "norm_f", h);
  if (!assay_values_get_bool (config, "tied"))
    table = assay_graph_add_param (graph, "lm_head.weight", ASSAY_SHAPE (V, C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
  h = assay_graph_add_node (graph, "linear", "logits", ASSAY_IN (h, table), ASSAY_NO_ATTRS);
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "xent", "loss", ASSAY_IN (h, targets, weight), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (mamba) = { .name = "mamba", .help = "language model of selective state spaces", .data = ASSAY_DATA_TOKENS, .params = params, .build = build };
