/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bootstrap.h: percentile intervals of any statistic by resampling, one way or two ways.
 *
 * Two ways: where every column (query) is measured on the same rows (retrained subsets), both are samples, and columns share the rows'
 * luck. So each draw resamples the rows, the same for all columns, and the columns; resampling either alone gives intervals that are
 * too narrow.
 * Draws are made from (seed, draw) by counter, so any of them can be repeated alone. A statistic that is undefined (NaN) in a draw is
 * left out and counted.
 * Shape letters: M rows, Q columns. Thread rule: as the statistic's.
 * Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), chapter 13; Owen, Ann. Appl. Stat. 1 (2007) for two ways.
 */
#pragma once

#include "stats/estimate.h"

typedef double (*AssayStatistic) (const gint64 *rows, gint64 n_rows, gpointer data);
typedef double (*AssayTwoWayStatistic) (const gint64 *rows, gint64 n_rows, const gint64 *columns, gint64 n_columns, gpointer data);

/* value: of the sample itself (0 .. M-1 in order). undefined: draws left out, or NULL; when they are half or more, lo and hi are NaN.
 * Cost: draws + 1 calls. */
AssayEstimate assay_bootstrap         (gint64 M, guint draws, double level, guint64 seed, AssayStatistic statistic, gpointer data,
                                       guint *undefined);
AssayEstimate assay_bootstrap_two_way (gint64 M, gint64 Q, guint draws, double level, guint64 seed, AssayTwoWayStatistic statistic,
                                       gpointer data, guint *undefined);

/* The p-quantile of ascending numbers, linear between neighbours (Hyndman & Fan's type 7). NaN for none. */
double        assay_quantile_sorted   (const double *sorted, gint64 n, double p);
