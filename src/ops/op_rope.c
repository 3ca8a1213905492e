/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_rope.c: rotary positions: pairs of channels of every head turned by an angle that grows with the position. Linear in x.
 * The mathematics is in op_rope.inc.
 *
 *   input  x (B,T,H D)          output  y (B,T,H D)          frequencies  f_i = theta^(-2i/n), i = 0 .. n/2 - 1
 *
 * The first n channels of a head are turned, in pairs (i, i + n/2) as in Llama, or (2i, 2i + 1) as in the paper. A model whose context was
 * stretched after training turns slowly what had not come round once within its old context:
 *
 *   linear   f / s
 *   llama3   f / s where the wave is longer than original / low, f where it is shorter than original / high, a mixture between
 *   yarn     a mixture by the place of the pair: f up to the pair that turns `high` times within the original context, f / s from
 *            the one that turns `low` times on; both are whole pairs, or with yarn-exact where the formula has them
 *
 * Source: Su et al., arXiv 2104.09864, section 3.4; Chen et al., 2306.15595; Grattafiori et al., 2407.21783, section 3.4.1; Peng et al.,
 * 2309.00071, section 3.
 */
#include "ops/op.h"

#include "base/error.h"
#include "kernels/rope_frequencies.h"

/* n. */
static gint64
turned (const AssayShape *in, const double *attr)
{
  return attr[ROPE_TURNED] > 0 ? (gint64) attr[ROPE_TURNED] : in->dim[2] / (gint64) attr[ROPE_HEADS];
}

#define OP_INC "ops/op_rope.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "heads", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1 << 20, .help = "heads in a row of x" },
  { .name = "theta", .type = ASSAY_PARAM_DOUBLE, .def.d = 10000, .min = 1, .max = 1e12, .help = "base of the angles' frequencies" },
  { .name = "adjacent", .type = ASSAY_PARAM_BOOL, .def.b = FALSE, .help = "turn channels 2i and 2i+1 instead of i and i+n/2" },
  { .name = "turned", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1 << 20, .unit = "channels",
    .help = "n, the first channels of a head that are turned; 0: all" },
  { .name = "scaling", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 4, .help = "0 none, 1 linear, 2 llama3, 3 yarn, 4 yarn-exact" },
  { .name = "factor", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 1e-6, .max = 1e6, .help = "s, what the context was stretched by" },
  { .name = "low", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1e9, .unit = "turns", .help = "as above" },
  { .name = "high", .type = ASSAY_PARAM_DOUBLE, .def.d = 32, .min = 0, .max = 1e9, .unit = "turns", .help = "as above" },
  { .name = "original", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e9, .unit = "positions", .help = "context before it was stretched" },
  { .name = "magnitude", .type = ASSAY_PARAM_DOUBLE, .def.d = 1, .min = 0, .max = 1e6, .help = "factor of what is turned" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 H = (gint64) attr[ROPE_HEADS], n = in[0].rank == 3 && H > 0 ? turned (&in[0], attr) : 0;

  (void) n_in;
  if (n < 2 || n % 2 != 0 || in[0].dim[2] % H != 0 || n > in[0].dim[2] / H)
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: (B,T,C) with C a multiple of %" G_GINT64_FORMAT
                   " heads, and an even number of channels of a head to turn, expected, got %s and %g", H, found, attr[ROPE_TURNED]);
      return FALSE;
    }
  if (attr[ROPE_SCALING] >= ROPE_LLAMA3 && !(attr[ROPE_ORIGINAL] > 0 && attr[ROPE_HIGH] > attr[ROPE_LOW] && attr[ROPE_LOW] > 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "rotary scaling: an original context above 0 and 0 < low < high expected, %g, %g and %g found",
                   attr[ROPE_ORIGINAL], attr[ROPE_LOW], attr[ROPE_HIGH]);
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

/* Frequencies, cosines and sines of the n/2 pairs. */
static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  return turned (in, attr) / 2 * (sizeof (double) + 2 * width);
}

static const AssayOpCase cases[] = {
  { "one position", .in = { ASSAY_SHAPE (2, 1, 4) } },
  { "smallest head", .in = { ASSAY_SHAPE (1, 9, 6) }, .attr = { 3, 10000, 0, 0, 0, 1, 1, 32, 0, 1 }, .has_attr = TRUE },
  { "odd half", .in = { ASSAY_SHAPE (2, 5, 20) }, .attr = { 2, 500, 0, 0, 0, 1, 1, 32, 0, 1 }, .has_attr = TRUE },
  { "adjacent pairs", .in = { ASSAY_SHAPE (2, 5, 12) }, .attr = { 2, 10000, 1, 0, 0, 1, 1, 32, 0, 1 }, .has_attr = TRUE },
  { "part of a head", .in = { ASSAY_SHAPE (2, 5, 14) }, .attr = { 2, 10000, 0, 4, 0, 1, 1, 32, 0, 1 }, .has_attr = TRUE },
  { "part of a head, adjacent, linear", .in = { ASSAY_SHAPE (2, 5, 10) }, .attr = { 2, 10000, 1, 4, 1, 2.5, 1, 32, 0, 1 }, .has_attr = TRUE },
  { "llama3", .in = { ASSAY_SHAPE (1, 40, 32) }, .attr = { 2, 10000, 0, 0, 2, 8, 1, 4, 20, 1 }, .has_attr = TRUE },
  { "yarn", .in = { ASSAY_SHAPE (1, 40, 32) }, .attr = { 2, 10000, 0, 0, 3, 4, 1, 4, 20, 1.14 }, .has_attr = TRUE },
  { "yarn, exact", .in = { ASSAY_SHAPE (1, 40, 32) }, .attr = { 2, 10000, 0, 0, 4, 4, 1, 4, 20, 1.14 }, .has_attr = TRUE },
  { "several blocks", .in = { ASSAY_SHAPE (3, 150, 64) }, .attr = { 4, 10000, 0, 0, 0, 1, 1, 32, 0, 1 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (rope) = {
  .name = "rope", .help = "rotary positions",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0,
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .scratch = scratch, .cpu = ASSAY_OP_KERNELS_LINEAR (rope), .cases = cases,
};
