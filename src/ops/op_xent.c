/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_xent.c: softmax cross-entropy in nats, one loss per example. The mathematics is in op_xent.inc.
 *
 *   inputs  logits (B,V) or (B,T,V)   labels gint32 (B) or (B,T), in 0 .. V-1   weight as labels, data, optional (1)
 *   output  loss (B) = sum_t weight_t token_loss_t
 *   saved   token_loss as labels, without weight, whose tangent is the directional derivative of each position
 *           lse as labels, the logarithm of the softmax's denominator
 *
 * A position that does not count (padding) has weight 0 and any label within range: there is no label that means "ignore".
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_xent.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  AssayShape rows = assay_shape_drop_last (&in[0]);

  (void) attr;
  if (in[0].rank != 2 && in[0].rank != 3)
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "logits: (B,V) or (B,T,V) expected, got %s", found);
      return FALSE;
    }
  if (!assay_shape_expect (&in[1], "labels", rows, error)
      || (n_in > 2 && !assay_shape_expect (&in[2], "weight", rows, error)))
    return FALSE;
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  out[1] = out[2] = rows;
  return TRUE;
}

/* 20 flops for an exponential. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 22, [ASSAY_BWD] = 23, [ASSAY_RFWD] = 23, [ASSAY_RBWD] = 28, [ASSAY_GGN] = 27 };
  static const int arrays[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 3, [ASSAY_GGN] = 3 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

/* GGN keeps one row of probabilities. */
static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  (void) attr;
  return assay_shape_last (&in[0]) * width;
}

static const AssayOpCase cases[] = {
  { "one class", .in = { ASSAY_SHAPE (2, 1), ASSAY_SHAPE (2) }, .n_in = 2, .index_below = 1 },
  { "two classes", .in = { ASSAY_SHAPE (5, 2), ASSAY_SHAPE (5) }, .n_in = 2, .index_below = 2 },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (3) }, .n_in = 2, .index_below = 7 },
  { "positions without weight", .in = { ASSAY_SHAPE (2, 5, 19), ASSAY_SHAPE (2, 5) }, .n_in = 2, .index_below = 19 },
  { "weighted positions", .in = { ASSAY_SHAPE (3, 4, 33), ASSAY_SHAPE (3, 4), ASSAY_SHAPE (3, 4) }, .index_below = 33 },
  { "one position", .in = { ASSAY_SHAPE (2, 1, 17), ASSAY_SHAPE (2, 1), ASSAY_SHAPE (2, 1) }, .index_below = 17 },
  { "saturated", .in = { ASSAY_SHAPE (6, 40), ASSAY_SHAPE (6) }, .n_in = 2, .fill = ASSAY_FILL_LARGE, .index_below = 40 },
  { "several blocks", .in = { ASSAY_SHAPE (4, 15, 600), ASSAY_SHAPE (4, 15), ASSAY_SHAPE (4, 15) }, .index_below = 600 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (xent) = {
  .name = "xent", .help = "softmax cross-entropy",
  .narrow_in = 1 << 0,
  .n_in = 3, .min_in = 2, .n_out = 3, .in_names = { "logits", "labels", "weight" }, .out_names = { "loss", "token_loss", "lse" },
  .index_in = 1 << 1, .data_in = 1 << 2, .uses_in = 1 << 0 | 1 << 1 | 1 << 2, .uses_out = 1 << 1 | 1 << 2,
  .flags = ASSAY_OP_LOSS | ASSAY_OP_TAKES_FRESH,
  .infer = infer, .cost = cost, .scratch = scratch, .cpu = ASSAY_OP_KERNELS_LOSS (xent), .cases = cases,
};
