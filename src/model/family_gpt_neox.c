/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_gpt_neox.c: GPT-NeoX, Pythia among them: attention and MLP side by side, part of a head rotated, query, key and value stored head by head. */
#include "model/family.h"

/* Where a configuration is silent the library turns a quarter of every head. */
static const AssayRopeWords rope_words = { "rotary_emb_base", "rotary_pct", 0.25 };

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, T, C, L, H, F;
  const char *activation;
  json_t *ours;
  gboolean has_bias = assay_family_get_switch_or (config, "attention_bias", TRUE, error);

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size (config, "max_position_embeddings", &T, error)
      || !assay_family_get_size (config, "hidden_size", &C, error) || !assay_family_get_size (config, "num_hidden_layers", &L, error)
      || !assay_family_get_size (config, "num_attention_heads", &H, error) || !assay_family_get_size (config, "intermediate_size", &F, error)
      || (activation = assay_family_get_activation (config, "hidden_act", "gelu", error)) == NULL || !assay_family_choose_context (T, &context, error))
    return NULL;
  ours = json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:s, s:s}", "vocabulary", V, "context", (json_int_t) context,
                    "width", C, "layers", L, "heads", H, "mlp", F, "eps", assay_family_get_number_or (config, "layer_norm_eps", 1e-5, error),
                    "activation", activation, "parallel", assay_family_get_switch_or (config, "use_parallel_residual", TRUE, error), "tied",
                    assay_family_get_switch_or (config, "tie_word_embeddings", FALSE, error), "bias", 0, "qkv-bias", has_bias, "output-bias", has_bias, "mlp-bias", 1, "names",
                    "gpt-neox", "token-reduction", "mean");
  if (assay_family_add_rope (config, &rope_words, C / H, T, ours, error))
    return ours;
  json_decref (ours);
  return NULL;
}

static const char *const model_types[] = { "gpt_neox", NULL };
static const AssayStoredEnd layouts[] = {
  { ".attention.query_key_value.weight", ASSAY_STORED_BY_HEAD }, { ".attention.query_key_value.bias", ASSAY_STORED_BY_HEAD }, { .end = NULL }
};
static const char *const ignored[] = { ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq", NULL };

ASSAY_FAMILY_DEFINE (gpt_neox) = { .name = "GPT-NeoX", .model_types = model_types, .architecture = "transformer", .configure = configure,
                                   .prefix = "gpt_neox.", .layouts = layouts, .ignored = ignored, .embedding = "embed_in.weight",
                                   .head = "embed_out.weight" };
