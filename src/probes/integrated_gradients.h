/* SPDX-License-Identifier: GPL-3.0-or-later */
/* integrated_gradients.h: what each feature contributes to a margin, against a reference input, with the residual of its sum.
 *
 *   c_j = (x_j - r_j) integral_0^1 dm/dx_j (r + t (x - r)) dt            sum_j c_j = m (x) - m (r)
 *
 * Of an affine margin the integrand is constant, and c_j = w_j (x_j - r_j) is exact. Else the line is cut into panels, each with 8 Gauss-Legendre
 * points; a panel's own sum is known, m at its ends, so a panel that misses it is cut in two, until the panels together miss less than
 * the tolerance. That finds the kinks of piecewise linear models, which no fixed number of points does.
 * Shape letters: D features. Thread rule: as the margin's.
 * Source: Sundararajan, Taly & Yan, ICML 2017.
 */
#pragma once

#include "base/progress.h"
#include "probes/margin.h"

#define ASSAY_ATTRIBUTION_TOLERANCE 1e-6        /* times max (1, |m (x) - m (r)|) */

typedef struct {
  double at_input, at_reference;        /* m (x), m (r) */
  double change;                /* m (x) - m (r) */
  double sum;                   /* of the contributions */
  double residual;              /* |sum - change| */
  double tolerance;             /* what the residual, and the sum of the panels' own, must not exceed */
  gboolean is_exact;            /* an affine margin: nothing was integrated */
  gboolean converged;
  gint64 gradients, panels;     /* 0 where nothing was integrated */
} AssayAttribution;

/* contribution (D) at x (D) against reference (D). most: gradients at most. That it did not converge is a result, not an error.
 * Cost: 8 gradients for each panel. Errors: those of the margin; cancelled. */
gboolean assay_attribute (AssayMargin *margin, const AssayMarginChoice *choice, const double *x, const double *reference, gint64 most,
                          double *contribution, AssayAttribution *attribution, AssayProgress *progress, GError **error);
