/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint_case.c: theta as an object of a case, one array per parameter. */
#include "model/checkpoint.h"

#include "base/error.h"
#include "base/mem.h"
#include "model/adapters.h"
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

/* The model of a specification without its numbers. One with adapters hangs on its base, an object of the case. */
static AssayModel *
make_model (AssayCase *store, const json_t *spec, GError **error)
{
  const json_t *described = json_object_get (spec, "adapters"), *source = json_object_get (described, "base");
  g_autoptr (AssayObject) object = NULL;
  g_autoptr (AssayModel) base = NULL;
  g_autoptr (AssayAdapters) adapters = NULL;
  AssayDtype dtype;

  if (described == NULL)
    return assay_model_new_from_spec (spec, error);
  if (json_integer_value (json_object_get (described, "rank")) < 1 || !json_is_string (json_object_get (described, "modules")) || json_string_value (json_object_get (spec, "dtype")) == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "adapters: \"rank\", \"modules\" and \"dtype\" expected");
      return NULL;
    }
  if (!assay_dtype_from_name (json_string_value (json_object_get (spec, "dtype")), &dtype, error)
      || (object = assay_case_lookup_sequence (store, (guint64) json_integer_value (json_object_get (source, "sequence")), error)) == NULL
      || (base = assay_checkpoint_load_object (store, object, error)) == NULL)
    return NULL;
  adapters = assay_adapters_new (base, json_integer_value (json_object_get (described, "rank")), json_number_value (json_object_get (described, "alpha")),
                                 json_string_value (json_object_get (described, "modules")), source, error);
  return adapters ? assay_model_new_adapted (base, adapters, dtype, error) : NULL;
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

  model = make_model (store, json_object_get (object->meta, "model"), error);
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
  if (!assay_checkpoint_settle (model, theta, NULL, source, error))
    return NULL;
  assay_model_take_theta (model, g_steal_pointer (&theta));
  return g_steal_pointer (&model);
}
