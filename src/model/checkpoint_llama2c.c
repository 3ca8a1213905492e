/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_llama2c.c: see checkpoint_llama2c.h. */
#include "model/checkpoint_llama2c.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/checkpoint_values.h"
#include "store/file.h"

#include <string.h>
#include <unistd.h>

#define MOST 100000000          /* of any of the sizes */
#define NEARLY 64               /* a file that is so much shorter or longer than its sizes say was cut or grew; beyond, they are no sizes */

enum { WIDTH, MLP, LAYERS, HEADS, KEY_HEADS, VOCABULARY, CONTEXT, N_SIZES };

typedef struct { gint32 at[N_SIZES]; gboolean is_tied; } Header;

/* A tensor of the file: a parameter of ours, of every layer where the name has a place for its number; NULL: not read. */
typedef struct { const char *name; gint64 size; } Part;

#define N_PARTS 14

static void
list_parts (const Header *h, Part out[N_PARTS])
{
  const gint64 C = h->at[WIDTH], F = h->at[MLP], D = C / h->at[HEADS], kv = D * h->at[KEY_HEADS], V = h->at[VOCABULARY], T = h->at[CONTEXT];
  const Part parts[N_PARTS] = {
    { "model.embed_tokens.weight", V * C },
    { "model.layers.%d.input_layernorm.weight", C }, { "model.layers.%d.self_attn.q_proj.weight", C * C },
    { "model.layers.%d.self_attn.k_proj.weight", kv * C }, { "model.layers.%d.self_attn.v_proj.weight", kv * C },
    { "model.layers.%d.self_attn.o_proj.weight", C * C }, { "model.layers.%d.post_attention_layernorm.weight", C },
    { "model.layers.%d.mlp.gate_proj.weight", F * C }, { "model.layers.%d.mlp.down_proj.weight", C * F }, { "model.layers.%d.mlp.up_proj.weight", F * C },
    { "model.norm.weight", C }, { NULL, T * (D / 2) }, { NULL, T * (D / 2) }, { "lm_head.weight", h->is_tied ? 0 : V * C },
  };

  memcpy (out, parts, sizeof parts);
}

static gboolean
is_of_layers (const Part *part)
{
  return part->name != NULL && strchr (part->name, '%') != NULL;
}

/* FALSE: no such file. */
static gboolean
read_header (int fd, Header *h)
{
  guint8 bytes[4 * N_SIZES];

  if (pread (fd, bytes, sizeof bytes, 0) != (ssize_t) sizeof bytes)
    return FALSE;
  for (int k = 0; k < N_SIZES; k++)
    h->at[k] = (gint32) ((guint32) bytes[4 * k] | (guint32) bytes[4 * k + 1] << 8 | (guint32) bytes[4 * k + 2] << 16 | (guint32) bytes[4 * k + 3] << 24);
  h->is_tied = h->at[VOCABULARY] > 0;
  if (h->at[VOCABULARY] > -MOST && !h->is_tied)
    h->at[VOCABULARY] = -h->at[VOCABULARY];
  for (int k = 0; k < N_SIZES; k++)
    if (h->at[k] < 1 || h->at[k] > MOST)
      return FALSE;
  return h->at[WIDTH] % h->at[HEADS] == 0 && h->at[HEADS] % h->at[KEY_HEADS] == 0 && h->at[WIDTH] / h->at[HEADS] % 2 == 0;
}

/* Sizes are below 2^27, so products of two stay within 54 bits. */
static gboolean
count_bytes (const Header *h, guint64 *bytes)
{
  guint64 all = 0, part;
  Part parts[N_PARTS];

  list_parts (h, parts);
  for (int k = 0; k < N_PARTS; k++)
    if (!assay_size_mul ((guint64) parts[k].size, is_of_layers (&parts[k]) ? (guint64) h->at[LAYERS] : 1, &part) || !assay_size_add (all, part, &all))
      return FALSE;
  return assay_size_mul (all, sizeof (float), &all) && assay_size_add (all, 4 * N_SIZES, bytes);
}

gboolean
assay_llama2c_recognise (const char *path)
{
  guint64 size = 0, wanted = 0;
  int fd = assay_file_open_regular (path, &size, NULL);
  Header h;
  gboolean fits;

  if (fd < 0)
    return FALSE;
  fits = read_header (fd, &h) && count_bytes (&h, &wanted) && wanted / NEARLY <= size && size / NEARLY <= wanted;
  close (fd);
  return fits;
}

/* --- weights ---------------------------------------------------------------------------------------------------------------- */

/* n numbers of the file into theta, of the model's type. */
static gboolean
read_numbers (int fd, const char *path, guint64 *offset, gint64 n, AssayDtype dtype, char *out, GError **error)
{
  g_autoptr (AssayBuffer) read = assay_mem_alloc_array (n, sizeof (float), error);
  guint32 *words = read;

  if (read == NULL || !assay_file_read_at (fd, path, *offset, words, n * sizeof (float), error))
    return FALSE;
  for (gint64 i = 0; i < n; i++)
    words[i] = GUINT32_FROM_LE (words[i]);
  assay_dtype_convert (ASSAY_F32, read, dtype, out, n);
  *offset += (guint64) n * sizeof (float);
  return TRUE;
}

static gboolean
read_part (int fd, const char *path, const Part *part, gint64 layer, guint64 *offset, AssayModel *model, char *theta, json_t *card, GError **error)
{
  g_auto (GStrv) pieces = part->name ? g_strsplit (part->name, "%d", 2) : NULL;
  g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, layer), *name = pieces ? g_strjoinv (number, pieces) : NULL;
  AssayGraph *layout = assay_model_get_layout (model);
  guint value = name ? assay_graph_find (layout, name) : ASSAY_NO_VALUE;
  AssayDtype dtype = assay_model_get_dtype (model);

  if (part->name == NULL)
    {
      assay_checkpoint_card_leave_out (card, "frequencies of the rotation", "a table of cosines or sines that newer programs compute");
      *offset += (guint64) part->size * sizeof (float);
      return TRUE;
    }
  assay_checkpoint_card_add (card, "f32", (guint64) part->size * sizeof (float));
  g_return_val_if_fail (value != ASSAY_NO_VALUE && assay_shape_count (&assay_graph_get_value (layout, value)->shape) == part->size, FALSE);
  return read_numbers (fd, path, offset, part->size, dtype, theta + assay_graph_get_value (layout, value)->offset * (gint64) assay_dtype_width (dtype), error);
}

static gboolean
read_weights (int fd, const char *path, const Header *h, AssayModel *model, json_t *card, const AssayCheckpointOptions *options, GError **error)
{
  g_autoptr (AssayBuffer) theta = assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (assay_model_get_dtype (model)), error);
  guint64 offset = 4 * N_SIZES;
  Part parts[N_PARTS];

  list_parts (h, parts);
  for (int k = 0; theta != NULL && k < N_PARTS; k++)
    for (gint64 layer = 0; parts[k].size > 0 && layer < (is_of_layers (&parts[k]) ? h->at[LAYERS] : 1); layer++)
      if (!read_part (fd, path, &parts[k], layer, &offset, model, theta, card, error))
        return FALSE;
  if (theta == NULL || !assay_checkpoint_settle (model, theta, options, path, error))
    return FALSE;
  assay_model_take_theta (model, g_steal_pointer (&theta));
  return TRUE;
}

static AssayModel *
make_model (const char *path, const Header *h, const AssayCheckpointOptions *options, GError **error)
{
  const gint64 context = options && options->context > 0 ? options->context : h->at[CONTEXT];
  AssayModel *model;
  json_t *config;

  if (context > h->at[CONTEXT])
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: context: at most %d positions expected, as many as the model has; %" G_GINT64_FORMAT " found", path,
                   h->at[CONTEXT], context);
      return NULL;
    }
  config = json_pack ("{s:i, s:I, s:i, s:i, s:i, s:i, s:i, s:s, s:f, s:s, s:b, s:b, s:s, s:b, s:f, s:b, s:s, s:s}", "vocabulary", (int) h->at[VOCABULARY], "context",
                      (json_int_t) context, "width", (int) h->at[WIDTH], "layers", (int) h->at[LAYERS], "heads", (int) h->at[HEADS], "kv-heads", (int) h->at[KEY_HEADS],
                      "mlp", (int) h->at[MLP], "norm", "rmsnorm", "eps", 1e-5, "activation", "silu", "gated", 1, "bias", 0, "positions", "rotary", "rope-adjacent", 1,
                      "rope-theta", 10000.0, "tied", h->is_tied, "names", "llama", "token-reduction", "mean");
  model = assay_model_new ("transformer", config, options && options->has_dtype ? options->dtype : ASSAY_F32, error);
  json_decref (config);
  return model;
}

AssayModel *
assay_llama2c_load (const char *path, const AssayCheckpointOptions *options, GError **error)
{
  g_autoptr (AssayModel) model = NULL;
  guint64 size = 0, wanted = 0;
  int fd = assay_file_open_regular (path, &size, error);
  Header h;
  json_t *card;
  gboolean ok;

  if (fd < 0)
    return NULL;
  ok = read_header (fd, &h) && count_bytes (&h, &wanted) && wanted == size;
  if (!ok)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GUINT64_FORMAT " bytes expected, as the seven sizes at byte 0 ask for, %" G_GUINT64_FORMAT
                 " found; a part is missing, or it is no file of llama2.c", path, wanted, size);
  else
    {
      model = make_model (path, &h, options, error);
      if (model != NULL)
        assay_model_take_card (model, card = assay_checkpoint_card_new ("llama2.c", "llama2.c"));
      ok = model != NULL && read_weights (fd, path, &h, model, card, options, error);
    }
  close (fd);
  return ok ? g_steal_pointer (&model) : NULL;
}
