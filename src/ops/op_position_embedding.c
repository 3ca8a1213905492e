/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_position_embedding.c: adds a learned vector to each position. Linear. The mathematics is in op_position_embedding.inc.
 *
 *   inputs  x (B,T,C)   table (Tmax,C), Tmax >= T          output  y (B,T,C)
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_position_embedding.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[0].rank != 3 || in[1].rank != 2 || in[1].dim[0] < in[0].dim[1] || in[1].dim[1] != in[0].dim[2])
    {
      g_autofree char *x = assay_shape_to_string (&in[0]), *table = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,C) and a table (at least T,C) expected, got %s and %s", x, table);
      return FALSE;
    }
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
  { "one position", .in = { ASSAY_SHAPE (2, 1, 3), ASSAY_SHAPE (1, 3) } },
  { "one example", .in = { ASSAY_SHAPE (1, 5, 4), ASSAY_SHAPE (5, 4) } },
  { "shorter than the table", .in = { ASSAY_SHAPE (3, 5, 7), ASSAY_SHAPE (8, 7) } },
  { "several blocks", .in = { ASSAY_SHAPE (3, 140, 50), ASSAY_SHAPE (140, 50) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (position_embedding) = {
  .name = "position_embedding", .help = "adds a learned vector to each position",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0,
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "x", "table" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR, .infer = infer, .cost = cost,
  .cpu = ASSAY_OP_KERNELS_LINEAR (position_embedding), .cases = cases,
};
