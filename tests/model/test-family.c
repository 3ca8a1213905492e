/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-family.c: what configurations of the transformers library become, in the words of its versions 4 and 5, and files in several parts. */
#include "base/error.h"
#include "model/checkpoint.h"
#include "model/family.h"

#include "../store/store_test.h"

#include <math.h>
#include <string.h>

static char *scratch;

static json_t *
parse (const char *text)
{
  json_error_t where;
  json_t *document = json_loads (text, 0, &where);

  if (document == NULL)
    g_error ("%s: %s", text, where.text);
  return document;
}

/* The model's whole configuration, or NULL with an error. */
static json_t *
configure (const char *text, gint64 context, GError **error)
{
  json_t *theirs = parse (text), *ours = NULL;
  const AssayFamily *family = assay_family_find (json_string_value (json_object_get (theirs, "model_type")), error);

  if (family != NULL)
    ours = assay_family_configure (family, theirs, context, error);
  json_decref (theirs);
  return ours;
}

#define LLAMA "\"vocab_size\": 7, \"hidden_size\": 8, \"num_hidden_layers\": 3, \"num_attention_heads\": 2, \"intermediate_size\": 12, \"hidden_act\": \"silu\", " \
              "\"max_position_embeddings\": 64"
#define NEOX "\"vocab_size\": 7, \"hidden_size\": 16, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"intermediate_size\": 12, \"hidden_act\": \"gelu\", " \
             "\"max_position_embeddings\": 64"

#define GPT2 "\"vocab_size\": 7, \"n_embd\": 8, \"n_layer\": 3, \"n_head\": 2, \"n_positions\": 64"
#define BERT "\"vocab_size\": 7, \"hidden_size\": 8, \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"intermediate_size\": 12, \"hidden_act\": \"gelu\", " \
             "\"max_position_embeddings\": 16"

/* Members of ours that the members of theirs decide. */
static const struct { const char *name, *theirs, *ours; } configurations[] = {
  { "llama, defaults", "{\"model_type\": \"llama\", " LLAMA "}",
    "{\"kv-heads\": 2, \"head-size\": 4, \"rope-theta\": 10000.0, \"rope-size\": 0, \"bias\": false, \"qkv-bias\": false, \"output-bias\": false, \"mlp-bias\": false, "
    "\"head-norm\": false, \"tied\": false, \"context\": 64, \"gated\": true, \"norm\": \"rmsnorm\"}" },
  { "llama, biases, grouped heads of their own size", "{\"model_type\": \"llama\", " LLAMA ", \"num_key_value_heads\": 1, \"head_dim\": 6, \"attention_bias\": true, \"mlp_bias\": true}",
    "{\"kv-heads\": 1, \"head-size\": 6, \"qkv-bias\": true, \"output-bias\": true, \"mlp-bias\": true}" },
  { "llama3 in version 5", "{\"model_type\": \"llama\", " LLAMA ", \"rope_parameters\": {\"rope_type\": \"llama3\", \"rope_theta\": 500000.0, \"factor\": 8.0, "
    "\"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}}",
    "{\"rope-scaling\": \"llama3\", \"rope-theta\": 500000.0, \"rope-factor\": 8.0, \"rope-low\": 1.0, \"rope-high\": 4.0, \"rope-original\": 8192.0}" },
  { "llama3 in version 4", "{\"model_type\": \"llama\", " LLAMA ", \"rope_theta\": 500000.0, \"rope_scaling\": {\"type\": \"llama3\", \"factor\": 8.0, "
    "\"low_freq_factor\": 1.0, \"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8192}}",
    "{\"rope-scaling\": \"llama3\", \"rope-theta\": 500000.0, \"rope-factor\": 8.0, \"rope-low\": 1.0, \"rope-high\": 4.0, \"rope-original\": 8192.0}" },
  { "linear", "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2.5}}", "{\"rope-scaling\": \"linear\", \"rope-factor\": 2.5}" },
  { "dynamic: as it is within the positions of the model", "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": {\"rope_type\": \"dynamic\", \"factor\": 2.5}}",
    "{\"positions\": \"rotary\"}" },
  { "yarn, factor left to the positions", "{\"model_type\": \"qwen3\", " LLAMA ", \"head_dim\": 4, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": null, "
    "\"original_max_position_embeddings\": 16}}",
    "{\"rope-scaling\": \"yarn\", \"rope-factor\": 4.0, \"rope-low\": 1.0, \"rope-high\": 32.0, \"rope-original\": 16.0, \"rope-magnitude\": 1.1386294361119891, \"head-norm\": true}" },
  { "yarn, said in full", "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 4.0, \"beta_fast\": 16, \"beta_slow\": 2, "
    "\"attention_factor\": 1.5, \"original_max_position_embeddings\": 32}}",
    "{\"rope-factor\": 4.0, \"rope-low\": 2.0, \"rope-high\": 16.0, \"rope-original\": 32.0, \"rope-magnitude\": 1.5}" },
  { "mistral, every layer with a window", "{\"model_type\": \"mistral\", " LLAMA ", \"sliding_window\": 5}", "{\"window\": 5, \"full-layers\": \"\"}" },
  { "mistral, without", "{\"model_type\": \"mistral\", " LLAMA ", \"sliding_window\": null}", "{\"head-norm\": false}" },
  { "mistral has one window for all layers", "{\"model_type\": \"mistral\", " LLAMA ", \"sliding_window\": 5, \"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\"]}",
    "{\"window\": 5, \"full-layers\": \"\"}" },
  { "mistral, key heads of a silent configuration", "{\"model_type\": \"mistral\", " LLAMA "}", "{\"window\": 4096, \"kv-heads\": 8}" },
  { "mistral, key heads left to the heads", "{\"model_type\": \"mistral\", " LLAMA ", \"num_key_value_heads\": null, \"head_dim\": null}", "{\"kv-heads\": 2, \"head-size\": 4}" },
  { "qwen2, biases", "{\"model_type\": \"qwen2\", " LLAMA ", \"sliding_window\": 5, \"use_sliding_window\": false}", "{\"qkv-bias\": true, \"output-bias\": false}" },
  { "qwen2, windows from a layer on", "{\"model_type\": \"qwen2\", " LLAMA ", \"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 2}",
    "{\"window\": 5, \"full-layers\": \"0,1\"}" },
  { "qwen2, windows in every layer", "{\"model_type\": \"qwen2\", " LLAMA ", \"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 0}",
    "{\"window\": 5, \"full-layers\": \"\"}" },
  { "qwen3, some layers", "{\"model_type\": \"qwen3\", " LLAMA ", \"sliding_window\": 5, \"use_sliding_window\": true, \"max_window_layers\": 1, "
    "\"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\"]}", "{\"window\": 5, \"full-layers\": \"0,2\", \"head-size\": 128}" },
  { "the word of version 4 where both are said", "{\"model_type\": \"llama\", " LLAMA ", \"rope_theta\": 500.0, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2.0}, "
    "\"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 10000.0}}", "{\"rope-scaling\": \"linear\", \"rope-factor\": 2.0, \"rope-theta\": 500.0}" },
  { "the original context said outside", "{\"model_type\": \"llama\", " LLAMA ", \"original_max_position_embeddings\": 16, \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2.0, "
    "\"truncate\": false}}", "{\"rope-scaling\": \"yarn-exact\", \"rope-original\": 16.0}" },
  { "gpt2, scores as they are", "{\"model_type\": \"gpt2\", " GPT2 ", \"scale_attn_weights\": false, \"activation_function\": \"quick_gelu\"}",
    "{\"attention-scale\": 1.0, \"scale-by-layer\": false, \"mlp\": 32, \"activation\": \"gelu_quick\"}" },
  { "gpt2, scores by layers", "{\"model_type\": \"gpt2\", " GPT2 ", \"scale_attn_by_inverse_layer_idx\": true, \"n_inner\": 5}",
    "{\"attention-scale\": 0.0, \"scale-by-layer\": true, \"mlp\": 5, \"activation\": \"gelu_tanh\"}" },
  { "gpt_neox turns a quarter where nothing is said", "{\"model_type\": \"gpt_neox\", " NEOX "}", "{\"rope-size\": 2, \"rope-theta\": 10000.0}" },
  { "gpt_neox in version 5", "{\"model_type\": \"gpt_neox\", " NEOX ", \"rope_parameters\": {\"rope_type\": \"default\", \"rope_theta\": 5000.0, \"partial_rotary_factor\": 0.25}}",
    "{\"parallel\": true, \"rope-size\": 2, \"rope-theta\": 5000.0, \"qkv-bias\": true, \"mlp-bias\": true, \"tied\": false}" },
  { "gpt_neox in version 4", "{\"model_type\": \"gpt_neox\", " NEOX ", \"rotary_emb_base\": 5000, \"rotary_pct\": 0.25, \"rope_scaling\": null, \"use_parallel_residual\": false, "
    "\"attention_bias\": false}",
    "{\"parallel\": false, \"rope-size\": 2, \"rope-theta\": 5000.0, \"qkv-bias\": false, \"output-bias\": false, \"mlp-bias\": true}" },
  { "mamba, rank by the width", "{\"model_type\": \"mamba\", \"vocab_size\": 7, \"hidden_size\": 40, \"num_hidden_layers\": 2, \"state_size\": 8, \"expand\": 2, "
    "\"time_step_rank\": \"auto\", \"hidden_act\": \"silu\"}", "{\"inner\": 80, \"rank\": 3, \"kernel\": 4, \"conv-bias\": true, \"bias\": false, \"tied\": true}" },
  { "rwkv, sizes by the width", "{\"model_type\": \"rwkv\", \"vocab_size\": 7, \"hidden_size\": 8, \"num_hidden_layers\": 2, \"attention_hidden_size\": null, \"intermediate_size\": null, "
    "\"context_length\": 12, \"rescale_every\": 6}", "{\"context\": 12, \"inner\": 8, \"mlp\": 32, \"eps\": 1e-5, \"tied\": false}" },
  { "rwkv, sizes of its own", "{\"model_type\": \"rwkv\", \"vocab_size\": 7, \"hidden_size\": 8, \"num_hidden_layers\": 2, \"attention_hidden_size\": 10, \"intermediate_size\": 9, "
    "\"layer_norm_epsilon\": 1e-3, \"tie_word_embeddings\": true}", "{\"context\": 1024, \"inner\": 10, \"mlp\": 9, \"eps\": 1e-3, \"tied\": true}" },
  { "bert, defaults", "{\"model_type\": \"bert\", " BERT "}",
    "{\"head\": \"masked-lm\", \"types\": 2, \"context\": 16, \"positions-size\": 16, \"eps\": 1e-12, \"tied\": true, \"activation\": \"gelu\"}" },
  { "bert, bare", "{\"model_type\": \"bert\", " BERT ", \"architectures\": [\"BertModel\"], \"type_vocab_size\": 3, \"position_embedding_type\": \"absolute\"}",
    "{\"head\": \"none\", \"types\": 3}" },
};

static void
test_configuration (gconstpointer data)
{
  gsize k = GPOINTER_TO_SIZE (data);
  GError *error = NULL;
  json_t *ours = configure (configurations[k].theirs, 0, &error), *expected = parse (configurations[k].ours), *value;
  const char *key;

  g_assert_no_error (error);
  json_object_foreach (expected, key, value)
    {
      const json_t *found = json_object_get (ours, key);

      if (json_is_real (value) && json_is_real (found) ? fabs (json_real_value (value) - json_real_value (found)) > 1e-15 * fabs (json_real_value (value))
                                                       : !json_equal (value, (json_t *) found))
        g_error ("%s: %s", configurations[k].name, key);
    }
  json_decref (expected);
  json_decref (ours);
}

static void
test_refused (void)
{
  static const struct { const char *theirs; gint64 context; const char *says; } cases[] = {
    { "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": {\"rope_type\": \"longrope\"}}", 0, "rope_type: default, linear, dynamic, llama3 or yarn expected, \"longrope\" found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"rope_parameters\": {\"full_attention\": {}}}", 0, "one set for all layers expected" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": {\"rope_type\": \"yarn\", \"factor\": 2.0, \"truncate\": 1}}", 0, "truncate: true or false expected, 1 found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"rope_theta\": \"10000\"}", 0, "rope_theta: a number expected, \"10000\" found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"rope_scaling\": \"linear\"}", 0, "rope_scaling: an object expected, \"linear\" found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"rms_norm_eps\": \"1e-5\", \"mlp_bias\": 1}", 0, "rms_norm_eps: a number expected, \"1e-5\" found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"tie_word_embeddings\": \"true\"}", 0, "tie_word_embeddings: true or false expected, \"true\" found" },
    { "{\"model_type\": \"llama\", " LLAMA ", \"quantization_config\": {\"quant_method\": \"gptq\"}}", 0, "quantization_config: none expected, quant_method \"gptq\" found" },
    { "{\"model_type\": \"qwen3\", " LLAMA ", \"layer_types\": [\"full_attention\"]}", 0, "layer_types: 3 words expected, as num_hidden_layers has it, 1 found" },
    { "{\"model_type\": \"qwen3\", " LLAMA ", \"layer_types\": [\"full_attention\", \"chunked_attention\", 1]}", 0, "expected for layer 1, \"chunked_attention\" found" },
    { "{\"model_type\": \"qwen2\", " LLAMA ", \"use_sliding_window\": true, \"max_window_layers\": -1}", 0, "max_window_layers: a whole number from 0 on expected, -1 found" },
    { "{\"model_type\": \"gpt2\", " GPT2 ", \"activation_function\": \"mish\"}", 0, "tanh or linear expected, \"mish\" found" },
    { "{\"model_type\": \"gpt2\", " GPT2 ", \"n_inner\": \"32\"}", 0, "n_inner: a positive integer expected, \"32\" found" },
    { "{\"model_type\": \"mamba\", \"vocab_size\": 7, \"hidden_size\": 8, \"num_hidden_layers\": 1, \"state_size\": 2, \"time_step_rank\": \"half\"}", 0,
      "time_step_rank: a positive integer expected, \"half\" found" },
    { "{\"model_type\": \"llama\", " LLAMA "}", 65, "context: at most the model's 64 positions expected, 65 found" },
    { "{\"model_type\": \"gpt_neox\", " NEOX ", \"rotary_pct\": 0.4}", 0, "partial_rotary_factor: an even number of a head's 8 channels expected, 0.4 of them found, 3" },
    { "{\"model_type\": \"mistral\", " LLAMA ", \"sliding_window\": 0}", 0, "sliding_window: a positive integer expected" },
    { "{\"model_type\": \"llama\", \"vocab_size\": 7}", 0, "hidden_size: a positive integer expected" },
    { "{\"model_type\": \"bert\", " BERT ", \"position_embedding_type\": \"relative_key\"}", 0, "position_embedding_type: absolute expected, \"relative_key\" found" },
    { "{\"model_type\": \"bert\", " BERT ", \"is_decoder\": true}", 0, "is_decoder: false expected" },
    { "{\"model_type\": \"bert\", " BERT ", \"architectures\": [\"BertForTokenClassification\"]}", 0, "BertModel expected, \"BertForTokenClassification\" found" },
    { "{\"model_type\": \"t5\"}", 0, "model_type: one of " },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (configure (cases[k].theirs, cases[k].context, &error));
      if (strstr (error->message, cases[k].says) == NULL)
        g_error ("expected \"%s\" in: %s", cases[k].says, error->message);
    }
}

/* --- files ------------------------------------------------------------------------------------------------------------------ */

#define NEOX_CONFIG "{\"model_type\": \"gpt_neox\", " NEOX ", \"tie_word_embeddings\": false}"

/* A model whose parameter k in theta is k, in single precision, so that every number is its own place. */
static AssayModel *
make_counted (void)
{
  GError *error = NULL;
  json_t *ours = configure (NEOX_CONFIG, 8, &error);
  AssayModel *model = assay_model_new ("transformer", ours, ASSAY_F32, &error);

  g_assert_no_error (error);
  json_decref (ours);
  for (gint64 p = 0; p < assay_model_get_n_params (model); p++)
    ((float *) assay_model_get_theta (model))[p] = (float) p;
  return model;
}

/* The rows of (3, heads, size) as (heads, 3, size); heads 2, in a parameter of `rows` rows. */
static void
by_head (const float *ours, gint64 rows, gint64 columns, float *theirs)
{
  gint64 size = rows / 6;

  for (gint64 row = 0; row < rows; row++)
    {
      gint64 part = row / (2 * size), head = row / size % 2, within = row % size;

      memcpy (theirs + ((head * 3 + part) * size + within) * columns, ours + row * columns, columns * sizeof *theirs);
    }
}

/* Writes the model's parameters as that library does, every other one into the second of two files; bare: without the prefix. */
static void
write_neox (AssayModel *model, const char *folder, gboolean bare, const char *second_name)
{
  AssayGraph *layout = assay_model_get_layout (model);
  const float *theta = assay_model_get_theta (model);
  g_autoptr (GPtrArray) kept = g_ptr_array_new_with_free_func (g_free);
  GArray *of[2] = { g_array_new (FALSE, TRUE, sizeof (AssaySafetensor)), g_array_new (FALSE, TRUE, sizeof (AssaySafetensor)) };
  static const char *const files[] = { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" };
  g_autofree char *config = g_build_filename (folder, "config.json", NULL), *index = g_build_filename (folder, "model.safetensors.index.json", NULL);
  json_t *map = json_object (), *document;
  GError *error = NULL;
  char *text;
  guint n = 0;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      gint64 count = assay_shape_count (&p->shape);
      float *values;
      AssaySafetensor tensor = { .type = ASSAY_STORE_F32 };

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      values = g_memdup2 (theta + p->offset, count * sizeof *values);
      g_ptr_array_add (kept, values);
      if (strstr (p->name, "query_key_value") != NULL)
        by_head (theta + p->offset, p->shape.dim[0], count / p->shape.dim[0], values);
      tensor.name = g_strconcat (bare || g_str_has_prefix (p->name, "embed_out") ? "" : "gpt_neox.", p->name, NULL);
      g_ptr_array_add (kept, (gpointer) tensor.name);
      tensor.data = values;
      tensor.rank = p->shape.rank;
      memcpy (tensor.dims, p->shape.dim, sizeof (gint64) * p->shape.rank);
      tensor.n_elements = (guint64) count;
      tensor.bytes = count * sizeof *values;
      json_object_set_new (map, tensor.name, json_string (n % 2 ? second_name : files[0]));
      g_array_append_val (of[n++ % 2], tensor);
    }
  for (guint k = 0; k < 2; k++)
    {
      g_autofree char *path = g_build_filename (folder, files[k], NULL);

      assay_safetensors_write (path, (AssaySafetensor *) (void *) of[k]->data, of[k]->len, NULL, &error);
      g_assert_no_error (error);
      g_array_unref (of[k]);
    }
  document = json_pack ("{s:{}, s:o}", "metadata", "weight_map", map);
  text = json_dumps (document, 0);
  json_decref (document);
  g_assert_true (g_file_set_contents (index, text, -1, NULL) && g_file_set_contents (config, NEOX_CONFIG, -1, NULL));
  free (text);
}

static void
test_parts (void)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F64, .context = 8 };
  g_autoptr (AssayModel) model = make_counted ();

  for (gint bare = 0; bare < 2; bare++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/parts-%d", scratch, bare);
      g_autoptr (AssayModel) back = NULL;
      GError *error = NULL;

      write_neox (model, folder, bare, "model-00002-of-00002.safetensors");
      back = assay_checkpoint_load_directory (folder, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpint (assay_model_get_dtype (back), ==, ASSAY_F64);
      g_assert_cmpint (assay_values_get_int (assay_model_get_config (back), "context"), ==, 8);
      for (gint64 p = 0; p < assay_model_get_n_params (model); p++)
        g_assert_cmpfloat (((double *) assay_model_get_theta (back))[p], ==, (double) p);
    }
}

static void
test_parts_refused (void)
{
  static const struct { const char *second, *says; } cases[] = {
    { "../model-00002-of-00002.safetensors", "the name of a file in this directory expected, \"../model-00002-of-00002.safetensors\" found" },
    { "..", "the name of a file in this directory expected" },
    { "absent.safetensors", "absent.safetensors" },
    { "model-00001-of-00002.safetensors", "expected, there is none of that name" },
  };
  g_autoptr (AssayModel) model = make_counted ();

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/refused-%u", scratch, (guint) k);
      g_autoptr (GError) error = NULL;

      write_neox (model, folder, FALSE, cases[k].second);
      g_assert_null (assay_checkpoint_load_directory (folder, NULL, &error));
      if (strstr (error->message, cases[k].says) == NULL)
        g_error ("expected \"%s\" in: %s", cases[k].says, error->message);
    }
}

/* --- other names -------------------------------------------------------------------------------------------------------------- */

/* What a file of BERT is written with. */
typedef struct {
  gboolean is_bare;             /* without the head and the prefix */
  gboolean is_old;              /* gamma and beta */
  gboolean has_others;          /* pooler, sentence classifier, positions that are counted */
  float decoder_bias;           /* what is added to the copy of the head's bias; NaN: no copy */
  gboolean is_untied;           /* the head has a matrix of its own */
} Bert;

typedef struct { GArray *tensors; GPtrArray *kept; } Written;

static void
add_tensor (Written *w, char *name, const float *values, const AssayShape *shape)
{
  gint64 n = assay_shape_count (shape);
  AssaySafetensor tensor = { .name = name, .type = ASSAY_STORE_F32, .rank = shape->rank, .n_elements = (guint64) n, .bytes = n * sizeof *values };

  tensor.data = g_memdup2 (values, tensor.bytes);
  memcpy (tensor.dims, shape->dim, sizeof (gint64) * shape->rank);
  g_ptr_array_add (w->kept, name);
  g_ptr_array_add (w->kept, (gpointer) tensor.data);
  g_array_append_val (w->tensors, tensor);
}

static char *
spell (const char *name, const Bert *as)
{
  g_autofree char *whole = g_strconcat (as->is_bare || g_str_has_prefix (name, "cls.") ? "" : "bert.", name, NULL);
  const char *dot = strrchr (whole, '.');

  if (as->is_old && strstr (whole, "LayerNorm.") != NULL)
    return g_strdup_printf ("%.*s.%s", (int) (dot - whole), whole, strcmp (dot, ".weight") == 0 ? "gamma" : "beta");
  return g_steal_pointer (&whole);
}

#define BARE_CONFIG "{\"model_type\": \"bert\", " BERT ", \"architectures\": [\"BertModel\"]}"
#define BERT_CONFIG "{\"model_type\": \"bert\", " BERT ", \"architectures\": [\"BertForPreTraining\"]}"

#define UNTIED_CONFIG "{\"model_type\": \"bert\", " BERT ", \"tie_word_embeddings\": false}"

static const char *
get_config (const Bert *as)
{
  return as->is_bare ? BARE_CONFIG : as->is_untied ? UNTIED_CONFIG : BERT_CONFIG;
}

/* A file whose parameter k in our theta is k. Returns the number of parameters. */
static gint64
write_bert (const char *folder, const Bert *as)
{
  static const float other[64] = { 1 };
  const AssayShape matrix = ASSAY_SHAPE (8, 8), vector = ASSAY_SHAPE (8);
  GError *error = NULL;
  json_t *ours = configure (get_config (as), 0, &error);
  g_autoptr (AssayModel) model = assay_model_new ("encoder", ours, ASSAY_F32, &error);
  AssayGraph *layout = assay_model_get_layout (model);
  float *theta = assay_model_get_theta (model);
  Written w = { g_array_new (FALSE, TRUE, sizeof (AssaySafetensor)), g_ptr_array_new_with_free_func (g_free) };
  g_autofree char *config = g_build_filename (folder, "config.json", NULL), *path = g_build_filename (folder, "model.safetensors", NULL);

  g_assert_no_error (error);
  json_decref (ours);
  for (gint64 p = 0; p < assay_model_get_n_params (model); p++)
    theta[p] = (float) p;
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      add_tensor (&w, spell (p->name, as), theta + p->offset, &p->shape);
      if (strcmp (p->name, "cls.predictions.bias") != 0 || isnan (as->decoder_bias))
        continue;
      theta[p->offset] += as->decoder_bias;
      add_tensor (&w, g_strdup ("cls.predictions.decoder.bias"), theta + p->offset, &p->shape);
    }
  if (as->has_others)
    {
      add_tensor (&w, g_strdup (as->is_bare ? "pooler.dense.weight" : "bert.pooler.dense.weight"), other, &matrix);
      add_tensor (&w, g_strdup ("cls.seq_relationship.bias"), other, &vector);
      add_tensor (&w, g_strdup ("bert.embeddings.position_ids"), other, &vector);
    }
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  assay_safetensors_write (path, (AssaySafetensor *) (void *) w.tensors->data, w.tensors->len, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (config, get_config (as), -1, NULL));
  g_array_unref (w.tensors);
  g_ptr_array_unref (w.kept);
  return assay_model_get_n_params (model);
}

static void
test_names (void)
{
  static const Bert files[] = { { FALSE, FALSE, FALSE, NAN, FALSE }, { FALSE, TRUE, TRUE, 0, FALSE }, { TRUE, TRUE, TRUE, NAN, FALSE }, { TRUE, FALSE, FALSE, NAN, FALSE } };

  for (gsize k = 0; k < G_N_ELEMENTS (files); k++)
    {
      g_autofree char *folder = g_strdup_printf ("%s/bert-%u", scratch, (guint) k);
      gint64 P = write_bert (folder, &files[k]);
      GError *error = NULL;
      g_autoptr (AssayModel) model = assay_checkpoint_load_directory (folder, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpint (assay_model_get_n_params (model), ==, P);
      g_assert_true (assay_model_get_block (model)->looks_ahead);
      for (gint64 p = 0; p < P; p++)
        g_assert_cmpfloat (((float *) assay_model_get_theta (model))[p], ==, (float) p);
    }
}

static void
test_two_names (void)
{
  g_autofree char *folder = g_strdup_printf ("%s/bert-two", scratch);
  g_autoptr (GError) error = NULL;

  write_bert (folder, &(Bert) { .decoder_bias = 1 });
  g_assert_null (assay_checkpoint_load_directory (folder, NULL, &error));
  g_assert_nonnull (strstr (error->message, "cls.predictions.decoder.bias differs from cls.predictions.bias, of which it is another name"));
}

static void
test_own_bias (void)
{
  g_autofree char *folder = g_strdup_printf ("%s/bert-untied", scratch);
  g_autoptr (AssayModel) model = NULL;
  GError *error = NULL;
  AssayGraph *layout;
  const AssayGraphValue *bias;

  write_bert (folder, &(Bert) { .decoder_bias = 1, .is_untied = TRUE });
  model = assay_checkpoint_load_directory (folder, NULL, &error);
  g_assert_no_error (error);
  layout = assay_model_get_layout (model);
  bias = assay_graph_get_value (layout, assay_graph_find (layout, "cls.predictions.bias"));
  g_assert_cmpfloat (((float *) assay_model_get_theta (model))[bias->offset], ==, (float) bias->offset + 1);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-family-XXXXXX", NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (configurations); k++)
    {
      g_autofree char *path = g_strdup_printf ("/family/configuration: %s", configurations[k].name);

      g_test_add_data_func (path, GSIZE_TO_POINTER (k), test_configuration);
    }
  g_test_add_func ("/family/what would compute another function is refused by its key", test_refused);
  g_test_add_func ("/family/weights in several files, with and without the prefix, head by head", test_parts);
  g_test_add_func ("/family/an index that names other places, or files that do not hold it all", test_parts_refused);
  g_test_add_func ("/family/names of old files, of bare models, and of what is beside a model", test_names);
  g_test_add_func ("/family/a parameter under two names that differ is refused", test_two_names);
  g_test_add_func ("/family/a head that is not the embedding has the bias beside it", test_own_bias);
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
