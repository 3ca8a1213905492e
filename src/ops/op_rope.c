/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_rope.c: rotary positions: pairs of channels of every head turned by an angle that grows with the position. Linear in x.
 * The mathematics is in op_rope.inc.
 *
 *   input  x (B,T,H D), D even          output  y (B,T,H D)
 *
 * Source: Su et al., arXiv 2104.09864, section 3.4; pairs (i, i + D/2) as in Llama, or (2i, 2i + 1) as in the paper.
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_rope.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1 << 20, .help = "heads in a row of x" },
  { .name = "theta", .type = ASSAY_PARAM_DOUBLE, .def.d = 10000, .min = 1, .max = 1e12, .help = "base of the angles' frequencies" },
  { .name = "adjacent", .type = ASSAY_PARAM_BOOL, .def.b = FALSE, .help = "turn channels 2i and 2i+1 instead of i and i+D/2" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 H = (gint64) attr[0];

  (void) n_in;
  if (in[0].rank != 3 || H < 1 || in[0].dim[2] % (2 * H) != 0)
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: (B,T,C) with C a multiple of 2 x %" G_GINT64_FORMAT
                   " heads expected, got %s", H, found);
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
  return (AssayCost) { .flops = 3 * n, .bytes = 2 * n * width };
}

/* Frequencies, cosines and sines of the D/2 pairs. */
static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  gint64 pairs = in[0].dim[2] / (gint64) attr[0] / 2;

  return pairs * (sizeof (double) + 2 * width);
}

static const AssayOpCase cases[] = {
  { "one position", .in = { ASSAY_SHAPE (2, 1, 4) } },
  { "smallest head", .in = { ASSAY_SHAPE (1, 9, 6) }, .attr = { 3, 10000, 0 }, .has_attr = TRUE },
  { "odd half", .in = { ASSAY_SHAPE (2, 5, 20) }, .attr = { 2, 500, 0 }, .has_attr = TRUE },
  { "adjacent pairs", .in = { ASSAY_SHAPE (2, 5, 12) }, .attr = { 2, 10000, 1 }, .has_attr = TRUE },
  { "several blocks", .in = { ASSAY_SHAPE (3, 150, 64) }, .attr = { 4, 10000, 0 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (rope) = {
  .name = "rope", .help = "rotary positions",
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .scratch = scratch, .cpu = ASSAY_OP_KERNELS_LINEAR (rope), .cases = cases,
};
