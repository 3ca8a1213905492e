/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver.c: the registry of solvers, and what their results have in common. */
#include "hessian/solver.h"

#include "base/error.h"
#include "hessian/vector_f64.h"

#include <string.h>

#define ASSAY_REGISTER(name) extern const AssaySolver assay_solver_##name;
#include "hessian/solvers.def"
#undef ASSAY_REGISTER
#define ASSAY_REGISTER(name) &assay_solver_##name,
static const AssaySolver *const solvers[] = {
#include "hessian/solvers.def"
  NULL };
#undef ASSAY_REGISTER

static const struct { AssaySolveReason reason; const char *name; } reasons[] = {
  { ASSAY_SOLVE_CONVERGED_RESIDUAL, "converged: residual" },
  { ASSAY_SOLVE_CONVERGED_WIDTH, "converged: certified width" },
  { ASSAY_SOLVE_CONVERGED_DIRECT, "converged: factorisation" },
  { ASSAY_SOLVE_CONVERGED_ZERO, "converged: right-hand side is zero" },
  { ASSAY_SOLVE_ITERATIONS, "stopped: iterations ran out" },
  { ASSAY_SOLVE_DIVERGED, "stopped: diverged" },
  { ASSAY_SOLVE_BREAKDOWN, "stopped: singular to working precision" },
  { ASSAY_SOLVE_NONSYMMETRIC, "stopped: operator is not symmetric" },
  { ASSAY_SOLVE_PRECONDITIONER, "stopped: preconditioner is not positive definite" },
  { ASSAY_SOLVE_NAN, "stopped: not finite" },
  { ASSAY_SOLVE_NEGATIVE_CURVATURE, "stopped: negative curvature" },
  { ASSAY_SOLVE_RESIDUAL_GAP, "stopped: attainable accuracy reached" },
  { ASSAY_SOLVE_CANCELLED, "stopped: on request" },
  { ASSAY_SOLVE_APPROXIMATE, "approximate: the inverse leaves a residual" },
};

const char *
assay_solve_reason_name (AssaySolveReason reason)
{
  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].reason == reason)
      return reasons[i].name;
  return "unknown";
}

double
assay_solve_bound (const AssayLinop *A, const double *x, double residual_norm, double operator_norm)
{
  double rounding = 2 * A->product_error * operator_norm * assay_f64_norm (A->n, x);

  return A->shift > 0 ? (residual_norm + rounding) / A->shift : INFINITY;
}

AssaySolveReason
assay_solve_judge (const AssayLinop *A, const double *x, double residual_norm, double operator_norm, double b_norm, double tolerance,
                   double width)
{
  if (residual_norm <= tolerance * b_norm)
    return ASSAY_SOLVE_CONVERGED_RESIDUAL;
  if (width > 0 && assay_solve_bound (A, x, residual_norm, operator_norm) <= width)
    return ASSAY_SOLVE_CONVERGED_WIDTH;
  return 0;
}

void
assay_solve_result_clear (AssaySolveResult *result)
{
  g_clear_pointer (&result->history, g_array_unref);
  g_clear_pointer (&result->alpha, g_array_unref);
  g_clear_pointer (&result->beta, g_array_unref);
  memset (result, 0, sizeof *result);
}

const AssaySolver *
assay_solver_find (const char *name, GError **error)
{
  const char *names[G_N_ELEMENTS (solvers)] = { NULL };
  g_autofree char *all = NULL;

  for (gsize i = 0; solvers[i] != NULL; i++)
    {
      if (strcmp (solvers[i]->name, name) == 0)
        return solvers[i];
      names[i] = solvers[i]->name;
    }
  all = g_strjoinv (", ", (char **) names);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "solver: one of %s expected, \"%s\" found", all, name);
  return NULL;
}
