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

#include <math.h>

enum { HEADS, THETA, ADJACENT, TURNED, SCALING, FACTOR, LOW, HIGH, ORIGINAL, MAGNITUDE };
enum { PLAIN, LINEAR, LLAMA3, YARN, YARN_EXACT };

/* n. */
static gint64
turned (const AssayShape *in, const double *attr)
{
  return attr[TURNED] > 0 ? (gint64) attr[TURNED] : in->dim[2] / (gint64) attr[HEADS];
}

/* The pair that turns so many times within the original context, as a real number. */
static double
pair_of_turns (double turns, gint64 n, const double *attr)
{
  return (double) n * log (attr[ORIGINAL] / (turns * 2 * G_PI)) / (2 * log (attr[THETA]));
}

/* How much of f / s is in the frequency of pair i; the rest is f. */
static double
stretched_share (gint64 i, double f, gint64 n, const double *attr)
{
  double from, to;

  if (attr[SCALING] == LLAMA3)
    {
      double turns = attr[ORIGINAL] * f / (2 * G_PI);

      return CLAMP ((attr[HIGH] - turns) / (attr[HIGH] - attr[LOW]), 0, 1);
    }
  if (attr[SCALING] < YARN)
    return attr[SCALING] == LINEAR;
  from = pair_of_turns (attr[HIGH], n, attr);
  to = pair_of_turns (attr[LOW], n, attr);
  from = MAX (attr[SCALING] == YARN ? floor (from) : from, 0);
  to = MIN (attr[SCALING] == YARN ? ceil (to) : to, (double) n - 1);
  return CLAMP (((double) i - from) / (to == from ? 0.001 : to - from), 0, 1);
}

static void
set_frequencies (gint64 n, const double *attr, double *frequency)
{
  for (gint64 i = 0; i < n / 2; i++)
    {
      double f = pow (attr[THETA], -2.0 * (double) i / (double) n), share = stretched_share (i, f, n, attr);

      frequency[i] = share > 0 ? share * f / attr[FACTOR] + (1 - share) * f : f;
    }
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
  gint64 H = (gint64) attr[HEADS], n = in[0].rank == 3 && H > 0 ? turned (&in[0], attr) : 0;

  (void) n_in;
  if (n < 2 || n % 2 != 0 || in[0].dim[2] % H != 0 || n > in[0].dim[2] / H)
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: (B,T,C) with C a multiple of %" G_GINT64_FORMAT
                   " heads, and an even number of channels of a head to turn, expected, got %s and %g", H, found, attr[TURNED]);
      return FALSE;
    }
  if (attr[SCALING] >= LLAMA3 && !(attr[ORIGINAL] > 0 && attr[HIGH] > attr[LOW] && attr[LOW] > 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "rotary scaling: an original context above 0 and 0 < low < high expected, %g, %g and %g found",
                   attr[ORIGINAL], attr[LOW], attr[HIGH]);
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
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .scratch = scratch, .cpu = ASSAY_OP_KERNELS_LINEAR (rope), .cases = cases,
};
