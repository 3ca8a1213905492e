/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family_llama.c: Llama and those that differ from it in a switch or two: Mistral (a window), Qwen2 (biases of query, key and value), Qwen3
 * (queries and keys normalised).
 */
#include "model/family.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

/* What a member of the kin takes where its configuration is silent, and what others do not have. */
typedef struct {
  const char *type;
  json_int_t positions, kv_heads, head_size;            /* 0: as many as heads; width / heads */
  gboolean qkv_bias, may_have_biases, mlp_may_have_biases, head_norm;
  gboolean has_window, window_is_switched;              /* sliding_window; only with use_sliding_window, and layer by layer */
} Kin;

static const Kin kin[] = {
  { "llama", 2048, 0, 0, FALSE, TRUE, TRUE, FALSE, FALSE, FALSE },
  { "mistral", 131072, 8, 0, FALSE, FALSE, FALSE, FALSE, TRUE, FALSE },
  { "qwen2", 32768, 32, 0, TRUE, FALSE, FALSE, FALSE, TRUE, TRUE },
  { "qwen3", 32768, 32, 128, FALSE, TRUE, FALSE, TRUE, TRUE, TRUE },
};

static const Kin *
find_kin (const json_t *config)
{
  const char *type = assay_json_get_text (config, "model_type");
  gsize k = 0;

  while (strcmp (kin[k].type, type) != 0)
    k++;
  return &kin[k];
}

/* "layer_types" has a word for every layer, and this program knows two. */
static gboolean
check_layer_types (const json_t *types, json_int_t layers, GError **error)
{
  size_t l;
  json_t *type;

  if (json_array_size (types) != (size_t) layers)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "layer_types: %" JSON_INTEGER_FORMAT " words expected, as num_hidden_layers has it, %" G_GSIZE_FORMAT " found", layers,
                   json_array_size (types));
      return FALSE;
    }
  json_array_foreach (types, l, type)
    if (g_strcmp0 (json_string_value (type), "full_attention") != 0 && g_strcmp0 (json_string_value (type), "sliding_attention") != 0)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "layer_types: full_attention or sliding_attention expected for layer %" G_GSIZE_FORMAT ", \"%s\" found", l,
                     json_is_string (type) ? json_string_value (type) : "no word");
        return FALSE;
      }
  return TRUE;
}

/* Layers without a window: "layer_types" says it layer by layer; before it Qwen's windows began at max_window_layers. */
static char *
list_full_layers (const json_t *types, json_int_t layers, json_int_t first_window)
{
  GString *list = g_string_new (NULL);

  for (json_int_t l = 0; l < layers; l++)
    if (types ? g_strcmp0 (json_string_value (json_array_get (types, (size_t) l)), "full_attention") == 0 : l < first_window)
      g_string_append_printf (list, "%s%" JSON_INTEGER_FORMAT, list->len > 0 ? "," : "", l);
  return g_string_free (list, FALSE);
}

static gboolean
add_window (const json_t *config, const Kin *k, json_int_t layers, json_t *ours, GError **error)
{
  const json_t *types = json_object_get (config, "layer_types");
  gboolean has_window = k->has_window && (!k->window_is_switched || assay_family_get_switch_or (config, "use_sliding_window", FALSE, error));
  json_int_t window, first = 0;
  g_autofree char *full = NULL;

  types = k->window_is_switched && !json_is_null (types) ? types : NULL;        /* the library's Mistral has one window for all layers */
  if (types != NULL && !check_layer_types (types, layers, error))
    return FALSE;
  if (!has_window || (json_object_get (config, "sliding_window") != NULL && json_is_null (json_object_get (config, "sliding_window"))))
    return TRUE;
  if (!assay_family_get_size_or (config, "sliding_window", 4096, &window, error)
      || (k->window_is_switched && !assay_family_get_count_or (config, "max_window_layers", 28, &first, error)))
    return FALSE;
  full = list_full_layers (types, layers, first);
  json_object_set_new (ours, "window", json_integer (window));
  json_object_set_new (ours, "full-layers", json_string (full));
  return TRUE;
}

static void
add_biases (const json_t *config, const Kin *k, json_t *ours, GError **error)
{
  gboolean of_attention = k->may_have_biases && assay_family_get_switch_or (config, "attention_bias", FALSE, error);

  json_object_set_new (ours, "bias", json_false ());
  json_object_set_new (ours, "qkv-bias", json_boolean (k->qkv_bias || of_attention));
  json_object_set_new (ours, "output-bias", json_boolean (of_attention));
  json_object_set_new (ours, "mlp-bias", json_boolean (k->mlp_may_have_biases && assay_family_get_switch_or (config, "mlp_bias", FALSE, error)));
  json_object_set_new (ours, "head-norm", json_boolean (k->head_norm));
}

/* null: as many as heads. */
static gboolean
get_kv_heads (const json_t *config, const Kin *k, json_int_t H, json_int_t *G, GError **error)
{
  gboolean is_silent = json_object_get (config, "num_key_value_heads") == NULL;

  return assay_family_get_size_or (config, "num_key_value_heads", is_silent && k->kv_heads > 0 ? k->kv_heads : H, G, error);
}

static json_t *
configure (const json_t *config, gint64 context, GError **error)
{
  static const AssayRopeWords rope_words = { "rope_theta", "partial_rotary_factor", 1 };
  const Kin *k = find_kin (config);
  json_int_t V, T, C, L, H, G, D, F;
  const char *activation;
  json_t *ours;

  if (!assay_family_get_size (config, "vocab_size", &V, error) || !assay_family_get_size_or (config, "max_position_embeddings", k->positions, &T, error)
      || !assay_family_get_size (config, "hidden_size", &C, error) || !assay_family_get_size (config, "num_hidden_layers", &L, error)
      || !assay_family_get_size (config, "num_attention_heads", &H, error) || !get_kv_heads (config, k, H, &G, error)
      || !assay_family_get_size_or (config, "head_dim", k->head_size > 0 ? k->head_size : C / H, &D, error)
      || !assay_family_get_size (config, "intermediate_size", &F, error)
      || (activation = assay_family_get_activation (config, "hidden_act", "silu", error)) == NULL || !assay_family_choose_context (T, &context, error))
    return NULL;
  ours = json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:s, s:b, s:b, s:s, s:s}", "vocabulary", V, "context", (json_int_t) context, "width",
                    C, "layers", L, "heads", H, "kv-heads", G, "head-size", D, "mlp", F, "norm", "rmsnorm", "eps",
                    assay_family_get_number_or (config, "rms_norm_eps", 1e-6, error), "activation", activation, "gated", 1, "tied",
                    assay_family_get_switch_or (config, "tie_word_embeddings", FALSE, error), "names", "llama", "token-reduction", "mean");
  add_biases (config, k, ours, error);
  if (*error == NULL && add_window (config, k, L, ours, error) && assay_family_add_rope (config, &rope_words, D, T, ours, error))
    return ours;
  json_decref (ours);
  return NULL;
}

/* Which of the kin has these switches. */
static const char *
choose_type (const AssayValues *config)
{
  gboolean all = assay_values_get_bool (config, "bias"), qkv = all || assay_values_get_bool (config, "qkv-bias"), output = all || assay_values_get_bool (config, "output-bias");

  if (assay_values_get_bool (config, "head-norm"))
    return "qwen3";
  if (assay_values_get_int (config, "window") > 0)
    return "mistral";
  return qkv && !output ? "qwen2" : "llama";
}

static json_t *
describe (const AssayValues *config)
{
  static const struct { const char *type, *class; } classes[] = {
    { "llama", "LlamaForCausalLM" }, { "mistral", "MistralForCausalLM" }, { "qwen2", "Qwen2ForCausalLM" }, { "qwen3", "Qwen3ForCausalLM" },
  };
  const gint64 C = assay_values_get_int (config, "width"), H = assay_values_get_int (config, "heads"), G = assay_values_get_int (config, "kv-heads"),
               D = assay_values_get_int (config, "head-size"), F = assay_values_get_int (config, "mlp");
  const char *type = choose_type (config);
  gboolean all = assay_values_get_bool (config, "bias");
  gsize k = 0;
  json_t *theirs;

  if (strcmp (assay_values_get_string (config, "names"), "llama") != 0)
    return NULL;
  while (strcmp (classes[k].type, type) != 0)
    k++;
  theirs = json_pack ("{s:s, s:[s], s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:f, s:b, s:b, s:b}", "model_type", type, "architectures", classes[k].class, "vocab_size",
                      (json_int_t) assay_values_get_int (config, "vocabulary"), "max_position_embeddings", (json_int_t) assay_values_get_int (config, "context"), "hidden_size",
                      (json_int_t) C, "num_hidden_layers", (json_int_t) assay_values_get_int (config, "layers"), "num_attention_heads", (json_int_t) H, "num_key_value_heads",
                      (json_int_t) (G ? G : H), "head_dim", (json_int_t) (D ? D : C / H), "intermediate_size", (json_int_t) (F ? F : 4 * C), "hidden_act",
                      assay_family_name_activation (assay_values_get_string (config, "activation")), "rms_norm_eps", assay_values_get_double (config, "eps"), "attention_bias",
                      all || assay_values_get_bool (config, "output-bias"), "mlp_bias", all || assay_values_get_bool (config, "mlp-bias"), "tie_word_embeddings",
                      assay_values_get_bool (config, "tied"));
  if (strcmp (type, "mistral") == 0)
    json_object_set_new (theirs, "sliding_window", json_integer (assay_values_get_int (config, "window")));
  assay_family_describe_rope (config, theirs);
  return theirs;
}

static const char *const model_types[] = { "llama", "mistral", "qwen2", "qwen3", NULL };
static const AssayStoredEnd layouts[] = { { .end = NULL } };
static const char *const ignored[] = { ".rotary_emb.inv_freq", NULL };

ASSAY_FAMILY_DEFINE (llama) = { .name = "Llama", .model_types = model_types, .architecture = "transformer", .configure = configure, .describe = describe, .prefix = "model.",
                                .layouts = layouts, .ignored = ignored, .embedding = "model.embed_tokens.weight", .head = "lm_head.weight" };
