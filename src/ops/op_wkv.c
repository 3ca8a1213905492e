/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_wkv.c: in every channel a mean of the values so far, weighted by keys and fading at a rate of the channel's own (RWKV, version 4). The
 * mathematics is in op_wkv.inc.
 *
 *   inputs  k (B,T,C) keys   v (B,T,C) values   w (C) logarithm of the rate of decay   u (C) bonus of the present position
 *   output  y (B,T,C)        saved  m (B,T,C) mean behind each position   l (B,T,C) logarithm of the sum of its weights
 *
 * Cost of memory: twice the result.
 * Source: Peng et al., arXiv 2305.13048, equation 16 and appendix D.
 */
#include "ops/op.h"

#include "base/error.h"

enum { K, V, W, U };
enum { Y, MEAN, LOG_SUM };

#define CHANNEL_ARRAYS 9        /* of C numbers, that a worker keeps of its channels */

#define OP_INC "ops/op_wkv.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[K].rank != 3)
    {
      g_autofree char *k = assay_shape_to_string (&in[K]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "k (B,T,C) expected, got %s", k);
      return FALSE;
    }
  out[Y] = out[MEAN] = out[LOG_SUM] = in[K];
  return assay_shape_expect (&in[V], "v", in[K], error) && assay_shape_expect (&in[W], "w", ASSAY_SHAPE (in[K].dim[2]), error)
         && assay_shape_expect (&in[U], "u", ASSAY_SHAPE (in[K].dim[2]), error);
}

/* Two exponentials of about 20 flops an element; a logarithm of about as many in FWD. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 90, [ASSAY_BWD] = 80, [ASSAY_RFWD] = 70, [ASSAY_RBWD] = 120 };
  static const int arrays[] = { [ASSAY_FWD] = 5, [ASSAY_BWD] = 9, [ASSAY_RFWD] = 9, [ASSAY_RBWD] = 14 };
  double n = assay_shape_count (&in[K]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  (void) attr;
  return width * CHANNEL_ARRAYS * in[K].dim[2];
}

/* Mean and logarithm of every channel of an example. */
static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  (void) attr;
  (void) capacity;
  return width * 2 * in[K].dim[0] * in[K].dim[2];
}

#define WKV(B, T, C) { ASSAY_SHAPE (B, T, C), ASSAY_SHAPE (B, T, C), ASSAY_SHAPE (C), ASSAY_SHAPE (C) }
static const AssayOpCase cases[] = {
  { "one position", .in = WKV (2, 1, 3) },
  { "one channel", .in = WKV (1, 6, 1) },
  { "odd sizes", .in = WKV (2, 7, 5) },
  { "keys that leave one value", .in = WKV (2, 5, 3), .fill = ASSAY_FILL_LARGE },
  { "several blocks", .in = WKV (2, 40, 530) },
  { .name = NULL }
};

ASSAY_OP_DEFINE (wkv) = {
  .name = "wkv", .help = "mean of the values so far, weighted by keys and fading at a rate of each channel's own",
  .n_in = 4, .min_in = 4, .n_out = 3, .in_names = { "k", "v", "w", "u" }, .out_names = { "y", "m", "l" },
  .uses_in = 1 << K | 1 << V | 1 << W | 1 << U, .uses_out = 1 << MEAN | 1 << LOG_SUM,
  .infer = infer, .cost = cost, .scratch = scratch, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (wkv), .cases = cases,
};
