/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_embedding.c: rows of a table looked up by token: r one-hot, c the adjoint of the row, behind it a 0 where the table has a bias elsewhere. */
#include "hessian/module_kind.h"

#include <string.h>

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  gint64 V = node->in_shape[0].dim[0], C = node->in_shape[0].dim[1];

  if (assay_graph_get_value (graph, node->in[0])->role != ASSAY_VALUE_PARAM)
    return FALSE;
  use->rows = V;
  use->columns = C;
  use->positions = assay_shape_count (&node->in_shape[1]) / node->in_shape[1].dim[0];
  use->primal = node->in[1];
  use->adjoint = node->out[0];
  use->row_is_index = TRUE;
  use->n_pieces = 1;
  use->pieces[0] = assay_module_piece (graph, node, 0, 0, V, 0, C);
  return TRUE;
}

/* c (B n, columns) of adjoints (B n, C) */
static void
widen (AssayModuleParts *p, gint64 C)
{
  gsize width = assay_dtype_width (p->dtype), row = p->use->columns * width;
  char *c = p->column_space;

  for (gint64 t = 0; t < p->B * p->use->positions; t++, c += row)
    {
      memcpy (c, (const char *) p->adjoint + t * C * (gint64) width, C * width);
      memset (c + C * width, 0, row - C * width);
    }
  p->column = p->column_space;
}

static void
gather (AssayModuleParts *p)
{
  gint64 C = p->node->in_shape[0].dim[1];
  const gint32 *token = p->primal;

  for (gint64 t = 0; t < p->B * p->use->positions; t++)
    p->index_space[t] = p->masked != NULL && p->masked[t] ? -1 : token[t];
  p->index = p->index_space;
  p->column = p->adjoint;
  if (p->use->columns > C)
    widen (p, C);
}

static gboolean
find_there (AssayModuleParts *p, GError **error)
{
  (void) error;
  p->index = p->primal;
  p->column = p->adjoint;
  p->column_width = p->node->in_shape[0].dim[1];
  return TRUE;
}

ASSAY_MODULE_KIND_DEFINE (embedding) = { .op = "embedding", .name = "embedding", .describe = describe, .gather = gather, .find_there = find_there };
