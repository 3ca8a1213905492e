/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_causal_conv.c: kernels that look back, one for each channel: the gradient of a channel's taps and bias.
 *
 *   dw_ck = sum_t dy_tc x_(t-K+1+k)c      db_c = sum_t dy_tc
 */
#include "hessian/module_channels.h"

#include <string.h>

static gint64
count_each (const AssayGraphNode *node)
{
  return node->in_shape[1].dim[2] + (node->n_in > 2);
}

static guint
count_parts (const AssayGraphNode *node)
{
  return assay_module_channels_count (node->in_shape[0].dim[2], count_each (node));
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  static const guint input[] = { 1, 2 };
  const gint64 each[] = { node->in_shape[1].dim[2], 1 };

  use->primal = node->in[0];
  use->adjoint = node->out[0];
  return assay_module_channels_describe (graph, node, node->in_shape[0].dim[2], node->n_in - 1, input, each, use);
}

#define GATHER(name, type)                                                                                              \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    gint64 T = p->node->in_shape[0].dim[1], C = p->node->in_shape[0].dim[2], K = p->node->in_shape[1].dim[2];           \
    AssayModuleChannels of = assay_module_channels_get (C, count_each (p->node), p->use->part);                         \
    const type *x = (const type *) p->primal + b * T * C + of.first, *dy = (const type *) p->adjoint + b * T * C + of.first; \
    type *r = (type *) p->row_space + b * p->use->rows, *bias = r + of.n * K;                                           \
                                                                                                                        \
    (void) worker;                                                                                                      \
    memset (r, 0, p->use->rows * sizeof *r);                                                                            \
    for (gint64 t = 0; t < T; t++)                                                                                      \
      for (gint64 k = MAX (0, K - 1 - t); k < K; k++)                                                                   \
        for (gint64 i = 0; i < of.n; i++)                                                                               \
          r[i * K + k] += dy[t * C + i] * x[(t - K + 1 + k) * C + i];                                                   \
    for (gint64 t = 0; t < T && p->node->n_in > 2; t++)                                                                 \
      for (gint64 i = 0; i < of.n; i++)                                                                                 \
        bias[i] += dy[t * C + i];                                                                                       \
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

ASSAY_MODULE_KIND_DEFINE (causal_conv) = { .op = "causal_conv", .name = "causal convolution", .count_parts = count_parts, .part = "channels",
                                           .describe = describe, .gather = gather };
