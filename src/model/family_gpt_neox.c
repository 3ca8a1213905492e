/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_gpt_neox.c: GPT-NeoX, Pythia among them: attention and MLP side by side, part of a head rotated, query, key and value stored head by head. */
#include "model/family.h"

/* Where a configuration is silent the library turns a quarter of every head. */
static const AssayRopeWords rope_words = { "rotary_emb_base", "rotary_pct", 0.25 };

#include <string.h>

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

static json_t *
describe (const AssayValues *config)
{
  const gint64 C = assay_values_get_int (config, "width"), H = assay_values_get_int (config, "heads"), F = assay_values_get_int (config, "mlp"),
               turned = assay_values_get_int (config, "rope-size");
  json_t *theirs;

  if (strcmp (assay_values_get_string (config, "names"), "gpt-neox") != 0)
    return NULL;
  theirs = json_pack ("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:f, s:b, s:b, s:b}", "model_type", "gpt_neox", "architectures", "GPTNeoXForCausalLM", "vocab_size",
                      (json_int_t) assay_values_get_int (config, "vocabulary"), "max_position_embeddings", (json_int_t) assay_values_get_int (config, "context"), "hidden_size",
                      (json_int_t) C, "num_hidden_layers", (json_int_t) assay_values_get_int (config, "layers"), "num_attention_heads", (json_int_t) H, "intermediate_size",
                      (json_int_t) (F ? F : 4 * C), "hidden_act", assay_family_name_activation (assay_values_get_string (config, "activation")), "layer_norm_eps",
                      assay_values_get_double (config, "eps"), "rotary_pct", turned ? (double) turned / (double) (C / H) : 1.0, "use_parallel_residual",
                      assay_values_get_bool (config, "parallel"), "attention_bias", assay_values_get_bool (config, "bias") || assay_values_get_bool (config, "qkv-bias"),
                      "tie_word_embeddings", assay_values_get_bool (config, "tied"));
  assay_family_describe_rope (config, theirs);
  return theirs;
}

static const char *const model_types[] = { "gpt_neox", NULL };
static const AssayStoredEnd layouts[] = {
  { ".attention.query_key_value.weight", ASSAY_STORED_BY_HEAD }, { ".attention.query_key_value.bias", ASSAY_STORED_BY_HEAD }, { .end = NULL }
};
static const char *const ignored[] = { ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq", NULL };

ASSAY_FAMILY_DEFINE (gpt_neox) = { .name = "GPT-NeoX", .model_types = model_types, .architecture = "transformer", .configure = configure, .describe = describe,
                                   .prefix = "gpt_neox.", .layouts = layouts, .ignored = ignored, .embedding = "embed_in.weight",
                                   .head = "embed_out.weight" };
