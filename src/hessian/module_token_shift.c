/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_token_shift.c: shares in which channels are mixed with what they were one position before.
 *
 *   dm = sum_t dy_t (x_t - x_(t-1))
 */
#include "hessian/module_channels.h"

enum { X, MIX };                /* inputs of the operation */

static guint
count_parts (const AssayGraphNode *node)
{
  return assay_module_channels_count (node->in_shape[MIX].dim[0], 1);
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  static const guint input[] = { MIX };
  const gint64 each[] = { 1 };

  use->primal = node->in[X];
  use->adjoint = node->out[0];
  return assay_module_channels_describe (graph, node, node->in_shape[MIX].dim[0], 1, input, each, use);
}

#define GATHER(name, type)                                                                                              \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    gint64 T = p->node->in_shape[X].dim[1], C = p->node->in_shape[X].dim[2];                                            \
    AssayModuleChannels of = assay_module_channels_get (C, 1, p->use->part);                                            \
    const type *x = (const type *) p->primal + b * T * C + of.first, *dy = (const type *) p->adjoint + b * T * C + of.first; \
    type *r = (type *) p->row_space + b * p->use->rows;                                                                 \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 i = 0; i < of.n; i++)                                                                                   \
      r[i] = dy[i] * x[i];                                                                                              \
    for (gint64 t = 1; t < T; t++)                                                                                      \
      for (gint64 i = 0; i < of.n; i++)                                                                                 \
        r[i] += dy[t * C + i] * (x[t * C + i] - x[(t - 1) * C + i]);                                                    \
    ((type *) p->column_space)[b] = 1;                                                                                  \
  }

GATHER (gather_f32, float)
GATHER (gather_f64, double)

static void
gather (AssayModuleParts *p)
{
  assay_workers_run (p->workers, p->B, p->dtype == ASSAY_F32 ? gather_f32 : gather_f64, p);
  p->row = p->row_space;
  p->column = p->column_space;
}

ASSAY_MODULE_KIND_DEFINE (token_shift) = { .op = "token_shift", .name = "token shift", .count_parts = count_parts, .part = "channels", .is_of_one_name = TRUE,
                                           .describe = describe, .gather = gather };
