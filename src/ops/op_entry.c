/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_entry.c: one number of each example, or the difference of two: a logit, a logit difference, a neuron's activation. Linear in x. The
 * mathematics is in op_entry.inc.
 *
 *   inputs  x (B,...), or (B,T,...) with   weight (B,T), data, optional: the last position that is not 0 is looked at
 *   output  value (B)
 *
 * Not a loss to train on: a measured function that stands in the loss's place.
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_entry.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "first", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "number within a position's values" },
  { .name = "second", .type = ASSAY_PARAM_INT, .def.i = -1, .min = -1, .max = 9e15, .help = "the number that is taken off; -1: none" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 n;

  if (n_in > 1 && (in[0].rank < 2 || in[1].rank != 2 || in[0].dim[0] != in[1].dim[0] || in[0].dim[1] != in[1].dim[1]))
    {
      g_autofree char *x = assay_shape_to_string (&in[0]), *weight = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,...) with weight (B,T) expected, got %s with %s", x, weight);
      return FALSE;
    }
  if (in[0].rank < 1 || assay_shape_count (&in[0]) < 1)
    {
      g_autofree char *x = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,...) with elements expected, got %s", x);
      return FALSE;
    }
  n = assay_shape_count (&in[0]) / in[0].dim[0] / (n_in > 1 ? in[0].dim[1] : 1);
  if (attr[0] >= (double) n || attr[1] >= (double) n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "a number from 0 to %" G_GINT64_FORMAT " expected, %.0f found", n - 1,
                   MAX (attr[0], attr[1]));
      return FALSE;
    }
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = (double) in[0].dim[0];

  (void) rule;
  (void) out;
  (void) attr;
  return (AssayCost) { .flops = 2 * n, .bytes = 3 * n * width };
}

static const AssayOpCase cases[] = {
  { "one number", .in = { ASSAY_SHAPE (3, 5) }, .n_in = 1 },
  { "a difference", .in = { ASSAY_SHAPE (4, 7) }, .attr = { 2, 6 }, .has_attr = TRUE, .n_in = 1 },
  { "within an image", .in = { ASSAY_SHAPE (2, 3, 4, 4) }, .attr = { 17, -1 }, .has_attr = TRUE, .n_in = 1 },
  { "the last position", .in = { ASSAY_SHAPE (3, 4, 9), ASSAY_SHAPE (3, 4) }, .attr = { 8, 1 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (entry) = {
  .name = "entry", .help = "one number of each example, or the difference of two",
  .n_in = 2, .min_in = 1, .n_out = 1, .in_names = { "x", "weight" }, .out_names = { "value" },
  .data_in = 1 << 1, .uses_in = 1 << 1, .attrs = attrs, .flags = ASSAY_OP_LOSS | ASSAY_OP_LINEAR | ASSAY_OP_MEASURE, .infer = infer, .cost = cost,
  .cpu = { [ASSAY_FWD] = { entry_fwd_f32, entry_fwd_f64, entry_fwd_c128 }, [ASSAY_BWD] = { entry_bwd_f32, entry_bwd_f64, entry_bwd_c128 },
           [ASSAY_GGN] = { entry_ggn_f32, entry_ggn_f64, NULL } },
  .cases = cases,
};
