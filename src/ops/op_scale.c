/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_scale.c: a tensor times a constant. The mathematics is in op_scale.inc. */
#include "ops/op_symbol.h"

#define OP_INC "ops/op_scale.inc"
#include "ops/op_instances.inc"

#include "ops/elementwise.h"

static const AssayParam attrs[] = {
  { .name = "factor", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .help = "what every element is multiplied with" },
  { .name = NULL }
};

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&in[0]);

  (void) rule;
  (void) out;
  (void) attr;
  return (AssayCost) { .flops = n, .bytes = 2 * n * width };
}

static const AssayOpCase cases[] = {
  { "one element", .in = { ASSAY_SHAPE (1) }, .attr = { -2.5 }, .has_attr = TRUE },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7) }, .attr = { 0.125 }, .has_attr = TRUE },
  { "default factor", .in = { ASSAY_SHAPE (2, 3, 17) } },
  { "several blocks", .in = { ASSAY_SHAPE (41, 257) }, .attr = { 1.0 / 3 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (scale) = {
  .name = "scale", .help = "product with a constant",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0,
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = elementwise_infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LINEAR (scale), .cases = cases,
};
