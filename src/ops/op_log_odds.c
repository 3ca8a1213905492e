/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_log_odds.c: how sure a model is of the right answer: the logarithm of its probability or of its odds. The mathematics is in
 * op_log_odds.inc.
 *
 *   inputs  logits (B,V) or (B,T,V); V = 1: one logit, two answers   labels gint32 (B) or (B,T), in 0 .. V-1   weight as labels, data,
 *           optional (1)
 *   output  value (B) = sum_t weight_t token_value_t
 *   saved   token_value as labels, without weight; lse as labels, the logarithm of the sum that the answer is held against
 *
 * Not a loss to train on: a measured function that stands in the loss's place, and grows with how right the model is.
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_log_odds.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "others", .type = ASSAY_PARAM_BOOL, .help = "against the other answers (odds), not against all (probability)" },
  { .name = NULL }
};

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
  if (!assay_shape_expect (&in[1], "labels", rows, error) || (n_in > 2 && !assay_shape_expect (&in[2], "weight", rows, error)))
    return FALSE;
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  out[1] = out[2] = rows;
  return TRUE;
}

/* 20 flops for an exponential. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 22, [ASSAY_BWD] = 23, [ASSAY_RFWD] = 23, [ASSAY_RBWD] = 48, [ASSAY_GGN] = 47 };
  static const int arrays[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 3, [ASSAY_GGN] = 3 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one logit", .in = { ASSAY_SHAPE (7, 1), ASSAY_SHAPE (7) }, .n_in = 2, .index_below = 2 },
  { "odds of one logit", .in = { ASSAY_SHAPE (7, 1), ASSAY_SHAPE (7) }, .attr = { 1 }, .has_attr = TRUE, .n_in = 2, .index_below = 2 },
  { "two answers", .in = { ASSAY_SHAPE (5, 2), ASSAY_SHAPE (5) }, .n_in = 2, .index_below = 2 },
  { "odds of two answers", .in = { ASSAY_SHAPE (5, 2), ASSAY_SHAPE (5) }, .attr = { 1 }, .has_attr = TRUE, .n_in = 2, .index_below = 2 },
  { "odds, odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (3) }, .attr = { 1 }, .has_attr = TRUE, .n_in = 2, .index_below = 7 },
  { "positions without weight", .in = { ASSAY_SHAPE (2, 5, 19), ASSAY_SHAPE (2, 5) }, .n_in = 2, .index_below = 19 },
  { "weighted positions", .in = { ASSAY_SHAPE (3, 4, 33), ASSAY_SHAPE (3, 4), ASSAY_SHAPE (3, 4) }, .index_below = 33 },
  { "odds of weighted positions", .in = { ASSAY_SHAPE (3, 4, 33), ASSAY_SHAPE (3, 4), ASSAY_SHAPE (3, 4) }, .attr = { 1 }, .has_attr = TRUE,
    .index_below = 33 },
  { "saturated", .in = { ASSAY_SHAPE (6, 40), ASSAY_SHAPE (6) }, .n_in = 2, .fill = ASSAY_FILL_LARGE, .index_below = 40 },
  { "odds, saturated", .in = { ASSAY_SHAPE (6, 40), ASSAY_SHAPE (6) }, .attr = { 1 }, .has_attr = TRUE, .n_in = 2, .fill = ASSAY_FILL_LARGE,
    .index_below = 40 },
  { "several blocks", .in = { ASSAY_SHAPE (4, 15, 600), ASSAY_SHAPE (4, 15), ASSAY_SHAPE (4, 15) }, .attr = { 1 }, .has_attr = TRUE,
    .index_below = 600 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (log_odds) = {
  .name = "log_odds", .help = "logarithm of the odds or of the probability of the right answer",
  .n_in = 3, .min_in = 2, .n_out = 3, .in_names = { "logits", "labels", "weight" }, .out_names = { "value", "token_value", "lse" },
  .index_in = 1 << 1, .data_in = 1 << 2, .uses_in = 1 << 0 | 1 << 1 | 1 << 2, .uses_out = 1 << 1 | 1 << 2, .attrs = attrs,
  .flags = ASSAY_OP_LOSS | ASSAY_OP_MEASURE, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LOSS (log_odds), .cases = cases,
};
