/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_transformer.c: decoder-only transformers, from GPT-2's (LayerNorm, learned positions, biases, GELU, tied head) over GPT-NeoX's
 * (attention and MLP side by side, part of a head turned) to those of Llama and its kin (RMSNorm, rotary positions, gated SiLU, grouped
 * key/value heads, normalised queries and keys, windows, few or no biases).
 *
 *   h = embed (tokens) [+ positions];   each layer: h += attention (norm1 (h));  h += mlp (norm2 (h));   logits = head (norm (h))
 *                                    or, parallel:  h += attention (norm1 (h)) + mlp (norm2 (h))
 *
 * Parameter names follow the checkpoint family given by `names`.
 */
#include "model/block.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static const char *const norms[] = { "layernorm", "rmsnorm", NULL };
static const char *const positions[] = { "learned", "rotary", "none", NULL };
static const char *const families[] = { "gpt2", "gpt-neox", "llama", NULL };
static const char *const scalings[] = { "none", "linear", "llama3", "yarn", "yarn-exact", NULL };

static const AssayParam params[] = {
  ASSAY_BLOCK_TOKENS,
  { .name = "width", .type = ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .help = "size of the residual stream" },
  { .name = "layers", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 0, .max = 1000, .help = "blocks of attention and MLP" },
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 1e4, .help = "attention heads" },
  { .name = "kv-heads", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e4, .help = "key/value heads; 0: as many as heads" },
  { .name = "head-size", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "channels", .help = "channels of a head; 0: width / heads" },
  { .name = "mlp", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .help = "hidden width of the MLP; 0: four times the width" },
  { .name = "norm", .type = ASSAY_PARAM_CHOICE, .def.s = "layernorm", .choices = norms, .help = "normalisation" },
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .help = "inside the root of the norm" },
  { .name = "positions", .type = ASSAY_PARAM_CHOICE, .def.s = "learned", .choices = positions, .help = "how positions enter" },
  ASSAY_BLOCK_POSITIONS_SIZE,
  { .name = "rope-theta", .type = ASSAY_PARAM_DOUBLE, .def.d = 10000, .min = 1, .max = 1e12, .help = "base of the rotary angles" },
  { .name = "rope-adjacent", .type = ASSAY_PARAM_BOOL, .help = "rotate adjacent pairs instead of the two halves of a head" },
  { .name = "rope-size", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e6, .unit = "channels",
    .help = "channels of a head that are rotated; 0: all" },
  { .name = "rope-scaling", .type = ASSAY_PARAM_CHOICE, .def.s = "none", .choices = scalings, .flags = ASSAY_PARAM_ADVANCED,
    .help = "how the angles of a context that was stretched after training shrink" },
  { .name = "rope-factor", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 1e-6, .max = 1e6, .flags = ASSAY_PARAM_ADVANCED, .help = "what it was stretched by" },
  { .name = "rope-low", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1e9, .unit = "turns", .flags = ASSAY_PARAM_ADVANCED,
    .help = "llama3, yarn: pairs that turn less often within the original context shrink wholly" },
  { .name = "rope-high", .type = ASSAY_PARAM_DOUBLE, .def.d = 32, .min = 0, .max = 1e9, .unit = "turns", .flags = ASSAY_PARAM_ADVANCED,
    .help = "llama3, yarn: pairs that turn more often do not shrink" },
  { .name = "rope-original", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e9, .unit = "tokens", .flags = ASSAY_PARAM_ADVANCED,
    .help = "llama3, yarn: the original context" },
  { .name = "rope-magnitude", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1e6, .flags = ASSAY_PARAM_ADVANCED,
    .help = "factor of rotated queries and keys" },
  { .name = "window", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "tokens", .help = "tokens that a position attends to, itself included; 0: all before it" },
  { .name = "full-layers", .type = ASSAY_PARAM_STRING, .def.s = "", .metavar = "LIST", .flags = ASSAY_PARAM_ADVANCED,
    .help = "layers without a window where there is one, counted from 0, separated by commas" },
  { .name = "attention-scale", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e6, .flags = ASSAY_PARAM_ADVANCED,
    .help = "factor of the products of queries and keys; 0: one over the root of the head size" },
  { .name = "scale-by-layer", .type = ASSAY_PARAM_BOOL, .flags = ASSAY_PARAM_ADVANCED, .help = "whether layer l, counted from 1, divides that factor by l" },
  { .name = "head-norm", .type = ASSAY_PARAM_BOOL, .help = "whether queries and keys are normalised head by head" },
  { .name = "parallel", .type = ASSAY_PARAM_BOOL, .help = "whether attention and MLP of a layer read the same residual stream" },
  { .name = "activation", .type = ASSAY_PARAM_CHOICE, .def.s = "gelu_tanh", .choices = assay_block_activations, .help = "of the MLP" },
  { .name = "gated", .type = ASSAY_PARAM_BOOL, .help = "whether the MLP is gated: down (phi (gate x) * up x)" },
  { .name = "bias", .type = ASSAY_PARAM_BOOL, .def.b = TRUE, .help = "whether all linear layers have biases" },
  { .name = "qkv-bias", .type = ASSAY_PARAM_BOOL, .help = "whether at least queries, keys and values have biases" },
  { .name = "output-bias", .type = ASSAY_PARAM_BOOL, .help = "whether at least the output of attention has a bias" },
  { .name = "mlp-bias", .type = ASSAY_PARAM_BOOL, .help = "whether at least the MLP has biases" },
  ASSAY_BLOCK_TIED,
  { .name = "names", .type = ASSAY_PARAM_CHOICE, .def.s = "gpt2", .choices = families, .help = "family whose parameter names are used" },
  ASSAY_BLOCK_REDUCTION,
  { .name = NULL }
};

/* What a family calls its parts. A layer's prefix is `layer` and its number. */
typedef struct {
  const char *layer, *embed, *positions, *norm1, *norm2, *final_norm, *head;
  const char *qkv, *q, *k, *v, *q_norm, *k_norm, *o, *gate, *up, *down;
} Names;

static const Names gpt2_names = { "h", "wte", "wpe", "ln_1", "ln_2", "ln_f", "lm_head", "attn.c_attn", NULL, NULL, NULL,
                                  "attn.q_norm", "attn.k_norm", "attn.c_proj", "mlp.c_gate", "mlp.c_fc", "mlp.c_proj" };
static const Names gpt_neox_names = { "layers", "embed_in", "embed_positions", "input_layernorm", "post_attention_layernorm", "final_layer_norm",
                                      "embed_out", "attention.query_key_value", NULL, NULL, NULL, "attention.q_norm", "attention.k_norm",
                                      "attention.dense", "mlp.dense_h_to_4h_gate", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h" };
static const Names llama_names = { "model.layers", "model.embed_tokens", "model.embed_positions", "input_layernorm",
                                   "post_attention_layernorm", "model.norm", "lm_head", NULL, "self_attn.q_proj", "self_attn.k_proj",
                                   "self_attn.v_proj", "self_attn.q_norm", "self_attn.k_norm", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj" };

static const Names *
find_names (const char *family)
{
  return strcmp (family, "llama") == 0 ? &llama_names : strcmp (family, "gpt-neox") == 0 ? &gpt_neox_names : &gpt2_names;
}

typedef struct {
  AssayGraph *graph;
  const AssayValues *config;
  const Names *names;
  gint64 C, H, kv, D, F, layers;
  gint64 window;                /* of the present layer; 0: none */
  double scale;                 /* of the present layer; 0: by the head size */
  gboolean rotary;
} Builder;

#define JOIN(a, b) g_strconcat ((a), ".", (b), NULL)

/* bias: the option that gives this layer one where not all have them. */
static guint
add_linear (const Builder *b, const char *prefix, const char *name, const char *bias, guint x, gint64 in, gint64 out, gboolean residual)
{
  g_autofree char *full = JOIN (prefix, name);
  gboolean has_bias = assay_values_get_bool (b->config, "bias") || assay_values_get_bool (b->config, bias);
  double std = residual ? 0.02 / sqrt (2.0 * (double) MAX (1, b->layers)) : 0.02;   /* Radford et al. 2019, section 2.3 */

  return assay_block_add_linear (b->graph, full, x, in, out, has_bias, (AssayInit) { ASSAY_INIT_NORMAL, std });
}

static guint
add_rms_norm (const Builder *b, const char *name, guint x, gint64 size)
{
  g_autofree char *weight = JOIN (name, "weight");
  guint gain = assay_graph_add_param (b->graph, weight, ASSAY_SHAPE (size), (AssayInit) { ASSAY_INIT_ONE, 0 });

  return assay_graph_add_node (b->graph, "rmsnorm", name, ASSAY_IN (x, gain), ASSAY_ATTRS (assay_values_get_double (b->config, "eps")));
}

static guint
add_norm (const Builder *b, const char *name, guint x)
{
  g_autofree char *weight = JOIN (name, "weight"), *bias = JOIN (name, "bias");
  guint gain, shift;

  if (strcmp (assay_values_get_string (b->config, "norm"), "rmsnorm") == 0)
    return add_rms_norm (b, name, x, b->C);
  gain = assay_graph_add_param (b->graph, weight, ASSAY_SHAPE (b->C), (AssayInit) { ASSAY_INIT_ONE, 0 });
  shift = assay_graph_add_param (b->graph, bias, ASSAY_SHAPE (b->C), (AssayInit) { 0 });
  return assay_graph_add_node (b->graph, "layernorm", name, ASSAY_IN (x, gain, shift), ASSAY_ATTRS (assay_values_get_double (b->config, "eps")));
}

/* A number of the configuration that is found by its place in a list of words. */
static double
get_choice (const Builder *b, const char *name, const char *const *choices)
{
  const char *word = assay_values_get_string (b->config, name);
  guint k = 0;

  while (strcmp (choices[k], word) != 0)
    k++;
  return k;
}

static guint
add_rope (const Builder *b, const char *prefix, const char *name, guint x, gint64 heads)
{
  g_autofree char *full = JOIN (prefix, name);

  if (!b->rotary)
    return x;
  return assay_graph_add_node (b->graph, "rope", full, ASSAY_IN (x),
                               ASSAY_ATTRS (heads, assay_values_get_double (b->config, "rope-theta"), assay_values_get_bool (b->config, "rope-adjacent"),
                                            assay_values_get_int (b->config, "rope-size"), get_choice (b, "rope-scaling", scalings),
                                            assay_values_get_double (b->config, "rope-factor"), assay_values_get_double (b->config, "rope-low"),
                                            assay_values_get_double (b->config, "rope-high"), assay_values_get_double (b->config, "rope-original"),
                                            assay_values_get_double (b->config, "rope-magnitude")));
}

static guint
add_slice (const Builder *b, const char *prefix, const char *name, guint x, gint64 start, gint64 length)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_graph_add_node (b->graph, "slice", full, ASSAY_IN (x), ASSAY_ATTRS (start, length));
}

/* Queries or keys as attention takes them. */
static guint
add_turned (const Builder *b, const char *prefix, const char *norm, const char *name, guint x, gint64 heads)
{
  g_autofree char *full = JOIN (prefix, norm);

  if (assay_values_get_bool (b->config, "head-norm"))
    x = add_rms_norm (b, full, x, b->D);
  return add_rope (b, prefix, name, x, heads);
}

static guint
add_attention (const Builder *b, const char *prefix, guint x)
{
  g_autofree char *name = JOIN (prefix, "attn.heads");
  gint64 width = b->H * b->D, kv_width = b->kv * b->D;
  guint q, k, v;

  if (b->names->qkv != NULL)
    {
      guint qkv = add_linear (b, prefix, b->names->qkv, "qkv-bias", x, b->C, width + 2 * kv_width, FALSE);

      if (!b->rotary && !assay_values_get_bool (b->config, "head-norm"))
        {
          x = assay_graph_add_node (b->graph, "attention", name, ASSAY_IN (qkv), ASSAY_ATTRS (b->H, b->kv, 1, b->scale, b->window));
          return add_linear (b, prefix, b->names->o, "output-bias", x, width, b->C, TRUE);
        }
      q = add_slice (b, prefix, "attn.q", qkv, 0, width);
      k = add_slice (b, prefix, "attn.k", qkv, width, kv_width);
      v = add_slice (b, prefix, "attn.v", qkv, width + kv_width, kv_width);
    }
  else
    {
      q = add_linear (b, prefix, b->names->q, "qkv-bias", x, b->C, width, FALSE);
      k = add_linear (b, prefix, b->names->k, "qkv-bias", x, b->C, kv_width, FALSE);
      v = add_linear (b, prefix, b->names->v, "qkv-bias", x, b->C, kv_width, FALSE);
    }
  q = add_turned (b, prefix, b->names->q_norm, "attn.rotated_q", q, b->H);
  k = add_turned (b, prefix, b->names->k_norm, "attn.rotated_k", k, b->kv);
  x = assay_graph_add_node (b->graph, "attention", name, ASSAY_IN (q, k, v), ASSAY_ATTRS (b->H, b->kv, 1, b->scale, b->window));
  return add_linear (b, prefix, b->names->o, "output-bias", x, width, b->C, TRUE);
}

static guint
add_mlp (const Builder *b, const char *prefix, guint x)
{
  const char *activation = assay_values_get_string (b->config, "activation");
  g_autofree char *act = JOIN (prefix, "mlp.act"), *gated = JOIN (prefix, "mlp.gated");
  guint h;

  if (assay_values_get_bool (b->config, "gated"))
    {
      guint gate = assay_block_add_activation (b->graph, activation, act, add_linear (b, prefix, b->names->gate, "mlp-bias", x, b->C, b->F, FALSE));

      h = assay_graph_add_node (b->graph, "mul", gated, ASSAY_IN (gate, add_linear (b, prefix, b->names->up, "mlp-bias", x, b->C, b->F, FALSE)),
                                ASSAY_NO_ATTRS);
    }
  else
    h = assay_block_add_activation (b->graph, activation, act, add_linear (b, prefix, b->names->up, "mlp-bias", x, b->C, b->F, FALSE));
  return add_linear (b, prefix, b->names->down, "mlp-bias", h, b->F, b->C, TRUE);
}

static guint
add_residual (const Builder *b, const char *prefix, const char *name, guint h, guint branch)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_graph_add_node (b->graph, "add", full, ASSAY_IN (h, branch), ASSAY_NO_ATTRS);
}

static gint64
choose_window (const Builder *b, gint64 layer)
{
  g_auto (GStrv) full = g_strsplit (assay_values_get_string (b->config, "full-layers"), ",", -1);
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, layer);

  return g_strv_contains ((const char *const *) full, number) ? 0 : assay_values_get_int (b->config, "window");
}

static double
choose_scale (const Builder *b, gint64 layer)
{
  double scale = assay_values_get_double (b->config, "attention-scale");

  if (!assay_values_get_bool (b->config, "scale-by-layer"))
    return scale;
  return (scale > 0 ? scale : 1 / sqrt ((double) b->D)) / (double) (layer + 1);
}

static guint
add_layer (Builder *b, gint64 layer, guint h)
{
  g_autofree char *prefix = g_strdup_printf ("%s.%" G_GINT64_FORMAT, b->names->layer, layer);
  g_autofree char *norm1 = JOIN (prefix, b->names->norm1), *norm2 = JOIN (prefix, b->names->norm2);

  b->window = choose_window (b, layer);
  b->scale = choose_scale (b, layer);
  if (assay_values_get_bool (b->config, "parallel"))
    {
      guint attended = add_attention (b, prefix, add_norm (b, norm1, h)), processed = add_mlp (b, prefix, add_norm (b, norm2, h));

      return add_residual (b, prefix, "residual_post", add_residual (b, prefix, "residual_mid", h, attended), processed);
    }
  h = add_residual (b, prefix, "residual_mid", h, add_attention (b, prefix, add_norm (b, norm1, h)));
  return add_residual (b, prefix, "residual_post", h, add_mlp (b, prefix, add_norm (b, norm2, h)));
}

static guint
add_embedding (const Builder *b, gint64 V, gint64 T, guint tokens, guint *table)
{
  g_autofree char *weight = JOIN (b->names->embed, "weight"), *wpe = JOIN (b->names->positions, "weight");
  gint64 rows = assay_values_get_int (b->config, "positions-size");
  guint h;

  *table = assay_graph_add_param (b->graph, weight, ASSAY_SHAPE (V, b->C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
  h = assay_graph_add_node (b->graph, "embedding", "embed", ASSAY_IN (*table, tokens), ASSAY_NO_ATTRS);
  if (strcmp (assay_values_get_string (b->config, "positions"), "learned") != 0)
    return h;
  return assay_graph_add_node (b->graph, "position_embedding", "embed_positions",
                               ASSAY_IN (h, assay_graph_add_param (b->graph, wpe, ASSAY_SHAPE (rows ? rows : T, b->C),
                                                                   (AssayInit) { ASSAY_INIT_NORMAL, 0.02 })),
                               ASSAY_NO_ATTRS);
}

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  gint64 V = assay_values_get_int (config, "vocabulary"), T = assay_values_get_int (config, "context");
  gint64 H = assay_values_get_int (config, "heads"), C = assay_values_get_int (config, "width");
  gint64 kv = assay_values_get_int (config, "kv-heads"), F = assay_values_get_int (config, "mlp");
  gint64 D = assay_values_get_int (config, "head-size");
  Builder b = { .graph = graph, .config = config, .C = C, .H = H, .kv = kv ? kv : H, .D = D ? D : C / H, .F = F ? F : 4 * C,
                .layers = assay_values_get_int (config, "layers"),
                .rotary = strcmp (assay_values_get_string (config, "positions"), "rotary") == 0,
                .names = find_names (assay_values_get_string (config, "names")) };
  guint tokens, targets, weight, h, table;

  if ((D == 0 && C % H != 0) || H % b.kv != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "transformer: width %" G_GINT64_FORMAT " must be a multiple of heads %"
                   G_GINT64_FORMAT " where no head-size is given, and heads of kv-heads %" G_GINT64_FORMAT, C, H, b.kv);
      return FALSE;
    }
  tokens = assay_graph_add_input (graph, "tokens", TRUE, ASSAY_SHAPE (batch, T));
  targets = assay_graph_add_input (graph, "targets", TRUE, ASSAY_SHAPE (batch, T));
  weight = assay_graph_add_input (graph, "weight", FALSE, ASSAY_SHAPE (batch, T));
  h = add_embedding (&b, V, T, tokens, &table);
  for (gint64 l = 0; l < b.layers; l++)
    h = add_layer (&b, l, h);
  h = add_norm (&b, b.names->final_norm, h);
  if (!assay_values_get_bool (config, "tied"))
    {
      g_autofree char *head = JOIN (b.names->head, "weight");

      table = assay_graph_add_param (graph, head, ASSAY_SHAPE (V, C), (AssayInit) { ASSAY_INIT_NORMAL, 0.02 });
    }
  h = assay_graph_add_node (graph, "linear", "logits", ASSAY_IN (h, table), ASSAY_NO_ATTRS);
  assay_graph_set_loss (graph, assay_graph_add_node (graph, "xent", "loss", ASSAY_IN (h, targets, weight), ASSAY_NO_ATTRS));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (transformer) = { .name = "transformer", .help = "decoder-only transformer with the options of GPT-2, GPT-NeoX, Llama and their kin",
                                     .data = ASSAY_DATA_TOKENS, .params = params, .build = build };
