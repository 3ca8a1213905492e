/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_huggingface.c: a family of the transformers library is a table: how its configuration reads here, what stands before its
 * names, which matrices it stores input-major, and which tensors hold nothing of the model.
 */
#include "model/checkpoint_huggingface.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/checkpoint_values.h"
#include "store/safetensors.h"

#include <string.h>

typedef struct {
  const char *model_type;
  /* The architecture's configuration; NULL with an error that names the key. */
  json_t *(*configure) (const json_t *config, GError **error);
  const char *prefix;                           /* before the names of everything but the head; some files leave it out */
  const char *const *transposed;                /* ends of names whose matrices are stored (in, out) */
  const char *const *ignored;                   /* ends of names of buffers that are not parameters */
  const char *embedding, *head;                 /* our name of the embedding; theirs of the head, which a tied model may store twice */
} Family;

/* --- configuration ------------------------------------------------------------------------------------------------- */

static const struct { const char *theirs, *ours; } activations[] = {
  { "gelu_new", "gelu_tanh" }, { "gelu_pytorch_tanh", "gelu_tanh" }, { "gelu_fast", "gelu_tanh" }, { "gelu", "gelu" }, { "relu", "relu" },
  { "silu", "silu" }, { "swish", "silu" }, { "tanh", "tanh" },
};

static const char *
find_activation (const json_t *config, const char *key, GError **error)
{
  const char *name = assay_json_get_text (config, key);

  for (gsize k = 0; k < G_N_ELEMENTS (activations); k++)
    if (g_strcmp0 (activations[k].theirs, name) == 0)
      return activations[k].ours;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: gelu_new, gelu, relu, silu or tanh expected, \"%s\" found", key,
               name ? name : "nothing");
  return NULL;
}

/* A positive integer. */
static gboolean
get_size (const json_t *config, const char *key, json_int_t *value, GError **error)
{
  json_t *member = json_object_get (config, key);

  *value = json_integer_value (member);
  if (json_is_integer (member) && *value > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a positive integer expected", key);
  return FALSE;
}

/* FALSE when a switch that changes the function is not where this program has it. */
static gboolean
expect_switch (const json_t *config, const char *key, gboolean expected, GError **error)
{
  json_t *member = json_object_get (config, key);

  if (member == NULL || json_is_null (member) || json_is_true (member) == expected)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: %s expected; a model with another value computes another function than this program's", key,
               expected ? "true" : "false");
  return FALSE;
}

static json_t *
configure_gpt2 (const json_t *config, GError **error)
{
  json_int_t V, T, C, L, H, F = json_integer_value (json_object_get (config, "n_inner"));
  json_t *eps = json_object_get (config, "layer_norm_epsilon"), *tied = json_object_get (config, "tie_word_embeddings");
  const char *activation;

  if (!get_size (config, "vocab_size", &V, error) || !get_size (config, "n_positions", &T, error) || !get_size (config, "n_embd", &C, error)
      || !get_size (config, "n_layer", &L, error) || !get_size (config, "n_head", &H, error)
      || !expect_switch (config, "scale_attn_weights", TRUE, error) || !expect_switch (config, "scale_attn_by_inverse_layer_idx", FALSE, error)
      || !expect_switch (config, "add_cross_attention", FALSE, error)
      || (activation = find_activation (config, "activation_function", error)) == NULL)
    return NULL;
  return json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, s:b, s:s, s:s}", "vocabulary", V, "context", T, "width", C, "layers", L, "heads", H,
                    "mlp", F, "eps", json_is_number (eps) ? json_number_value (eps) : 1e-5, "activation", activation, "tied",
                    tied == NULL || json_is_true (tied), "names", "gpt2", "token-reduction", "mean");
}

static const char *const gpt2_transposed[] = { ".attn.c_attn.weight", ".attn.c_proj.weight", ".mlp.c_fc.weight", ".mlp.c_proj.weight", NULL };
static const char *const gpt2_ignored[] = { ".attn.bias", ".attn.masked_bias", NULL };

static const Family families[] = {
  { "gpt2", configure_gpt2, "transformer.", gpt2_transposed, gpt2_ignored, "wte.weight", "lm_head.weight" },
};

static const Family *
find_family (const char *model_type, GError **error)
{
  for (gsize k = 0; k < G_N_ELEMENTS (families); k++)
    if (g_strcmp0 (families[k].model_type, model_type) == 0)
      return &families[k];
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "model_type: gpt2 expected, \"%s\" found; of the transformers library's models only GPT-2 is read",
               model_type);
  return NULL;
}

gboolean
assay_huggingface_recognise (const json_t *config)
{
  return json_is_string (json_object_get (config, "model_type"));
}

/* --- weights -------------------------------------------------------------------------------------------------------- */

static gboolean
ends_in (const char *name, const char *const *ends)
{
  for (; *ends != NULL; ends++)
    if (g_str_has_suffix (name, *ends))
      return TRUE;
  return FALSE;
}

typedef struct {
  const Family *family;
  const AssaySafetensors *file;
  const char *path;
  AssayModel *model;
  gboolean is_tied;
  GHashTable *used;             /* tensors that a parameter claimed */
  char *theta;                  /* (P) of the model's type */
} Reading;

/* With the prefix, or else without. */
static const AssaySafetensor *
find_tensor (const Reading *r, const AssayGraphValue *p)
{
  g_autofree char *full = g_strconcat (r->family->prefix, p->name, NULL);
  const AssaySafetensor *tensor = assay_safetensors_find (r->file, full);

  return tensor ? tensor : assay_safetensors_find (r->file, p->name);
}

/* out (rows,cols) <- in (cols,rows). */
static void
transpose (const char *in, gint64 rows, gint64 cols, gsize width, char *out)
{
  for (gint64 i = 0; i < rows; i++)
    for (gint64 j = 0; j < cols; j++)
      memcpy (out + (i * cols + j) * width, in + (j * rows + i) * width, width);
}

static gboolean
check_tensor (const Reading *r, const AssayGraphValue *p, const AssaySafetensor *tensor, const AssayShape *stored, GError **error)
{
  g_autofree char *wanted = assay_shape_to_string (stored), *words = NULL;
  AssayShape found = { 0 };

  if (tensor == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s%s %s expected, there is none of that name", r->path, r->family->prefix,
                   p->name, wanted);
      return FALSE;
    }
  found.rank = MIN (tensor->rank, ASSAY_MAX_RANK);
  memcpy (found.dim, tensor->dims, sizeof (gint64) * found.rank);
  words = assay_shape_to_string (&found);
  if (tensor->rank != found.rank || !assay_shape_equal (&found, stored))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: shape %s expected from config.json, %s found", r->path, tensor->name, wanted,
                   words);
      return FALSE;
    }
  if (assay_checkpoint_is_floating (tensor->type))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: f64, f32, f16 or bf16 expected, %s found", r->path, tensor->name,
               assay_store_type_word (tensor->type));
  return FALSE;
}

static gboolean
read_parameter (Reading *r, const AssayGraphValue *p, GError **error)
{
  AssayStoreType type = assay_checkpoint_type (assay_model_get_dtype (r->model));
  gsize width = assay_dtype_width (assay_model_get_dtype (r->model));
  const AssaySafetensor *tensor = find_tensor (r, p);
  gboolean is_transposed = p->shape.rank == 2 && ends_in (p->name, r->family->transposed);
  AssayShape stored = is_transposed ? ASSAY_SHAPE (p->shape.dim[1], p->shape.dim[0]) : p->shape;
  char *out = r->theta + p->offset * width;
  g_autoptr (AssayBuffer) read = NULL;

  if (!check_tensor (r, p, tensor, &stored, error))
    return FALSE;
  g_hash_table_add (r->used, (gpointer) tensor);
  if (!is_transposed)
    return assay_safetensors_read (tensor, type, out, error);
  read = assay_mem_alloc_array (tensor->n_elements, width, error);
  if (read == NULL || !assay_safetensors_read (tensor, type, read, error))
    return FALSE;
  transpose (read, p->shape.dim[0], p->shape.dim[1], width, out);
  return TRUE;
}

/* A tied head may be stored once more; then it must be the embedding. */
static gboolean
check_head (const Reading *r, const AssaySafetensor *head, GError **error)
{
  guint v = assay_graph_find (assay_model_get_layout (r->model), r->family->embedding);
  const AssaySafetensor *embedding = find_tensor (r, assay_graph_get_value (assay_model_get_layout (r->model), v));

  if (head->type == embedding->type && head->bytes == embedding->bytes && memcmp (head->data, embedding->data, head->bytes) == 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s differs from %s though config.json ties them; say \"tie_word_embeddings\": false "
               "for a head of its own", r->path, head->name, embedding->name);
  return FALSE;
}

static gboolean
refuse_strangers (const Reading *r, GError **error)
{
  for (gsize i = 0; i < assay_safetensors_get_n (r->file); i++)
    {
      const AssaySafetensor *tensor = assay_safetensors_get (r->file, i);

      if (g_hash_table_contains (r->used, tensor) || ends_in (tensor->name, r->family->ignored))
        continue;
      if (r->is_tied && strcmp (tensor->name, r->family->head) == 0)
        {
          if (!check_head (r, tensor, error))
            return FALSE;
          continue;
        }
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s is no part of the model that config.json describes", r->path, tensor->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_weights (Reading *r, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (r->model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (r, p, error))
        return FALSE;
    }
  return refuse_strangers (r, error) && assay_checkpoint_accept (r->model, r->theta, r->path, error);
}

AssayModel *
assay_huggingface_load (const json_t *config, const char *config_path, const char *weights_path, GError **error)
{
  const Family *family = find_family (assay_json_get_text (config, "model_type"), error);
  json_t *ours = family ? family->configure (config, error) : NULL;
  g_autoptr (AssayModel) model = ours ? assay_model_new ("transformer", ours, ASSAY_F32, error) : NULL;
  g_autoptr (AssaySafetensors) file = NULL;
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  g_autoptr (AssayBuffer) theta = NULL;
  gboolean is_tied = json_is_true (json_object_get (ours, "tied"));

  json_decref (ours);
  if (model == NULL)
    {
      g_prefix_error (error, "%s: ", config_path);
      return NULL;
    }
  file = assay_safetensors_open (weights_path, error);
  theta = file ? assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (ASSAY_F32), error) : NULL;
  if (theta == NULL
      || !read_weights (&(Reading) { .family = family, .file = file, .path = weights_path, .model = model, .is_tied = is_tied, .used = used,
                                     .theta = theta }, error))
    return NULL;
  return g_steal_pointer (&model);
}
