/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block_encoder.c: transformer encoders in the manner of BERT: every position sees every other, a norm follows each residual connection.
 *
 *   h = norm (embed (tokens) + embed (token types) + positions);   each layer: h = norm1 (h + attention (h));  h = norm2 (h + mlp (h))
 *
 *   head masked-lm:   logits = table (norm (phi (dense (h)))) + bias, the table the embedding's where tied; cross-entropy of the targets
 *   head none:        half the squared length of the mean of h over the positions that count (their sum with token-reduction sum)
 *
 * The target of a position is what the head says there, not the token behind it: a position that is to be predicted holds another token, [MASK]
 * as a rule. A position with weight 0 has no loss of its own but is seen by all others like any other: there is no mask of attention. A sentence
 * shorter than the context would see its padding; it is walked in a model whose context is its length.
 * Token types are 0 unless a walk binds "token_types"; rows of types and of positions that do not occur are parameters whose gradient is 0.
 * Parameter names are those of the transformers library without its prefix.
 * Source: Devlin et al., arXiv 1810.04805.
 */
#include "model/block.h"

#include "base/error.h"

#include <string.h>

static const char *const heads[] = { "masked-lm", "none", NULL };

static const AssayParam params[] = {
  ASSAY_BLOCK_TOKENS,
  { .name = "width", .type = ASSAY_PARAM_INT, .def.i = 64, .min = 1, .max = 1e6, .help = "size of the residual stream" },
  { .name = "layers", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 0, .max = 1000, .help = "blocks of attention and MLP" },
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 4, .min = 1, .max = 1e4, .help = "attention heads" },
  { .name = "mlp", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e7, .help = "hidden width of the MLP; 0: four times the width" },
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-12, .min = 0, .max = 1, .help = "inside the root of the norm" },
  ASSAY_BLOCK_POSITIONS_SIZE,
  { .name = "types", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = 1e6, .help = "token types; of all tokens it is type 0" },
  { .name = "activation", .type = ASSAY_PARAM_CHOICE, .def.s = "gelu", .choices = assay_block_activations, .help = "of the MLP and of the head" },
  { .name = "head", .type = ASSAY_PARAM_CHOICE, .def.s = "masked-lm", .choices = heads, .help = "what reads the last layer: the token of each position, or nothing" },
  ASSAY_BLOCK_TIED,
  ASSAY_BLOCK_REDUCTION,
  { .name = NULL }
};

typedef struct {
  AssayGraph *graph;
  const AssayValues *config;
  const char *activation;
  gint64 B, V, T, C, H, F;
  guint tokens, weight, table;
} Builder;

#define JOIN(a, b) g_strconcat ((a), ".", (b), NULL)
#define STD 0.02                /* of all matrices, as the paper has it */

static guint
add_table (const Builder *b, const char *name, gint64 rows)
{
  return assay_graph_add_param (b->graph, name, ASSAY_SHAPE (rows, b->C), (AssayInit) { ASSAY_INIT_NORMAL, STD });
}

static guint
add_linear (const Builder *b, const char *prefix, const char *name, guint x, gint64 in, gint64 out)
{
  g_autofree char *full = JOIN (prefix, name);

  return assay_block_add_linear (b->graph, full, x, in, out, TRUE, (AssayInit) { ASSAY_INIT_NORMAL, STD });
}

/* Parameters prefix.name.weight and .bias; the result is called result. */
static guint
add_norm (const Builder *b, const char *prefix, const char *name, const char *result, guint x)
{
  g_autofree char *weight = g_strconcat (prefix, ".", name, ".weight", NULL), *bias = g_strconcat (prefix, ".", name, ".bias", NULL);
  guint gain = assay_graph_add_param (b->graph, weight, ASSAY_SHAPE (b->C), (AssayInit) { ASSAY_INIT_ONE, 0 });
  guint shift = assay_graph_add_param (b->graph, bias, ASSAY_SHAPE (b->C), (AssayInit) { 0 });

  return assay_graph_add_node (b->graph, "layernorm", result, ASSAY_IN (x, gain, shift), ASSAY_ATTRS (assay_values_get_double (b->config, "eps")));
}

static guint
add_sum (const Builder *b, const char *name, guint x, guint y)
{
  return assay_graph_add_node (b->graph, "add", name, ASSAY_IN (x, y), ASSAY_NO_ATTRS);
}

static guint
add_embedding (Builder *b)
{
  gint64 rows = assay_values_get_int (b->config, "positions-size");
  guint h, types, kind, positions;

  b->table = add_table (b, "embeddings.word_embeddings.weight", b->V);
  positions = add_table (b, "embeddings.position_embeddings.weight", rows ? rows : b->T);
  types = add_table (b, "embeddings.token_type_embeddings.weight", assay_values_get_int (b->config, "types"));
  kind = assay_graph_add_zeros (b->graph, "token_types", TRUE, ASSAY_SHAPE (b->B, b->T));
  h = assay_graph_add_node (b->graph, "embedding", "embed_tokens", ASSAY_IN (b->table, b->tokens), ASSAY_NO_ATTRS);
  h = add_sum (b, "embed_typed", h, assay_graph_add_node (b->graph, "embedding", "embed_types", ASSAY_IN (types, kind), ASSAY_NO_ATTRS));
  h = assay_graph_add_node (b->graph, "position_embedding", "embed_placed", ASSAY_IN (h, positions), ASSAY_NO_ATTRS);
  return add_norm (b, "embeddings", "LayerNorm", "embed", h);
}

static guint
add_attention (const Builder *b, const char *prefix, guint h)
{
  g_autofree char *name = JOIN (prefix, "attn.heads");
  guint q = add_linear (b, prefix, "attention.self.query", h, b->C, b->C), k = add_linear (b, prefix, "attention.self.key", h, b->C, b->C);
  guint v = add_linear (b, prefix, "attention.self.value", h, b->C, b->C);
  guint heads_of = assay_graph_add_node (b->graph, "attention", name, ASSAY_IN (q, k, v), ASSAY_ATTRS (b->H, b->H, 0, 0, 0));

  return add_linear (b, prefix, "attention.output.dense", heads_of, b->C, b->C);
}

static guint
add_mlp (const Builder *b, const char *prefix, guint h)
{
  g_autofree char *act = JOIN (prefix, "mlp.act");

  h = assay_block_add_activation (b->graph, b->activation, act, add_linear (b, prefix, "intermediate.dense", h, b->C, b->F));
  return add_linear (b, prefix, "output.dense", h, b->F, b->C);
}

/* The residual stream is what the norms give: residual_post is what the next layer reads. */
static guint
add_layer (const Builder *b, gint64 layer, guint h)
{
  g_autofree char *prefix = g_strdup_printf ("encoder.layer.%" G_GINT64_FORMAT, layer);
  g_autofree char *attended = JOIN (prefix, "attn.sum"), *mid = JOIN (prefix, "residual_mid"), *processed = JOIN (prefix, "mlp.sum");
  g_autofree char *post = JOIN (prefix, "residual_post");

  h = add_norm (b, prefix, "attention.output.LayerNorm", mid, add_sum (b, attended, h, add_attention (b, prefix, h)));
  return add_norm (b, prefix, "output.LayerNorm", post, add_sum (b, processed, h, add_mlp (b, prefix, h)));
}

static guint
add_masked_lm (const Builder *b, guint h)
{
  guint targets = assay_graph_add_input (b->graph, "targets", TRUE, ASSAY_SHAPE (b->B, b->T)), table = b->table, bias;

  h = assay_block_add_activation (b->graph, b->activation, "cls.predictions.transform.act", add_linear (b, "cls.predictions.transform", "dense", h, b->C, b->C));
  h = add_norm (b, "cls.predictions.transform", "LayerNorm", "cls.predictions.transform.LayerNorm", h);
  if (!assay_values_get_bool (b->config, "tied"))
    table = add_table (b, "cls.predictions.decoder.weight", b->V);
  bias = assay_graph_add_param (b->graph, "cls.predictions.bias", ASSAY_SHAPE (b->V), (AssayInit) { 0 });
  h = assay_graph_add_node (b->graph, "linear", "logits", ASSAY_IN (h, table, bias), ASSAY_NO_ATTRS);
  return assay_graph_add_node (b->graph, "xent", "loss", ASSAY_IN (h, targets, b->weight), ASSAY_NO_ATTRS);
}

static guint
add_pooled (const Builder *b, guint h)
{
  guint nothing = assay_graph_add_zeros (b->graph, "nothing", FALSE, ASSAY_SHAPE (b->B, 1, b->C));

  assay_graph_add_input (b->graph, "targets", TRUE, ASSAY_SHAPE (b->B, b->T));     /* data sets have them; nobody reads them here */
  h = assay_graph_add_node (b->graph, "matmul", "pooled", ASSAY_IN (b->weight, h), ASSAY_NO_ATTRS);
  return assay_graph_add_node (b->graph, "squared_loss", "loss", ASSAY_IN (h, nothing), ASSAY_NO_ATTRS);
}

static gboolean
build (const AssayValues *config, gint64 batch, AssayGraph *graph, GError **error)
{
  gint64 C = assay_values_get_int (config, "width"), F = assay_values_get_int (config, "mlp");
  gboolean has_head = strcmp (assay_values_get_string (config, "head"), "none") != 0;
  Builder b = { .graph = graph, .config = config, .activation = assay_values_get_string (config, "activation"), .B = batch,
                .V = assay_values_get_int (config, "vocabulary"), .T = assay_values_get_int (config, "context"), .C = C,
                .H = assay_values_get_int (config, "heads"), .F = F ? F : 4 * C };
  guint h;

  if (C % b.H != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "encoder: width %" G_GINT64_FORMAT " must be a multiple of heads %" G_GINT64_FORMAT, C, b.H);
      return FALSE;
    }
  b.tokens = assay_graph_add_input (graph, "tokens", TRUE, ASSAY_SHAPE (batch, b.T));
  b.weight = assay_graph_add_input (graph, "weight", FALSE, has_head ? ASSAY_SHAPE (batch, b.T) : ASSAY_SHAPE (batch, 1, b.T));
  h = add_embedding (&b);
  for (gint64 l = 0; l < assay_values_get_int (config, "layers"); l++)
    h = add_layer (&b, l, h);
  assay_graph_set_loss (graph, has_head ? add_masked_lm (&b, h) : add_pooled (&b, h));
  return TRUE;
}

ASSAY_BLOCK_DEFINE (encoder) = { .name = "encoder", .help = "transformer encoder with the options of BERT; each position sees the whole text, so that the next token is no task for it", .data = ASSAY_DATA_TOKENS,
                                 .looks_ahead = TRUE, .params = params, .build = build };
