/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_conv2d.c: convolution: positions are output locations, r the adjoint of the channels there, c = (patch under the kernel, 1). Each group
 * is a module of its own. */
#include "hessian/module_kind.h"

typedef struct {
  gint64 C, H, W, O, kh, kw, oh, ow, stride, padding, groups;
  gint64 o, patch, columns;     /* of a group: output channels, entries of a patch, and the 1 */
} Sizes;

static Sizes
get_sizes (const AssayGraphNode *node)
{
  const gint64 *x = node->in_shape[0].dim, *w = node->in_shape[1].dim, *y = node->out_shape[0].dim;

  return (Sizes) { .C = x[1], .H = x[2], .W = x[3], .O = w[0], .kh = w[2], .kw = w[3], .oh = y[2], .ow = y[3],
                   .stride = (gint64) node->attr[0], .padding = (gint64) node->attr[1], .groups = (gint64) node->attr[2], .o = w[0] / (gint64) node->attr[2],
                   .patch = w[1] * w[2] * w[3],
                   .columns = w[1] * w[2] * w[3] + (node->n_in > 2) };
}

static guint
count_parts (const AssayGraphNode *node)
{
  return (guint) node->attr[2];
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  Sizes s = get_sizes (node);
  gboolean bias = node->n_in > 2;

  for (guint i = 0; i < node->n_in; i++)
    if ((assay_graph_get_value (graph, node->in[i])->role == ASSAY_VALUE_PARAM) != (i > 0))
      return FALSE;
  use->rows = s.o;
  use->columns = s.columns;
  use->positions = s.oh * s.ow;
  use->primal = node->in[0];
  use->adjoint = node->out[0];
  use->n_pieces = 1 + bias;
  use->pieces[0] = assay_module_piece (graph, node, 1, 0, s.o, 0, s.patch);
  use->pieces[0].offset += use->part * s.o * s.patch;
  if (bias)
    {
      use->pieces[1] = assay_module_piece (graph, node, 2, 0, s.o, s.patch, 1);
      use->pieces[1].offset += use->part * s.o;
    }
  return TRUE;
}

/* Of one example: r[p][o] = dy[o][p]; c[p] = x under the kernel at p, channel by channel, then 1. */
#define GATHER(name, type)                                                                                              \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    Sizes s = get_sizes (p->node);                                                                                      \
    gint64 n = s.oh * s.ow, g = p->use->part;                                                                           \
    const type *x = (const type *) p->primal + (b * s.groups + g) * (s.C / s.groups) * s.H * s.W;                       \
    const type *dy = (const type *) p->adjoint + (b * s.O + g * s.o) * n;                                               \
    type *r = (type *) p->row_space + b * n * s.o, *c = (type *) p->column_space + b * n * s.columns;                   \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 t = 0; t < n; t++, c += s.columns)                                                                      \
      {                                                                                                                 \
        gint64 top = t / s.ow * s.stride - s.padding, left = t % s.ow * s.stride - s.padding;                           \
                                                                                                                        \
        for (gint64 o = 0; o < s.o; o++)                                                                                \
          r[t * s.o + o] = dy[o * n + t];                                                                               \
        for (gint64 k = 0; k < s.patch; k++)                                                                            \
          {                                                                                                             \
            gint64 h = top + k / s.kw % s.kh, w = left + k % s.kw;                                                      \
                                                                                                                        \
            c[k] = h >= 0 && h < s.H && w >= 0 && w < s.W ? x[k / (s.kh * s.kw) * s.H * s.W + h * s.W + w] : 0;         \
          }                                                                                                             \
        if (s.columns > s.patch)                                                                                        \
          c[s.patch] = 1;                                                                                               \
      }                                                                                                                 \
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

ASSAY_MODULE_KIND_DEFINE (conv2d) = { .op = "conv2d", .name = "convolution", .count_parts = count_parts, .part = "group", .describe = describe, .gather = gather };
