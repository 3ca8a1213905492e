/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_layernorm.c: LayerNorm over the last axis, or over each of G groups of it. Shapes, rules, cost and the cases the suite must run.
 * The mathematics is in op_layernorm.inc.
 *
 *   inputs  x (...,C)   gain (C)   bias (C)          output  y (...,C)          saved  h (...,C)   s (...), with groups (...,G)
 */
#include "ops/op.h"

#include "base/error.h"

enum { EPS, GROUPS };           /* attributes */

static gint64
groups_of (const AssayOpCall *c)
{
  return (gint64) c->attr[GROUPS];
}

/* Channels of a group. */
static gint64
size_of (const AssayOpCall *c)
{
  return assay_shape_last (&c->in_shape[0]) / groups_of (c);
}

#define OP_INC "ops/op_layernorm.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "eps", .type = ASSAY_PARAM_DOUBLE, .def.d = 1e-5, .min = 0, .max = 1, .unit = "variance of x",
    .help = "added to the variance under the root" },
  { .name = "groups", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e6, .help = "parts of the last axis that are normalised by themselves" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 C = assay_shape_last (&in[0]), G = (gint64) attr[GROUPS];

  (void) n_in;
  if (C % G != 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: a multiple of %" G_GINT64_FORMAT " channels expected, one for each group, got %" G_GINT64_FORMAT, G, C);
      return FALSE;
    }
  if (!assay_shape_expect (&in[1], "gain", ASSAY_SHAPE (C), error)
      || !assay_shape_expect (&in[2], "bias", ASSAY_SHAPE (C), error))
    return FALSE;                                                 /* "gain: (768) expected, got (4,16)" */
  out[0] = out[1] = in[0];
  out[2] = G > 1 ? assay_shape_with_last (&in[0], G) : assay_shape_drop_last (&in[0]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 8, [ASSAY_BWD] = 11, [ASSAY_RFWD] = 11, [ASSAY_RBWD] = 30 };  /* per element */
  static const int arrays[] = { [ASSAY_FWD] = 3, [ASSAY_BWD] = 3, [ASSAY_RFWD] = 4, [ASSAY_RBWD] = 5 };    /* read or written */
  double n = assay_shape_count (&in[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static const AssayOpCase cases[] = {
  { "one row", .in = { ASSAY_SHAPE (1, 8), ASSAY_SHAPE (8), ASSAY_SHAPE (8) } },
  { "odd sizes", .in = { ASSAY_SHAPE (3, 7), ASSAY_SHAPE (7), ASSAY_SHAPE (7) } },
  { "one channel", .in = { ASSAY_SHAPE (5, 1), ASSAY_SHAPE (1), ASSAY_SHAPE (1) }, .attr = { 1, 1 }, .has_attr = TRUE },  /* variance 0 */
  { "groups", .in = { ASSAY_SHAPE (3, 2, 15), ASSAY_SHAPE (15), ASSAY_SHAPE (15) }, .attr = { 1e-5, 3 }, .has_attr = TRUE },
  { "several blocks of groups", .in = { ASSAY_SHAPE (70, 300), ASSAY_SHAPE (300), ASSAY_SHAPE (300) }, .attr = { 1e-5, 12 }, .has_attr = TRUE },
  { "three axes", .in = { ASSAY_SHAPE (2, 3, 16), ASSAY_SHAPE (16), ASSAY_SHAPE (16) } },
  { "nearly constant row", .in = { ASSAY_SHAPE (2, 32), ASSAY_SHAPE (32), ASSAY_SHAPE (32) }, .fill = ASSAY_FILL_NEARLY_CONSTANT },
  { "several blocks", .in = { ASSAY_SHAPE (70, 300), ASSAY_SHAPE (300), ASSAY_SHAPE (300) } },
  { .name = NULL }
};

ASSAY_OP_DEFINE (layernorm) = {
  .name = "layernorm", .help = "normalises the last axis, or each group of it, to mean 0 and variance 1, then scales and shifts it",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0 | 1 << 1,
  .n_in = 3, .min_in = 3, .n_out = 3, .in_names = { "x", "gain", "bias" }, .out_names = { "y", "h", "s" },
  .uses_in = 1 << 1, .uses_out = 1 << 1 | 1 << 2,
  .attrs = attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS (layernorm), .cases = cases,
};
