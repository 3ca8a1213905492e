/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_rmsnorm.c: root-mean-square normalisation of the last axis, or of each head of it. The mathematics is in op_rmsnorm.inc.
 *
 *   inputs  x (...,H C)   gain (C)        output  y (...,H C)        saved  h (...,H C)   s (...,H)
 * Source: Zhang and Sennrich, arXiv 1910.07467, equation 4; eps inside the root as in Llama.
 */
#include "ops/op_symbol.h"

#include "base/error.h"

/* C, and how often x has as many numbers. */
static gint64
channels_of (const AssayOpCall *c)
{
  return c->in_shape[1].dim[0];
}

static gint64
rows_of (const AssayOpCall *c)
{
  return assay_shape_count (&c->in_shape[0]) / channels_of (c);
}

#define OP_INC "ops/op_rmsnorm.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .unit = "mean square of x",
    .help = "added to the mean square under the root" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 last = assay_shape_last (&in[0]);

  (void) n_in;
  (void) attr;
  if (in[1].rank != 1 || in[1].dim[0] < 1 || last % in[1].dim[0] != 0)
    {
      g_autofree char *found = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "gain: (%" G_GINT64_FORMAT "), or a divisor of that, expected, got %s", last, found);
      return FALSE;
    }
  out[0] = out[1] = in[0];
  out[2] = in[1].dim[0] == last ? assay_shape_drop_last (&in[0]) : assay_shape_with_last (&in[0], last / in[1].dim[0]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 5, [ASSAY_BWD] = 8, [ASSAY_RFWD] = 8, [ASSAY_RBWD] = 24 };    /* per element */
  static const int arrays[] = { [ASSAY_FWD] = 3, [ASSAY_BWD] = 4, [ASSAY_RFWD] = 4, [ASSAY_RBWD] = 6 };    /* read or written */
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one row", .in = { ASSAY_SHAPE (1, 8), ASSAY_SHAPE (8) } },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (7) } },
  { "one channel", .in = { ASSAY_SHAPE (5, 1), ASSAY_SHAPE (1) }, .attr = { 0.5 }, .has_attr = TRUE },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 16), ASSAY_SHAPE (16) } },
  { "nearly constant row", .in = { ASSAY_SHAPE (2, 32), ASSAY_SHAPE (32) }, .fill = ASSAY_FILL_NEARLY_CONSTANT },
  { "heads", .in = { ASSAY_SHAPE (2, 3, 12), ASSAY_SHAPE (4) } },
  { "heads of one channel", .in = { ASSAY_SHAPE (2, 5, 3), ASSAY_SHAPE (1) } },
  { "several blocks", .in = { ASSAY_SHAPE (70, 300), ASSAY_SHAPE (300) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (rmsnorm) = {
  .name = "rmsnorm", .help = "normalises the last axis, or each head of it, to mean square 1, then scales it",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0 | 1 << 1,
  .n_in = 2, .min_in = 2, .n_out = 3, .in_names = { "x", "gain" }, .out_names = { "y", "h", "s" },
  .uses_in = 1 << 1, .uses_out = 1 << 1 | 1 << 2,
  .attrs = attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (rmsnorm), .cases = cases,
};
