/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.h: small models: the matrix of an operator, its factorisation and its eigenvectors, each checked. The door to LAPACK, and to a device's own.
 *
 * Matrices are (n,n) of assay_mem, one column after another; for symmetric ones that is also row after row. They are doubles, and what is decomposed may
 * be floats. A decomposition is LAPACK's where `backend` is NULL or the CPU's; on a device it is the device's (cuSOLVER), and host memory goes there and
 * back here. What a matrix is called stands at the head of every message about it.
 * LAPACK runs on one thread, so the bits do not depend on the machine's load or crew.
 * Shape letters: n unknowns, K right-hand sides. Thread rule: reentrant.
 */
#pragma once

#include "base/progress.h"
#include "hessian/linop.h"
#include "tensor/backend.h"

/* The matrix of an operator: column j is A e_j, computed in blocks of `block` columns (0: chosen here).
 * Cost: n products; 8 n^2 bytes. Numerics: not symmetrised: see assay_dense_symmetrise.
 * Errors: NO_MEMORY, with advice, when `copies` such matrices need more than memory_limit bytes; those of the operator; cancelled. */
double  *assay_dense_assemble   (AssayLinop *op, gint64 block, guint copies, guint64 memory_limit, AssayProgress *progress, GError **error);

/* FALSE with the first entry that is NaN or infinite; `what` names the matrix. */
gboolean assay_dense_check_finite (const char *what, gint64 n, const double *matrix, GError **error);

/* matrix <- (matrix + matrix') / 2. Returns what was averaged away: max |A - A'| / max |A|. */
double   assay_dense_symmetrise (gint64 n, double *matrix);

/* y = A x for K vectors, X and Y (K,n). */
void     assay_dense_multiply   (gint64 n, const double *matrix, gint64 K, const double *X, double *Y);

/* --- factorisation --------------------------------------------------------------------------------------------------- */

typedef enum {
  ASSAY_FACTOR_CHOLESKY,        /* symmetric positive definite */
  ASSAY_FACTOR_LDL,             /* symmetric indefinite, Bunch-Kaufman */
  ASSAY_FACTOR_LU               /* general */
} AssayFactorKind;

typedef struct {
  AssayFactorKind kind;
  AssayBackend *backend;        /* NULL: LAPACK */
  char *name;
  AssayDtype dtype;
  gint64 n;
  gpointer matrix;              /* the factors, where they are used; owned, as the next one is */
  gpointer original;            /* what was factored, beside them: solutions are held against it */
  double *reach;                /* (n): see assay_factor_solve */
  int *pivots;                  /* (n); NULL for Cholesky */
  gint64 n_negative;            /* negative eigenvalues by inertia; -1 for LU */
  gboolean is_singular;         /* an exactly zero pivot: there is nothing to solve with */
  double norm;                  /* one-norm of the matrix */
  double reciprocal_condition;  /* estimate in the one-norm; 0 when singular, NaN on a device, which has none */
} AssayFactor;

/* Factors a finite matrix, which it takes over: Cholesky when symmetric and positive definite, else LDL'; LU when not symmetric. Floats, and what is
 * factored on a device, have Cholesky only. Cost: n^3/3 flops (LU 2n^3/3), and a second copy of the matrix.
 * Errors: NAN naming the entry; NO_MEMORY; UNSUPPORTED where only Cholesky will do and does not; else never for a singular matrix, which is a result;
 * those of the device. */
AssayFactor *assay_factor_new   (AssayBackend *backend, const char *name, AssayDtype dtype, gint64 n, gpointer matrix, gboolean is_symmetric, GError **error);
void         assay_factor_free  (AssayFactor *factor);
/* X = A^-1 B in place: X (K,n), of the factor's type, holds B before. Cost: 4 n^2 K flops, half of them for the check, and a copy of B and A X, 256 vectors at a time.
 * Numerics: every residual is computed and held to what a sound factor leaves, |b - A x|_i <= c n u (|M||x| + |b|)_i, where |M| bounds the product of the
 * factors' magnitudes by what is known of them afterwards: sqrt(a_ii a_jj) for Cholesky (Higham, "Accuracy and Stability", 2nd ed., theorem 10.4), the
 * columns of |U| for LU, whose L has none above 1 (theorem 9.4), 36 n max|D| for LDL' (section 11.1.2).
 * Errors: CHECK_FAILED naming the matrix, the row and the right-hand side; NAN where b was not finite or x overflows; singular; NO_MEMORY. */
gboolean     assay_factor_solve (const AssayFactor *factor, gint64 K, gpointer X, GError **error);

/* --- eigenvectors ---------------------------------------------------------------------------------------------------- */

typedef struct {
  double residual;              /* ||A Q - Q L||_F / ||A||_F */
  double orthogonality;         /* ||Q'Q - I||_F */
} AssayEigenCheck;

/* Eigenvalues (n), ascending, and eigenvectors of a symmetric matrix, which they overwrite: column j belongs to values[j]. The
 * component of largest magnitude of every vector is positive (the first of equals), so vectors do not flip between runs.
 * Cost: about 9 n^3 flops, 3 n^2 doubles of scratch.
 * Numerics: both numbers of check (may be NULL) are at most 10 n u, u 2^-53 for doubles and 2^-24 for floats, or the call fails with CHECK_FAILED.
 * Errors: NAN naming the entry before anything sees it; NO_MEMORY; CHECK_FAILED; those of the device. Source: LAPACK dsyevd, ssyevd; cuSOLVER Xsyevd. */
gboolean assay_dense_eigen      (AssayBackend *backend, const char *name, AssayDtype dtype, gint64 n, gpointer matrix, gpointer values,
                                 AssayEigenCheck *check, GError **error);

/* Eigenvalues, ascending, of a symmetric tridiagonal matrix, in place of its diagonal (k); off_diagonal (k-1) is destroyed.
 * FALSE when the iteration does not end (never seen on finite input). */
gboolean assay_tridiagonal_eigenvalues (gint64 k, double *diagonal, double *off_diagonal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayFactor, assay_factor_free)
