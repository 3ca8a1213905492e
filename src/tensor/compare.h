/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare.h: error metrics with derived bounds, used by tests and by audits alike. A NaN never passes.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include <glib.h>

typedef struct {
  double max_error;             /* largest |a - b|; infinity when either side holds a NaN or infinity the other lacks */
  double max_reference;         /* largest |b| */
  double relative;              /* max_error / max_reference; max_error itself when the reference is all zero */
  gsize  worst;                 /* index of the largest difference */
} AssayComparison;

AssayComparison assay_compare (const double *a, const double *reference, gsize n);

/* Rounding bound of a sum of n products in a precision with unit roundoff u (f32 2^-24, f64 2^-53), relative to sum |terms|:
 * gamma_n = n u / (1 - n u). Source: Higham, Accuracy and Stability of Numerical Algorithms, lemma 3.1. */
double assay_gamma (gsize n, double unit_roundoff);
