/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_slice.c: a range of the last axis. The mathematics is in op_slice.inc.
 *
 *   input  x (...,C)          output  y (...,length) = x (..., start .. start + length - 1)
 */
#include "ops/op_symbol.h"

#include "base/error.h"

#define OP_INC "ops/op_slice.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "start", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e15, .unit = "elements", .help = "first element kept" },
  { .name = "length", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1e15, .unit = "elements", .help = "elements kept" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  if (in[0].rank < 1 || attr[0] + attr[1] > in[0].dim[in[0].rank - 1])
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: a last axis of at least %g expected, got %s", attr[0] + attr[1], found);
      return FALSE;
    }
  out[0] = assay_shape_with_last (&in[0], (gint64) attr[1]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = assay_shape_count (&out[0]);

  (void) in;
  (void) attr;
  return (AssayCost) { .flops = rule == ASSAY_BWD || rule == ASSAY_RBWD ? n : 0, .bytes = 2 * n * width };
}

static const AssayOpCase cases[] = {
  { "the whole axis", .in = { ASSAY_SHAPE (5) }, .attr = { 0, 5 }, .has_attr = TRUE },
  { "the beginning", .in = { ASSAY_SHAPE (3, 7) }, .attr = { 0, 4 }, .has_attr = TRUE },
  { "the middle", .in = { ASSAY_SHAPE (2, 3, 17) }, .attr = { 5, 9 }, .has_attr = TRUE },
  { "the last element", .in = { ASSAY_SHAPE (4, 6) }, .attr = { 5, 1 }, .has_attr = TRUE },
  { "several blocks", .in = { ASSAY_SHAPE (150, 257) }, .attr = { 100, 99 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (slice) = {
  .name = "slice", .help = "a range of the last axis",
  .narrow_in = 1 << 0, .narrow_out = 1 << 0,
  .n_in = 1, .min_in = 1, .n_out = 1, .in_names = { "x" }, .out_names = { "y" },
  .flags = ASSAY_OP_LINEAR | ASSAY_OP_TAKES_FRESH,
  .attrs = attrs, .infer = infer, .cost = cost, .cpu = ASSAY_OP_KERNELS_LINEAR (slice), .cases = cases,
};
