/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_position_embedding.c: a learned vector for each position: r one-hot in the position, c the adjoint there. */
#include "hessian/module_kind.h"

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  gint64 T = node->in_shape[1].dim[0], C = node->in_shape[1].dim[1];

  if (assay_graph_get_value (graph, node->in[0])->role == ASSAY_VALUE_PARAM
      || assay_graph_get_value (graph, node->in[1])->role != ASSAY_VALUE_PARAM)
    return FALSE;
  use->rows = T;
  use->columns = C;
  use->positions = node->in_shape[0].dim[1];
  use->primal = ASSAY_NO_VALUE;
  use->adjoint = node->out[0];
  use->row_is_index = TRUE;
  use->n_pieces = 1;
  use->pieces[0] = assay_module_piece (graph, node, 1, 0, T, 0, C);
  return TRUE;
}

static void
gather (AssayModuleParts *p)
{
  gint64 T = p->use->positions;

  for (gint64 t = 0; t < p->B * T; t++)
    p->index_space[t] = p->masked != NULL && p->masked[t] ? -1 : (gint32) (t % T);
  p->index = p->index_space;
  p->column = p->adjoint;
}

static gboolean
find_there (AssayModuleParts *p, GError **error)
{
  (void) error;
  p->column = p->adjoint;
  p->column_width = p->use->columns;
  return TRUE;
}

ASSAY_MODULE_KIND_DEFINE (position_embedding) = { .op = "position_embedding", .name = "position embedding", .describe = describe,
                                                  .gather = gather, .find_there = find_there };
