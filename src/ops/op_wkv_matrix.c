/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_wkv_matrix.c: heads whose state is a matrix of what keys and values were, fading at a rate of the head's own, and read out by what they receive
 * (RWKV, version 5.1). The mathematics is in op_wkv_matrix.inc.
 *
 *   inputs  r (B,T,C) receptance   k (B,T,C) keys   v (B,T,C) values   w (H) logarithm of the rate of decay   u (H) logarithm of the bonus of the present
 *   output  y (B,T,C)
 *
 * Letters: C channels, H heads of D = C / H channels. Nothing is saved: the states of all positions, D times the result, are run through again by each rule.
 * Source: Peng et al., arXiv 2404.05892, section 4.1, with one rate and one bonus for a head.
 */
#include "ops/op.h"

#include "base/error.h"

enum { R, K, V, W, U };

#define STATE_ARRAYS 4          /* of D D numbers, that a worker keeps of a head */

#define OP_INC "ops/op_wkv_matrix.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  (void) n_in;
  (void) attr;
  if (in[R].rank != 3 || in[W].rank != 1 || in[W].dim[0] < 1 || in[R].dim[2] % in[W].dim[0] != 0)
    {
      g_autofree char *r = assay_shape_to_string (&in[R]), *w = assay_shape_to_string (&in[W]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "r (B,T,C) and w (H) with H a divisor of C expected, got %s and %s", r, w);
      return FALSE;
    }
  out[0] = in[R];
  return assay_shape_expect (&in[K], "k", in[R], error) && assay_shape_expect (&in[V], "v", in[R], error) && assay_shape_expect (&in[U], "u", in[W], error);
}

/* For every number of the result D of the states, each of which is read and written. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 5, [ASSAY_BWD] = 17, [ASSAY_RFWD] = 14, [ASSAY_RBWD] = 44 };
  static const int arrays[] = { [ASSAY_FWD] = 4, [ASSAY_BWD] = 7, [ASSAY_RFWD] = 7, [ASSAY_RBWD] = 11 };
  double n = assay_shape_count (&in[R]), D = (double) (in[R].dim[2] / in[W].dim[0]);

  (void) out;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n * D, .bytes = arrays[rule] * n * width };
}

static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  const gsize D = (gsize) (in[R].dim[2] / in[W].dim[0]);

  (void) attr;
  return width * STATE_ARRAYS * D * D;
}

/* The matrices of all heads. */
static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  (void) attr;
  (void) capacity;
  return width * in[R].dim[0] * in[R].dim[2] * (in[R].dim[2] / in[W].dim[0]);
}

#define MATRIX(B, T, C, H) { ASSAY_SHAPE (B, T, C), ASSAY_SHAPE (B, T, C), ASSAY_SHAPE (B, T, C), ASSAY_SHAPE (H), ASSAY_SHAPE (H) }
static const AssayOpCase cases[] = {
  { "one position", .in = MATRIX (2, 1, 6, 2) },
  { "one channel in a head", .in = MATRIX (1, 5, 3, 3) },
  { "one head", .in = MATRIX (2, 6, 5, 1) },
  { "odd sizes", .in = MATRIX (2, 7, 15, 3) },
  { "several blocks", .in = MATRIX (2, 40, 112, 7) },
  { .name = NULL }
};

ASSAY_OP_DEFINE (wkv_matrix) = {
  .name = "wkv_matrix", .help = "matrix of keys and values so far, fading at a rate of each head's own, as what is received reads it",
  .n_in = 5, .min_in = 5, .n_out = 1, .in_names = { "r", "k", "v", "w", "u" }, .out_names = { "y" },
  .uses_in = 1 << R | 1 << K | 1 << V | 1 << W | 1 << U,
  .infer = infer, .cost = cost, .scratch = scratch, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (wkv_matrix), .cases = cases,
};
