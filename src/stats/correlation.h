/* SPDX-License-Identifier: GPL-3.0-or-later */
/* correlation.h: how well one list of numbers follows another: Pearson, Spearman, their intervals, and the best that noise allows.
 *
 * Undefined is NaN: fewer than two pairs, a list that does not vary, a NaN anywhere.
 * Shape letters: n pairs. Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

/* Numerics: two passes, means first; rounding cannot leave [-1, 1]. */
double assay_pearson  (const double *x, const double *y, gint64 n);

/* Ranks 1 .. n; equal numbers share the mean of their ranks. A NaN makes all ranks NaN. Cost: O(n log n). */
void   assay_ranks    (const double *x, gint64 n, double *rank);
/* Pearson of the ranks. */
double assay_spearman (const double *x, const double *y, gint64 n);

/* With an interval by Fisher's z, standard error 1 / sqrt (n - 3); fewer than four pairs: [-1, 1].
 * Source: Fisher, Metron 1 (1921). */
AssayEstimate assay_estimate_pearson  (const double *x, const double *y, gint64 n, double level);
/* The same with standard error sqrt ((1 + r^2 / 2) / (n - 3)). Source: Bonett & Wright, Psychometrika 65 (2000). */
AssayEstimate assay_estimate_spearman (const double *x, const double *y, gint64 n, double level);

/* Two-sided p-value of a correlation r over n pairs when there is none: Student's t with n - 2 degrees of freedom. */
double assay_correlation_p (double r, gint64 n);

/* What a perfect prediction of a noisy target can reach. rho_1: correlation of two independent single measurements; R measurements
 * are averaged. reliability rho_R = R rho_1 / (1 + (R - 1) rho_1), ceiling sqrt (rho_R); NaN for a negative rho_R.
 * Source: Spearman, Brown, Brit. J. Psychol. 3 (1910). */
double assay_reliability         (double rho_1, double R);
double assay_correlation_ceiling (double rho_1, double R);

/* Two-sided p-value of a correlation r over n pairs when there is none, by Fisher's z with standard error 1 / sqrt (n - 3); of ranks too, whose z has that
 * variance when nothing correlates. NaN for fewer than four pairs. Source: Fisher, Metron 1 (1921). */
double assay_correlation_fisher_p (double r, gint64 n);
