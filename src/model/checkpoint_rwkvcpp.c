/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_rwkvcpp.c: see checkpoint_rwkvcpp.h. Which version of RWKV it is, and sizes that the header does not say, are read off the tensors. */
#include "model/checkpoint_rwkvcpp.h"

#include "base/error.h"
#include "model/checkpoint_arrival.h"
#include "model/checkpoint_values.h"
#include "store/file.h"
#include "store/rwkvcpp.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define CONTEXT 1024            /* what published models were trained on */

gboolean
assay_checkpoint_rwkvcpp_recognise (const char *path)
{
  guint8 begin[8];
  int fd = assay_file_open_regular (path, NULL, NULL);
  gboolean is;

  if (fd < 0)
    return FALSE;
  is = pread (fd, begin, sizeof begin, 0) == (ssize_t) sizeof begin && assay_rwkvcpp_knows (begin, sizeof begin);
  close (fd);
  return is;
}

/* --- what it is ------------------------------------------------------------------------------------------------------------- */

/* Tensors that only later versions have. */
static const struct { const char *name, *version; } later[] = {
  { "blocks.0.att.k_k", "7" }, { "blocks.0.att.time_maa_x", "6" }, { "blocks.0.att.gate.weight", "5.2" },
};

static gboolean
check_version (const AssayRwkvcpp *file, GError **error)
{
  for (gsize k = 0; k < G_N_ELEMENTS (later); k++)
    if (assay_rwkvcpp_find (file, later[k].name) != NULL)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "tensor %s: a model of version 4 or 5.1 of RWKV expected, one of version %s found", later[k].name, later[k].version);
        return FALSE;
      }
  return TRUE;
}

/* Length of the slowest axis of a tensor, *rows. */
static gboolean
count_rows (const AssayRwkvcpp *file, const char *name, gint64 *rows, GError **error)
{
  const AssayRwkvcppTensor *tensor = assay_rwkvcpp_find (file, name);

  if (tensor != NULL)
    {
      *rows = tensor->dims[0];
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s expected, there is none of that name", name);
  return FALSE;
}

/* Version 5.1 normalises its heads, and has a rate for each of them. */
static gboolean
count_heads (const AssayRwkvcpp *file, gint64 *H, GError **error)
{
  *H = 0;
  return assay_rwkvcpp_find (file, "blocks.0.att.ln_x.weight") == NULL || count_rows (file, "blocks.0.att.time_decay", H, error);
}

static json_t *
configure (const AssayRwkvcpp *file, gint64 context, GError **error)
{
  const AssayRwkvcppHeader *header = assay_rwkvcpp_get_header (file);
  gint64 I, F, H;

  if ((gsize) header->layers > assay_rwkvcpp_get_n (file))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte 16: tensors of %d layers expected, %" G_GSIZE_FORMAT " tensors found", header->layers, assay_rwkvcpp_get_n (file));
      return NULL;
    }
  if (!check_version (file, error) || !count_rows (file, "blocks.0.att.key.weight", &I, error) || !count_rows (file, "blocks.0.ffn.key.weight", &F, error)
      || !count_heads (file, &H, error))
    return NULL;
  return json_pack ("{s:i, s:I, s:i, s:i, s:I, s:I, s:I, s:f, s:b, s:s}", "vocabulary", (int) header->vocabulary, "context", (json_int_t) (context ? context : CONTEXT), "width",
                    (int) header->width, "layers", (int) header->layers, "inner", (json_int_t) I, "heads", (json_int_t) H, "mlp", (json_int_t) F, "eps", 1e-5, "tied", 0, "token-reduction", "mean");
}

/* --- names ------------------------------------------------------------------------------------------------------------------ */

static const struct { const char *ours, *theirs; } parts[] = {
  { "embeddings", "emb" }, { "pre_ln", "ln0" }, { "attention", "att" }, { "feed_forward", "ffn" }, { "time_mix_key", "time_mix_k" }, { "time_mix_value", "time_mix_v" },
  { "time_mix_receptance", "time_mix_r" },
};

/* Ours in the words of the files. Owns: the caller. */
static char *
make_name (const char *ours)
{
  g_auto (GStrv) words = g_strsplit (ours, ".", -1);

  for (char **word = words; *word != NULL; word++)
    for (gsize k = 0; k < G_N_ELEMENTS (parts); k++)
      if (strcmp (*word, parts[k].ours) == 0)
        {
          g_free (*word);
          *word = g_strdup (parts[k].theirs);
          break;
        }
  return g_strjoinv (".", words);
}

/* --- one tensor ------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayRwkvcpp *file;
  AssayModel *model;
  GHashTable *used;             /* tensors that a parameter claimed */
  json_t *card;                 /* of the model */
  AssayArrival *arrival;
} Reading;

/* Vectors may be stored with axes of size 1. */
static AssayShape
shape_of (const AssayRwkvcppTensor *tensor)
{
  AssayShape shape = { .rank = tensor->rank };

  memcpy (shape.dim, tensor->dims, tensor->rank * sizeof *tensor->dims);
  return assay_checkpoint_without_ones (&shape);
}

static gboolean
check_tensor (const AssayRwkvcppTensor *tensor, const char *name, const AssayShape *shape, GError **error)
{
  const AssayShape wanted = assay_checkpoint_without_ones (shape), found = tensor ? shape_of (tensor) : (AssayShape) { 0 };
  g_autofree char *wanted_words = assay_shape_to_string (shape), *found_words = NULL;

  if (tensor != NULL && assay_shape_equal (&found, &wanted))
    return TRUE;
  found_words = assay_shape_to_string (&found);
  if (tensor == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s %s expected, there is none of that name", name, wanted_words);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s: shape %s expected, the slowest axis first, %s found", name, wanted_words, found_words);
  return FALSE;
}

/* Stored is what the programs compute with; trained is a logarithm of it: of the rate of decay e^w, which version 4 has with its sign and version 5.1 as
 * what is left of a state, e^(-e^w); and, in version 5.1, of the bonus e^u. */
static double
recover_rate (double stored)
{
  return log (-stored);
}

static double
recover_rate_left (double stored)
{
  return log (-log (stored));
}

static const struct { const char *end; gboolean with_heads; double (*back) (double stored); const char *expected; } recoveries[] = {
  { ".time_decay", FALSE, recover_rate, "numbers below 0" }, { ".time_decay", TRUE, recover_rate_left, "numbers between 0 and 1" },
  { ".time_first", TRUE, log, "numbers above 0" },
};

static gboolean
recover (const Reading *r, const char *name, AssayDtype dtype, void *values, gint64 n, GError **error)
{
  const gboolean with_heads = assay_values_get_int (assay_model_get_config (r->model), "heads") > 0;
  gsize k = 0;

  while (k < G_N_ELEMENTS (recoveries) && !(recoveries[k].with_heads == with_heads && g_str_has_suffix (name, recoveries[k].end)))
    k++;
  for (gint64 i = 0; k < G_N_ELEMENTS (recoveries) && i < n; i++)
    {
      double stored = dtype == ASSAY_F64 ? ((double *) values)[i] : (double) ((float *) values)[i], trained = recoveries[k].back (stored);

      if (!isfinite (trained))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s: %s expected, %g found at element %" G_GINT64_FORMAT, name, recoveries[k].expected, stored, i);
          return FALSE;
        }
      if (dtype == ASSAY_F64)
        ((double *) values)[i] = trained;
      else
        ((float *) values)[i] = (float) trained;
    }
  return TRUE;
}

static gboolean
read_parameter (Reading *r, const AssayGraphValue *p, GError **error)
{
  const AssayDtype dtype = assay_model_get_dtype (r->model);
  g_autofree char *name = make_name (p->name);
  const AssayRwkvcppTensor *tensor = assay_rwkvcpp_find (r->file, name);
  char *out = (char *) assay_model_get_theta (r->model) + p->offset * (gint64) assay_dtype_width (dtype);

  if (!check_tensor (tensor, name, &p->shape, error)
      || !assay_store_convert (assay_checkpoint_type (dtype), out, tensor->type, tensor->data, (gsize) tensor->n_elements, error))
    return FALSE;
  g_hash_table_add (r->used, (gpointer) tensor);
  assay_checkpoint_card_add (r->card, assay_store_type_word (tensor->type), tensor->bytes);
  return recover (r, name, dtype, out, assay_shape_count (&p->shape), error) && assay_arrival_add (r->arrival, p, out, error);
}

/* --- the whole -------------------------------------------------------------------------------------------------------------- */

static gboolean
refuse_strangers (const Reading *r, GError **error)
{
  for (gsize k = 0; k < assay_rwkvcpp_get_n (r->file); k++)
    {
      const AssayRwkvcppTensor *tensor = assay_rwkvcpp_get (r->file, k);

      if (g_hash_table_contains (r->used, tensor))
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s is no part of a model of RWKV of that version and size", tensor->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_weights (const AssayRwkvcpp *file, AssayModel *model, AssayArrival *arrival, GError **error)
{
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  json_t *card = assay_checkpoint_card_new ("rwkv.cpp", "rwkv.cpp");
  AssayGraph *layout = assay_model_get_layout (model);
  Reading r = { file, model, used, card, arrival };

  json_object_set_new (card, "model_type", json_string (assay_values_get_int (assay_model_get_config (model), "heads") > 0 ? "rwkv5.1" : "rwkv4"));
  assay_model_take_card (model, card);
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (&r, p, error))
        return FALSE;
    }
  return refuse_strangers (&r, error);
}

/* A model is made for as many numbers as there are, not for as many as the header claims. */
static AssayModel *
make_model (const AssayRwkvcpp *file, const json_t *config, AssayDtype dtype, GError **error)
{
  gint64 claimed = assay_model_count_params ("rwkv", config, error);
  guint64 stored = 0;

  if (claimed < 0)
    return NULL;
  for (gsize k = 0; k < assay_rwkvcpp_get_n (file); k++)          /* tensors lie apart in the file, so that this fits 64 bits */
    stored += assay_rwkvcpp_get (file, k)->n_elements;
  if ((guint64) claimed <= stored)
    return assay_model_new ("rwkv", config, dtype, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensors of %" G_GINT64_FORMAT " numbers expected from the header, %" G_GUINT64_FORMAT " found", claimed, stored);
  return NULL;
}

static AssayModel *
read_model (const AssayRwkvcpp *file, const AssayCheckpointOptions *options, GError **error)
{
  json_auto_t *config = configure (file, options ? options->context : 0, error);
  g_autoptr (AssayModel) model = config ? make_model (file, config, options && options->has_dtype ? options->dtype : ASSAY_F32, error) : NULL;
  g_auto (AssayArrival) arrival = { 0 };

  if (model == NULL || !assay_arrival_begin (&arrival, model, options, NULL, error) || !read_weights (file, model, &arrival, error))
    return NULL;
  assay_arrival_end (&arrival);
  return g_steal_pointer (&model);
}

AssayModel *
assay_checkpoint_rwkvcpp_load (const char *path, const AssayCheckpointOptions *options, GError **error)
{
  g_autoptr (AssayRwkvcpp) file = assay_rwkvcpp_open (path, error);
  g_autoptr (AssayModel) model = file ? read_model (file, options, error) : NULL;

  if (file != NULL && model == NULL)
    g_prefix_error (error, "%s: ", path);
  return g_steal_pointer (&model);
}
