/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lanczos.h: the Lanczos process with full reorthogonalisation: what a few products say about the spectrum of a symmetric operator.
 *
 *   A Q = Q T + beta_k q_(k+1) e_k',  T = S diag (theta) S'
 *
 * Ritz values theta lie within the spectrum: the smallest is at least the smallest eigenvalue, the largest at most the largest. Each is
 * within beta_k |S[k, j]| of some eigenvalue.
 * Shape letters: n unknowns, k steps.
 * Ownership: the caller frees it. Thread rule: as the operator.
 * Source: Golub & Van Loan, Matrix Computations (2013), chapter 10.
 */
#pragma once

#include "base/progress.h"
#include "hessian/linop.h"

typedef struct {
  gint64 n, k;                  /* k: steps made: fewer than asked where an invariant space was met */
  double *basis;                /* (k,n) orthonormal; NULL where it was not to be kept */
  double *ritz;                 /* (k) ascending */
  double *rotation;             /* (k,k): row j is the eigenvector S[:, j] of T that belongs to ritz[j] */
  double last_beta;             /* of the step after the last; 0 where the space is invariant */
  double start_norm;            /* of the vector that it began with */
} AssayLanczos;

/* At most `steps` steps from start (n), not zero. Cost: as many products; 4 k^2 n flops and 8 k n bytes while it runs, kept or not: the
 * basis is what makes the Ritz values true. Errors: the operator is not symmetric; NAN; memory; cancelled. */
AssayLanczos *assay_lanczos_new  (AssayLinop *A, gint64 steps, const double *start, gboolean keep_basis, AssayProgress *progress, GError **error);
void          assay_lanczos_free (AssayLanczos *lanczos);

/* |eigenvalue - ritz[j]| is at most this for some eigenvalue, but for rounding. */
double        assay_lanczos_get_error (const AssayLanczos *lanczos, gint64 j);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLanczos, assay_lanczos_free)
