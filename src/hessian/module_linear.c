/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_linear.c: y = W x + b: r the adjoint of y, c = (x, 1). */
#include "hessian/module_there.h"

#include <string.h>

static gboolean
is_param (AssayGraph *graph, guint value)
{
  return assay_graph_get_value (graph, value)->role == ASSAY_VALUE_PARAM;
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  gint64 O = node->in_shape[1].dim[0], I = node->in_shape[1].dim[1];
  gboolean bias = node->n_in > 2;

  if (is_param (graph, node->in[0]) || !is_param (graph, node->in[1]) || (bias && !is_param (graph, node->in[2])))
    return FALSE;
  use->rows = O;
  use->columns = I + bias;
  use->positions = assay_shape_rows (&node->in_shape[0]) / node->in_shape[0].dim[0];
  use->primal = node->in[0];
  use->adjoint = node->out[0];
  use->n_pieces = 1 + bias;
  use->pieces[0] = assay_module_piece (graph, node, 1, 0, O, 0, I);
  if (bias)
    use->pieces[1] = assay_module_piece (graph, node, 2, 0, O, I, 1);
  return TRUE;
}

#define GATHER(type)                                                                                                    \
  {                                                                                                                     \
    const type *x = p->primal;                                                                                          \
    type *c = p->column_space;                                                                                          \
                                                                                                                        \
    for (gint64 t = 0; t < n; t++, x += I, c += columns)                                                                \
      {                                                                                                                 \
        gboolean masked = p->masked != NULL && p->masked[t];                                                            \
                                                                                                                        \
        if (masked)                                                                                                     \
          memset (c, 0, columns * sizeof (type));                                                                       \
        else                                                                                                            \
          memcpy (c, x, I * sizeof (type));                                                                             \
        if (columns > I)                                                                                                \
          c[I] = !masked;                                                                                               \
      }                                                                                                                 \
  }

static void
gather (AssayModuleParts *p)
{
  gint64 I = assay_shape_last (&p->node->in_shape[0]), columns = p->use->columns, n = p->B * p->use->positions;

  p->row = p->adjoint;                                            /* exactly 0 where masked: no loss depends on it */
  p->column = p->primal;
  if (columns == I && p->masked == NULL)
    return;
  p->column = p->column_space;
  if (p->dtype == ASSAY_F32)
    GATHER (float)
  else
    GATHER (double)
}

static gboolean
gather_there (AssayModuleParts *p, GError **error)
{
  gint64 I = assay_shape_last (&p->node->in_shape[0]), columns = p->use->columns;
  const AssayModuleThere there = { p->there, p->dtype, ASSAY_COMPUTE_FULL };

  p->row = p->adjoint;
  p->column = columns == I && p->masked == NULL ? p->primal : p->column_space;
  return p->column == p->primal
         || assay_module_there_columns (&there, p->B * p->use->positions, I, columns, p->primal, p->masked, p->column_space, error);
}

static gboolean
find_there (AssayModuleParts *p, GError **error)
{
  (void) error;
  p->row = p->adjoint;
  p->column = p->primal;
  p->column_width = assay_shape_last (&p->node->in_shape[0]);
  p->column_last = p->use->columns > p->column_width;
  return TRUE;
}

ASSAY_MODULE_KIND_DEFINE (linear) = { .op = "linear", .name = "linear", .describe = describe, .gather = gather, .gather_there = gather_there,
                                      .find_there = find_there };
