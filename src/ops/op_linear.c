/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_linear.c: the affine map of the last axis, y = W x + b with W stored [out, in]. The mathematics is in op_linear.inc.
 *
 *   inputs  x (...,I)   weight (O,I)   bias (O), optional          output  y (...,O)
 */
#include "ops/op.h"

#define OP_INC "ops/op_linear.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 O = in[1].dim[0];

  (void) attr;
  if (!assay_shape_expect (&in[1], "weight", ASSAY_SHAPE (O, assay_shape_last (&in[0])), error)
      || (n_in > 2 && !assay_shape_expect (&in[2], "bias", ASSAY_SHAPE (O), error)))
    return FALSE;
  out[0] = assay_shape_with_last (&in[0], O);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const double products[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 4 };
  double rows = assay_shape_rows (&in[0]), I = assay_shape_last (&in[0]), O = assay_shape_last (&out[0]);

  (void) attr;
  return (AssayCost) { .flops = products[rule] * 2 * rows * I * O,
                       .bytes = products[rule] * width * (rows * I + rows * O + I * O) };
}

static const AssayOpCase cases[] = {
  { "one row", .in = { ASSAY_SHAPE (1, 5), ASSAY_SHAPE (4, 5), ASSAY_SHAPE (4) } },
  { "odd sizes", .in = { ASSAY_SHAPE (7, 3), ASSAY_SHAPE (11, 3), ASSAY_SHAPE (11) } },
  { "one in, one out", .in = { ASSAY_SHAPE (6, 1), ASSAY_SHAPE (1, 1), ASSAY_SHAPE (1) } },
  { "without bias", .in = { ASSAY_SHAPE (5, 6), ASSAY_SHAPE (3, 6) }, .n_in = 2 },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 8), ASSAY_SHAPE (5, 8), ASSAY_SHAPE (5) } },
  { "more rows than are summed at once", .in = { ASSAY_SHAPE (600, 2), ASSAY_SHAPE (3, 2), ASSAY_SHAPE (3) } },
  { "several blocks", .in = { ASSAY_SHAPE (140, 96), ASSAY_SHAPE (150, 96), ASSAY_SHAPE (150) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (linear) = {
  .name = "linear", .help = "affine map of the last axis",
  .narrow_in = 1 << 0 | 1 << 1 | 1 << 2, .narrow_out = 1 << 0,
  .n_in = 3, .min_in = 2, .n_out = 1, .in_names = { "x", "weight", "bias" }, .out_names = { "y" },
  .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_TAKES_FRESH | ASSAY_OP_NULL_TANGENT | ASSAY_OP_TAKES_BLOCK,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (linear), .cases = cases,
};
