/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exact_sum.h: sums of doubles without any rounding until the end, so that the order of the terms does not matter.
 *
 * The sum is kept as one long fixed-point number that has a place for every bit of every double.
 * Ownership: a plain value. Thread rule: one thread at a time per sum; sums of parts are merged.
 * Source: Kulisch, Computer Arithmetic and Validity (2008), the complete register.
 */
#pragma once

#include <glib.h>

#define ASSAY_EXACT_DIGITS 70   /* of 32 bits: 2,098 bits of doubles, and room for 2^80 of them */

typedef struct {
  gint64 digit[ASSAY_EXACT_DIGITS];     /* least first; carries are put off */
  guint32 pending;                      /* terms since they were last carried */
} AssayExactSum;

/* {0} is an empty sum. x must be finite. Cost: a few integer operations. */
void   assay_exact_sum_add   (AssayExactSum *sum, double x);
/* Adds a b without rounding the product, unless it leaves the range of doubles: below 2^-1022 it is rounded to 2^-1074. */
void   assay_exact_sum_add_product (AssayExactSum *sum, double a, double b);
void   assay_exact_sum_merge (AssayExactSum *sum, const AssayExactSum *other);
/* The double nearest to the sum; of two equally near ones the even one (a result below 2^-1022 may be off by one unit more). */
double assay_exact_sum_get   (const AssayExactSum *sum);
