/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exact.h: solves with a damped curvature matrix that is formed and factored, each solution checked against the operator itself.
 *
 * Shape letters: P parameters, K right-hand sides. Thread rule: one solve at a time.
 */
#pragma once

#include "hessian/dense.h"
#include "hessian/point.h"
#include "hessian/solver.h"

typedef struct {
  AssayLinop *damped;           /* A, borrowed: residuals come from its products, not from the matrix */
  AssayFactor *factor;
  double tolerance;             /* relative residual above which a solution does not count */
} AssayExactSolver;

/* The matrix (P,P) of a curvature at a point, symmetric to the bit; freed by assay_mem_free. copies and memory_limit: as
 * assay_dense_assemble. Cost: P products, shared out among the crew. */
double  *assay_exact_assemble     (const char *curvature, const AssayPoint *point, guint copies, guint64 memory_limit,
                                   AssayProgress *progress, GError **error);

/* Takes matrix (P,P), the curvature C, over; adds lambda to its diagonal and factors S (C + lambda I) S, which is the operator `damped`.
 * scale (P): the diagonal of S; NULL: the identity. Errors: as assay_factor_new. */
gboolean assay_exact_solver_open  (AssayLinop *damped, double *matrix, double lambda, const double *scale, double tolerance,
                                   AssayExactSolver *out, GError **error);
void     assay_exact_solver_clear (AssayExactSolver *self);

/* An AssaySolveFunc (data: the solver). One step of iterative refinement with the operator's own products, then the true residual.
 * Cost: 2 K products and 4 P^2 K flops. Reasons: DIRECT, BREAKDOWN when singular or above the tolerance, NAN, ZERO. */
gboolean assay_exact_solver_solve (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results,
                                   AssayProgress *progress,
                                   GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayExactSolver, assay_exact_solver_clear)
