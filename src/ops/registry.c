/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c: the tables of ops, one per instruction set, made from the list in local.mk; and how a rule is run. */
#include "config.h"

#include "ops/op.h"

#include "base/error.h"

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

static gboolean
runs_v3 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma") && __builtin_cpu_supports ("bmi2");
}

static gboolean
runs_v4 (void)
{
  return runs_v3 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
         && __builtin_cpu_supports ("avx512cd") && __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl");
}
#endif

static gboolean
runs_baseline (void)
{
  return TRUE;
}

static const struct {
  const char *name;
  gboolean (*runs) (void);
  const AssayOp *const *ops;
} isas[] = {
#ifdef ASSAY_HAVE_X86
  { "x86-64-v4", runs_v4, x86_64_v4 },
  { "x86-64-v3", runs_v3, x86_64_v3 },
#endif
  { "baseline", runs_baseline, baseline },
};

static gsize chosen = G_MAXSIZE;

static gsize
get_chosen (void)
{
  if (chosen == G_MAXSIZE)
    for (chosen = 0; !isas[chosen].runs (); chosen++)
      ;
  return chosen;
}

const char *const *
assay_op_isa_list (void)
{
  static const char *names[G_N_ELEMENTS (isas) + 1];
  gsize n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (isas); i++)
    if (isas[i].runs ())
      names[n++] = isas[i].name;
  names[n] = NULL;
  return names;
}

const char *
assay_op_isa_get (void)
{
  return isas[get_chosen ()].name;
}

gboolean
assay_op_isa_set (const char *isa, GError **error)
{
  g_autofree char *all = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (isas); i++)
    if (strcmp (isas[i].name, isa) == 0 && isas[i].runs ())
      {
        chosen = i;
        return TRUE;
      }
  all = g_strjoinv (", ", (char **) assay_op_isa_list ());
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_DEVICE, "instruction set: one of %s expected, \"%s\" found", all, isa);
  return FALSE;
}

const AssayOp *const *
assay_op_list (void)
{
  return isas[get_chosen ()].ops;
}

const AssayOp *
assay_op_find (const char *name)
{
  for (const AssayOp *const *op = assay_op_list (); *op != NULL; op++)
    if (strcmp ((*op)->name, name) == 0)
      return *op;
  return NULL;
}

gboolean
assay_op_run (const AssayOp *op, AssayRule rule, AssayDtype dtype, AssayBackend *backend, const AssayOpCall *call,
              GError **error)
{
  static const char *const rules[] = { "forward", "backward", "tangent forward", "tangent backward", "Gauss-Newton" };
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
  kernel = backend->kind == ASSAY_BACKEND_CPU ? op->cpu[rule][dtype] : NULL;
  if (kernel == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s: the %s backend has no %s rule in %s", op->name, backend->name,
                   rules[rule], assay_dtype_name (dtype));
      return FALSE;
    }
  kernel (call);
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
