/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op.cu: the list of operations, which the families' files enter as the module is loaded, and how a rule is run. */
#include "op.cuh"

#include <string.h>

static AssayCudaOp *first;

AssayCudaOp::AssayCudaOp (const char *op, AssayCudaRun f32_fwd, AssayCudaRun f64_fwd, AssayCudaRun f32_bwd, AssayCudaRun f64_bwd, AssayCudaRun f32_rfwd,
                          AssayCudaRun f64_rfwd, AssayCudaRun f32_rbwd, AssayCudaRun f64_rbwd, AssayCudaRun f32_ggn, AssayCudaRun f64_ggn)
  : name (op), run { { f32_fwd, f64_fwd }, { f32_bwd, f64_bwd }, { f32_rfwd, f64_rfwd }, { f32_rbwd, f64_rbwd }, { f32_ggn, f64_ggn } }, next (first)
{
  first = this;
}

int
assay_cuda_run_op (AssayCudaContext *context, const char *name, const AssayCudaOpCall *call, AssayCudaFailure *failure)
{
  static const char *const rules[] = { "forward", "backward", "tangent forward", "tangent backward", "Gauss-Newton" };
  const Scope scope = { context, call, failure };
  const AssayCudaOp *op = first;

  if (!assay_cuda_enter (context, failure))
    return 0;
  while (op != NULL && strcmp (op->name, name) != 0)
    op = op->next;
  if (op == NULL || op->run[call->rule][call->type] == NULL)
    return assay_cuda_fail (failure, ASSAY_CUDA_BAD_CALL, "%s: the cuda backend has no %s rule in %s", name, rules[call->rule],
                            call->type == ASSAY_CUDA_F64 ? "f64" : "f32");
  return op->run[call->rule][call->type] (scope);
}
