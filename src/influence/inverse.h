/* SPDX-License-Identifier: GPL-3.0-or-later */
/* inverse.h: how a method inverts the damped curvature: a solver with its options and what it is preconditioned with.
 *
 * Shape letters: P parameters, K right-hand sides.
 * Ownership: the caller clears it. Thread rule: one solve at a time.
 */
#pragma once

#include "hessian/factors_inverse.h"
#include "hessian/low_rank.h"
#include "hessian/recycled.h"
#include "influence/solved.h"

typedef struct {
  const AssaySolver *solver;
  AssayLinop *A;                /* borrowed: the damped operator */
  AssayLinop *M;                /* approximate inverse of A; NULL: none; owned */
  AssayFactors *factors;        /* behind M, or NULL; owned */
  AssayRecycled *recycled;      /* watches A, and makes M anew before each call but the first; NULL: nothing is recycled; owned */
  gint64 n_calls, n_recycled;   /* of assay_inverse_solve; those that M out of calls before them preconditioned */
  AssayValues *options;         /* owned */
} AssayInverse;

/* The solver by name, to solve with the scores' matrix; its options are those of the method that bear the same names. A "width" of scores
 * (in nats) becomes a width of x. */
gboolean assay_inverse_open  (const AssaySolvedScores *scores, const char *solver, const AssayValues *options, AssayInverse *out, GError **error);
void     assay_inverse_clear (AssayInverse *self);

/* Gives it M, which is made of a low-rank approximation of the curvature C that is taken over: as a preconditioner, or as the inverse
 * itself. It is carried into the coordinates of the solve where they are not those of theta. */
gboolean assay_inverse_take_low_rank (AssayInverse *self, const AssaySolvedScores *scores, AssayLowRank *low_rank, gboolean as_preconditioner,
                                      GError **error);

/* Gives it M of Kronecker factors with a fitted spectrum (EK-FAC), fitted at the task's point. Cost: hessian/factors.h. Errors: USAGE
 * where lambda is 0 and the spectrum too; those of the fit. */
gboolean assay_inverse_take_ekfac (AssayInverse *self, const AssaySolvedScores *scores, AssayProgress *progress, GError **error);

/* From now on `rank` directions out of the products of all calls so far precondition each call of assay_inverse_solve but the first, in M's place. */
gboolean assay_inverse_recycle (AssayInverse *self, gint64 rank, GError **error);

/* An AssaySolveFunc; data: the AssayInverse. */
gboolean assay_inverse_solve (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results, AssayProgress *progress,
                              GError **error);

/* Approximates the curvature C by a low rank. */
typedef AssayLowRank *(*AssayLowRankFunc) (AssayLinop *C, const AssayValues *options, AssayProgress *progress, GError **error);

/* The scores of a method that takes a low rank and its completion for the inverse, with true residuals and what they certify; of_self: as
 * AssayMethod.self. Options: those of ASSAY_DAMPED_CURVATURE_PARAMS and "tolerance". */
AssayInfluenceScores *assay_inverse_score_by_low_rank (const AssayInfluenceTask *task, const AssayValues *options, AssayLowRankFunc approximate,
                                                       gboolean of_self, AssayProgress *progress, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayInverse, assay_inverse_clear)
