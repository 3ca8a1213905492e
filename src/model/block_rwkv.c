/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_rwkv.c: language models that read with what fades in the place of attention: a mean for every channel (RWKV, version 4), or a matrix for every
 * head (version 5.1).
 *
 *   h = norm (embed (tokens));   each layer: h += time_mixing (norm (h)), h += channel_mixing (norm (h));   logits = head (norm (h))
 *
 *   shift_j (x)       every channel of x mixed with itself one position before, in a share of its own for each j
 *   time mixing       r, k, v = R shift_r (x), K shift_k (x), V shift_v (x)     output (sigmoid (r) wkv (k, v))
 *     with heads                                                                output (norm of each head (wkv (r, k, v)))
 *   channel mixing    r, k = R shift_r (x), K shift_k (x)                       sigmoid (r) V (max (k, 0)^2)
 *
 * Parameter names are those of the transformers library without its prefix.
 * Source: Peng et al., arXiv 2305.13048, section 3, and arXiv 2404.05892, section 4.1; what version 5.1 has is in ops/op_wkv_matrix.c.
 */
#include "model/block.h"

#include <math.h>
#include <string.h>


static const AssayParam params[] = {
  ASSAY_BLOCK_TOKENS,
  { .name = "width", .type = ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .help = "size of the residual stream" },
  { .name = "layers", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 0, .max = 1000, .help = "pairs of a time mixing and a channel mixing" },
  { .name = "inner", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .unit = "channels", .help = "channels of a time mixing; 0: the width" },
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .help = "heads with a matrix (version 5.1); 0: a mean for every channel (version 4)" },
  { .name = "mlp", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .unit = "channels", .help = "channels of a channel mixing; 0: four times the width" },
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .help = "inside the root of the norm" },
  { .name = "head-eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .help = "inside the root of the norm of each head" },
  { .name = "tied", .type = ASSAY_PARAM_BOOL, .help = "whether the head is the embedding" },
  ASSAY_BLOCK_REDUCTION,
  { .name = NULL }
};

typedef struct {
  AssayGraph *graph;
  double eps, head_eps;
  gint64 C, I, F, H, layers;
} Builder;

#define JOIN(a, b) g_strconcat ((a), ".", (b), NULL)

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
add_norm_of (const Builder *b, const char *name, guint x, gint64 channels, double eps, gint64 groups)
{
  guint gain = add_param (b, name, "weight", ASSAY_SHAPE (channels), (AssayInit) { ASSAY_INIT_ONE, 0 });
  guint bias = add_param (b, name, "bias", ASSAY_SHAPE (channels), (AssayInit) { 0 });

  return assay_graph_add_node (b->graph, "layernorm", name, ASSAY_IN (x, gain, bias), ASSAY_ATTRS (eps, groups));
}

static guint
add_norm (const Builder *b, const char *name, guint x)
{
  return add_norm_of (b, name, x, b->C, b->eps, 1);
}

/* A matrix of the mixed stream: name is the matrix's, "time_mix_name" the shares'. */
static guint
add_mixed (const Builder *b, const char *prefix, const char *name, guint x, gint64 out)
{
  g_autofree char *shares = g_strconcat ("time_mix_", name, NULL), *mixed = g_strconcat ("mix_", name, NULL), *full = JOIN (prefix, name);
  guint mix = add_param (b, prefix, shares, ASSAY_SHAPE (b->C), (AssayInit) { ASSAY_INIT_PLACE, 0 });

  x = add_node (b, "token_shift", prefix, mixed, ASSAY_IN (x, mix));
  return assay_block_add_linear (b->graph, full, x, b->C, out, FALSE, (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
}

/* What writes to the residual stream. */
static guint
add_output (const Builder *b, const char *prefix, const char *name, guint x, gint64 in)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_block_add_linear (b->graph, full, x, in, b->C, FALSE, (AssayInit) { ASSAY_INIT_NORMAL, 0.02 / sqrt (2.0 * (double) MAX (1, b->layers)) });
}

/* A mean for every channel, gated by what is received. */
static guint
add_means (const Builder *b, const char *prefix, guint receptance, guint key, guint value, guint decay, guint bonus)
{
  guint gate = add_node (b, "sigmoid", prefix, "gate", ASSAY_IN (receptance)), wkv = add_node (b, "wkv", prefix, "wkv", ASSAY_IN (key, value, decay, bonus));

  return add_node (b, "mul", prefix, "gated", ASSAY_IN (gate, wkv));
}

/* A matrix for every head, read by what is received, and each head's result normalised. */
static guint
add_matrices (const Builder *b, const char *prefix, guint receptance, guint key, guint value, guint decay, guint bonus)
{
  g_autofree char *norm = JOIN (prefix, "ln_x");

  return add_norm_of (b, norm, add_node (b, "wkv_matrix", prefix, "wkv", ASSAY_IN (receptance, key, value, decay, bonus)), b->I, b->head_eps, b->H);
}

static guint
add_time_mixing (const Builder *b, const char *prefix, guint x)
{
  const gint64 n = b->H > 0 ? b->H : b->I;
  guint decay = add_param (b, prefix, "time_decay", ASSAY_SHAPE (n), (AssayInit) { ASSAY_INIT_RATE, 0 });
  guint bonus = add_param (b, prefix, "time_first", ASSAY_SHAPE (n), (AssayInit) { 0 });
  guint key = add_mixed (b, prefix, "key", x, b->I), value = add_mixed (b, prefix, "value", x, b->I), receptance = add_mixed (b, prefix, "receptance", x, b->I);

  return add_output (b, prefix, "output", (b->H > 0 ? add_matrices : add_means) (b, prefix, receptance, key, value, decay, bonus), b->I);
}

static guint
add_channel_mixing (const Builder *b, const char *prefix, guint x)
{
  guint act = add_node (b, "relu_squared", prefix, "act", ASSAY_IN (add_mixed (b, prefix, "key", x, b->F)));
  guint gate = add_node (b, "sigmoid", prefix, "gate", ASSAY_IN (add_mixed (b, prefix, "receptance", x, b->C)));

  return add_node (b, "mul", prefix, "gated", ASSAY_IN (gate, add_output (b, prefix, "value", act, b->F)));
}

static guint
add_layer (const Builder *b, gint64 layer, guint h)
{
  g_autofree char *prefix = g_strdup_printf ("blocks.%" G_GINT64_FORMAT, layer);
  g_autofree char *first = JOIN (prefix, "ln1"), *second = JOIN (prefix, "ln2"), *attention = JOIN (prefix, "attention"), *mlp = JOIN (prefix, "feed_forward");

  h = add_node (b, "add", prefix, "residual_mid", ASSAY_IN (h, add_time_mixing (b, attention, add_norm (b, first, h))));
  return add_node (b, "add", prefix, "residual_post", ASSAY_IN (h, add_channel_mixing (b, mlp, add_norm (b, second, h))));
}

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  gint64 V = assay_values_get_int (config, "vocabulary"), T = assay_values_get_int (config, "context"), C = assay_values_get_int (config, "width");
  gint64 I = assay_values_get_int (config, "inner"), F = assay_values_get_int (config, "mlp");
  Builder b = { .graph = graph, .eps = assay_values_get_double (config, "eps"), .head_eps = assay_values_get_double (config, "head-eps"), .C = C, .I = I ? I : C, .F = F ? F : 4 * C, .H = assay_values_get_int (config, "heads"),
                .layers = assay_values_get_int (config, "layers") };
  guint tokens, targets, weight, h, table;

  (void) error;
  tokens = assay_graph_add_input (graph, "tokens", TRUE, ASSAY_SHAPE (batch, T));
  targets = assay_graph_add_input (graph, "targets", TRUE, ASSAY_SHAPE (batch, T));
  weight = assay_graph_add_input (graph, "weight", FALSE, ASSAY_SHAPE (batch, T));
  table = assay_graph_add_param (graph, "embeddings.weight", ASSAY_SHAPE (V, C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
  h = assay_graph_add_node (graph, "embedding", "embed", ASSAY_IN (table, tokens), ASSAY_NO_ATTRS);
  if (b.layers > 0)                                               /* the first layer owns this norm */
    h = add_norm (&b, "blocks.0.pre_ln", h);
  for (gint64 l = 0; l < b.layers; l++)
    h = add_layer (&b, l, h);
  h = add_norm (&b, "ln_out", h);
  if (!assay_values_get_bool (config, "tied"))
    table = assay_graph_add_param (graph, "head.weight", ASSAY_SHAPE (V, C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
  h = assay_graph_add_node (graph, "linear", "logits", ASSAY_IN (h, table), ASSAY_NO_ATTRS);
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "xent", "loss", ASSAY_IN (h, targets, weight), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (rwkv) = { .name = "rwkv", .help = "language model that reads with fading means or matrices", .data = ASSAY_DATA_TOKENS, .params = params, .build = build };
