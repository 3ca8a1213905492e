/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_embedding.c: rows of a table looked up by token. Linear in the table. The mathematics is in select_rows.inc.
 *
 *   inputs  table (V,C)   ids gint32 (B,T), or any shape, in 0 .. V-1          output  y (B,T,C)
 */
#include "ops/select_rows.h"

#define OP_INC "ops/select_rows.inc"
#include "ops/op_instances.inc"

static const AssayOpCase cases[] = {
  { "one token", .in = { ASSAY_SHAPE (1, 3), ASSAY_SHAPE (1, 1) }, .index_below = 1 },
  { "repeated tokens", .in = { ASSAY_SHAPE (4, 5), ASSAY_SHAPE (3, 7) }, .index_below = 4 },
  { "one channel", .in = { ASSAY_SHAPE (9, 1), ASSAY_SHAPE (2, 5) }, .index_below = 9 },
  { "many channels", .in = { ASSAY_SHAPE (3, 300), ASSAY_SHAPE (2, 4) }, .index_below = 3 },
  { "several blocks", .in = { ASSAY_SHAPE (60, 70), ASSAY_SHAPE (2, 300) }, .index_below = 60 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (embedding) = {
  .name = "embedding", .help = "rows of a table, looked up by token",
  .narrow_out = 1 << 0,
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "table", "ids" }, .out_names = { "y" },
  .index_in = 1 << 1, .uses_in = 1 << 1, .flags = ASSAY_OP_LINEAR,
  .infer = select_rows_infer, .cost = select_rows_cost, .cpu = ASSAY_OP_KERNELS_LINEAR (select_rows), .cases = cases,
};
