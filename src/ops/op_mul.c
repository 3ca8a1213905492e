/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_mul.c: the product, element by element, of two tensors of one shape, as a gated unit has it. The mathematics is in op_mul.inc.
 *
 *   inputs  a (...)   b (...)          output  y (...)
 */
#include "ops/op_symbol.h"

#define OP_INC "ops/op_mul.inc"
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
  static const int flops[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 4, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 8 };       /* per element */
  static const int arrays[] = { [ASSAY_FWD] = 3, [ASSAY_BWD] = 7, [ASSAY_RFWD] = 5, [ASSAY_RBWD] = 10 };     /* read or written */
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one element", .in = { ASSAY_SHAPE (1), ASSAY_SHAPE (1) } },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (3, 7) } },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 17), ASSAY_SHAPE (2, 3, 17) } },
  { "several blocks", .in = { ASSAY_SHAPE (41, 257), ASSAY_SHAPE (41, 257) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (mul) = {
  .name = "mul", .help = "product of two tensors of one shape, element by element",
  .narrow_in = 1 << 0 | 1 << 1, .narrow_out = 1 << 0,
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "a", "b" }, .out_names = { "y" },
  .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_TAKES_FRESH,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (mul), .cases = cases,
};
