/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_llama.c: Llama and those that differ from it in a switch or two: Mistral (a window), Qwen2 (biases of query, key and value), Qwen3
 * (queries and keys normalised).
 */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

/* Layers without a window: "layer_types" says it layer by layer; before it Qwen's windows began at max_window_layers. */
static char *
list_full_layers (const json_t *config, json_int_t layers, json_int_t first_window)
{
  const json_t *types = json_object_get (config, "layer_types");
  GString *list = g_string_new (NULL);

  for (json_int_t l = 0; l < layers; l++)
    if (json_is_array (types) ? g_strcmp0 (json_string_value (json_array_get (types, (size_t) l)), "full_attention") == 0 : l < first_window)
      g_string_append_printf (list, "%s%" JSON_INTEGER_FORMAT, list->len > 0 ? "," : "", l);
  return g_string_free (list, FALSE);
}

static gboolean
add_window (const json_t *config, json_int_t layers, json_t *ours, GError **error)
{
  const char *type = assay_json_get_text (config, "model_type");
  gboolean is_qwen = g_str_has_prefix (type, "qwen"), has_window = strcmp (type, "mistral") == 0 || (is_qwen && assay_json_get_switch (config, "use_sliding_window", FALSE));
  json_int_t window, first = 0;
  g_autofree char *full = NULL;

  if (!has_window || json_is_null (json_object_get (config, "sliding_window")))
    return TRUE;
  if (!assay_family_get_size_or (config, "sliding_window", 4096, &window, error)
      || (is_qwen && !assay_family_get_size_or (config, "max_window_layers", 28, &first, error)))
    return FALSE;
  full = list_full_layers (config, layers, first);
  json_object_set_new (ours, "window", json_integer (window));
  json_object_set_new (ours, "full-layers", json_string (full));
  return TRUE;
}

static void
add_biases (const json_t *config, json_t *ours)
{
  const char *type = assay_json_get_text (config, "model_type");
  gboolean of_attention = assay_json_get_switch (config, "attention_bias", FALSE);

  json_object_set_new (ours, "bias", json_false ());
  json_object_set_new (ours, "qkv-bias", json_boolean (strcmp (type, "qwen2") == 0 || of_attention));
  json_object_set_new (ours, "output-bias", json_boolean (strcmp (type, "qwen2") != 0 && of_attention));
  json_object_set_new (ours, "mlp-bias", json_boolean (assay_json_get_switch (config, "mlp_bias", FALSE)));
  json_object_set_new (ours, "head-norm", json_boolean (strcmp (type, "qwen3") == 0));
}

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  json_int_t V, T, C, L, H, G, D, F;
  const char *activation;
  json_t *ours;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size_or (config, "max_position_embeddings", 2048, &T, error)
      || !assay_family_get_size (config, "hidden_size", &C, error) || !assay_family_get_size (config, "num_hidden_layers", &L, error)
      || !assay_family_get_size (config, "num_attention_heads", &H, error) || !assay_family_get_size_or (config, "num_key_value_heads", H, &G, error)
      || !assay_family_get_size_or (config, "head_dim", strcmp (assay_json_get_text (config, "model_type"), "qwen3") == 0 ? 128 : C / H, &D, error)
      || !assay_family_get_size (config, "intermediate_size", &F, error)
      || (activation = assay_family_get_activation (config, "hidden_act", error)) == NULL || !assay_family_choose_context (T, &context, error))
    return NULL;
  ours = json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:s, s:b, s:b, s:s, s:s}", "vocabulary", V, "context", (json_int_t) context, "width",
                    C, "layers", L, "heads", H, "kv-heads", G, "head-size", D, "mlp", F, "norm", "rmsnorm", "eps",
                    assay_family_get_number_or (config, "rms_norm_eps", 1e-6), "activation", activation, "gated", 1, "tied",
                    assay_json_get_switch (config, "tie_word_embeddings", FALSE), "names", "llama", "token-reduction", "mean");
  add_biases (config, ours);
  if (add_window (config, L, ours, error) && assay_family_add_rope (config, D, T, ours, error))
    return ours;
  json_decref (ours);
  return NULL;
}

static const char *const model_types[] = { "llama", "mistral", "qwen2", "qwen3", NULL };
static const AssayStoredEnd layouts[] = { { .end = NULL } };
static const char *const ignored[] = { ".rotary_emb.inv_freq", NULL };

ASSAY_FAMILY_DEFINE (llama) = { .name = "Llama", .model_types = model_types, .architecture = "transformer", .configure = configure, .prefix = "model.",
                                .layouts = layouts, .ignored = ignored, .embedding = "model.embed_tokens.weight", .head = "lm_head.weight" };
