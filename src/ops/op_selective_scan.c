/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_selective_scan.c: a linear recurrence in every channel whose step, input and read-out depend on the sequence (Mamba). The mathematics is
 * in op_selective_scan.inc.
 *
 *   inputs  x (B,T,I)   step (B,T,I)   a_log (I,S)   write (B,T,S)   read (B,T,S)   skip (I)
 *   output  y (B,T,I)   saved  h (B,T,I,S), the states
 *
 * Letters: I channels, S states of a channel. Cost of memory: the states of all positions.
 * Source: Gu and Dao, arXiv 2312.00752, section 3.2; discretised as their code does: exp for the state, the step itself for the input.
 */
#include "ops/op.h"

#include "base/error.h"

enum { X, STEP, A_LOG, WRITE, READ, SKIP };

#define STATE_ARRAYS 6          /* of S numbers, that a worker keeps of a channel */

#define OP_INC "ops/op_selective_scan.inc"
#include "ops/op_instances.inc"

static gboolean
infer (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error)
{
  gint64 B = in[X].dim[0], T = in[X].dim[1], I = in[X].dim[2], S = in[A_LOG].dim[1];

  (void) n_in;
  (void) attr;
  if (in[X].rank != 3 || in[A_LOG].rank != 2)
    {
      g_autofree char *x = assay_shape_to_string (&in[X]), *a = assay_shape_to_string (&in[A_LOG]);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "x (B,T,I) and a_log (I,S) expected, got %s and %s", x, a);
      return FALSE;
    }
  out[0] = in[X];
  out[1] = ASSAY_SHAPE (B, T, I, S);
  return assay_shape_expect (&in[STEP], "step", in[X], error) && assay_shape_expect (&in[A_LOG], "a_log", ASSAY_SHAPE (I, S), error)
         && assay_shape_expect (&in[WRITE], "write", ASSAY_SHAPE (B, T, S), error) && assay_shape_expect (&in[READ], "read", ASSAY_SHAPE (B, T, S), error)
         && assay_shape_expect (&in[SKIP], "skip", ASSAY_SHAPE (I), error);
}

/* About 20 flops for an exponential; BWD and RBWD go over the states twice. */
static AssayCost
cost (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width)
{
  static const int flops[] = { [ASSAY_FWD] = 27, [ASSAY_BWD] = 75, [ASSAY_RFWD] = 45, [ASSAY_RBWD] = 140 };
  static const int arrays[] = { [ASSAY_FWD] = 1, [ASSAY_BWD] = 2, [ASSAY_RFWD] = 3, [ASSAY_RBWD] = 6 };
  double n = assay_shape_count (&out[1]);

  (void) in;
  (void) attr;
  return (AssayCost) { .flops = flops[rule] * n, .bytes = arrays[rule] * n * width };
}

static gsize
scratch (const AssayShape *in, const double *attr, gsize width)
{
  (void) attr;
  return width * STATE_ARRAYS * in[A_LOG].dim[1];
}

static gsize
state (const AssayShape *in, const double *attr, gint64 capacity, gsize width)
{
  (void) attr;
  (void) capacity;
  return width * in[X].dim[0] * in[X].dim[2] * in[A_LOG].dim[1];
}

#define SCAN(B, T, I, S)                                                                                                \
  { ASSAY_SHAPE (B, T, I), ASSAY_SHAPE (B, T, I), ASSAY_SHAPE (I, S), ASSAY_SHAPE (B, T, S), ASSAY_SHAPE (B, T, S), ASSAY_SHAPE (I) }
static const AssayOpCase cases[] = {
  { "one position", .in = SCAN (2, 1, 3, 2), .fill = ASSAY_FILL_POSITIVE },
  { "one state", .in = SCAN (1, 6, 2, 1), .fill = ASSAY_FILL_POSITIVE },
  { "odd sizes", .in = SCAN (2, 7, 3, 5), .fill = ASSAY_FILL_POSITIVE },
  { "several blocks", .in = SCAN (2, 40, 37, 16), .fill = ASSAY_FILL_POSITIVE },
  { .name = NULL }
};

ASSAY_OP_DEFINE (selective_scan) = {
  .name = "selective_scan", .help = "linear recurrence of every channel whose step, input and read-out depend on the sequence",
  .n_in = 6, .min_in = 6, .n_out = 2, .in_names = { "x", "step", "a_log", "write", "read", "skip" }, .out_names = { "y", "h" },
  .uses_in = 1 << X | 1 << STEP | 1 << A_LOG | 1 << WRITE | 1 << READ | 1 << SKIP, .uses_out = 1 << 1,
  .infer = infer, .cost = cost, .scratch = scratch, .state = state, .cpu = ASSAY_OP_KERNELS_STEP (selective_scan), .cases = cases,
};
