/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_safetensors.c: a directory of config.json and model.safetensors. */
#include "model/checkpoint.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/checkpoint_huggingface.h"
#include "model/checkpoint_values.h"
#include "store/file.h"
#include "store/safetensors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_BYTES (1u << 20)

static void
write_axes (AssaySafetensor *tensor, const AssayShape *shape)
{
  tensor->rank = shape->rank;
  memcpy (tensor->dims, shape->dim, sizeof (gint64) * shape->rank);
  tensor->n_elements = assay_shape_count (shape);
}

gboolean
assay_checkpoint_write_safetensors (AssayModel *model, const char *path, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  gsize width = assay_dtype_width (assay_model_get_dtype (model));
  const char *const metadata[] = { "format", "pt", NULL };        /* readers of the format ask for this word */
  g_autoptr (GArray) tensors = g_array_new (FALSE, TRUE, sizeof (AssaySafetensor));

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      AssaySafetensor tensor = { .name = p->name, .data = (char *) assay_model_get_theta (model) + p->offset * width,
                                 .type = assay_checkpoint_type (assay_model_get_dtype (model)) };

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      write_axes (&tensor, &p->shape);
      tensor.bytes = tensor.n_elements * width;
      g_array_append_val (tensors, tensor);
    }
  return assay_safetensors_write (path, (AssaySafetensor *) (void *) tensors->data, tensors->len, metadata, error);
}

/* Looks for tensors that no parameter claims. */
static gboolean
refuse_strangers (const AssaySafetensors *file, AssayGraph *layout, const char *path, const char *prefix, GError **error)
{
  gsize skip = prefix ? strlen (prefix) : 0;

  for (gsize i = 0; i < assay_safetensors_get_n (file); i++)
    {
      const char *name = assay_safetensors_get (file, i)->name;
      guint v;

      if (prefix != NULL && !g_str_has_prefix (name, prefix))
        continue;
      v = assay_graph_find (layout, name + skip);
      if (v == ASSAY_NO_VALUE || assay_graph_get_value (layout, v)->role != ASSAY_VALUE_PARAM)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s is not a parameter of this model; give the architecture and "
                       "configuration that the weights were made for", path, name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
read_parameter (const AssaySafetensors *file, const AssayGraphValue *p, AssayModel *model, const char *path, const char *prefix,
                char *theta, GError **error)
{
  AssayDtype dtype = assay_model_get_dtype (model);
  g_autofree char *name = g_strconcat (prefix ? prefix : "", p->name, NULL), *wanted = assay_shape_to_string (&p->shape);
  const AssaySafetensor *tensor = assay_safetensors_find (file, name);
  AssayShape found = { 0 };

  if (tensor == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: parameter %s %s expected, there is no tensor of that name", path, name, wanted);
      return FALSE;
    }
  found.rank = MIN (tensor->rank, ASSAY_MAX_RANK);
  memcpy (found.dim, tensor->dims, sizeof (gint64) * found.rank);
  if (tensor->rank != found.rank || !assay_shape_equal (&found, &p->shape))
    {
      g_autofree char *words = assay_shape_to_string (&found);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: parameter %s: shape %s expected, %s found", path, name, wanted, words);
      return FALSE;
    }
  if (!assay_checkpoint_is_floating (tensor->type))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: parameter %s: f64, f32, f16 or bf16 expected, %s found", path, name,
                   assay_store_type_word (tensor->type));
      return FALSE;
    }
  if (!assay_safetensors_read (tensor, assay_checkpoint_type (dtype), theta + p->offset * assay_dtype_width (dtype), error))
    return FALSE;
  assay_safetensors_forget (file, tensor);
  return TRUE;
}

/* is_new: nobody knows the model's theta yet, so that another vector may take its place. */
static gboolean
read_parameters (AssayModel *model, const char *path, const char *prefix, const AssayCheckpointOptions *options, gboolean is_new, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  AssayDtype dtype = assay_model_get_dtype (model);
  g_autoptr (AssaySafetensors) file = assay_safetensors_open (path, error);
  g_autoptr (AssayBuffer) theta = NULL;

  if (file == NULL)
    return FALSE;
  theta = assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (dtype), error);
  if (theta == NULL)
    return FALSE;
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (file, p, model, path, prefix, theta, error))
        return FALSE;
    }
  if (!refuse_strangers (file, layout, path, prefix, error) || !assay_checkpoint_settle (model, theta, options, path, error))
    return FALSE;
  if (is_new)
    assay_model_take_theta (model, g_steal_pointer (&theta));
  else
    memcpy (assay_model_get_theta (model), theta, assay_model_get_n_params (model) * assay_dtype_width (dtype));
  return TRUE;
}

gboolean
assay_checkpoint_read_safetensors (AssayModel *model, const char *path, const char *prefix, GError **error)
{
  return read_parameters (model, path, prefix, NULL, FALSE, error);
}

gboolean
assay_checkpoint_save_directory (AssayModel *model, const char *directory, GError **error)
{
  g_autofree char *config = g_build_filename (directory, "config.json", NULL);
  g_autofree char *weights = g_build_filename (directory, "model.safetensors", NULL);
  json_t *spec;
  char *text;
  gboolean written;

  if (g_mkdir_with_parents (directory, 0777) != 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot make the directory", directory);
      return FALSE;
    }
  if (!assay_checkpoint_write_safetensors (model, weights, error))
    return FALSE;
  spec = assay_model_get_spec (model);
  text = json_dumps (spec, JSON_INDENT (2) | JSON_SORT_KEYS);
  json_decref (spec);
  written = assay_file_write (config, text, strlen (text), error);
  free (text);
  return written;
}

AssayModel *
assay_checkpoint_load_directory (const char *directory, const AssayCheckpointOptions *options, GError **error)
{
  const AssayCheckpointOptions none = { .has_dtype = FALSE };
  g_autofree char *config = g_build_filename (directory, "config.json", NULL);
  g_autofree char *weights = g_build_filename (directory, "model.safetensors", NULL);
  g_autoptr (AssayModel) model = NULL;
  json_t *spec = assay_file_read_json (config, CONFIG_BYTES, JSON_REJECT_DUPLICATES, error);

  if (spec == NULL)
    return NULL;
  if (assay_huggingface_recognise (spec))
    {
      model = assay_huggingface_load (spec, directory, options ? options : &none, error);
      json_decref (spec);
      return g_steal_pointer (&model);
    }
  if (options != NULL && options->context > 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: context: only models in the files of the transformers library take another one; leave --context out", config);
      json_decref (spec);
      return NULL;
    }
  if (options != NULL && options->has_dtype && json_is_object (spec))
    json_object_set_new (spec, "dtype", json_string (assay_dtype_name (options->dtype)));
  model = assay_model_new_from_spec (spec, error);
  json_decref (spec);
  if (model == NULL)
    {
      if (error != NULL && g_error_matches (*error, ASSAY_ERROR, ASSAY_ERROR_USAGE))
        (*error)->code = ASSAY_ERROR_INPUT;                       /* a file says it, not whoever asked for it */
      g_prefix_error (error, "%s: ", config);
      return NULL;
    }
  return read_parameters (model, weights, NULL, options, TRUE, error) ? g_steal_pointer (&model) : NULL;
}
