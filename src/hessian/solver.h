/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver.h: solves A x = b and says honestly how far it came.
 *
 * Not converging is a result, not an error: the reason is positive for converged and negative for stopped. What to do with it is the
 * caller's policy; it is always stored beside the answer.
 * Shape letters: n unknowns, K right-hand sides; B, X (K,n) row-major.
 */
#pragma once

#include "base/param.h"
#include "base/progress.h"
#include "hessian/linop.h"

typedef enum {
  ASSAY_SOLVE_CONVERGED_RESIDUAL = 1,   /* ||b - A x|| <= tolerance ||b|| */
  ASSAY_SOLVE_CONVERGED_WIDTH = 2,      /* the certified width fell below what was asked */
  ASSAY_SOLVE_CONVERGED_DIRECT = 3,     /* factorisation, residual checked */
  ASSAY_SOLVE_CONVERGED_ZERO = 4,       /* b = 0 */
  ASSAY_SOLVE_ITERATIONS = -3,          /* the iterations ran out */
  ASSAY_SOLVE_DIVERGED = -4,
  ASSAY_SOLVE_BREAKDOWN = -5,
  ASSAY_SOLVE_NONSYMMETRIC = -7,
  ASSAY_SOLVE_NAN = -9,
  ASSAY_SOLVE_NEGATIVE_CURVATURE = -10, /* p' A p <= 0 at some step, step 0 included */
  ASSAY_SOLVE_RESIDUAL_GAP = -11,       /* the true residual disagrees with the recurrence */
  ASSAY_SOLVE_CANCELLED = -12
} AssaySolveReason;

/* "converged: residual", "stopped: negative curvature", ... */
const char *assay_solve_reason_name (AssaySolveReason reason);
#define assay_solve_has_converged(reason) ((reason) > 0)

typedef struct {
  AssaySolveReason reason;
  gint64 iterations, products;          /* products: vectors that A was applied to */
  double right_hand_norm;               /* ||b|| */
  double true_residual;                 /* ||b - A x|| / ||b||, recomputed at the end */
  double smallest_curvature;            /* least p' A p / p' p seen; +infinity when none */
  double condition_estimate;            /* from the Ritz values of the iteration; NaN when unknown */
  GArray *history;                      /* double: relative residual by recurrence after each iteration */
} AssaySolveResult;

void assay_solve_result_clear (AssaySolveResult *result);

typedef struct _AssaySolver AssaySolver;

struct _AssaySolver {
  const char *name, *help;
  const AssayParam *params;
  /* Solves the K systems; results (K) written even when some did not converge. FALSE only when an operator failed or memory ran out. */
  gboolean (*solve) (AssayLinop *A, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
                     AssayProgress *progress, GError **error);
};

#define ASSAY_SOLVER_DEFINE(symbol)                                                                                     \
  extern const AssaySolver assay_solver_##symbol;                                                                       \
  const AssaySolver assay_solver_##symbol

const AssaySolver *assay_solver_find (const char *name, GError **error);
const AssaySolver *const *assay_solver_list (void);
