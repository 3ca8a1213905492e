/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_softmax.c: softmax over the last axis. The mathematics is in op_softmax.inc.
 *
 *   input  x (...,V)          output  y (...,V)
 */
#include "ops/op.h"

#define OP_INC "ops/op_softmax.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  (void) error;
  out[0] = in[0];
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 23, [ASSAY_BWD] = 5, [ASSAY_RFWD] = 4, [ASSAY_RBWD] = 10 };
  static const int arrays[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 4, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 6 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one class", .in = { ASSAY_SHAPE (3, 1) } },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7) } },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 17) } },
  { "saturated", .in = { ASSAY_SHAPE (5, 33) }, .fill = ASSAY_FILL_LARGE },
  { "several blocks", .in = { ASSAY_SHAPE (40, 600) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (softmax) = {
  .name = "softmax", .help = "softmax over the last axis",
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" }, .uses_out = 1 << 0,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (softmax), .cases = cases,
};
