/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_conv2d.c: two-dimensional convolution (in the field's sense: cross-correlation). The mathematics is in op_conv2d.inc.
 *
 *   inputs  x (B,C,H,W)   weight (O,C/G,kh,kw)   bias (O), optional          output  y (B,O,oh,ow)
 *
 * With G groups the channels of x and of y are cut into G equal parts, and each part of y sees its own part of x alone.
 */
#include "ops/op_symbol.h"

#include "base/error.h"

/* The sizes of a call. The patches of x under the kernel are the columns of a matrix (R,P) for each group, made a tile of output rows at a time. */
typedef struct {
  gint64 B, C, H, W, O, kh, kw, oh, ow, stride, padding;
  gint64 G, c, o;               /* groups, and input and output channels of each */
  gint64 R;                     /* c kh kw: entries of a patch */
  gint64 P;                     /* oh ow: patches of an example */
  gint64 tile;                  /* output rows in a tile */
} Conv2d;

#define TILE_COLUMNS 1024       /* a tile of 25 x 1,024 floats stays in the second-level cache */

static Conv2d
get_sizes (const AssayShape *in, const double *attr)
{
  const gint64 *x = in[0].dim, *w = in[1].dim;
  Conv2d s = { .B = x[0], .C = x[1], .H = x[2], .W = x[3], .O = w[0], .kh = w[2], .kw = w[3], .stride = (gint64) attr[0],
               .padding = (gint64) attr[1], .G = (gint64) attr[2] };

  s.oh = (s.H + 2 * s.padding - s.kh) / s.stride + 1;
  s.ow = (s.W + 2 * s.padding - s.kw) / s.stride + 1;
  s.c = s.C / s.G;
  s.o = s.O / s.G;
  s.R = s.c * s.kh * s.kw;
  s.P = s.oh * s.ow;
  s.tile = CLAMP (TILE_COLUMNS / s.ow, 1, s.oh);
  return s;
}

#define OP_INC "ops/op_conv2d.inc"
#include "ops/op_instances.inc"

static const AssayParam attrs[] = {
  { .name = "stride", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1 << 20, .unit = "pixels",
    .help = "step of the kernel along both axes" },
  { .name = "padding", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1 << 20, .unit = "pixels",
    .help = "zeros put around the picture" },
  { .name = "groups", .type = ASSAY_PARAM_INT, .def.i = 1, .min = 1, .max = 1 << 20, .help = "parts of the channels that do not see each other" },
  { .name = NULL }
};

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 larger = 2 * (gint64) attr[1], groups = (gint64) attr[2];
  Conv2d s;

  if (in[0].rank != 4 || in[1].rank != 4 || in[1].dim[1] * groups != in[0].dim[1] || in[1].dim[0] % groups != 0 || in[1].dim[2] > in[0].dim[2] + larger
      || in[1].dim[3] > in[0].dim[3] + larger)
    {
      g_autofree char *x = assay_shape_to_string (&in[0]), *weight = assay_shape_to_string (&in[1]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "conv2d: x (B,C,H,W) and weight (O,C/groups,kh,kw) with a kernel inside the padded "
                   "picture and channels that %" G_GINT64_FORMAT " groups share evenly expected, got %s and %s", groups, x, weight);
      return FALSE;
    }
  if (n_in > 2 && !assay_shape_expect (&in[2], "bias", ASSAY_SHAPE (in[1].dim[0]), error))
    return FALSE;
  s = get_sizes (in, attr);
  out[0] = ASSAY_SHAPE (s.B, s.O, s.oh, s.ow);
  return TRUE;
}

static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const double products[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 2, [ASSAY_RBWD] = 4 };
  Conv2d s = get_sizes (in, attr);

  (void) out;
  return (AssayCost) { .flops = products[rule] * 2 * s.B * s.O * s.R * s.P,
                       .bytes = products[rule] * width * (s.B * (s.C * s.H * s.W + s.O * s.P) + s.O * s.R) };
}

static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  Conv2d s = get_sizes (in, attr);

  return s.R * s.tile * s.ow * width;
}

static const AssayOpCase cases[] = {
  { "one pixel", .in = { ASSAY_SHAPE (1, 1, 1, 1), ASSAY_SHAPE (1, 1, 1, 1), ASSAY_SHAPE (1) } },
  { "odd sizes", .in = { ASSAY_SHAPE (2, 3, 7, 5), ASSAY_SHAPE (4, 3, 3, 2), ASSAY_SHAPE (4) } },
  { "without bias", .in = { ASSAY_SHAPE (2, 2, 5, 5), ASSAY_SHAPE (3, 2, 3, 3) }, .n_in = 2 },
  { "stride that leaves pixels over", .in = { ASSAY_SHAPE (2, 2, 8, 6), ASSAY_SHAPE (3, 2, 3, 3), ASSAY_SHAPE (3) },
    .attr = { 2, 0, 1 }, .has_attr = TRUE },
  { "padding wider than the kernel's reach", .in = { ASSAY_SHAPE (2, 1, 4, 5), ASSAY_SHAPE (2, 1, 3, 3), ASSAY_SHAPE (2) },
    .attr = { 1, 3, 1 }, .has_attr = TRUE },
  { "stride and padding", .in = { ASSAY_SHAPE (3, 2, 9, 7), ASSAY_SHAPE (4, 2, 5, 3), ASSAY_SHAPE (4) },
    .attr = { 3, 2, 1 }, .has_attr = TRUE },
  { "kernel as large as the picture", .in = { ASSAY_SHAPE (2, 3, 4, 4), ASSAY_SHAPE (5, 3, 4, 4), ASSAY_SHAPE (5) } },
  { "several tiles", .in = { ASSAY_SHAPE (2, 2, 48, 40), ASSAY_SHAPE (3, 2, 3, 3), ASSAY_SHAPE (3) },
    .attr = { 1, 1, 1 }, .has_attr = TRUE },
  { "several blocks", .in = { ASSAY_SHAPE (9, 6, 12, 12), ASSAY_SHAPE (16, 6, 5, 5), ASSAY_SHAPE (16) } },
  { "groups", .in = { ASSAY_SHAPE (2, 4, 5, 6), ASSAY_SHAPE (6, 2, 3, 3), ASSAY_SHAPE (6) }, .attr = { 1, 1, 2 }, .has_attr = TRUE },
  { "a group for each channel", .in = { ASSAY_SHAPE (3, 6, 7, 7), ASSAY_SHAPE (6, 1, 3, 3) }, .n_in = 2, .attr = { 2, 1, 6 }, .has_attr = TRUE },
  { "groups over several tiles and blocks", .in = { ASSAY_SHAPE (9, 6, 34, 40), ASSAY_SHAPE (9, 2, 5, 3), ASSAY_SHAPE (9) },
    .attr = { 1, 0, 3 }, .has_attr = TRUE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (conv2d) = {
  .name = "conv2d", .help = "two-dimensional convolution",
  .n_in = 3, .min_in = 2, .n_out = 1, .in_names = { "x", "weight", "bias" }, .out_names = { "y" },
  .uses_in = 1 << 0 | 1 << 1, .flags = ASSAY_OP_TAKES_FRESH | ASSAY_OP_NULL_TANGENT,
  .attrs = attrs, .infer = infer, .cost = cost, .scratch = scratch, .cpu = ASSAY_OP_KERNELS (conv2d), .cases = cases,
};
