/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_token_shift.c: every channel of a sequence mixed with itself one position before, in a share of its own (RWKV). The mathematics is in
 * op_token_shift.inc.
 *
 *   inputs  x (B,T,C)   mix (C)          output  y (B,T,C)
 *
 * Before the first position there are zeros. A convolution of two taps would do the same, but its taps are two parameters and here there is one.
 * Source: Peng et al., arXiv 2305.13048, equations 11 to 13.
 */
#include "ops/op.h"

#include "base/error.h"

enum { X, MIX };

#define OP_INC "ops/op_token_shift.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[X].rank != 3)
    {
      g_autofree char *x = assay_shape_to_string (&in[X]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,C) expected, got %s", x);
      return FALSE;
    }
  out[0] = in[X];
  return assay_shape_expect (&in[MIX], "mix", ASSAY_SHAPE (in[X].dim[2]), error);
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 3, [ASSAY_BWD] = 6, [ASSAY_RFWD] = 6, [ASSAY_RBWD] = 13 };       /* per element */
  static const int arrays[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 3, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 5 };       /* read or written */
  double n = assay_shape_count (&in[X]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

/* The last position of every example. */
static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  (void) attr;
  (void) capacity;
  return width * in[X].dim[0] * in[X].dim[2];
}

static const AssayOpCase cases[] = {
  { "one position", .in = { ASSAY_SHAPE (2, 1, 3), ASSAY_SHAPE (3) } },
  { "one channel", .in = { ASSAY_SHAPE (1, 6, 1), ASSAY_SHAPE (1) } },
  { "odd sizes", .in = { ASSAY_SHAPE (2, 7, 5), ASSAY_SHAPE (5) } },
  { "several blocks", .in = { ASSAY_SHAPE (3, 90, 130), ASSAY_SHAPE (130) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (token_shift) = {
  .name = "token_shift", .help = "mixes each channel of a sequence with its value one position before",
  .n_in = 2, .min_in = 2, .n_out = 1, .in_names = { "x", "mix" }, .out_names = { "y" },
  .uses_in = 1 << X | 1 << MIX, .infer = infer, .cost = cost, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (token_shift), .cases = cases,
};
