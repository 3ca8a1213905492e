/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_selective_scan.c: decay and skip of the channels of a selective scan, whose gradient is run backwards through the states once more.
 *
 *   A = -exp(a_log)    e_t = exp(d_t A)    dh_t = r_t dy_t + e_(t+1) dh_(t+1)
 *   da_log = A sum_t dh_t d_t e_t h_(t-1)                       dD = sum_t dy_t x_t
 */
#include "hessian/module_channels.h"

#include <math.h>

enum { X, STEP, A_LOG, WRITE, READ, SKIP };             /* inputs of the operation */
enum { MORE_X, MORE_STEP, MORE_A_LOG, MORE_READ, N_MORE };

static guint
count_parts (const AssayGraphNode *node)
{
  return assay_module_channels_count (node->in_shape[A_LOG].dim[0], node->in_shape[A_LOG].dim[1] + 1);
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  static const guint input[] = { A_LOG, SKIP };
  const gint64 each[] = { node->in_shape[A_LOG].dim[1], 1 };

  use->primal = node->out[1];
  use->adjoint = node->out[0];
  use->n_more = N_MORE;
  use->more[MORE_X] = node->in[X];
  use->more[MORE_STEP] = node->in[STEP];
  use->more[MORE_A_LOG] = node->in[A_LOG];
  use->more[MORE_READ] = node->in[READ];
  return assay_module_channels_describe (graph, node, node->in_shape[A_LOG].dim[0], 2, input, each, use);
}

#define GATHER(name, type, exponential)                                                                                 \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    gint64 T = p->node->in_shape[X].dim[1], I = p->node->in_shape[X].dim[2], S = p->node->in_shape[A_LOG].dim[1];       \
    AssayModuleChannels of = assay_module_channels_get (I, S + 1, p->use->part);                                        \
    const type *h = (const type *) p->primal + b * T * I * S, *read = (const type *) p->more[MORE_READ] + b * T * S;    \
    const type *dy = (const type *) p->adjoint + b * T * I, *x = (const type *) p->more[MORE_X] + b * T * I;            \
    const type *step = (const type *) p->more[MORE_STEP] + b * T * I, *a_log = p->more[MORE_A_LOG];                     \
    type *r = (type *) p->row_space + b * p->use->rows;                                                                 \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 n = 0; n < of.n; n++)                                                                                   \
      {                                                                                                                 \
        gint64 i = of.first + n;                                                                                        \
        type of_skip = 0;                                                                                               \
                                                                                                                        \
        for (gint64 t = T - 1; t >= 0; t--)                                                                             \
          of_skip += dy[t * I + i] * x[t * I + i];                                                                      \
        r[of.n * S + n] = of_skip;                                                                                      \
        for (gint64 s = 0; s < S; s++)                                                                                  \
          {                                                                                                             \
            type A = -exponential (a_log[i * S + s]), carry = 0, sum = 0;                                               \
                                                                                                                        \
            for (gint64 t = T - 1; t >= 0; t--)                                                                         \
              {                                                                                                         \
                type d = step[t * I + i], dh = carry + read[t * S + s] * dy[t * I + i], e = exponential (d * A);        \
                                                                                                                        \
                sum += t > 0 ? dh * d * e * h[((t - 1) * I + i) * S + s] : 0;                                           \
                carry = e * dh;                                                                                         \
              }                                                                                                         \
            r[n * S + s] = A * sum;                                                                                     \
          }                                                                                                             \
      }                                                                                                                 \
    ((type *) p->column_space)[b] = 1;                                                                                  \
  }

GATHER (gather_f32, float, expf)
GATHER (gather_f64, double, exp)

static void
gather (AssayModuleParts *p)
{
  assay_workers_run (p->workers, p->B, p->dtype == ASSAY_F32 ? gather_f32 : gather_f64, p);
  p->row = p->row_space;
  p->column = p->column_space;
}

ASSAY_MODULE_KIND_DEFINE (selective_scan) = { .op = "selective_scan", .name = "selective scan", .count_parts = count_parts, .part = "channels",
                                              .describe = describe, .gather = gather };
