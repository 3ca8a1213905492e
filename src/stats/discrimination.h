/* SPDX-License-Identifier: GPL-3.0-or-later */
/* discrimination.h: other ways to say how well a score tells positives from negatives: Gini, Kolmogorov-Smirnov, and the gain in area of
 * one score over another on the same cases.
 *
 * Undefined (an empty group, a NaN) is NaN. Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

/* 2 area - 1 of an area under the curve and its interval (stats/auroc.h). */
AssayEstimate assay_estimate_gini (AssayEstimate auroc);

/* The largest distance between the two groups' distribution functions, max_t |share of positives above t - share of negatives above t|, and
 * where it is reached: at or above *threshold (the smallest such), or NaN; may be NULL. The interval holds for any two distributions
 * and any sizes, at the price of its width: half of it is the sum of the two groups' Dvoretzky-Kiefer-Wolfowitz bands.
 * Cost: O(n log n). Source: Massart, Ann. Probab. 18 (1990), for the constant. */
AssayEstimate assay_estimate_kolmogorov_smirnov (const double *positive, gint64 n_positive, const double *negative, gint64 n_negative,
                                                 double level, double *threshold);

/* Area of score a less area of score b over the same cases: a and b (m + n) hold the m positives first. DeLong's standard error of the
 * paired difference; no interval where a group has one member. lo = hi = value where both areas have none (perfectly apart in both).
 * Source: DeLong et al., Biometrics 44 (1988). */
AssayEstimate assay_estimate_auroc_gain (const double *a, const double *b, gint64 m, gint64 n, double level);
