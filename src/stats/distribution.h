/* SPDX-License-Identifier: GPL-3.0-or-later */
/* distribution.h: the distributions that intervals and p-values come from. The door to GSL.
 *
 * Undefined is NaN, and NaN in gives NaN out. Accuracy: near 1e-13 relative.
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

double assay_normal_cdf       (double z);
double assay_normal_quantile  (double p);                         /* p in [0, 1]: -infinity at 0, infinity at 1 */
double assay_normal_two_sided (double z);                         /* P (|Z| >= |z|), accurate far out */
double assay_student_quantile (double p, double degrees);         /* degrees of freedom > 0 */
double assay_student_two_sided (double t, double degrees);
double assay_chi_square_upper (double x, double degrees);         /* P (X >= x) */

/* The two-sided factor z with P (|Z| <= z) = level; level in (0, 1), else NaN. */
double assay_normal_factor    (double level);
