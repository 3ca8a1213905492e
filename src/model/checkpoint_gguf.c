/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_gguf.c: the tensors of a GGUF file, found by their names there. Axes are named the other way round, and those of size 1 may be missing. */
#include "model/checkpoint_gguf.h"

#include "base/error.h"
#include "model/checkpoint_arrival.h"
#include "model/checkpoint_values.h"
#include "model/gguf_architecture.h"
#include "store/file.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define EMBEDDING "token_embd.weight"
#define HEAD "output.weight"
#define ROPE_FACTORS "rope_freqs.weight"        /* read with the keys */

gboolean
assay_checkpoint_gguf_recognise (const char *path)
{
  char begin[4];
  int fd = assay_file_open_regular (path, NULL, NULL);
  gboolean is;

  if (fd < 0)
    return FALSE;
  is = pread (fd, begin, sizeof begin, 0) == (ssize_t) sizeof begin && memcmp (begin, ASSAY_GGUF_MAGIC, sizeof begin) == 0;
  close (fd);
  return is;
}

/* --- what file it is -------------------------------------------------------------------------------------------------------------- */

/* A part of a model, or something beside one, says so. */
static gboolean
check_kind (const AssayGguf *file, GError **error)
{
  const char *type;
  gint64 parts;

  if (!assay_gguf_get_text_or (file, "general.type", "model", &type, error) || !assay_gguf_get_integer_or (file, "split.count", 1, &parts, error))
    return FALSE;
  if (strcmp (type, "model") != 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key general.type: a model expected, \"%s\" found", type);
  else if (parts > 1)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "key split.count: a whole model expected, one of %" G_GINT64_FORMAT " parts found; merge them first", parts);
  else if (assay_gguf_get_n (file) == 0)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "a model expected, a file without tensors found: it has a vocabulary alone, which --tokenizer takes");
  else
    return TRUE;
  return FALSE;
}

/* A head that is not there, or is there as a copy. */
static gboolean
is_tied (const AssayGguf *file)
{
  const AssayGgufTensor *head = assay_gguf_find (file, HEAD), *embedding = assay_gguf_find (file, EMBEDDING);

  return head == NULL || (embedding != NULL && head->type == embedding->type && head->bytes == embedding->bytes && memcmp (head->data, embedding->data, head->bytes) == 0);
}

/* --- one tensor -------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  const AssayGguf *file;
  const AssayGgufArchitecture *architecture;
  AssayModel *model;
  GHashTable *used;             /* tensors that a parameter claimed */
  json_t *card;                 /* of the model */
  AssayArrival *arrival;
} Reading;

/* As our shapes are: the slowest axis first, those of size 1 left out. */
static AssayShape
shape_of (const AssayGgufTensor *tensor)
{
  AssayShape shape = { 0 };

  for (guint k = tensor->rank; k-- > 0;)
    if (tensor->dims[k] != 1)
      shape.dim[shape.rank++] = tensor->dims[k];
  return shape;
}

static gboolean
check_tensor (const AssayGgufTensor *tensor, const char *name, const AssayShape *shape, GError **error)
{
  AssayShape wanted = assay_checkpoint_without_ones (shape), found = { 0 };
  g_autofree char *wanted_words = assay_shape_to_string (shape), *found_words = NULL;

  if (tensor == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s %s expected, there is none of that name", name, wanted_words);
      return FALSE;
    }
  found = shape_of (tensor);
  if (assay_shape_equal (&found, &wanted))
    return TRUE;
  found_words = assay_shape_to_string (&found);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s: shape %s expected from the keys, the slowest axis first, %s found", name, wanted_words, found_words);
  return FALSE;
}

/* Rates of decay are stored, not their logarithms: a <- log (-a). */
static gboolean
take_logarithms (const char *name, AssayDtype dtype, void *values, gint64 n, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    {
      double rate = dtype == ASSAY_F64 ? ((double *) values)[i] : (double) ((float *) values)[i];

      if (!(rate < 0))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s: numbers below 0 expected, %g found at element %" G_GINT64_FORMAT, name, rate, i);
          return FALSE;
        }
      if (dtype == ASSAY_F64)
        ((double *) values)[i] = log (-rate);
      else
        ((float *) values)[i] = (float) log (-rate);
    }
  return TRUE;
}

static gboolean
read_parameter (Reading *r, const AssayGraphValue *p, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (r->model);
  g_autofree char *name = assay_gguf_architecture_name (r->architecture, p->name);
  const AssayGgufTensor *tensor = assay_gguf_find (r->file, name);
  char *out = (char *) assay_model_get_theta (r->model) + p->offset * (gint64) assay_dtype_width (dtype);

  if (!check_tensor (tensor, name, &p->shape, error) || !assay_gguf_read (tensor, assay_checkpoint_type (dtype), out, error))
    return FALSE;
  g_hash_table_add (r->used, (gpointer) tensor);
  assay_checkpoint_card_add (r->card, assay_gguf_tensor_get_type (tensor), tensor->bytes);
  if (g_str_has_suffix (p->name, ".A_log") && !take_logarithms (name, dtype, out, assay_shape_count (&p->shape), error))
    return FALSE;
  return assay_arrival_add (r->arrival, p, out, error);
}

static gboolean
read_parameters (Reading *r, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (r->model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (r, p, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
refuse_strangers (const Reading *r, gboolean tied, GError **error)
{
  for (gsize k = 0; k < assay_gguf_get_n (r->file); k++)
    {
      const AssayGgufTensor *tensor = assay_gguf_get (r->file, k);

      if (g_hash_table_contains (r->used, tensor))
        continue;
      if (tied && strcmp (tensor->name, HEAD) == 0)
        assay_checkpoint_card_leave_out (r->card, tensor->name, "the embedding once more: the head is tied to it");
      else if (strcmp (tensor->name, ROPE_FACTORS) == 0)
        assay_checkpoint_card_leave_out (r->card, tensor->name, "factors of the rotation, which are a part of the configuration here");
      else
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensor %s is no part of the model that the keys describe", tensor->name);
          return FALSE;
        }
    }
  return TRUE;
}

/* --- the whole --------------------------------------------------------------------------------------------------------------------- */

static gboolean
read_weights (const AssayGguf *file, const AssayGgufArchitecture *architecture, AssayModel *model, gboolean tied, AssayArrival *arrival, GError **error)
{
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  json_t *card = assay_checkpoint_card_new ("GGUF", "llama.cpp");
  const char *name;
  Reading r = { file, architecture, model, used, card, arrival };

  if (assay_gguf_get_text_or (file, "general.architecture", "", &name, NULL))
    json_object_set_new (card, "model_type", json_string (name));
  assay_model_take_card (model, card);
  return read_parameters (&r, error) && refuse_strangers (&r, tied, error);
}

/* A model is made for as many numbers as there are, not for as many as the keys claim. */
static AssayModel *
make_model (const AssayGguf *file, const char *block, const json_t *config, AssayDtype dtype, GError **error)
{
  gint64 claimed = assay_model_count_params (block, config, error);
  guint64 stored = 0;

  if (claimed < 0)
    return NULL;
  for (gsize k = 0; k < assay_gguf_get_n (file); k++)           /* tensors lie apart in the file, so that this fits 64 bits */
    stored += assay_gguf_get (file, k)->n_elements;
  if ((guint64) claimed <= stored)
    return assay_model_new (block, config, dtype, error);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tensors of %" G_GINT64_FORMAT " numbers expected from the keys, %" G_GUINT64_FORMAT " found", claimed, stored);
  return NULL;
}

static AssayModel *
read_model (const AssayGguf *file, const AssayCheckpointOptions *options, GError **error)
{
  const AssayGgufArchitecture *architecture = check_kind (file, error) ? assay_gguf_architecture_find (file, error) : NULL;
  gboolean tied = is_tied (file);
  json_t *config = architecture ? assay_gguf_architecture_configure (architecture, file, options ? options->context : 0, tied, error) : NULL;
  g_autoptr (AssayModel) model = NULL;
  g_auto (AssayArrival) arrival = { 0 };

  if (config != NULL)
    model = make_model (file, assay_gguf_architecture_get_block (architecture), config, options && options->has_dtype ? options->dtype : ASSAY_F32, error);
  json_decref (config);
  if (model == NULL || !assay_arrival_begin (&arrival, model, options, NULL, error) || !read_weights (file, architecture, model, tied, &arrival, error))
    return NULL;
  assay_arrival_end (&arrival);
  return g_steal_pointer (&model);
}

AssayModel *
assay_checkpoint_gguf_load (const char *path, const AssayCheckpointOptions *options, GError **error)
{
  g_autoptr (AssayGguf) file = assay_gguf_open (path, error);
  g_autoptr (AssayModel) model = file ? read_model (file, options, error) : NULL;

  if (file != NULL && model == NULL)
    g_prefix_error (error, "%s: ", path);
  return g_steal_pointer (&model);
}
