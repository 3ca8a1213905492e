/* SPDX-License-Identifier: GPL-3.0-or-later */
/* low_rank.h: a symmetric operator by a few of its directions, C ~ V' diag (theta) V, and what that makes of (C + lambda I)^-1.
 *
 *   inverse         (V' diag (theta) V + lambda I)^-1 = I / lambda + V' diag (1 / (theta + lambda) - 1 / lambda) V
 *   preconditioner  the same with theta_min + lambda in place of lambda outside the span of V: what is known to be small there, theta_min at
 *                   most, is taken for theta_min
 *
 * The inverse has the whole space in it (Woodbury): a right-hand side outside the span of V is divided by lambda, not dropped.
 * Shape letters: n unknowns, r rank.
 * Ownership: see each. Thread rule: as the operator.
 * Source: Frangella, Tropp & Udell (2110.02820); Schioppa et al. (2112.03052) without its truncation; influence chapter, section 3.
 */
#pragma once

#include "base/progress.h"
#include "hessian/linop.h"

typedef struct {
  gint64 n, rank;
  double *vectors;              /* (rank,n) orthonormal */
  double *values;               /* (rank), by falling magnitude */
  gint64 products;              /* that it took */
} AssayLowRank;

/* Randomised Nystrom approximation of a positive semi-definite operator from `rank` products with random orthonormal vectors (seed):
 * never above C, and within rounding of it where C's rank is no larger. Cost: rank products, in blocks; about 8 rank^2 n flops and 16 rank n
 * bytes. Errors: those of the operator; C is not positive semi-definite within what its products may be off by; memory; cancelled. */
AssayLowRank *assay_low_rank_new_nystrom (AssayLinop *C, gint64 rank, guint64 seed, AssayProgress *progress, GError **error);

/* The `rank` Ritz pairs of largest magnitude after `steps` Lanczos steps from a random start (seed). Cost: steps products, and those of
 * lanczos.h. Errors: as there. */
AssayLowRank *assay_low_rank_new_lanczos (AssayLinop *C, gint64 steps, gint64 rank, guint64 seed, AssayProgress *progress, GError **error);
void          assay_low_rank_free        (AssayLowRank *low_rank);

/* The operators above; each takes low_rank over. Errors: USAGE when lambda is not positive, or some theta + lambda is 0. */
AssayLinop   *assay_low_rank_inverse_new        (AssayLowRank *low_rank, double lambda, GError **error);
AssayLinop   *assay_low_rank_preconditioner_new (AssayLowRank *low_rank, double lambda, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLowRank, assay_low_rank_free)
