/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_flatten.c: one row per example, all axes but the first joined. The mathematics is in op_flatten.inc.
 *
 *   input  x (B,...)          output  y (B,N)
 */
#include "ops/op_symbol.h"

#include "base/error.h"

#define OP_INC "ops/op_flatten.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[0].rank < 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: (B,...) expected, got ()");
      return FALSE;
    }
  out[0] = ASSAY_SHAPE (in[0].dim[0], assay_shape_count (&in[0]) / in[0].dim[0]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = rule == ASSAY_BWD || rule == ASSAY_RBWD ? n : 0, .bytes = 2 * n * width };
}

static const AssayOpCase cases[] = {
  { "one element", .in = { ASSAY_SHAPE (1) } },
  { "two axes", .in = { ASSAY_SHAPE (3, 7) } },
  { "four axes", .in = { ASSAY_SHAPE (2, 3, 5, 4) } },
  { "several blocks", .in = { ASSAY_SHAPE (11, 6, 24, 7) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (flatten) = {
  .name = "flatten", .help = "joins all axes but the first",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0,
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LINEAR (flatten), .cases = cases,
};
