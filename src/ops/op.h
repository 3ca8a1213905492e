/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op.h: the contract of an operation: four rules, shapes, cost, and the cases that the suite must run.
 *
 * The rules, for y = op (x):            d adjoint of, r tangent of, rd tangent of the adjoint of
 *   FWD    y   <- x                     writes every output (result and saved values)
 *   BWD    dx  += from x, y, dy         accumulates adjoints
 *   RFWD   ry  <- x, y, rx              tangent of FWD, saved values included
 *   RBWD   rdx += from x, y, dy, rx, ry, rdy   tangent of BWD
 *   GGN    dx  += H rx                  losses only: the Hessian of the loss in its logits, times their tangent, weighted by dy
 *   STEP   y   <- x, state              FWD of positions that follow earlier ones: ops that look back keep in state what they need of those
 * Only output 0 has an adjoint; outputs 1.. are saved for the later rules and may have tangents.
 *
 * What a kernel may rely on:
 *   - x[i], y[j] point to contiguous row-major data of the compute type; index inputs and outputs to gint32.
 *   - dx[i] / rdx[i] NULL: nobody needs that adjoint. Else add to it; bit i of `fresh` says that it holds nothing yet and must be
 *     overwritten (only for ops that set ASSAY_OP_TAKES_FRESH; for others it was zeroed).
 *   - rx[i] NULL: that input has no tangent (data). Only ops with ASSAY_OP_NULL_TANGENT see this; others are given zeros.
 *   - a primal (and its tangent) is there after FWD only if the op declares to use it: uses_in, uses_out.
 *   - in rules BWD and RBWD of a graph, inputs that are the same value are given one after another; accumulation makes that right.
 * A kernel writes each element from one block, cut by the data, so that bits do not depend on the number of threads. It does not
 * allocate; per-worker scratch is `scratch + worker * scratch_bytes`. NaN in gives NaN out: no clamping, no max that drops it.
 *
 * Every op file is compiled once for each instruction set (see op_instances.inc); assay_op_find gives the best for this processor.
 * Thread rule: kernels are reentrant; the table is constant.
 */
#pragma once

#include "base/param.h"
#include "tensor/backend.h"
#include "tensor/dtype.h"
#include "tensor/op_call.h"
#include "tensor/shape.h"

#define ASSAY_OP_MAX_ATTRS 10

typedef void (*AssayKernel) (const AssayOpCall *call);

typedef struct { double flops, bytes; } AssayCost;

typedef enum {
  ASSAY_FILL_NORMAL,            /* standard normal */
  ASSAY_FILL_NEARLY_CONSTANT,   /* 1 + 1e-3 normal */
  ASSAY_FILL_LARGE,             /* 30 x normal: saturates exponentials */
  ASSAY_FILL_POSITIVE,          /* |normal| + 0.1 */
  ASSAY_FILL_DISTINCT           /* a shuffled ladder: no two entries near each other (max, relu kinks) */
} AssayFill;

typedef struct {
  const char *name;
  AssayShape in[ASSAY_OP_MAX_IN];       /* an optional input left at rank 0 with .n_in set is absent */
  double attr[ASSAY_OP_MAX_ATTRS];      /* used when has_attr */
  gboolean has_attr;
  AssayFill fill;
  gint64 index_below;           /* index inputs are drawn from 0 .. index_below - 1 */
  guint n_in;                   /* 0: all inputs of the op */
} AssayOpCase;

typedef enum {
  ASSAY_OP_LINEAR = 1 << 0,             /* linear in all its real inputs together: RFWD and RBWD are FWD and BWD on tangents */
  ASSAY_OP_TAKES_FRESH = 1 << 1,
  ASSAY_OP_NULL_TANGENT = 1 << 2,
  ASSAY_OP_LOSS = 1 << 3,               /* output 0 is a loss per example; has GGN with respect to input 0 */
  ASSAY_OP_PIECEWISE = 1 << 4,          /* has kinks: cases must stay away from them */
  ASSAY_OP_MEASURE = 1 << 5,            /* a LOSS that is measured, not trained on: it need not be convex in its logits */
  ASSAY_OP_TAKES_BLOCK = 1 << 6         /* BWD, RFWD and RBWD take the K tangents of a block in one call; of others they are run one by one */
} AssayOpFlags;

typedef struct _AssayOp AssayOp;

struct _AssayOp {
  const char *name, *help;
  guint n_in, min_in, n_out;
  const char *in_names[ASSAY_OP_MAX_IN], *out_names[ASSAY_OP_MAX_OUT];
  guint index_in, data_in, index_out;   /* bits: gint32 inputs; real inputs without derivative; gint32 saved outputs */
  guint uses_in, uses_out;              /* bits: what BWD, RFWD, RBWD, GGN read */
  guint narrow_in, narrow_out;          /* bits: what a device's kernels also take in bf16, and their adjoints and tangents; of a matrix of parameters: rounded */
  guint flags;
  const AssayParam *attrs;              /* NULL: none */
  gboolean (*infer) (const AssayShape *in, guint n_in, const double *attr, AssayShape *out, GError **error);
  AssayCost (*cost) (AssayRule rule, const AssayShape *in, const AssayShape *out, const double *attr, gsize width);
  gsize (*scratch)  (const AssayShape *in, const double *attr, gsize width);   /* bytes per worker; NULL: none */
  /* Bytes of state for so many positions; 0: this one cannot go on (it looks ahead). NULL: the op takes each position by itself, or its FWD
   * needs to know no more than the call's position. */
  gsize (*state)    (const AssayShape *in, const double *attr, gint64 capacity, gsize width);
  AssayKernel cpu[ASSAY_N_RULES][ASSAY_N_COMPUTE_DTYPES];
  const AssayOpCase *cases;
};

/* The op of that name in the instruction set in use (base/isa.h), or NULL. */
const AssayOp *assay_op_find     (const char *name);
/* All ops of the instruction set in use, NULL-terminated. */
const AssayOp *const *assay_op_list (void);

/* Runs one rule, for each tangent of a block. Tangent rules of LINEAR ops are derived here. FALSE when the backend or type has no such kernel. */
gboolean    assay_op_run         (const AssayOp *op, AssayRule rule, AssayDtype dtype, AssayBackend *backend,
                                  const AssayOpCall *call, GError **error);

/* For kernels: func (call, first, end, worker) over rows 0 .. n_rows-1 in blocks of about 16,384 elements. */
typedef void (*AssayRowsFunc) (const AssayOpCall *call, gint64 first, gint64 end, guint worker);
void        assay_op_rows        (const AssayOpCall *call, gint64 n_rows, gint64 elements_per_row, AssayRowsFunc func);
