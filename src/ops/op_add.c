/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_add.c: the sum of two tensors of one shape, as a residual connection has it. The mathematics is in op_add.inc.
 *
 *   inputs  a (...)   b (...)          output  y (...)
 */
#include "ops/op_symbol.h"

#define OP_INC "ops/op_add.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (!assay_shape_expect (&in[1], "b", in[0], error))
    return FALSE;
  out[0] = in[0];
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&in[0]);

  (void) rule;
  (void) out;
  (void) attr;
  return (AssayCost) { .flops = n, .bytes = 3 * n * width };
}

static const AssayOpCase cases[] = {
  { "one element", .in = { ASSAY_SHAPE (1), ASSAY_SHAPE (1) } },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (3, 7) } },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 17), ASSAY_SHAPE (2, 3, 17) } },
  { "several blocks", .in = { ASSAY_SHAPE (41, 257), ASSAY_SHAPE (41, 257) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (add) = {
  .name = "add", .help = "sum of two tensors of one shape",
  .narrow_in = 1 << 0 | 1 << 1, .narrow_out = 1 << 0,
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "a", "b" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LINEAR (add), .cases = cases,
};
