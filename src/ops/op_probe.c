/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_probe.c: the value of a linear probe: w' x + bias at the positions of each example that count, as one number. The mathematics is in op_probe.inc.
 *
 *   inputs  x (B,...) with w of as many numbers, or (B,T,...) with   weight (B,T), data, optional
 *   output  value (B)
 *
 * Not a loss to train on: a measured function that stands in the loss's place.
 */
#include "ops/op.h"

#include "base/error.h"

#define OP_INC "ops/op_probe.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "bias", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .help = "added at each position" },
  { .name = "pool", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 2, .help = "positions: the last that counts (0), their mean (1) or their sum (2), by weight" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 n, given;

  (void) attr;
  if (n_in > 2 && (in[0].rank < 2 || in[2].rank != 2 || in[0].dim[0] != in[2].dim[0] || in[0].dim[1] != in[2].dim[1]))
    {
      g_autofree char *x = assay_shape_to_string (&in[0]), *weight = assay_shape_to_string (&in[2]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,...) with weight (B,T) expected, got %s with %s", x, weight);
      return FALSE;
    }
  if (in[0].rank < 1 || assay_shape_count (&in[0]) < 1)
    {
      g_autofree char *x = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,...) with elements expected, got %s", x);
      return FALSE;
    }
  n = assay_shape_count (&in[0]) / in[0].dim[0] / (n_in > 2 ? in[0].dim[1] : 1);
  given = assay_shape_count (&in[1]);
  if (given != n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "a direction of %" G_GINT64_FORMAT " numbers expected, %" G_GINT64_FORMAT " found", n, given);
      return FALSE;
    }
  out[0] = ASSAY_SHAPE (in[0].dim[0]);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double n = (double) assay_shape_count (&in[0]);

  (void) rule;
  (void) out;
  (void) attr;
  return (AssayCost) { .flops = 2 * n, .bytes = n * width };
}

static const AssayOpCase cases[] = {
  { "features", .in = { ASSAY_SHAPE (3, 5), ASSAY_SHAPE (5) }, .attr = { 0.5 }, .has_attr = TRUE, .n_in = 2 },
  { "an image", .in = { ASSAY_SHAPE (2, 3, 4, 4), ASSAY_SHAPE (48) }, .n_in = 2 },
  { "the last position", .in = { ASSAY_SHAPE (3, 4, 9), ASSAY_SHAPE (9), ASSAY_SHAPE (3, 4) }, .attr = { -0.25, 0 }, .has_attr = TRUE },
  { "the mean", .in = { ASSAY_SHAPE (3, 4, 9), ASSAY_SHAPE (9), ASSAY_SHAPE (3, 4) }, .attr = { -0.25, 1 }, .has_attr = TRUE, .fill = ASSAY_FILL_POSITIVE },
  { "the sum", .in = { ASSAY_SHAPE (3, 4, 9), ASSAY_SHAPE (9), ASSAY_SHAPE (3, 4) }, .attr = { -0.25, 2 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (probe) = {
  .name = "probe", .help = "the value of a linear probe of each example",
  .n_in = 3, .min_in = 2, .n_out = 1, .in_names = { "x", "w", "weight" }, .out_names = { "value" },
  .data_in = 1 << 1 | 1 << 2, .uses_in = 1 << 1 | 1 << 2, .attrs = attrs, .flags = ASSAY_OP_LOSS | ASSAY_OP_MEASURE, .infer = infer, .cost = cost,
  .cpu = ASSAY_OP_KERNELS_LOSS (probe), .cases = cases,
};
