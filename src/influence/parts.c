/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts.c: modules by their names, heads by the attention nodes of the graph and the linear layers around them. */
#include "influence/parts.h"

#include "base/error.h"

#include <string.h>

typedef struct {
  GPtrArray *names;
  gint32 *of;
  gint64 P;
} Builder;

static AssayParts *
finish (Builder *b)
{
  AssayParts *parts = g_new0 (AssayParts, 1);

  parts->n = b->names->len;
  g_ptr_array_add (b->names, NULL);
  parts->names = (char **) g_ptr_array_free (b->names, FALSE);
  parts->of = b->of;
  return parts;
}

/* The part of that name, made where it is not there. Takes the name. */
static gint32
find_part (Builder *b, char *name)
{
  for (guint k = 0; k < b->names->len; k++)
    if (strcmp (b->names->pdata[k], name) == 0)
      {
        g_free (name);
        return (gint32) k;
      }
  g_ptr_array_add (b->names, name);
  return (gint32) b->names->len - 1;
}

static Builder
begin (const AssayModel *model)
{
  gint64 P = assay_model_get_n_params (model);

  return (Builder) { g_ptr_array_new_with_free_func (g_free), g_new0 (gint32, P), P };
}

AssayParts *
assay_parts_new_modules (const AssayModel *model)
{
  AssayGraph *layout = assay_model_get_layout (model);
  Builder b = begin (model);

  for (guint v = 0; v < assay_graph_get_n_values (layout); v++)
    {
      const AssayGraphValue *x = assay_graph_get_value (layout, v);
      const char *end = strrchr (x->name, '.');
      gint32 part;

      if (x->role != ASSAY_VALUE_PARAM)
        continue;
      part = find_part (&b, end ? g_strndup (x->name, (gsize) (end - x->name)) : g_strdup (x->name));
      for (gint64 j = 0; j < assay_shape_count (&x->shape); j++)
        b.of[x->offset + j] = part;
    }
  return finish (&b);
}

/* The linear layer whose result a value is, past slices and rotations; its node, or NULL. start: first of the result's numbers that the value
 * is made of. */
static const AssayGraphNode *
find_linear (AssayGraph *layout, guint value, gint64 *start)
{
  const AssayGraphValue *x = assay_graph_get_value (layout, value);

  *start = 0;
  while (x->role == ASSAY_VALUE_RESULT)
    {
      const AssayGraphNode *node = assay_graph_get_node (layout, x->node);

      if (strcmp (node->op->name, "linear") == 0)
        return node;
      if (strcmp (node->op->name, "slice") == 0)
        *start += (gint64) node->attr[0];
      else if (strcmp (node->op->name, "rope") != 0)
        return NULL;
      x = assay_graph_get_value (layout, node->in[0]);
    }
  return NULL;
}

/* Rows first .. first+n-1 of a linear layer's weight, and of its bias. */
static void
claim_rows (Builder *b, AssayGraph *layout, const AssayGraphNode *linear, gint64 first, gint64 n, gint32 part)
{
  const AssayGraphValue *weight = assay_graph_get_value (layout, linear->in[1]);
  gint64 in = assay_shape_last (&weight->shape);

  for (gint64 j = first * in; j < (first + n) * in; j++)
    b->of[weight->offset + j] = part;
  for (gint64 j = first; j < first + n && linear->n_in > 2; j++)
    b->of[assay_graph_get_value (layout, linear->in[2])->offset + j] = part;
}

static void
claim_columns (Builder *b, AssayGraph *layout, const AssayGraphNode *linear, gint64 first, gint64 n, gint32 part)
{
  const AssayGraphValue *weight = assay_graph_get_value (layout, linear->in[1]);
  gint64 in = assay_shape_last (&weight->shape), out = assay_shape_count (&weight->shape) / in;

  for (gint64 o = 0; o < out; o++)
    for (gint64 j = first; j < first + n; j++)
      b->of[weight->offset + o * in + j] = part;
}

/* The linear layer that a value enters, or NULL. */
static const AssayGraphNode *
find_reader (AssayGraph *layout, guint value)
{
  for (guint n = 0; n < assay_graph_get_n_nodes (layout); n++)
    {
      const AssayGraphNode *node = assay_graph_get_node (layout, n);

      if (strcmp (node->op->name, "linear") == 0 && node->in[0] == value)
        return node;
    }
  return NULL;
}

/* "h.0" of "h.0.attn.heads" */
static char *
layer_of (AssayGraph *layout, const AssayGraphNode *attention)
{
  const char *name = assay_graph_get_value (layout, attention->out[0])->name, *end = strstr (name, ".attn");

  return end ? g_strndup (name, (gsize) (end - name)) : g_strdup (name);
}

/* The heads of one attention. */
static void
add_attention (Builder *b, AssayGraph *layout, const AssayGraphNode *node)
{
  gint64 H = (gint64) node->attr[0], kv = node->attr[1] > 0 ? (gint64) node->attr[1] : H, start[3];
  gint64 D = assay_shape_last (&node->out_shape[0]) / H;
  const AssayGraphNode *from[3], *to = find_reader (layout, node->out[0]);
  g_autofree char *layer = layer_of (layout, node);

  for (guint k = 0; k < 3; k++)
    from[k] = find_linear (layout, node->in[node->n_in == 1 ? 0 : k], &start[k]);
  if (node->n_in == 1)                                            /* queries, keys and values side by side */
    {
      start[1] = start[0] + H * D;
      start[2] = start[1] + kv * D;
    }
  for (gint64 h = 0; h < H; h++)
    {
      gint32 part = find_part (b, g_strdup_printf ("%s.head.%" G_GINT64_FORMAT, layer, h));

      if (from[0] != NULL)
        claim_rows (b, layout, from[0], start[0] + h * D, D, part);
      if (to != NULL)
        claim_columns (b, layout, to, h * D, D, part);
    }
  for (gint64 h = 0; h < kv; h++)
    {
      gint32 part = find_part (b, g_strdup_printf (kv == H ? "%s.head.%" G_GINT64_FORMAT : "%s.kv-head.%" G_GINT64_FORMAT, layer, h));

      for (guint k = 1; k < 3; k++)
        if (from[k] != NULL)
          claim_rows (b, layout, from[k], start[k] + h * D, D, part);
    }
}

AssayParts *
assay_parts_new_heads (const AssayModel *model, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (model);
  Builder b = begin (model);

  find_part (&b, g_strdup ("rest"));
  for (guint n = 0; n < assay_graph_get_n_nodes (layout); n++)
    if (strcmp (assay_graph_get_node (layout, n)->op->name, "attention") == 0)
      add_attention (&b, layout, assay_graph_get_node (layout, n));
  if (b.names->len == 1)
    {
      g_ptr_array_free (b.names, TRUE);
      g_free (b.of);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "by head: a model with attention expected; by module works for others");
      return NULL;
    }
  return finish (&b);
}

void
assay_parts_free (AssayParts *parts)
{
  if (parts == NULL)
    return;
  g_strfreev (parts->names);
  g_free (parts->of);
  g_free (parts);
}
