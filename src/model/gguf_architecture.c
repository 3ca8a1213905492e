/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_architecture.c: the table of architectures.
 *
 * Rows of queries and keys of "llama" are stored so that neighbours are turned, those of the others so that the halves of a head are. What a file does not
 * say is as in the published models: GPT-NeoX has the exact GELU, GPT-2 the one with tanh.
 */
#include "model/gguf_architecture.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define MAX_KEY 128
#define ROPE_FACTORS "rope_freqs.weight"

typedef enum { SIZE, SIZE_OR_NONE, NUMBER, SWITCH } Sort;       /* SIZE_OR_NONE: may be absent or 0 */

/* A key behind the architecture's name and a dot, and the member of a configuration that it is. */
typedef struct { const char *key, *member; Sort sort; } Key;

/* Our name and theirs, of what is in a layer or of what is not. */
typedef struct { const char *ours, *theirs; } Name;

struct _AssayGgufArchitecture {
  const char *name, *model_type, *block;
  const Key *keys;
  const Name *whole, *layered;
  const char *layer;                            /* what our names of layers begin with */
  const char *activation, *activation_member;   /* what the file does not say */
  gboolean is_rotary, turns_neighbours;
};

static const Key llama_keys[] = {
  { "block_count", "num_hidden_layers", SIZE }, { "embedding_length", "hidden_size", SIZE }, { "feed_forward_length", "intermediate_size", SIZE },
  { "attention.head_count", "num_attention_heads", SIZE }, { "attention.head_count_kv", "num_key_value_heads", SIZE_OR_NONE },
  { "attention.key_length", "head_dim", SIZE_OR_NONE }, { "context_length", "max_position_embeddings", SIZE },
  { "attention.layer_norm_rms_epsilon", "rms_norm_eps", NUMBER }, { "attention.sliding_window", "sliding_window", SIZE_OR_NONE }, { .key = NULL }
};
static const Key gpt2_keys[] = {
  { "block_count", "n_layer", SIZE }, { "embedding_length", "n_embd", SIZE }, { "feed_forward_length", "n_inner", SIZE_OR_NONE },
  { "attention.head_count", "n_head", SIZE }, { "context_length", "n_positions", SIZE }, { "attention.layer_norm_epsilon", "layer_norm_epsilon", NUMBER },
  { .key = NULL }
};
static const Key gpt_neox_keys[] = {
  { "block_count", "num_hidden_layers", SIZE }, { "embedding_length", "hidden_size", SIZE }, { "feed_forward_length", "intermediate_size", SIZE },
  { "attention.head_count", "num_attention_heads", SIZE }, { "context_length", "max_position_embeddings", SIZE },
  { "attention.layer_norm_epsilon", "layer_norm_eps", NUMBER }, { "use_parallel_residual", "use_parallel_residual", SWITCH }, { .key = NULL }
};
static const Key mamba_keys[] = {
  { "block_count", "num_hidden_layers", SIZE }, { "embedding_length", "hidden_size", SIZE }, { "ssm.inner_size", "intermediate_size", SIZE },
  { "ssm.state_size", "state_size", SIZE }, { "ssm.conv_kernel", "conv_kernel", SIZE }, { "ssm.time_step_rank", "time_step_rank", SIZE },
  { "attention.layer_norm_rms_epsilon", "layer_norm_epsilon", NUMBER }, { .key = NULL }
};

static const Name llama_whole[] = {
  { "model.embed_tokens", "token_embd" }, { "model.norm", "output_norm" }, { "lm_head", "output" }, { .ours = NULL }
};
static const Name llama_layered[] = {
  { "input_layernorm", "attn_norm" }, { "self_attn.q_proj", "attn_q" }, { "self_attn.k_proj", "attn_k" }, { "self_attn.v_proj", "attn_v" },
  { "self_attn.q_norm", "attn_q_norm" }, { "self_attn.k_norm", "attn_k_norm" }, { "self_attn.o_proj", "attn_output" },
  { "post_attention_layernorm", "ffn_norm" }, { "mlp.gate_proj", "ffn_gate" }, { "mlp.up_proj", "ffn_up" }, { "mlp.down_proj", "ffn_down" }, { .ours = NULL }
};
static const Name gpt2_whole[] = {
  { "wte", "token_embd" }, { "wpe", "position_embd" }, { "ln_f", "output_norm" }, { "lm_head", "output" }, { .ours = NULL }
};
static const Name gpt2_layered[] = {
  { "ln_1", "attn_norm" }, { "attn.c_attn", "attn_qkv" }, { "attn.c_proj", "attn_output" }, { "ln_2", "ffn_norm" }, { "mlp.c_fc", "ffn_up" },
  { "mlp.c_proj", "ffn_down" }, { .ours = NULL }
};
static const Name gpt_neox_whole[] = {
  { "embed_in", "token_embd" }, { "final_layer_norm", "output_norm" }, { "embed_out", "output" }, { .ours = NULL }
};
static const Name gpt_neox_layered[] = {
  { "input_layernorm", "attn_norm" }, { "attention.query_key_value", "attn_qkv" }, { "attention.dense", "attn_output" },
  { "post_attention_layernorm", "ffn_norm" }, { "mlp.dense_h_to_4h", "ffn_up" }, { "mlp.dense_4h_to_h", "ffn_down" }, { .ours = NULL }
};
static const Name mamba_whole[] = {
  { "embeddings", "token_embd" }, { "norm_f", "output_norm" }, { "lm_head", "output" }, { .ours = NULL }
};
static const Name mamba_layered[] = {
  { "norm", "attn_norm" }, { "mixer.in_proj", "ssm_in" }, { "mixer.conv1d", "ssm_conv1d" }, { "mixer.x_proj", "ssm_x" }, { "mixer.dt_proj", "ssm_dt" },
  { "mixer.A_log", "ssm_a" }, { "mixer.D", "ssm_d" }, { "mixer.out_proj", "ssm_out" }, { .ours = NULL }
};

static const AssayGgufArchitecture architectures[] = {
  { "llama", "llama", "transformer", llama_keys, llama_whole, llama_layered, "model.layers.", "silu", "hidden_act", TRUE, TRUE },
  { "qwen2", "qwen2", "transformer", llama_keys, llama_whole, llama_layered, "model.layers.", "silu", "hidden_act", TRUE, FALSE },
  { "qwen3", "qwen3", "transformer", llama_keys, llama_whole, llama_layered, "model.layers.", "silu", "hidden_act", TRUE, FALSE },
  { "gpt2", "gpt2", "transformer", gpt2_keys, gpt2_whole, gpt2_layered, "h.", "gelu_new", "activation_function", FALSE, FALSE },
  { "gptneox", "gpt_neox", "transformer", gpt_neox_keys, gpt_neox_whole, gpt_neox_layered, "layers.", "gelu", "hidden_act", TRUE, FALSE },
  { "mamba", "mamba", "mamba", mamba_keys, mamba_whole, mamba_layered, "layers.", "silu", "hidden_act", FALSE, FALSE },
};

/* Keys that may be there with one value, where another would change the function: a number, or a switch as 0 or 1. */
static const struct { const char *key; double value; } expected[] = {
  { "expert_count", 0 }, { "expert_used_count", 0 }, { "attention.causal", 1 }, { "attention.clamp_kqv", 0 }, { "attention.max_alibi_bias", 0 },
  { "attention.scale", 0 }, { "logit_scale", 0 }, { "residual_scale", 0 }, { "embedding_scale", 0 }, { "attn_logit_softcapping", 0 },
  { "final_logit_softcapping", 0 }, { "ssm.dt_b_c_rms", 0 }, { "rope.scaling.yarn_ext_factor", 1 }, { "rope.scaling.yarn_attn_factor", 1 },
  { "rope.scaling.yarn_log_multiplier", 0 },
};

/* Keys that say nothing of the function, or what the shapes of tensors say as well. */
static const char *const others[] = { "vocab_size", "attention.head_count_kv", "rope.scaling.finetuned", "pooling_type", NULL };
/* Keys that are read by name below. */
static const char *const rotary_keys[] = {
  "attention.value_length", "rope.dimension_count", "rope.freq_base", "rope.scale_linear", "rope.scaling.type", "rope.scaling.factor",
  "rope.scaling.original_context_length", "rope.scaling.attn_factor", "rope.scaling.yarn_beta_fast", "rope.scaling.yarn_beta_slow", "tensor_data_layout", NULL
};
/* Of models without positions or attention, written for readers that ask for them. */
static const char *const stateful_keys[] = { "context_length", "feed_forward_length", "attention.head_count", NULL };

const AssayGgufArchitecture *
assay_gguf_architecture_find (const AssayGguf *file, GError **error)
{
  g_autoptr (GString) all = g_string_new (NULL);
  const char *name = assay_gguf_get_text (file, "general.architecture", error);

  if (name == NULL)
    return NULL;
  for (gsize k = 0; k < G_N_ELEMENTS (architectures); k++)
    {
      if (strcmp (architectures[k].name, name) == 0)
        return &architectures[k];
      g_string_append_printf (all, "%s%s", k > 0 ? ", " : "", architectures[k].name);
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key general.architecture: one of %s expected, \"%s\" found", all->str, name);
  return NULL;
}

const char *
assay_gguf_architecture_get_block (const AssayGgufArchitecture *architecture)
{
  return architecture->block;
}

/* --- names ------------------------------------------------------------------------------------------------------------------ */

/* theirs and what follows ours, a dot before it, or nothing. NULL: another name. Owns: the caller. */
static char *
exchange_name (const Name *names, const char *before, const char *full)
{
  for (const Name *name = names; name->ours != NULL; name++)
    {
      gsize n = strlen (name->ours);

      if (strncmp (full, name->ours, n) == 0 && (full[n] == '.' || full[n] == '\0'))
        return g_strconcat (before, name->theirs, full + n, NULL);
    }
  return NULL;
}

char *
assay_gguf_architecture_name (const AssayGgufArchitecture *architecture, const char *ours)
{
  const char *number = ours + strlen (architecture->layer), *dot;
  g_autofree char *before = NULL;
  char *name;

  if (!g_str_has_prefix (ours, architecture->layer))
    name = exchange_name (architecture->whole, "", ours);
  else
    {
      dot = strchr (number, '.');
      before = g_strdup_printf ("blk.%.*s.", (int) (dot - number), number);
      name = exchange_name (architecture->layered, before, dot + 1);
    }
  return name != NULL ? name : g_strdup (ours);
}

/* --- keys ------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayGgufArchitecture *architecture;
  const AssayGguf *file;
  json_t *config;               /* as the transformers library has it */
} Reading;

/* ARCHITECTURE.KEY in a buffer of MAX_KEY. */
static const char *
spell (const Reading *r, const char *key, char *full)
{
  g_snprintf (full, MAX_KEY, "%s.%s", r->architecture->name, key);
  return full;
}

static gboolean
has (const Reading *r, const char *key)
{
  char full[MAX_KEY];

  return assay_gguf_has (r->file, spell (r, key, full));
}

/* Files round to floats what the configuration had as a decimal: the shortest one that is this float. */
static double
restore_decimal (double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[8];

  for (int digits = 1; digits <= 9 && (double) (float) number == number; digits++)
    {
      double shorter;

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      shorter = g_ascii_strtod (g_ascii_formatd (text, sizeof text, format, number), NULL);
      if ((float) shorter == (float) number)
        return shorter;
    }
  return number;
}

/* Leaves the value alone where there is no such key. */
static gboolean
get_number (const Reading *r, const char *key, double *value, GError **error)
{
  char full[MAX_KEY];

  if (!has (r, key))
    return TRUE;
  if (!assay_gguf_get_number (r->file, spell (r, key, full), value, error))
    return FALSE;
  *value = restore_decimal (*value);
  return TRUE;
}

static gboolean
get_size (const Reading *r, const char *key, gboolean is_needed, gint64 *value, GError **error)
{
  char full[MAX_KEY];

  *value = 0;
  if (!is_needed && !has (r, key))
    return TRUE;
  if (!assay_gguf_get_integer (r->file, spell (r, key, full), value, error))
    return FALSE;
  if (*value > 0 || (*value == 0 && !is_needed))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "key %s: a positive number expected, %" G_GINT64_FORMAT " found", full, *value);
  return FALSE;
}

static gboolean
read_key (const Reading *r, const Key *key, GError **error)
{
  char full[MAX_KEY];
  gint64 size;
  double number;
  gboolean is;

  spell (r, key->key, full);
  if (key->sort == SIZE || key->sort == SIZE_OR_NONE)
    {
      if (!get_size (r, key->key, key->sort == SIZE, &size, error))
        return FALSE;
      if (size > 0)
        json_object_set_new (r->config, key->member, json_integer (size));
    }
  else if (key->sort == NUMBER)
    {
      if (!assay_gguf_get_number (r->file, full, &number, error))
        return FALSE;
      json_object_set_new (r->config, key->member, json_real (restore_decimal (number)));
    }
  else
    {
      if (!assay_gguf_get_switch (r->file, full, &is, error))
        return FALSE;
      json_object_set_new (r->config, key->member, json_boolean (is));
    }
  return TRUE;
}

/* 1: it has its value; 0: another, with an error; -1: it is not of these. */
static int
check_expected (const AssayGguf *file, const char *full, const char *key, GError **error)
{
  double number;
  gboolean is;

  for (gsize k = 0; k < G_N_ELEMENTS (expected); k++)
    if (strcmp (expected[k].key, key) == 0)
      {
        if (assay_gguf_get_switch (file, full, &is, NULL))
          number = is;
        else if (!assay_gguf_get_number (file, full, &number, error))
          return 0;
        if (number == expected[k].value)
          return 1;
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key %s: %g expected, %g found; such a model computes another function than this program's", full,
                     expected[k].value, number);
        return 0;
      }
  return -1;
}

static gboolean
is_known (const Reading *r, const char *key)
{
  for (const Key *known = r->architecture->keys; known->key != NULL; known++)
    if (strcmp (known->key, key) == 0)
      return TRUE;
  return g_strv_contains (others, key) || g_strv_contains (r->architecture->is_rotary ? rotary_keys : stateful_keys, key);
}

/* Every key of the architecture is one that is read, or has the one value that changes nothing. */
static gboolean
check_keys (const Reading *r, GError **error)
{
  g_autofree char *prefix = g_strconcat (r->architecture->name, ".", NULL);

  for (gsize k = 0; k < assay_gguf_get_n_keys (r->file); k++)
    {
      const char *full = assay_gguf_get_key (r->file, k), *key = full + strlen (prefix);
      int as_expected;

      if (!g_str_has_prefix (full, prefix) || is_known (r, key))
        continue;
      as_expected = check_expected (r->file, full, key, error);
      if (as_expected < 0)
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key %s: is not known here and may change what the model computes", full);
      if (as_expected != 1)
        return FALSE;
    }
  return TRUE;
}

/* --- rotary positions ----------------------------------------------------------------------------------------------------------- */

/* The words of files for what the configurations call otherwise. */
static gboolean
read_scaling (const Reading *r, json_t *rope, GError **error)
{
  const char *type = "none";
  double factor = 1, original = 0, magnitude = 1, fast = 32, slow = 1;
  char full[MAX_KEY];

  if (!assay_gguf_get_text_or (r->file, spell (r, "rope.scaling.type", full), has (r, "rope.scale_linear") ? "linear" : "none", &type, error)
      || !get_number (r, "rope.scale_linear", &factor, error) || !get_number (r, "rope.scaling.factor", &factor, error)
      || !get_number (r, "rope.scaling.original_context_length", &original, error) || !get_number (r, "rope.scaling.attn_factor", &magnitude, error)
      || !get_number (r, "rope.scaling.yarn_beta_fast", &fast, error) || !get_number (r, "rope.scaling.yarn_beta_slow", &slow, error))
    return FALSE;
  if (!(factor > 0) || (magnitude != 1 && strcmp (type, "yarn") != 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "keys %s.rope.scaling.*: a factor above 0, and attn_factor 1 where the type is not yarn, expected; "
                   "type %s, factor %g, attn_factor %g found", r->architecture->name, type, factor, magnitude);
      return FALSE;
    }
  if (strcmp (type, "none") == 0)
    return TRUE;
  json_object_set_new (rope, "rope_type", json_string (type));
  json_object_set_new (rope, "factor", json_real (factor));
  if (original > 0)
    json_object_set_new (rope, "original_max_position_embeddings", json_real (original));
  if (strcmp (type, "yarn") != 0)
    return TRUE;
  json_object_set_new (rope, "attention_factor", json_real (magnitude * (factor > 1 ? 0.1 * log (factor) + 1 : 1)));   /* as family.c has it */
  json_object_set_new (rope, "beta_fast", json_real (fast));
  json_object_set_new (rope, "beta_slow", json_real (slow));
  return TRUE;
}

static gboolean
read_rope (const Reading *r, GError **error)
{
  json_t *rope = json_object ();
  const char *layout, *meta = "Meta AI original pth";
  char full[MAX_KEY];
  double theta = 10000;

  json_object_set_new (r->config, "rope_parameters", rope);
  if (!assay_gguf_get_text_or (r->file, spell (r, "tensor_data_layout", full), meta, &layout, error)
      || !get_number (r, "rope.freq_base", &theta, error))
    return FALSE;
  if (strcmp (layout, meta) != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key %s: \"%s\" expected, \"%s\" found", full, meta, layout);
      return FALSE;
    }
  json_object_set_new (rope, "rope_theta", json_real (theta));
  return read_scaling (r, rope, error);
}

static json_int_t
get_head_size (const json_t *ours)
{
  json_int_t size = json_integer_value (json_object_get (ours, "head-size"));

  return size > 0 ? size : json_integer_value (json_object_get (ours, "width")) / json_integer_value (json_object_get (ours, "heads"));
}

/* Heads and the part of them that is turned. */
static gboolean
finish_heads (const Reading *r, json_t *ours, GError **error)
{
  json_int_t size = get_head_size (ours);
  gint64 value_size, turned;

  if (!get_size (r, "attention.value_length", FALSE, &value_size, error) || !get_size (r, "rope.dimension_count", FALSE, &turned, error))
    return FALSE;
  if (turned == 0)
    turned = size;
  if ((value_size != 0 && value_size != size) || turned > size || turned % 2 != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "keys %s.attention.key_length, attention.value_length, rope.dimension_count: heads of one size, and "
                   "an even part of it turned, expected; %" JSON_INTEGER_FORMAT ", %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", r->architecture->name, size,
                   value_size ? value_size : (gint64) size, turned);
      return FALSE;
    }
  json_object_set_new (ours, "rope-size", json_integer (turned == size ? 0 : turned));
  json_object_set_new (ours, "rope-adjacent", json_boolean (r->architecture->turns_neighbours));
  return TRUE;
}

/* What llama3 divides the frequency of pair i by, with an original context of that many tokens; low 1, high 4 as in all published models. */
static double
llama3_factor (gint64 i, gint64 n, double theta, double factor, double original)
{
  double turns = original * pow (theta, -2.0 * (double) i / (double) n) / (2 * G_PI), share = CLAMP ((4 - turns) / 3, 0, 1);

  return 1 / (share / factor + 1 - share);
}

static gboolean
fits_llama3 (const double *factors, gint64 n, double theta, double factor, double original)
{
  for (gint64 i = 0; i < n / 2; i++)
    if (fabs (factors[i] / llama3_factor (i, n, theta, factor, original) - 1) > 1e-4)           /* they were worked out in f32 */
      return FALSE;
  return original > 0;
}

/* Divisors of frequencies, one for each pair: those of llama3 and of no other scaling. */
static gboolean
add_factors (const Reading *r, json_t *ours, GError **error)
{
  const AssayGgufTensor *tensor = assay_gguf_find (r->file, ROPE_FACTORS);
  json_int_t turned = json_integer_value (json_object_get (ours, "rope-size"));
  double theta = json_number_value (json_object_get (ours, "rope-theta")), factor = 0, originals[2] = { 0, 8192 };
  g_autofree double *factors = NULL;

  if (tensor == NULL)
    return TRUE;
  if (!r->architecture->is_rotary)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor " ROPE_FACTORS ": is no part of a model of architecture %s", r->architecture->name);
      return FALSE;
    }
  if (turned == 0)
    turned = get_head_size (ours);
  if (tensor->n_elements != (guint64) turned / 2 || json_object_get (ours, "rope-scaling") != NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "tensor " ROPE_FACTORS ": %" JSON_INTEGER_FORMAT " factors and no other scaling of rotary positions expected, %"
                   G_GUINT64_FORMAT " found", turned / 2, tensor->n_elements);
      return FALSE;
    }
  factors = g_new (double, tensor->n_elements);
  if (!assay_gguf_read (tensor, ASSAY_STORE_F64, factors, error)
      || !get_number (r, "rope.scaling.original_context_length", &originals[0], error))
    return FALSE;
  for (json_int_t i = 0; i < turned / 2; i++)
    factor = MAX (factor, factors[i]);
  for (gsize k = 0; k < G_N_ELEMENTS (originals); k++)
    if (fits_llama3 (factors, turned, theta, factor, originals[k]))
      {
        json_object_set_new (ours, "rope-scaling", json_string (factor == 1 ? "none" : "llama3"));
        json_object_set_new (ours, "rope-factor", json_real (factor));
        json_object_set_new (ours, "rope-low", json_real (1));
        json_object_set_new (ours, "rope-high", json_real (4));
        json_object_set_new (ours, "rope-original", json_real (originals[k]));
        return TRUE;
      }
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "tensor " ROPE_FACTORS ": the factors of llama3 (from 1 at 4 turns to the largest at 1 turn within "
                       "the original context, or 8192) expected, others found");
  return FALSE;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------- */

/* Biases are where the first layer has them; that they are in all, the parameters ask. */
static void
add_biases (const Reading *r, json_t *ours)
{
  static const struct { const char *option, *tensor; } biases[] = {
    { "qkv-bias", "blk.0.attn_q.bias" }, { "output-bias", "blk.0.attn_output.bias" }, { "mlp-bias", "blk.0.ffn_up.bias" },
  };

  for (gsize k = 0; r->architecture->keys == llama_keys && k < G_N_ELEMENTS (biases); k++)
    json_object_set_new (ours, biases[k].option, json_boolean (assay_gguf_find (r->file, biases[k].tensor) != NULL));
}

/* Where there is a window narrower than the context, all layers of Llama's kin have it; which of Qwen's do is not in a file. */
static gboolean
choose_window (const Reading *r, GError **error)
{
  json_int_t window = json_integer_value (json_object_get (r->config, "sliding_window"));

  if (window == 0 || window >= json_integer_value (json_object_get (r->config, "max_position_embeddings")))
    return TRUE;
  if (r->architecture->turns_neighbours)
    {
      json_object_set_new (r->config, "model_type", json_string ("mistral"));
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key %s.attention.sliding_window: 0 expected: which layers have a window is not said", r->architecture->name);
  return FALSE;
}

static gboolean
read_vocabulary (const Reading *r, GError **error)
{
  const AssayGgufTensor *embedding = assay_gguf_find (r->file, "token_embd.weight");

  if (embedding != NULL && embedding->rank == 2)
    {
      json_object_set_new (r->config, "vocab_size", json_integer (embedding->dims[1]));
      return TRUE;
    }
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor token_embd.weight: a matrix expected, none found");
  return FALSE;
}

/* The family's default is another one for Qwen3. */
static void
fill_head_size (const Reading *r)
{
  json_int_t width = json_integer_value (json_object_get (r->config, "hidden_size")), heads = json_integer_value (json_object_get (r->config, "num_attention_heads"));

  if (r->architecture->keys == llama_keys && json_object_get (r->config, "head_dim") == NULL)
    json_object_set_new (r->config, "head_dim", json_integer (width / heads));
}

static gboolean
read_config (const Reading *r, GError **error)
{
  for (const Key *key = r->architecture->keys; key->key != NULL; key++)
    if (!read_key (r, key, error))
      return FALSE;
  fill_head_size (r);
  return check_keys (r, error) && read_vocabulary (r, error) && choose_window (r, error) && (!r->architecture->is_rotary || read_rope (r, error));
}

json_t *
assay_gguf_architecture_configure (const AssayGgufArchitecture *architecture, const AssayGguf *file, gint64 context, gboolean tied, GError **error)
{
  const AssayFamily *family = assay_family_find (architecture->model_type, error);
  Reading r = { architecture, file, json_pack ("{s:s, s:s, s:b}", "model_type", architecture->model_type, architecture->activation_member, architecture->activation,
                                               "tie_word_embeddings", tied) };
  json_t *ours = NULL;

  if (family != NULL && read_config (&r, error))
    ours = family->configure (r.config, context, error);
  json_decref (r.config);
  if (ours == NULL)
    return NULL;
  add_biases (&r, ours);
  if ((!architecture->is_rotary || finish_heads (&r, ours, error)) && add_factors (&r, ours, error))
    return ours;
  json_decref (ours);
  return NULL;
}
