/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_causal_conv.c: every channel of a sequence convolved with a short kernel of its own that looks back only. The mathematics is in
 * op_causal_conv.inc.
 *
 *   inputs  x (B,T,C)   w (C,1,K)   b (C), optional          output  y (B,T,C)
 *
 * The last tap of a kernel meets the present position; before the first position there are zeros. Layout of w as torch.nn.Conv1d has it
 * with as many groups as channels.
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_causal_conv.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) attr;
  if (in[0].rank != 3 || in[1].rank != 3 || in[1].dim[0] != in[0].dim[2] || in[1].dim[1] != 1)
    {
      g_autofree char *x = assay_shape_to_string (&in[0]), *w = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,C) and w (C,1,K) expected, got %s and %s", x, w);
      return FALSE;
    }
  out[0] = in[0];
  return n_in < 3 || assay_shape_expect (&in[2], "b", ASSAY_SHAPE (in[0].dim[2]), error);
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int products[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 4 };
  static const int arrays[] = { [ASSAY_FWD] = 2, [ASSAY_BWD] = 3, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 5 };
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = 2.0 * products[rule] * n * in[1].dim[2], .bytes = (double) arrays[rule] * n * width };
}

/* One number at least: a kernel of one tap keeps nothing. */
static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  (void) attr;
  (void) capacity;
  return width * MAX (1, in[0].dim[0] * (in[1].dim[2] - 1) * in[0].dim[2]);
}

static const AssayOpCase cases[] = {
  { "one position", .in = { ASSAY_SHAPE (2, 1, 3), ASSAY_SHAPE (3, 1, 4), ASSAY_SHAPE (3) }, .n_in = 3 },
  { "one tap", .in = { ASSAY_SHAPE (1, 5, 4), ASSAY_SHAPE (4, 1, 1) }, .n_in = 2 },
  { "without a bias", .in = { ASSAY_SHAPE (2, 7, 5), ASSAY_SHAPE (5, 1, 3) }, .n_in = 2 },
  { "several blocks", .in = { ASSAY_SHAPE (3, 90, 130), ASSAY_SHAPE (130, 1, 4), ASSAY_SHAPE (130) }, .n_in = 3 },
  { .name = NULL }
};

ASSAY_OP_DEFINE (causal_conv) = {
  .name = "causal_conv", .help = "convolves each channel of a sequence with a kernel that looks back",
  .n_in = 3, .min_in = 2, .n_out = 1, .in_names = { "x", "w", "b" }, .out_names = { "y" },
  .uses_in = 1 << 0 | 1 << 1, .infer = infer, .cost = cost, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (causal_conv), .cases = cases,
};
