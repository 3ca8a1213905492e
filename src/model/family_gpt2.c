/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_gpt2.c: GPT-2: matrices stored input-major, a tied head; early files also hold the causal mask of every layer. */
#include "model/family.h"

#include <string.h>

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, T, C, L, H, F;
  const char *activation;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size (config, "n_positions", &T, error)
      || !assay_family_get_size (config, "n_embd", &C, error) || !assay_family_get_size (config, "n_layer", &L, error)
      || !assay_family_get_size (config, "n_head", &H, error) || !assay_family_get_size_or (config, "n_inner", 4 * C, &F, error)
      || !assay_family_expect_switch (config, "add_cross_attention", FALSE, error)
      || (activation = assay_family_get_activation (config, "activation_function", "gelu_new", error)) == NULL
      || !assay_family_choose_context (T, &context, error))
    return NULL;
  return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:f, s:b, s:b, s:s, s:s}", "vocabulary", V, "context", (json_int_t) context, "positions-size", T,
                    "width", C, "layers", L, "heads", H, "mlp", F, "eps", assay_family_get_number_or (config, "layer_norm_epsilon", 1e-5, error),
                    "activation", activation, "attention-scale", assay_family_get_switch_or (config, "scale_attn_weights", TRUE, error) ? 0. : 1.,
                    "scale-by-layer", assay_family_get_switch_or (config, "scale_attn_by_inverse_layer_idx", FALSE, error), "tied",
                    assay_family_get_switch_or (config, "tie_word_embeddings", TRUE, error), "names", "gpt2", "token-reduction", "mean");
}

static json_t *
describe (const AssayValues *config)
{
  const gint64 T = assay_values_get_int (config, "context"), C = assay_values_get_int (config, "width"), F = assay_values_get_int (config, "mlp"),
               rows = assay_values_get_int (config, "positions-size");

  if (strcmp (assay_values_get_string (config, "names"), "gpt2") != 0)
    return NULL;
  return json_pack ("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:b, s:b, s:b, s:f, s:f, s:f}", "model_type", "gpt2", "architectures", "GPT2LMHeadModel", "vocab_size",
                    (json_int_t) assay_values_get_int (config, "vocabulary"), "n_positions", (json_int_t) (rows ? rows : T), "n_embd", (json_int_t) C, "n_layer",
                    (json_int_t) assay_values_get_int (config, "layers"), "n_head", (json_int_t) assay_values_get_int (config, "heads"), "n_inner",
                    (json_int_t) (F ? F : 4 * C), "activation_function", assay_family_name_activation (assay_values_get_string (config, "activation")),
                    "layer_norm_epsilon", assay_values_get_double (config, "eps"), "tie_word_embeddings", assay_values_get_bool (config, "tied"), "scale_attn_weights",
                    assay_values_get_double (config, "attention-scale") == 0, "scale_attn_by_inverse_layer_idx", assay_values_get_bool (config, "scale-by-layer"), "resid_pdrop", 0.0,
                    "embd_pdrop", 0.0, "attn_pdrop", 0.0);
}

static const char *const model_types[] = { "gpt2", NULL };
static const AssayStoredEnd layouts[] = {
  { ".attn.c_attn.weight", ASSAY_STORED_INPUT_MAJOR }, { ".attn.c_proj.weight", ASSAY_STORED_INPUT_MAJOR },
  { ".mlp.c_fc.weight", ASSAY_STORED_INPUT_MAJOR }, { ".mlp.c_proj.weight", ASSAY_STORED_INPUT_MAJOR }, { .end = NULL }
};
static const char *const ignored[] = { ".attn.bias", ".attn.masked_bias", NULL };

ASSAY_FAMILY_DEFINE (gpt2) = { .name = "GPT-2", .model_types = model_types, .architecture = "transformer", .configure = configure, .describe = describe, .prefix = "transformer.",
                               .layouts = layouts, .ignored = ignored, .embedding = "wte.weight", .head = "lm_head.weight" };
