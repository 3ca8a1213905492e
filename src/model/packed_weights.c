/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_weights.c: see packed_weights.h. */
#include "model/packed_weights.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

struct _AssayPackedWeights {
  AssayPackedType type;
  GHashTable *by_offset;        /* offset in theta + 1 -> AssayPacked */
  GHashTable *uses;             /* offset in theta + 1 -> Use */
};

static void
packed_free (gpointer data)
{
  assay_packed_free (data);
}

static gpointer
key_of (const AssayGraphValue *parameter)
{
  return GSIZE_TO_POINTER ((gsize) parameter->offset + 1);
}

/* What the layout says of a parameter: a linear layer multiplies by it; something else reads it, too. */
typedef struct { gboolean is_weight, is_read; } Use;

static void
note_uses (AssayPackedWeights *self, AssayGraph *layout)
{
  for (guint n = 0; n < assay_graph_get_n_nodes (layout); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (layout, n);
      const gboolean is_linear = strcmp (node->op->name, "linear") == 0;

      for (guint k = 0; k < node->n_in; k++)
        {
          const AssayGraphValue *value = assay_graph_get_value (layout, node->in[k]);
          Use *use;

          if (value->role != ASSAY_VALUE_PARAM)
            continue;
          if ((use = g_hash_table_lookup (self->uses, key_of (value))) == NULL)
            g_hash_table_insert (self->uses, key_of (value), use = g_new0 (Use, 1));
          use->is_weight |= is_linear && k == 1;
          use->is_read |= !is_linear || k != 1;
        }
    }
}

AssayPackedWeights *
assay_packed_weights_begin (const AssayModel *model, AssayPackedType type, GError **error)
{
  AssayPackedWeights *self;

  if (assay_model_get_dtype (model) != ASSAY_F32)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "weights in %s: a model in f32 expected, %s found", assay_packed_type_names[type],
                   assay_dtype_name (assay_model_get_dtype (model)));
      return NULL;
    }
  self = g_new0 (AssayPackedWeights, 1);
  self->type = type;
  self->by_offset = g_hash_table_new_full (NULL, NULL, NULL, packed_free);
  self->uses = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  note_uses (self, assay_model_get_layout (model));
  return self;
}

gboolean
assay_packed_weights_add (AssayPackedWeights *self, const AssayGraphValue *parameter, const float *values, AssayWorkers *workers, gboolean *is_spare, GError **error)
{
  const Use *use = g_hash_table_lookup (self->uses, key_of (parameter));
  AssayPacked *packed;

  *is_spare = use != NULL && use->is_weight && !use->is_read;
  if (use == NULL || !use->is_weight)
    return TRUE;
  if ((packed = assay_packed_new (self->type, values, parameter->shape.dim[0], parameter->shape.dim[1], workers, error)) == NULL)
    return FALSE;
  g_hash_table_insert (self->by_offset, key_of (parameter), packed);
  return TRUE;
}

AssayPackedWeights *
assay_packed_weights_new (AssayModel *model, AssayPackedType type, AssayWorkers *workers, GError **error)
{
  g_autoptr (AssayPackedWeights) self = assay_packed_weights_begin (model, type, error);
  AssayGraph *layout = assay_model_get_layout (model);
  const float *theta = assay_model_get_theta (model);
  gboolean is_spare;

  for (guint v = 0; self != NULL && v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *p = assay_graph_get_value (layout, v);

      if (p->role == ASSAY_VALUE_PARAM && !assay_packed_weights_add (self, p, theta + p->offset, workers, &is_spare, error))
        return NULL;
    }
  return g_steal_pointer (&self);
}

void
assay_packed_weights_free (AssayPackedWeights *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_offset);
  g_hash_table_unref (self->uses);
  g_free (self);
}

const AssayPacked *
assay_packed_weights_find (const AssayPackedWeights *self, const AssayGraphValue *parameter)
{
  return parameter->role == ASSAY_VALUE_PARAM ? g_hash_table_lookup (self->by_offset, key_of (parameter)) : NULL;
}

const char *
assay_packed_weights_get_type_name (const AssayPackedWeights *self)
{
  return assay_packed_type_names[self->type];
}

gsize
assay_packed_weights_get_bytes (const AssayPackedWeights *self)
{
  GHashTableIter iter;
  gpointer packed;
  gsize bytes = 0;

  g_hash_table_iter_init (&iter, self->by_offset);
  while (g_hash_table_iter_next (&iter, NULL, &packed))
    bytes += assay_packed_get_bytes (packed);
  return bytes;
}

/* Sums over the table, whose order is that of offsets and sizes alone: the same in every run. */
double
assay_packed_weights_get_error (const AssayPackedWeights *self)
{
  GHashTableIter iter;
  gpointer packed;
  double lost = 0, all = 0;

  g_hash_table_iter_init (&iter, self->by_offset);
  while (g_hash_table_iter_next (&iter, NULL, &packed))
    {
      double some_lost, some;

      assay_packed_get_error (packed, &some_lost, &some);
      lost += some_lost;
      all += some;
    }
  return all > 0 ? sqrt (lost / all) : 0;
}
