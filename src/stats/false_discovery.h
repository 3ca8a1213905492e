/* SPDX-License-Identifier: GPL-3.0-or-later */
/* false_discovery.h: p-values of many tests together.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

/* adjusted (n): the least false-discovery rate at which each test would be called a discovery. A p-value that is NaN is a test that
 * was not made: it stays NaN and does not count. p and adjusted may be the same array. Cost: O(n log n).
 * Source: Benjamini & Hochberg, J. R. Stat. Soc. B 57 (1995); valid for independent and positively dependent tests. */
void assay_benjamini_hochberg (const double *p, gint64 n, double *adjusted);
