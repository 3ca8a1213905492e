/* SPDX-License-Identifier: GPL-3.0-or-later */
/* solved.h: from solutions x_q of A x = g_q to scores g_t' x_q / N with their intervals, for every method that solves.
 *
 * The scoring pass is one tangent walk over the training examples for each query: no gradient of an example is formed. The norms of
 * the examples' gradients, which intervals need, are one gradient walk for each example, once.
 * Shape letters: N training examples, Q queries, P parameters, K queries of a block.
 * Thread rule: one at a time.
 */
#pragma once

#include "influence/damped_curvature.h"
#include "influence/score.h"

typedef struct {
  const AssayInfluenceTask *task;
  AssayDampedCurvature matrix;
  double gradient_error;
  double *train_norm;           /* (N) ||S g_i||; NULL: no interval is known */
  double largest_norm;
  gint64 n_failed;              /* solves of examples for themselves that did not converge */
  gint64 block;                 /* right-hand sides solved at a time; 0: ASSAY_QUERY_BLOCK */
  AssayInfluenceScores *scores;
} AssaySolvedScores;

/* Opens the curvature, chooses the damping, makes the empty scores with unit, label and the words about the interval, and the norms. */
gboolean assay_solved_scores_open  (const AssayInfluenceTask *task, const char *curvature, double damping, AssaySolvedScores *out,
                                    AssayProgress *progress, GError **error);
/* Frees all but what was stolen. */
void     assay_solved_scores_clear (AssaySolvedScores *self);

/* Solves for K queries: right-hand sides B (K,P), solutions X (K,P), results (K). */
typedef gboolean (*AssaySolveFunc) (gpointer data, gint64 K, const double *B, double *X, AssaySolveResult *results,
                                    AssayProgress *progress,
                                    GError **error);

/* Gradients, solutions, scores and intervals of all queries, in blocks. A query whose solve did not converge keeps its scores, is
 * marked by its reason, and is named in the notes. */
gboolean assay_solved_scores_run   (AssaySolvedScores *self, AssaySolveFunc solve, gpointer data, AssayProgress *progress,
                                    GError **error);

/* The self-influence g_i' A^-1 g_i / N of every training example, for AssayMethod.self, in blocks: one row, with the interval of each
 * example's own solve, between Gauss and Gauss-Radau values where the solver keeps its coefficients (cg, not preconditioned); the row's
 * solve is the worst of them, its iterations and products those of all. Where a run of the examples is scored, theirs alone: the same bits. */
gboolean assay_solved_scores_run_self (AssaySolvedScores *self, AssaySolveFunc solve, gpointer data, AssayProgress *progress,
                                       GError **error);

/* Whether a did worse than b: it did not converge, or left a larger residual. */
gboolean assay_solved_is_worse (const AssaySolveResult *a, const AssaySolveResult *b);

/* The scores; the caller's from here. */
AssayInfluenceScores *assay_solved_scores_steal (AssaySolvedScores *self);

/* Cost of all but the solves, for AssayMethod.cost. */
void     assay_solved_scores_cost  (const AssayInfluenceTask *task, double *flops, double *bytes);
/* Adds what the curvature and n products with it take. */
void     assay_solved_scores_add_products (const AssayInfluenceTask *task, const char *curvature, double n, double *flops, double *bytes);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssaySolvedScores, assay_solved_scores_clear)
