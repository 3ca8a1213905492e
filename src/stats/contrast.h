/* SPDX-License-Identifier: GPL-3.0-or-later */
/* contrast.h: two independent groups set against each other: differences of estimates and ratios of shares.
 *
 * Undefined is NaN. Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

/* a - b of independent estimates, by square and add:
 *   lo = d - sqrt ((a - a.lo)^2 + (b.hi - b)^2)        hi = d + sqrt ((a.hi - a)^2 + (b - b.lo)^2)
 * Of two Wilson intervals it is Newcombe's for a difference of proportions. NaN when an end is not known; the level is that of a.
 * Source: Newcombe, Stat. Med. 17 (1998), method 10; Zou & Donner, Stat. Med. 27 (2008) for other estimates. */
AssayEstimate assay_estimate_difference (AssayEstimate a, AssayEstimate b);

/* (k_a / n_a) / (k_b / n_b) of two independent shares, with the score interval: all ratios that a chi-square test of the two counts does
 * not refuse. The value is the correctly rounded quotient of the integers; +infinity where only k_b is 0, with an infinite upper end;
 * NaN where both are 0.
 * Numerics: ends by bisection, to 1e-12 relative. Source: Koopman, Biometrics 40 (1984). */
AssayEstimate assay_estimate_ratio      (gint64 k_a, gint64 n_a, gint64 k_b, gint64 n_b, double level);

/* a b / (c d) of integers of 0 or more, rounded once: the double nearest to the exact fraction. NaN where the denominator is 0. */
double        assay_exact_quotient      (gint64 a, gint64 b, gint64 c, gint64 d);
