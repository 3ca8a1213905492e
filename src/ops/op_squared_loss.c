/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_squared_loss.c: half the squared distance from a target, one loss per example. The mathematics is in op_squared_loss.inc.
 *
 *   inputs  prediction (B,...)   target, of the same shape, data          output  loss (B)
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_squared_loss.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[0].rank < 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "prediction: (B,...) expected, got a scalar");
      return FALSE;
    }
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  return assay_shape_expect (&in[1], "target", in[0], error);
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 3, [ASSAY_BWD] = 3, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 5, [ASSAY_GGN] = 2 };
  static const int arrays[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 4, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 5, [ASSAY_GGN] = 3 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one number", .in = { ASSAY_SHAPE (1, 1), ASSAY_SHAPE (1, 1) } },
  { "one axis", .in = { ASSAY_SHAPE (6), ASSAY_SHAPE (6) } },
  { "odd sizes", .in = { ASSAY_SHAPE (5, 7), ASSAY_SHAPE (5, 7) } },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 17), ASSAY_SHAPE (2, 3, 17) } },
  { "several blocks", .in = { ASSAY_SHAPE (90, 301), ASSAY_SHAPE (90, 301) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (squared_loss) = {
  .name = "squared_loss", .help = "half the squared distance from a target",
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "prediction", "target" }, .out_names = { "loss" },
  .data_in = 1 << 1, .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_LOSS,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LOSS (squared_loss), .cases = cases,
};
