/* SPDX-License-Identifier: GPL-3.0-or-later */
/* elementwise.h: what every y = phi (x) op shares: shapes, cost model and the suite's cases. Included by the op files only. */
#pragma once

#include "ops/op_symbol.h"

static inline gboolean
elementwise_infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  (void) error;
  out[0] = in[0];
  return TRUE;
}

/* About 20 flops for a transcendental function and its derivatives. */
static inline AssayCost
elementwise_cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 20, [ASSAY_BWD] = 22, [ASSAY_RFWD] = 22, [ASSAY_RBWD] = 45 };
  static const int arrays[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 3, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 5 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase elementwise_cases[] = {
  { "one element", .in = { ASSAY_SHAPE (1) }, .fill = ASSAY_FILL_DISTINCT },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7) }, .fill = ASSAY_FILL_DISTINCT },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 17) }, .fill = ASSAY_FILL_DISTINCT },
  { "saturated", .in = { ASSAY_SHAPE (4, 33) }, .fill = ASSAY_FILL_LARGE },
  { "several blocks", .in = { ASSAY_SHAPE (41, 257) }, .fill = ASSAY_FILL_DISTINCT },
  { .name = NULL }
};

/* A block of an adjoint is 16 KiB of f32: clearing it first, when it is fresh, costs no trip to memory. */
#define ELEMENTWISE_OP(symbol, words, more_flags)                                                                       \
  ASSAY_OP_DEFINE (symbol) = {                                                                                          \
    .name = #symbol, .help = words, .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },      \
    .narrow_in = 1, .narrow_out = 1, .uses_in = 1, .flags = ASSAY_OP_TAKES_FRESH | (more_flags),                        \
    .infer = elementwise_infer,                                                                                         \
    .cost = elementwise_cost, .cpu = ASSAY_OP_KERNELS (elementwise), .cases = elementwise_cases,                        \
  }
