/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph.c: building a static graph, and what follows from its structure. */
#include "model/graph.h"

#include "base/error.h"
#include "model/adapters.h"

#include <string.h>

#define MAX_ELEMENTS ((guint64) 1 << 40)        /* of one value: more than any machine holds, and few enough that bytes stay countable */

struct _AssayGraph {
  gatomicrefcount refs;
  GArray *values;               /* AssayGraphValue */
  GArray *nodes;                /* AssayGraphNode */
  GHashTable *names;            /* name -> value + 1 */
  gint64 n_params;
  guint loss, own_loss;
  char *parameter;              /* the input that is one; NULL: none */
  AssayAdapters *adapters;      /* NULL: none */
  GError *error;
};

static void
clear_value (gpointer item)
{
  AssayGraphValue *value = item;

  g_free (value->name);
  if (!value->is_frozen)
    g_free ((gpointer) value->constant);
}

AssayGraph *
assay_graph_new (void)
{
  AssayGraph *graph = g_new0 (AssayGraph, 1);

  g_atomic_ref_count_init (&graph->refs);
  graph->values = g_array_new (FALSE, TRUE, sizeof (AssayGraphValue));
  g_array_set_clear_func (graph->values, clear_value);
  graph->nodes = g_array_new (FALSE, TRUE, sizeof (AssayGraphNode));
  graph->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  graph->loss = graph->own_loss = ASSAY_NO_VALUE;
  return graph;
}

AssayGraph *
assay_graph_ref (AssayGraph *graph)
{
  g_atomic_ref_count_inc (&graph->refs);
  return graph;
}

void
assay_graph_unref (AssayGraph *graph)
{
  if (graph == NULL || !g_atomic_ref_count_dec (&graph->refs))
    return;
  g_array_unref (graph->values);
  g_array_unref (graph->nodes);
  g_hash_table_unref (graph->names);
  g_free (graph->parameter);
  assay_adapters_unref (graph->adapters);
  g_clear_error (&graph->error);
  g_free (graph);
}

static AssayGraphValue *
value_at (const AssayGraph *graph, guint value)
{
  return &g_array_index (graph->values, AssayGraphValue, value);
}

static guint
add_value (AssayGraph *graph, char *name, AssayGraphValue value)
{
  guint id = graph->values->len;

  if (g_hash_table_contains (graph->names, name))
    {
      g_set_error (&graph->error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "graph: two values are named \"%s\"", name);
      g_free (name);
      return ASSAY_NO_VALUE;
    }
  value.name = name;
  g_array_append_val (graph->values, value);
  g_hash_table_insert (graph->names, g_strdup (name), GUINT_TO_POINTER (id + 1));
  return id;
}

/* Configurations and batch sizes are anybody's: every value must have a size, and one that can be multiplied with a few others. */
static gboolean
is_sizable (const AssayShape *shape)
{
  guint64 n;

  return assay_shape_count_checked (shape, &n) && n >= 1 && n <= MAX_ELEMENTS;
}

static guint
refuse_size (AssayGraph *graph, const char *name, const AssayShape *shape)
{
  g_autofree char *words = assay_shape_to_string (shape);

  g_set_error (&graph->error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: 1 to %" G_GUINT64_FORMAT " elements expected, shape %s found", name,
               MAX_ELEMENTS, words);
  return ASSAY_NO_VALUE;
}

/* An attribute must lie in the range that its operation declares. */
static gboolean
check_attribute (AssayGraph *graph, const char *name, const AssayParam *p, double value)
{
  if (!(p->min < p->max) || (value >= p->min && value <= p->max))
    return TRUE;
  g_set_error (&graph->error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s: a value from %g to %g expected, %g found", name, p->name, p->min,
               p->max, value);
  return FALSE;
}

void
assay_graph_make_parameter (AssayGraph *graph, const char *input)
{
  g_free (graph->parameter);
  graph->parameter = g_strdup (input);
}

void
assay_graph_set_adapters (AssayGraph *graph, AssayAdapters *adapters)
{
  assay_adapters_unref (graph->adapters);
  graph->adapters = adapters ? assay_adapters_ref (adapters) : NULL;
}

const AssayAdapters *
assay_graph_get_adapters (const AssayGraph *graph)
{
  return graph->adapters;
}

guint
assay_graph_add_input (AssayGraph *graph, const char *name, gboolean is_index, AssayShape shape)
{
  if (graph->error)
    return ASSAY_NO_VALUE;
  if (!is_index && g_strcmp0 (name, graph->parameter) == 0)
    return assay_graph_add_param (graph, name, shape, (AssayInit) { 0 });
  if (!is_sizable (&shape))
    return refuse_size (graph, name, &shape);
  return add_value (graph, g_strdup (name), (AssayGraphValue) { .role = ASSAY_VALUE_INPUT, .is_index = is_index, .shape = shape });
}

guint
assay_graph_add_constant (AssayGraph *graph, const char *name, AssayShape shape, const double *values)
{
  guint id = assay_graph_add_input (graph, name, FALSE, shape);

  if (id != ASSAY_NO_VALUE)
    value_at (graph, id)->constant = g_memdup2 (values, (gsize) assay_shape_count (&shape) * sizeof *values);
  return id;
}

guint
assay_graph_add_zeros (AssayGraph *graph, const char *name, gboolean is_index, AssayShape shape)
{
  guint id = assay_graph_add_input (graph, name, is_index, shape);

  if (id != ASSAY_NO_VALUE)
    value_at (graph, id)->is_zero = TRUE;
  return id;
}

guint
assay_graph_add_param (AssayGraph *graph, const char *name, AssayShape shape, AssayInit init)
{
  const double *frozen = graph->adapters ? assay_adapters_find_frozen (graph->adapters, name) : NULL;
  guint id;

  if (graph->error)
    return ASSAY_NO_VALUE;
  if (!is_sizable (&shape))
    return refuse_size (graph, name, &shape);
  if (frozen != NULL)
    return add_value (graph, g_strdup (name), (AssayGraphValue) { .role = ASSAY_VALUE_INPUT, .shape = shape, .constant = frozen, .is_frozen = TRUE });
  id = add_value (graph, g_strdup (name), (AssayGraphValue) { .role = ASSAY_VALUE_PARAM, .is_active = TRUE, .shape = shape,
                                                              .offset = graph->n_params, .init = init });
  graph->n_params += assay_shape_count (&shape);
  return id;
}

guint
assay_graph_add_node (AssayGraph *graph, const char *op_name, const char *name, guint n_in, const guint *in, guint n_attr,
                      const double *attr)
{
  const AssayOp *op = assay_op_find (op_name);
  AssayGraphNode node = { .op = op, .n_in = n_in };
  gboolean active = FALSE;
  guint n_attrs = 0;

  if (graph->error)
    return ASSAY_NO_VALUE;
  if (op == NULL || n_in < op->min_in || n_in > op->n_in)
    {
      g_set_error (&graph->error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: there is no operation \"%s\" with %u inputs", name, op_name, n_in);
      return ASSAY_NO_VALUE;
    }
  for (; op->attrs != NULL && op->attrs[n_attrs].name != NULL; n_attrs++)
    {
      const AssayParam *p = &op->attrs[n_attrs];

      node.attr[n_attrs] = n_attrs < n_attr ? attr[n_attrs]
                           : p->type == ASSAY_PARAM_DOUBLE ? p->def.d
                           : p->type == ASSAY_PARAM_BOOL ? (double) p->def.b : (double) p->def.i;
      if (!check_attribute (graph, name, p, node.attr[n_attrs]))
        return ASSAY_NO_VALUE;
    }
  g_return_val_if_fail (n_attr <= n_attrs, ASSAY_NO_VALUE);
  for (guint i = 0; i < n_in; i++)
    {
      const AssayGraphValue *x = value_at (graph, in[i]);

      node.in[i] = in[i];
      node.in_shape[i] = x->shape;
      if (x->is_index != (gboolean) (op->index_in >> i & 1))
        {
          g_set_error (&graph->error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: input %s of %s takes %s", name, op->in_names[i], op->name,
                       x->is_index ? "numbers, not indices" : "indices");
          return ASSAY_NO_VALUE;
        }
      active |= x->is_active && !(op->data_in >> i & 1);
    }
  node.n_out = op->n_out;
  if (!op->infer (node.in_shape, n_in, node.attr, node.out_shape, &graph->error))
    {
      g_prefix_error (&graph->error, "%s (%s): ", name, op->name);
      return ASSAY_NO_VALUE;
    }
  for (guint j = 0; j < op->n_out; j++)
    {
      gboolean index = op->index_out >> j & 1;

      if (!is_sizable (&node.out_shape[j]))
        return refuse_size (graph, name, &node.out_shape[j]);
      node.out[j] = add_value (graph, j == 0 ? g_strdup (name) : g_strdup_printf ("%s.%s", name, op->out_names[j]),
                               (AssayGraphValue) { .role = j == 0 ? ASSAY_VALUE_RESULT : ASSAY_VALUE_SAVED, .is_index = index,
                                                   .is_active = active && !index, .shape = node.out_shape[j],
                                                   .node = graph->nodes->len });
      if (node.out[j] == ASSAY_NO_VALUE)
        return ASSAY_NO_VALUE;
    }
  g_array_append_val (graph->nodes, node);
  return node.out[0];
}

void
assay_graph_set_loss (AssayGraph *graph, guint loss)
{
  if (graph->error != NULL)
    return;
  graph->loss = loss;
  if (graph->own_loss == ASSAY_NO_VALUE)
    graph->own_loss = loss;
}

gboolean
assay_graph_finish (AssayGraph *graph, GError **error)
{
  const AssayGraphNode *last;

  if (graph->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&graph->error));
      return FALSE;
    }
  g_return_val_if_fail (graph->loss != ASSAY_NO_VALUE, FALSE);
  last = &g_array_index (graph->nodes, AssayGraphNode, value_at (graph, graph->loss)->node);
  g_return_val_if_fail (last->op->flags & ASSAY_OP_LOSS, FALSE);
  value_at (graph, graph->loss)->reaches_loss = TRUE;
  for (guint n = graph->nodes->len; n-- > 0; )
    {
      const AssayGraphNode *node = &g_array_index (graph->nodes, AssayGraphNode, n);

      if (value_at (graph, node->out[0])->reaches_loss)
        for (guint i = 0; i < node->n_in; i++)
          value_at (graph, node->in[i])->reaches_loss = TRUE;
    }
  return TRUE;
}

guint
assay_graph_get_n_values (const AssayGraph *graph)
{
  return graph->values->len;
}

guint
assay_graph_get_n_nodes (const AssayGraph *graph)
{
  return graph->nodes->len;
}

const AssayGraphValue *
assay_graph_get_value (const AssayGraph *graph, guint value)
{
  return value_at (graph, value);
}

const AssayGraphNode *
assay_graph_get_node (const AssayGraph *graph, guint node)
{
  return &g_array_index (graph->nodes, AssayGraphNode, node);
}

gint64
assay_graph_get_n_params (const AssayGraph *graph)
{
  return graph->n_params;
}

guint
assay_graph_get_loss (const AssayGraph *graph)
{
  return graph->loss;
}

guint
assay_graph_get_own_loss (const AssayGraph *graph)
{
  return graph->own_loss;
}

guint
assay_graph_get_logits (const AssayGraph *graph)
{
  return assay_graph_get_node (graph, value_at (graph, graph->own_loss)->node)->in[0];
}

gboolean
assay_graph_has_failed (const AssayGraph *graph)
{
  return graph->error != NULL;
}

guint
assay_graph_get_token_loss (const AssayGraph *graph)
{
  const AssayGraphNode *node = assay_graph_get_node (graph, value_at (graph, graph->loss)->node);

  for (guint j = 1; j < node->n_out; j++)
    if (strcmp (node->op->out_names[j], "token_loss") == 0)
      return node->out[j];
  return ASSAY_NO_VALUE;
}

guint
assay_graph_find (const AssayGraph *graph, const char *name)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (graph->names, name)) - 1u;
}
