/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.h: what the pooling ops share: sizes, attributes, shapes and the suite's cases. Included by the op files only.
 *
 *   input  x (B,C,H,W)          output  y (B,C,oh,ow), windows of kernel x kernel pixels, stride apart
 */
#pragma once

#include "ops/op_symbol.h"

#include "base/error.h"

typedef struct {
  gint64 planes;                /* B C */
  gint64 H, W, oh, ow, kernel, stride;
} Pool;

static inline Pool
pool_get_sizes (const AssayShape *in, const double *attr)
{
  const gint64 *x = in[0].dim;
  Pool s = { .planes = x[0] * x[1], .H = x[2], .W = x[3], .kernel = (gint64) attr[0], .stride = (gint64) attr[1] };

  s.oh = (s.H - s.kernel) / s.stride + 1;
  s.ow = (s.W - s.kernel) / s.stride + 1;
  return s;
}

static const AssayParam pool_attrs[] = {
  { .name = "kernel", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = 1 << 20, .unit = "pixels",
    .help = "side of the square window" },
  { .name = "stride", .type = ASSAY_PARAM_INT, .def.i = 2, .min = 1, .max = 1 << 20, .unit = "pixels",
    .help = "step of the window along both axes" },
  { .name = NULL }
};

static inline gboolean
pool_infer (const AssayShape *in, const double *attr, AssayShape *out, GError **error)
{
  Pool s;

  if (in[0].rank != 4 || in[0].dim[2] < attr[0] || in[0].dim[3] < attr[0])
    {
      g_autofree char *found = assay_shape_to_string (&in[0]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x: (B,C,H,W) with H and W of at least %g expected, got %s", attr[0], found);
      return FALSE;
    }
  s = pool_get_sizes (in, attr);
  *out = ASSAY_SHAPE (in[0].dim[0], in[0].dim[1], s.oh, s.ow);
  return TRUE;
}

static inline AssayCost
pool_cost (const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  double x = assay_shape_count (&in[0]), y = assay_shape_count (&out[0]);

  return (AssayCost) { .flops = y * attr[0] * attr[0], .bytes = (x + 2 * y) * width };
}

static const AssayOpCase pool_cases[] = {
  { "one window", .in = { ASSAY_SHAPE (1, 1, 2, 2) }, .fill = ASSAY_FILL_DISTINCT },
  { "default window", .in = { ASSAY_SHAPE (2, 3, 6, 4) }, .fill = ASSAY_FILL_DISTINCT },
  { "pixels left over", .in = { ASSAY_SHAPE (2, 2, 7, 5) }, .fill = ASSAY_FILL_DISTINCT },
  { "overlapping windows", .in = { ASSAY_SHAPE (2, 3, 7, 6) }, .attr = { 3, 1 }, .has_attr = TRUE, .fill = ASSAY_FILL_DISTINCT },
  { "windows apart", .in = { ASSAY_SHAPE (1, 2, 8, 9) }, .attr = { 2, 3 }, .has_attr = TRUE, .fill = ASSAY_FILL_DISTINCT },
  { "window of one pixel", .in = { ASSAY_SHAPE (2, 1, 3, 3) }, .attr = { 1, 1 }, .has_attr = TRUE, .fill = ASSAY_FILL_DISTINCT },
  { "window of the whole plane", .in = { ASSAY_SHAPE (3, 2, 5, 5) }, .attr = { 5, 5 }, .has_attr = TRUE, .fill = ASSAY_FILL_DISTINCT },
  { "several blocks", .in = { ASSAY_SHAPE (5, 8, 24, 24) }, .fill = ASSAY_FILL_DISTINCT },
  { .name = NULL }
};
