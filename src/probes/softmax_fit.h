/* SPDX-License-Identifier: GPL-3.0-or-later */
/* softmax_fit.h: multinomial logistic regression of a label on a state, small and without choices.
 *
 *   minimise  - sum_i log p (y_i | x_i) + l2/2 |W|^2,      p (a | x) = softmax (W x + b)_a,  x standardised
 *
 * Every step uses the same bound on the curvature, (1/2) X'X + l2 I for each class, so one factor serves them all and the objective
 * never rises.
 * Shape letters: n examples, C features, A classes. Thread rule: pure functions.
 * Source: Böhning, Ann. Inst. Stat. Math. 44 (1992).
 */
#pragma once

#include <glib.h>

typedef struct {
  gint64 C, A;
  double *mean, *scale;         /* (C) of the training examples; scale is 1 over the standard deviation, 0 for a constant feature */
  double *weight;               /* (A,C+1), the intercept last */
} AssaySoftmaxFit;

/* rows (n): which rows of X (., C) to fit on; label: of all rows. Cost: O (n C^2 + C^3 + steps n C A). Errors: NO_MEMORY. */
AssaySoftmaxFit *assay_softmax_fit_new  (const double *X, const gint32 *label, const gint64 *rows, gint64 n, gint64 C, gint64 A, double l2, GError **error);
void             assay_softmax_fit_free (AssaySoftmaxFit *fit);
/* p (A) of one example x (C). */
void             assay_softmax_fit_predict (const AssaySoftmaxFit *fit, const double *x, double *p);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySoftmaxFit, assay_softmax_fit_free)
