/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c: the tables of ops, one per instruction set, made from the list in local.mk; and how a rule is run. */
#include "config.h"

#include "ops/op.h"

#include "base/error.h"
#include "base/isa.h"

#include <string.h>

/* ops.def holds one ASSAY_REGISTER (name) per op_*.c of local.mk. */
#define ASSAY_REGISTER(name) extern const AssayOp assay_op_##name##_baseline;
#include "ops/ops.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_op_##name##_baseline,
static const AssayOp *const baseline[] = {
#include "ops/ops.def"
  NULL };
#undef ASSAY_REGISTER

#ifdef ASSAY_HAVE_X86
#define ASSAY_REGISTER(name) extern const AssayOp assay_op_##name##_x86_64_v3, assay_op_##name##_x86_64_v4;
#include "ops/ops.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_op_##name##_x86_64_v3,
static const AssayOp *const x86_64_v3[] = {
#include "ops/ops.def"
  NULL };
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_op_##name##_x86_64_v4,
static const AssayOp *const x86_64_v4[] = {
#include "ops/ops.def"
  NULL };
#undef ASSAY_REGISTER

#endif

static const AssayOp *const *const ops_of[ASSAY_N_ISAS] = {
  [ASSAY_ISA_BASELINE] = baseline,
#ifdef ASSAY_HAVE_X86
  [ASSAY_ISA_X86_64_V3] = x86_64_v3, [ASSAY_ISA_X86_64_V4] = x86_64_v4,
#endif
};

const AssayOp *const *
assay_op_list (void)
{
  return ops_of[assay_isa_get ()];
}

const AssayOp *
assay_op_find (const char *name)
{
  for (const AssayOp *const *op = assay_op_list (); *op != NULL; op++)
    if (strcmp ((*op)->name, name) == 0)
      return *op;
  return NULL;
}

static gboolean
run (const AssayOp *op, AssayRule rule, AssayDtype dtype, AssayBackend *backend, const AssayOpCall *call, GError **error)
{
  static const char *const rules[] = { "forward", "backward", "tangent forward", "tangent backward", "Gauss-Newton", "step" };
  AssayOpCall tangent;
  AssayKernel kernel;

  if (op->flags & ASSAY_OP_LINEAR && (rule == ASSAY_RFWD || rule == ASSAY_RBWD))
    {
      tangent = *call;                                            /* R{A x} = A rx, R{A' dy} = A' rdy */
      for (guint i = 0; i < call->n_in; i++)
        {
          if (!((op->index_in | op->data_in) >> i & 1))
            tangent.x[i] = call->rx[i];
          tangent.dx[i] = call->rdx[i];
        }
      for (guint j = 0; j < call->n_out; j++)
        if (rule == ASSAY_RFWD && !(op->index_out >> j & 1))
          tangent.y[j] = call->ry[j];
      tangent.dy = call->rdy;
      call = &tangent;
      rule = rule == ASSAY_RFWD ? ASSAY_FWD : ASSAY_BWD;
    }
  if (backend->run_op != NULL)
    return backend->run_op (backend, op->name, rule, dtype, call, error);
  kernel = op->cpu[rule][dtype];
  if (kernel == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: the %s backend has no %s rule in %s", op->name, backend->name,
                   rules[rule], assay_dtype_name (dtype));
      return FALSE;
    }
  kernel (call);
  return TRUE;
}

gboolean
assay_op_run (const AssayOp *op, AssayRule rule, AssayDtype dtype, AssayBackend *backend, const AssayOpCall *call,
              GError **error)
{
  if (call->n_tangents < 2 || op->flags & ASSAY_OP_TAKES_BLOCK)
    return run (op, rule, dtype, backend, call, error);
  for (gint64 k = 0; k < call->n_tangents; k++)
    {
      const AssayOpCall one = assay_op_call_of_tangent (call, k);

      if (!run (op, rule, dtype, backend, &one, error))
        return FALSE;
    }
  return TRUE;
}

typedef struct {
  const AssayOpCall *call;
  AssayRowsFunc func;
  gint64 n_rows, step;
} Rows;

static void
run_rows (gsize block, guint worker, gpointer data)
{
  const Rows *rows = data;
  gint64 first = (gint64) block * rows->step;

  rows->func (rows->call, first, MIN (first + rows->step, rows->n_rows), worker);
}

void
assay_op_rows (const AssayOpCall *call, gint64 n_rows, gint64 elements_per_row, AssayRowsFunc func)
{
  Rows rows = { call, func, n_rows, MAX (1, 16384 / MAX (1, elements_per_row)) };

  assay_workers_run (call->workers, (n_rows + rows.step - 1) / rows.step, run_rows, &rows);
}
