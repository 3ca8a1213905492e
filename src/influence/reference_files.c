/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reference_files.c: reading, and comparison tensor by tensor. */
#include "influence/reference_files.h"

#include "base/error.h"
#include "base/mem.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

#define DOCUMENT_BYTES (64u << 20)
#define SMALL 1e-3              /* of the largest tensor of a vector: what a tensor's error is relative to at least */

gboolean
assay_reference_files_open (AssayReferenceFiles *c, GError **error)
{
  c->document_path = g_build_filename (c->directory, ASSAY_REFERENCE_CHECKPOINT_FILE, NULL);
  c->tensors_path = g_build_filename (c->directory, "expected.safetensors", NULL);
  c->document = assay_file_read_json (c->document_path, DOCUMENT_BYTES, JSON_REJECT_DUPLICATES, error);
  if (c->document == NULL)
    return FALSE;
  c->tensors = assay_safetensors_open (c->tensors_path, error);
  return c->tensors != NULL;
}

void
assay_reference_files_clear (AssayReferenceFiles *c)
{
  g_free (c->document_path);
  g_free (c->tensors_path);
  json_decref (c->document);
  assay_safetensors_free (c->tensors);
}

AssayModel *
assay_reference_files_load (const AssayReferenceFiles *c, gint64 context, GError **error)
{
  const AssayCheckpointOptions options = { .has_dtype = TRUE, .dtype = ASSAY_F64, .context = context };

  return assay_checkpoint_load_directory (c->directory, &options, error);
}

double *
assay_reference_files_read (const AssayReferenceFiles *c, const char *name, gint64 n, GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (c->tensors, name);
  g_autofree double *values = NULL;

  if (tensor == NULL || tensor->n_elements != (guint64) n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: tensor %s: %" G_GINT64_FORMAT " numbers expected, %" G_GUINT64_FORMAT " found", c->tensors_path, name,
                   n, tensor ? tensor->n_elements : 0);
      return NULL;
    }
  values = g_new (double, n);
  return assay_safetensors_read (tensor, ASSAY_STORE_F64, values, error) ? g_steal_pointer (&values) : NULL;
}

gboolean
assay_reference_files_compare (const AssayReferenceFiles *c, const char *name, gint64 n, const double *ours, double bound, GError **error)
{
  g_autofree double *theirs = NULL;

  if (assay_safetensors_find (c->tensors, name) == NULL)
    return TRUE;
  theirs = assay_reference_files_read (c, name, n, error);
  if (theirs == NULL)
    return FALSE;
  c->func (name, n, ours, theirs, bound, c->data);
  return TRUE;
}

gint32 *
assay_reference_files_read_tokens (const AssayReferenceFiles *c, const char *name, gint64 *n, GError **error)
{
  const AssaySafetensor *tensor = assay_safetensors_find (c->tensors, name);
  g_autofree gint64 *wide = NULL;
  gint32 *tokens;

  if (tensor == NULL || tensor->type != ASSAY_STORE_I64 || tensor->n_elements == 0 || tensor->n_elements > 1 << 24)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: tensor %s: token numbers in i64 expected, %s found", c->tensors_path, name,
                   tensor ? assay_store_type_word (tensor->type) : "none of that name");
      return NULL;
    }
  *n = (gint64) tensor->n_elements;
  wide = g_new (gint64, *n);
  tokens = g_new (gint32, *n);
  memcpy (wide, tensor->data, tensor->bytes);
  for (gint64 i = 0; i < *n; i++)
    tokens[i] = (gint32) CLAMP (wide[i], -1, G_MAXINT32);
  return tokens;
}

gboolean
assay_reference_files_read_numbers (const AssayReferenceFiles *c, const char *where, const json_t *list, gint64 n, double *values, GError **error)
{
  for (gint64 i = 0; i < n; i++)
    {
      const json_t *item = json_array_get (list, (size_t) i);

      if (!json_is_number (item))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s: %" G_GINT64_FORMAT " numbers expected, %" G_GSIZE_FORMAT " found", c->document_path, where, n,
                       json_array_size (list));
          return FALSE;
        }
      values[i] = json_number_value (item);
    }
  return TRUE;
}

gboolean
assay_reference_files_compare_vector (const AssayReferenceFiles *c, const AssayModel *model, const char *before, const double *ours, double bound, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  gint64 P = assay_model_get_n_params (model);
  g_autoptr (AssayBuffer) memory = assay_mem_new (double, P, error);
  double *theirs = memory, largest = 0;

  if (theirs == NULL || !assay_checkpoint_read_vector (model, c->directory, c->tensors, c->tensors_path, before, theirs, error))
    return FALSE;
  for (gint64 i = 0; i < P; i++)
    largest = MAX (largest, fabs (theirs[i]));
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      gint64 n = assay_shape_count (&p->shape);
      double own = 0;
      g_autofree char *name = NULL;

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      for (gint64 i = 0; i < n; i++)
        own = MAX (own, fabs (theirs[p->offset + i]));
      name = g_strconcat (before, p->name, NULL);
      /* relative to its own largest entry, or to SMALL of the whole's: the bound is stretched by what its own lacks */
      c->func (name, n, ours + p->offset, theirs + p->offset, own > 0 ? bound * MAX (1, SMALL * largest / own) : bound, c->data);
    }
  return TRUE;
}
