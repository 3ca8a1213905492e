/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_logistic_loss.c: cross-entropy of a yes or no, in nats. The mathematics is in op_logistic_loss.inc.
 *
 *   inputs  logit (B) or (B,1)   label gint32 (B), 0 or 1          output  loss (B)
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_logistic_loss.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[0].rank < 1 || in[0].rank > 2 || (in[0].rank == 2 && in[0].dim[1] != 1))
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "logit: (B) or (B,1) expected, got %s", found);
      return FALSE;
    }
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  return assay_shape_expect (&in[1], "label", out[0], error);
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&in[0]);

  (void) rule;
  (void) out;
  (void) attr;
  return (AssayCost) { .flops = 50 * n, .bytes = 3 * n * width };
}

static const AssayOpCase cases[] = {
  { "one example", .in = { ASSAY_SHAPE (1), ASSAY_SHAPE (1) }, .index_below = 2 },
  { "odd sizes", .in = { ASSAY_SHAPE (7), ASSAY_SHAPE (7) }, .index_below = 2 },
  { "a column", .in = { ASSAY_SHAPE (5, 1), ASSAY_SHAPE (5) }, .index_below = 2 },
  { "saturated", .in = { ASSAY_SHAPE (33), ASSAY_SHAPE (33) }, .fill = ASSAY_FILL_LARGE, .index_below = 2 },
  { "several blocks", .in = { ASSAY_SHAPE (3000), ASSAY_SHAPE (3000) }, .index_below = 2 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (logistic_loss) = {
  .name = "logistic_loss", .help = "cross-entropy of a yes or no",
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "logit", "label" }, .out_names = { "loss" },
  .index_in = 1 << 1, .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_LOSS,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LOSS (logistic_loss), .cases = cases,
};
