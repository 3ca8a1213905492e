/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_call.h: what a rule of an operation is run with: its arrays, wherever the backend keeps them, and their shapes. ops/op.h says what each rule reads
 * and writes.
 *
 * Ownership: everything is the caller's. Thread rule: plain values.
 */
#pragma once

#include "base/workers.h"
#include "tensor/backend.h"
#include "tensor/packed.h"
#include "tensor/shape.h"

#define ASSAY_OP_MAX_IN 6
#define ASSAY_OP_MAX_OUT 4

/* Bytes from what belongs to one tangent of a block to what belongs to the next; 0: the same for all. */
typedef struct {
  gsize rx[ASSAY_OP_MAX_IN], ry[ASSAY_OP_MAX_OUT], dx[ASSAY_OP_MAX_IN], dy, rdx[ASSAY_OP_MAX_IN], rdy;
} AssayOpApart;

struct _AssayOpCall {
  guint n_in, n_out;
  const AssayShape *in_shape, *out_shape;
  const double *attr;           /* in the order of the op's attrs table; whole numbers are exact */
  const void *x[ASSAY_OP_MAX_IN];
  void *y[ASSAY_OP_MAX_OUT];
  void *dx[ASSAY_OP_MAX_IN];
  const void *dy;
  const void *rx[ASSAY_OP_MAX_IN];
  void *ry[ASSAY_OP_MAX_OUT];
  void *rdx[ASSAY_OP_MAX_IN];
  const void *rdy;
  guint fresh;                  /* bits of dx (or rdx) to overwrite */
  guint narrow_x, narrow_dx, narrow_y;  /* bits: x and rx, dx and rdx, y and ry are stored in bf16; bit 0 of y: dy and rdy, too. On a device, in f32 */
  gint64 n_tangents;            /* K: the rule of each of K tangents; below 2: of one */
  AssayOpApart apart;
  gint64 position, capacity;    /* of the first row of a sequence, 0 but where walks go on; STEP: positions that state has room for */
  void *state;                  /* STEP: zeros before position 0 */
  const AssayPacked *packed;    /* FWD of linear in f32: takes the place of x[1]; NULL: none */
  AssayCompute compute;         /* of linear in f32, on a device of attention too: FWD and BWD here, all rules there */
  AssayWorkers *workers;
  char *scratch;
  gsize scratch_bytes;          /* of one worker */
};

/* The call of tangent k alone. */
static inline AssayOpCall
assay_op_call_of_tangent (const AssayOpCall *call, gint64 k)
{
#define ASSAY_SHIFTED(member) if (call->member != NULL) one.member = (gpointer) ((const char *) call->member + (gsize) k * call->apart.member)
  AssayOpCall one = *call;

  one.n_tangents = 1;
  for (guint i = 0; i < call->n_in; i++)
    {
      ASSAY_SHIFTED (rx[i]);
      ASSAY_SHIFTED (dx[i]);
      ASSAY_SHIFTED (rdx[i]);
    }
  for (guint j = 0; j < call->n_out; j++)
    ASSAY_SHIFTED (ry[j]);
  ASSAY_SHIFTED (dy);
  ASSAY_SHIFTED (rdy);
  return one;
#undef ASSAY_SHIFTED
}
