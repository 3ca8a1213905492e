/* SPDX-License-Identifier: GPL-3.0-or-later */
/* module_wkv_matrix.c: rate and bonus of the heads whose state is a fading matrix, as sums over pairs of positions, which need no matrix. Letters as in
 * ops/op_wkv_matrix.inc.
 *
 *   dw = -e^w sum_(s<t) (t-1-s) f^(t-1-s) (r_t.k_s) (dy_t.v_s)      du = b sum_t (r_t.k_t) (dy_t.v_t)
 */
#include "hessian/module_channels.h"

#include <math.h>

enum { RECEPTANCE, KEY, VALUE, RATE, BONUS };           /* inputs of the operation */
enum { MORE_KEY, MORE_VALUE, MORE_RATE, MORE_BONUS, N_MORE };

#define EACH 2                  /* parameters of a head */

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

  use->primal = node->in[RECEPTANCE];
  use->adjoint = node->out[0];
  use->n_more = N_MORE;
  for (guint k = 0; k < N_MORE; k++)
    use->more[k] = node->in[KEY + k];
  return assay_module_channels_describe (graph, node, node->in_shape[RATE].dim[0], EACH, input, each, use);
}

#define GATHER(name, type, exponential)                                                                                 \
  static inline type                                                                                                    \
  name##_dot (gint64 D, const type *a, const type *b)                                                                   \
  {                                                                                                                     \
    type sum = 0;                                                                                                       \
                                                                                                                        \
    for (gint64 i = 0; i < D; i++)                                                                                      \
      sum += a[i] * b[i];                                                                                               \
    return sum;                                                                                                         \
  }                                                                                                                     \
                                                                                                                        \
  static void                                                                                                           \
  name (gsize b, guint worker, gpointer data)                                                                           \
  {                                                                                                                     \
    AssayModuleParts *p = data;                                                                                         \
    gint64 T = p->node->in_shape[KEY].dim[1], C = p->node->in_shape[KEY].dim[2], H = p->node->in_shape[RATE].dim[0], D = C / H; \
    AssayModuleChannels of = assay_module_channels_get (H, EACH, p->use->part);                                         \
    type *out = (type *) p->row_space + b * p->use->rows;                                                               \
                                                                                                                        \
    (void) worker;                                                                                                      \
    for (gint64 n = 0; n < of.n; n++)                                                                                   \
      {                                                                                                                 \
        const gint64 h = of.first + n;                                                                                  \
        const gsize start = b * (gsize) (T * C) + (gsize) (h * D);                                                      \
        const type *r = (const type *) p->primal + start, *dy = (const type *) p->adjoint + start;                      \
        const type *k = (const type *) p->more[MORE_KEY] + start, *v = (const type *) p->more[MORE_VALUE] + start;      \
        type e = exponential (((const type *) p->more[MORE_RATE])[h]), f = exponential (-e), of_rate = 0, of_bonus = 0; \
                                                                                                                        \
        for (gint64 t = 0; t < T; t++)                                                                                  \
          {                                                                                                             \
            type left = f;                                                                                              \
                                                                                                                        \
            of_bonus += name##_dot (D, r + t * C, k + t * C) * name##_dot (D, dy + t * C, v + t * C);                   \
            for (gint64 s = t - 2; s >= 0; s--, left *= f)                                                              \
              of_rate += (type) (t - 1 - s) * left * name##_dot (D, r + t * C, k + s * C) * name##_dot (D, dy + t * C, v + s * C); \
          }                                                                                                             \
        out[n] = -e * of_rate;                                                                                          \
        out[of.n + n] = exponential (((const type *) p->more[MORE_BONUS])[h]) * of_bonus;                               \
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

ASSAY_MODULE_KIND_DEFINE (wkv_matrix) = { .op = "wkv_matrix", .name = "fading matrix", .count_parts = count_parts, .part = "heads", .is_of_one_name = TRUE,
                                          .describe = describe, .gather = gather };
