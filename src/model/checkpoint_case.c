/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_case.c: theta as an object of a case, one array per parameter. */
#include "model/checkpoint.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/checkpoint_values.h"
#include "store/reader.h"
#include "store/shard.h"

#include <string.h>

static char *
get_path (const AssayGraphValue *p)
{
  return g_strconcat ("/parameters/", p->name, NULL);
}

AssayObject *
assay_checkpoint_commit (AssayModel *model, AssayCase *store, const char *kind, const char *name, json_t *meta, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  AssayDtype dtype = assay_model_get_dtype (model);
  json_t *full = meta ? json_copy (meta) : json_object ();
  g_autoptr (AssayShardWriter) writer = NULL;

  json_object_set_new (full, "model", assay_model_get_spec (model));
  if (assay_model_get_card (model) != NULL)
    json_object_set_new (full, "card", json_deep_copy (assay_model_get_card (model)));
  writer = assay_shard_writer_new (store, kind, name, full, error);
  json_decref (full);
  if (writer == NULL)
    return NULL;
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);
      g_autofree char *path = get_path (p);
      AssayArraySpec spec = { .path = path, .type = assay_checkpoint_type (dtype), .rank = p->shape.rank, .long_name = p->name,
                              .description = "parameter of the model" };

      if (p->role != ASSAY_VALUE_PARAM)
        continue;
      memcpy (spec.dims, p->shape.dim, sizeof (gint64) * p->shape.rank);
      if (!assay_shard_writer_put (writer, &spec, spec.type,
                                   (char *) assay_model_get_theta (model) + p->offset * assay_dtype_width (dtype), error))
        return NULL;
    }
  assay_shard_writer_set_rows (writer, 0);
  return assay_shard_writer_commit (writer, error);
}

static gboolean
read_parameter (AssayReader *reader, const AssayGraphValue *p, AssayDtype dtype, char *theta, GError **error)
{
  g_autofree char *path = get_path (p);
  AssayArrayInfo info;
  AssayShape found = { 0 };

  if (!assay_reader_describe (reader, path, &info, error))
    return FALSE;
  found.rank = MIN (info.rank, ASSAY_MAX_RANK);
  memcpy (found.dim, info.dims, sizeof (gint64) * found.rank);
  return assay_shape_expect (&found, path, p->shape, error)
         && assay_reader_read (reader, path, assay_checkpoint_type (dtype), theta + p->offset * assay_dtype_width (dtype), error);
}

AssayModel *
assay_checkpoint_load_object (AssayCase *store, AssayObject *object, GError **error)
{
  g_autofree char *source = g_strdup_printf ("%s \"%s\"", object->kind, object->name);
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayReader) reader = NULL;
  g_autoptr (AssayBuffer) theta = NULL;
  AssayGraph *layout;
  AssayDtype dtype;

  model = assay_model_new_from_spec (json_object_get (object->meta, "model"), error);
  if (model == NULL)
    {
      g_prefix_error (error, "%s: ", source);
      return NULL;
    }
  layout = assay_model_get_layout (model);
  dtype = assay_model_get_dtype (model);
  reader = assay_reader_new (store, object, error);
  theta = reader ? assay_mem_alloc_array (assay_model_get_n_params (model), assay_dtype_width (dtype), error) : NULL;
  if (theta == NULL)
    return NULL;
  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !read_parameter (reader, p, dtype, theta, error))
        return NULL;
    }
  return assay_checkpoint_accept (model, theta, source, error) ? g_steal_pointer (&model) : NULL;
}
