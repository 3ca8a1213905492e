/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectrum.h: the spectral density of a symmetric operator by stochastic Lanczos quadrature, and what is read off it.
 *
 *   tr f (A)  ~  n mean over probes v of sum_j tau_j^2 f (theta_j)
 *
 * v has random signs, theta are the Ritz values of `steps` Lanczos steps from v with full reorthogonalisation, and tau_j the first
 * components of T's eigenvectors. Every estimate carries the standard error over the probes.
 * Shape letters: n unknowns. Ownership: the caller frees it. Thread rule: as the operator; reading it is pure.
 * Source: Ubaru, Chen & Saad 2017; Ghorbani, Krishnan & Xiao 2019 (1901.10159); influence chapter, section 4.
 */
#pragma once

#include "base/progress.h"
#include "hessian/linop.h"

typedef struct {
  double value, error;          /* mean over probes and its standard error; error NaN with a single probe */
} AssaySpectrumEstimate;

typedef struct {
  gint64 n, probes, steps;      /* steps: of the longest run */
  gint64 *length;               /* (probes) steps that each made */
  double *ritz, *weight;        /* (probes,steps): theta ascending, tau^2, which sum to 1 for each probe; 0 past its length */
  gint64 products;
  /* Extremes over all probes: smallest >= lambda_min and largest <= lambda_max, and some eigenvalue is within the reach of each. */
  double smallest, largest, smallest_reach, largest_reach;
} AssaySpectrum;

/* Signs come from the streams of the seed. Cost: probes x steps products; 8 steps n bytes. Errors: those of lanczos.h. */
AssaySpectrum *assay_spectrum_new  (AssayLinop *A, gint64 probes, gint64 steps, guint64 seed, AssayProgress *progress, GError **error);
void           assay_spectrum_free (AssaySpectrum *spectrum);

/* tr f (A). */
AssaySpectrumEstimate assay_spectrum_trace (const AssaySpectrum *spectrum, double (*f) (double theta, gpointer data), gpointer data);
/* Sum of the eigenvalues; Hutchinson's estimate. */
AssaySpectrumEstimate assay_spectrum_sum   (const AssaySpectrum *spectrum);
/* d_lambda = tr A (A + lambda I)^-1: directions that a damping of lambda leaves to the data. For positive semi-definite A; Ritz values
 * below zero, which are then rounding, count as zero. */
AssaySpectrumEstimate assay_spectrum_effective_dimension (const AssaySpectrum *spectrum, double lambda);
/* Eigenvalues theta with lo <= theta < hi, as smooth as so few steps can tell. */
AssaySpectrumEstimate assay_spectrum_count (const AssaySpectrum *spectrum, double lo, double hi);
/* The mean and standard error over probes of each one's smallest or largest Ritz value. */
AssaySpectrumEstimate assay_spectrum_extreme (const AssaySpectrum *spectrum, gboolean largest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssaySpectrum, assay_spectrum_free)
