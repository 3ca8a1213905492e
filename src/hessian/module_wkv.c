/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_wkv.c: rate and bonus of the channels of a fading mean, whose gradient is run backwards through means and logarithms once more. Letters as in
 * ops/op_wkv.inc.
 *
 *   a = g (1 - g) x dy      c = p (1 - p) x M      du = sum_t a      dw = d sum_t (c - (1 - p) L)
 *   L <- (1 - p) L - a - c      M <- (1 - g) dy + (1 - p) M
 */
#include "hessian/module_channels.h"

#include <math.h>

enum { KEY, VALUE, RATE, BONUS };                       /* inputs of the operation */
enum { MEAN = 1, LOG_SUM };                             /* what it saves */
enum { MORE_KEY, MORE_VALUE, MORE_RATE, MORE_BONUS, MORE_LOG_SUM, N_MORE };

#define EACH 2                  /* parameters of a channel */

static guint
count_parts (const AssayGraphNode *node)
{
  return assay_module_channels_count (node->in_shape[RATE].dim[0], EACH);
}

static gboolean
describe (AssayGraph *graph, const AssayGraphNode *node, AssayModuleUse *use)
{
  static const guint input[] = { RATE, BONUS };
  const gint64 each[] = { 1, 1 };

  use->primal = node->out[MEAN];
  use->adjoint = node->out[0];
  use->n_more = N_MORE;
  for (guint k = KEY; k <= BONUS; k++)
    use->more[k] = node->in[k];
  use->more[MORE_LOG_SUM] = node->out[LOG_SUM];
  return assay_module_channels_describe (graph, node, node->in_shape[RATE].dim[0], EACH, input, each, use);
}

#define GATHER(name, type, exponential)                                                                                 \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    gint64 T = p->node->in_shape[KEY].dim[1], C = p->node->in_shape[KEY].dim[2];                                        \
    AssayModuleChannels of = assay_module_channels_get (C, EACH, p->use->part);                                         \
    const gsize start = b * (gsize) (T * C) + (gsize) of.first;                                                         \
    const type *key = (const type *) p->more[MORE_KEY] + start, *value = (const type *) p->more[MORE_VALUE] + start;    \
    const type *mean = (const type *) p->primal + start, *log_sum = (const type *) p->more[MORE_LOG_SUM] + start;       \
    const type *dy = (const type *) p->adjoint + start;                                                                 \
    const type *rate = (const type *) p->more[MORE_RATE] + of.first, *bonus = (const type *) p->more[MORE_BONUS] + of.first; \
    type *r = (type *) p->row_space + b * p->use->rows;                                                                 \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 i = 0; i < of.n; i++)                                                                                   \
      {                                                                                                                 \
        type d = exponential (rate[i]), M = 0, L = 0, of_rate = 0, of_bonus = 0;                                        \
                                                                                                                        \
        for (gint64 t = T - 1; t > 0; t--)                                                                              \
          {                                                                                                             \
            type k = key[t * C + i], l = log_sum[(t - 1) * C + i], x = value[t * C + i] - mean[(t - 1) * C + i];        \
            type not_g = 1 / (1 + exponential (bonus[i] + k - l)), not_taken = 1 / (1 + exponential (k - l + d));       \
            type a = (1 - not_g) * not_g * x * dy[t * C + i], c = (1 - not_taken) * not_taken * x * M;                  \
                                                                                                                        \
            of_bonus += a;                                                                                              \
            of_rate += c - not_taken * L;                                                                               \
            L = not_taken * L - a - c;                                                                                  \
            M = not_g * dy[t * C + i] + not_taken * M;                                                                  \
          }                                                                                                             \
        r[i] = d * of_rate;                                                                                             \
        r[of.n + i] = of_bonus;                                                                                         \
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

ASSAY_MODULE_KIND_DEFINE (wkv) = { .op = "wkv", .name = "fading mean", .count_parts = count_parts, .part = "channels", .is_of_one_name = TRUE,
                                   .describe = describe, .gather = gather };
