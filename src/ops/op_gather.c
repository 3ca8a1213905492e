/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_gather.c: chosen rows of a matrix, such as the last position of every example. Linear in x. The mathematics is in
 * select_rows.inc.
 *
 *   inputs  x (N,C)   index gint32 (M), in 0 .. N-1, rows may repeat          output  y (M,C)
 */
#include "ops/select_rows.h"

#define OP_INC "ops/select_rows.inc"
#include "ops/op_instances.inc"

static const AssayOpCase cases[] = {
  { "one row", .in = { ASSAY_SHAPE (1, 4), ASSAY_SHAPE (1) }, .index_below = 1 },
  { "repeated rows", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (8) }, .index_below = 3 },
  { "several blocks", .in = { ASSAY_SHAPE (300, 90), ASSAY_SHAPE (250) }, .index_below = 300 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (gather) = {
  .name = "gather", .help = "chosen rows of a matrix",
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "x", "index" }, .out_names = { "y" },
  .index_in = 1 << 1, .uses_in = 1 << 1, .flags = ASSAY_OP_LINEAR,
  .infer = select_rows_infer, .cost = select_rows_cost, .cpu = ASSAY_OP_KERNELS_LINEAR (select_rows), .cases = cases,
};
