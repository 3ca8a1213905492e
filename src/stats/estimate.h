/* SPDX-License-Identifier: GPL-3.0-or-later */
/* estimate.h: a number with the interval that it is known to, and the two plainest: a mean and a proportion.
 *
 * Undefined is NaN: an estimate of nothing, or of numbers that hold a NaN, has NaN in all three places; where a value has no interval
 * (one number's mean), lo and hi are NaN. Levels are like 0.95.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

typedef struct {
  double value, lo, hi;
  double level;                 /* of the interval */
} AssayEstimate;

/* Mean of x (n) with Student's interval. Cost: O(n). Source: any textbook; exact for normal x, else for large n. */
AssayEstimate assay_estimate_mean       (const double *x, gint64 n, double level);

/* A share, successes out of n, with Wilson's interval: inside [0, 1], and never of width 0.
 * Source: Wilson, J. Am. Stat. Assoc. 22 (1927). */
AssayEstimate assay_estimate_proportion (gint64 successes, gint64 n, double level);
