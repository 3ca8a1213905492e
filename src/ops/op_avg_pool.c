/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_avg_pool.c: the mean of each window. The mathematics is in op_avg_pool.inc.
 *
 *   input  x (B,C,H,W)          output  y (B,C,oh,ow)
 */
#include "ops/pool.h"

#define OP_INC "ops/op_avg_pool.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  return pool_infer (in, attr, out, error);
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  (void) rule;
  return pool_cost (in, out, attr, width);
}

ASSAY_OP_DEFINE (avg_pool) = {
  .name = "avg_pool", .help = "mean of each window",
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = pool_attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LINEAR (avg_pool), .cases = pool_cases,
};
