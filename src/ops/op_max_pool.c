/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_max_pool.c: the largest entry of each window. The mathematics is in op_max_pool.inc.
 *
 *   input  x (B,C,H,W)          output  y (B,C,oh,ow)          saved  winner (B,C,oh,ow): its place in the plane
 * Among equal entries the first in row-major order wins and takes the whole derivative.
 */
#include "ops/pool.h"

#define OP_INC "ops/op_max_pool.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  if (!pool_infer (in, attr, out, error))
    return FALSE;
  out[1] = out[0];
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  AssayCost cost = pool_cost (in, out, attr, width);

  if (rule != ASSAY_FWD)
    cost.flops = assay_shape_count (&out[0]);                     /* one entry of each window is touched */
  return cost;
}

ASSAY_OP_DEFINE (max_pool) = {
  .name = "max_pool", .help = "largest entry of each window",
  .n_in = 1, .min_in = 1, .n_out = 2, .in_names = { "x" }, .out_names = { "y", "winner" },
  .index_out = 1 << 1, .uses_out = 1 << 1, .flags = ASSAY_OP_TAKES_FRESH | ASSAY_OP_PIECEWISE,
  .attrs = pool_attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (max_pool), .cases = pool_cases,
};
