/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solver.h: solves A x = b and says honestly how far it came.
 *
 * Not converging is a result, not an error: the reason is positive for converged and negative for stopped. What to do with it is the
 * caller's policy; it is always stored beside the answer.
 * One solver_*.c and one line in local.mk each.
 * Shape letters: n unknowns, K right-hand sides; B, X (K,n) row-major.
 * Ownership: results own their arrays (assay_solve_result_clear). Thread rule: as the operator.
 */
#pragma once

#include "base/param.h"
#include "base/progress.h"
#include "hessian/linop.h"

typedef enum {
  ASSAY_SOLVE_CONVERGED_RESIDUAL = 1,   /* ||b - A x|| <= tolerance ||b|| */
  ASSAY_SOLVE_CONVERGED_WIDTH = 2,      /* the certified error of x, error_bound below, fell to what was asked */
  ASSAY_SOLVE_CONVERGED_DIRECT = 3,     /* factorisation, residual checked */
  ASSAY_SOLVE_CONVERGED_ZERO = 4,       /* b = 0 */
  ASSAY_SOLVE_ITERATIONS = -3,          /* the iterations ran out */
  ASSAY_SOLVE_DIVERGED = -4,            /* the residual grew past the divergence limit */
  ASSAY_SOLVE_BREAKDOWN = -5,           /* singular to working precision */
  ASSAY_SOLVE_NONSYMMETRIC = -7,        /* the solver needs a symmetric operator and this one is not */
  ASSAY_SOLVE_PRECONDITIONER = -8,      /* r' M r <= 0 for some residual r: the preconditioner is not positive definite */
  ASSAY_SOLVE_NAN = -9,                 /* a NaN or infinity in b, in a product or in the iteration */
  ASSAY_SOLVE_NEGATIVE_CURVATURE = -10, /* p' A p <= 0 at some step, step 0 included */
  ASSAY_SOLVE_RESIDUAL_GAP = -11,       /* the true residual stays above the tolerance whatever the recurrence says: the attainable
                                           accuracy is reached */
  ASSAY_SOLVE_CANCELLED = -12,          /* stopped on request */
  ASSAY_SOLVE_APPROXIMATE = -13         /* an approximate inverse was applied, and leaves a residual above the tolerance */
} AssaySolveReason;

/* "converged: residual", "stopped: negative curvature", ... */
const char *assay_solve_reason_name (AssaySolveReason reason);
#define assay_solve_has_converged(reason) ((reason) > 0)

typedef struct {
  AssaySolveReason reason;
  gint64 iterations, products;          /* products: vectors that A was applied to */
  gint64 restarts;                      /* times the recurrence was started again from the true residual */
  double right_hand_norm;               /* ||b|| */
  double solution_norm;                 /* ||x|| */
  double true_residual;                 /* ||b - A x|| / ||b||, recomputed at the end */
  double residual_gap;                  /* largest ||(b - A x) - r|| / ||b|| seen, r by recurrence; 0 for direct solvers */
  double error_bound;                   /* certified: ||x - A^-1 b|| <= (||b - A x|| + 2 product_error ||A|| ||x||) / mu, mu = A->shift;
                                           +infinity unless mu > 0 */
  double smallest_curvature;            /* least p' A p / p' p seen; +infinity when none */
  double operator_norm;                 /* ||A|| from below: the largest ||A p|| / ||p|| and Ritz value seen; direct solvers: from above */
  double smallest_ritz, largest_ritz;   /* of the Lanczos matrix of the iteration, of M A where preconditioned; NaN when unknown */
  double condition_estimate;            /* largest over smallest Ritz value, or LAPACK's estimate; NaN when unknown */
  gint64 n_negative;                    /* negative eigenvalues of A by inertia; -1 when unknown */
  GArray *history;                      /* double: relative residual by recurrence after each iteration; NULL: not iterative */
  GArray *alpha, *beta;                 /* double: coefficients of the iterations before the first restart (quadrature.h); NULL where
                                           preconditioned, and of other solvers */
} AssaySolveResult;

/* Part of the residual down to which a recurrence of coarse products (AssayLinop.coarse) is followed, before the true one is measured and the iteration starts
 * again from it. */
#define ASSAY_SOLVE_REFINE 0.1

/* For solvers. What x may be off by when ||b - A x|| was computed to be residual_norm: error_bound above. operator_norm: ||A|| from below. */
double           assay_solve_bound (const AssayLinop *A, const double *x, double residual_norm, double operator_norm);
/* CONVERGED_RESIDUAL or CONVERGED_WIDTH where a residual of that norm is small enough, else 0. width 0: not used. Cost: n where it is. */
AssaySolveReason assay_solve_judge (const AssayLinop *A, const double *x, double residual_norm, double operator_norm, double b_norm,
                                    double tolerance, double width);

/* Frees the arrays and zeroes the rest. */
void assay_solve_result_clear (AssaySolveResult *result);

typedef struct _AssaySolver AssaySolver;

struct _AssaySolver {
  const char *name, *help;
  const AssayParam *params;
  /* Solves the K systems; results (K) written even when some did not converge. FALSE only when an operator failed or memory ran out.
   * M: the preconditioner, an operator of A's size that applies a symmetric positive definite approximation of A^-1, z = M r; or NULL.
   * It changes how fast a solve ends and nothing of what is claimed at the end: residuals and bounds are those of A x = b. Direct solvers
   * have no use for it. */
  gboolean (*solve) (AssayLinop *A, AssayLinop *M, const AssayValues *options, gint64 K, const double *B, double *X, AssaySolveResult *results,
                     AssayProgress *progress, GError **error);
};

#define ASSAY_SOLVER_DEFINE(symbol)                                                                                     \
  extern const AssaySolver assay_solver_##symbol;                                                                       \
  const AssaySolver assay_solver_##symbol

/* Errors: USAGE with the names there are. */
const AssaySolver *assay_solver_find (const char *name, GError **error);
