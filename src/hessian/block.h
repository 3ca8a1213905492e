/* SPDX-License-Identifier: GPL-3.0-or-later */
/* block.h: a few long vectors taken together: inner products, combinations, an orthonormal basis with its rank. Internal to this floor.
 *
 * Shape letters: n unknowns; K, M vectors of a block, each contiguous: X (K,n). Small matrices are row-major.
 * Numerics: sums have an order fixed by the shapes alone. Thread rule: pure functions, on the calling thread.
 */
#pragma once

#include <glib.h>

/* G (K,M) = X Y': G[k,m] = x_k'y_m; X (K,n), Y (M,n). Cost: 2 K M n flops. */
void   assay_block_inner   (gint64 n, gint64 K, const double *X, gint64 M, const double *Y, double *G);

/* Y <- Y + a C' X: y_m += a sum_k C[k,m] x_k; X (K,n), C (K,M), Y (M,n). */
void   assay_block_combine (gint64 n, gint64 K, const double *X, gint64 M, double a, const double *C, double *Y);

/* Replaces X (K,n) by an orthonormal basis of its span, (rank,n), and returns the rank. Each vector counts at its own size: one of which
 * less than `tolerance` of its norm is left beside those taken before it adds nothing and is left out, as is a zero vector. Of
 * every 32 vectors the largest remainder goes first. Cost: about 6 K^2 n flops. Numerics: orthogonal to a few roundings: what is left of a
 * vector is orthogonalised once more. Source: block Gram-Schmidt with pivoting and reorthogonalisation; Golub & Van Loan, Matrix
 * Computations (2013), 5.2 and 5.4. */
gint64 assay_block_basis   (gint64 n, gint64 K, double *X, double tolerance);

/* X (K,n) less its components along an orthonormal basis V (M,n), twice. scratch (M,K). */
void   assay_block_project_out (gint64 n, gint64 M, const double *V, gint64 K, double *X, double *scratch);
