/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_norm.c: sums over the positions of an example, in their order. */
#include "hessian/module_norm.h"

#include "tensor/op_call.h"

#include <string.h>

gboolean
assay_module_norm_describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  gint64 C = node->in_shape[1].dim[0];
  gboolean bias = node->n_in > 2;

  for (guint i = 0; i < node->n_in; i++)
    if ((assay_graph_get_value (graph, node->in[i])->role == ASSAY_VALUE_PARAM) != (i > 0))
      return FALSE;
  use->rows = C * (1 + bias);
  use->columns = 1;
  use->positions = 1;
  use->column_is_one = TRUE;
  use->primal = node->out[1];
  use->adjoint = node->out[0];
  use->n_pieces = 1 + bias;
  use->pieces[0] = assay_module_piece (graph, node, 1, 0, C, 0, 1);
  if (bias)
    use->pieces[1] = assay_module_piece (graph, node, 2, C, C, 0, 1);
  return TRUE;
}

#define GATHER(type)                                                                                                    \
  {                                                                                                                     \
    const type *h = p->primal, *dy = p->adjoint;                                                                        \
    type *r = p->row_space, *one = p->column_space;                                                                     \
                                                                                                                        \
    memset (r, 0, p->B * rows * sizeof *r);                                                                             \
    for (gint64 b = 0; b < p->B; b++, r += rows)                                                                        \
      {                                                                                                                 \
        one[b] = 1;                                                                                                     \
        for (gint64 t = 0; t < T; t++, h += C, dy += C)                                                                 \
          for (gint64 i = 0; i < C; i++)                                                                                \
            r[i] += dy[i] * h[i];                                                                                       \
        if (rows > C)                                                                                                   \
          for (gint64 t = T; t > 0; t--)                                                                                \
            for (gint64 i = 0; i < C; i++)                                                                              \
              r[C + i] += dy[i - t * C];                                                                                \
      }                                                                                                                 \
  }

void
assay_module_norm_gather (AssayModuleParts *p)
{
  gint64 C = p->node->in_shape[1].dim[0], rows = p->use->rows, T = assay_shape_count (&p->node->in_shape[0]) / C / p->B;

  if (p->dtype == ASSAY_F32)
    GATHER (float)
  else
    GATHER (double)
  p->row = p->row_space;
  p->column = p->column_space;
}

gboolean
assay_module_norm_find_there (AssayModuleParts *p, GError **error)
{
  gint64 C = p->node->in_shape[1].dim[0], T = assay_shape_count (&p->node->in_shape[0]) / C / p->B;
  const AssayShape positions = ASSAY_SHAPE (p->B, T, C), in[] = { positions, positions }, out = ASSAY_SHAPE (p->B, p->use->rows);
  AssayOpCall call = { .n_in = 2, .n_out = 1, .in_shape = in, .out_shape = &out, .x = { p->adjoint, p->primal }, .y = { p->row_space } };

  p->row = p->row_space;
  return p->there->run_op (p->there, "module_norm", ASSAY_FWD, p->dtype, &call, error);
}
