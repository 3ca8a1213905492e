/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval.h: how far a score can be from g_t' A^-1 g_q, given an approximate solution x of A x = g_q and its true residual r.
 *
 *   | g_t' x - g_t' A^-1 g_q |  =  | g_t' A^-1 r |  <=  ||g_t|| ||r|| / mu       for A >= mu I
 *
 * The bound is of the solve: it says nothing about how well g_t' A^-1 g_q predicts a retraining. Near convergence r is itself rounding,
 * so a term for it is added, and everything is rounded outward:
 *
 *   ||g_t|| [ (2 product_error ||A|| ||x|| + gradient_error ||g_q||) / mu  +  gradient_error ||x|| ]
 *
 * for the errors of the product in r, of g_q, and of g_t and its inner product with x; the 2 allows for a norm that is an estimate from
 * below.
 * Source: the manual's chapter on influence, "Certified interval". Thread rule: pure functions.
 */
#pragma once

#include "hessian/solver.h"

typedef struct {
  double lower_bound;           /* mu > 0 */
  double norm;                  /* ||A||, at least half of it */
  double product_error;         /* of the operator: AssayLinop.product_error */
  double gradient_error;        /* relative, of a gradient and of a directional derivative */
} AssayIntervalTerms;

/* Half width for one query's solve and an example with that gradient norm. */
double assay_interval_half_width (const AssayIntervalTerms *terms, const AssaySolveResult *solve, double gradient_norm);

/* lo <= value - half and value + half <= hi, after dividing all by n. */
void   assay_interval_set (double value, double half_width, double n, double *lo, double *hi);
