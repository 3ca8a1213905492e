/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calibration.h: do probabilities come true? Bins with exact counts, the expected calibration error beside what luck alone would show, and
 * the logistic line of outcomes on log odds.
 *
 * Shape letters: N cases, B bins. Undefined is NaN.
 * Ownership: a calibration owns its arrays. Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

/* Draws of the bootstrap and of lucky outcomes. */
#define ASSAY_CALIBRATION_DRAWS 400

typedef struct {
  double from, to;              /* from <= p < to; the last bin holds 1 */
  gint64 n, positives;
  double mean_probability;      /* NaN where the bin is empty, and so is the share */
  AssayEstimate observed;       /* positives out of n, Wilson */
} AssayCalibrationBin;

typedef struct {
  gint64 N, B;
  AssayCalibrationBin *bin;     /* (B) of equal width over [0, 1] */
  AssayEstimate error;          /* expected calibration error; see below */
  double error_by_luck;         /* its mean when every outcome is drawn with its probability: what a calibrated score shows */
  double error_by_luck_95;      /* and the value that it stays below in 95 of 100 such draws */
  AssayEstimate excess;         /* mean of p - y: calibration in the large; Student */
  AssayEstimate intercept, slope;       /* logit P (y = 1) = intercept + slope logit p, by maximum likelihood; Wald */
  const char *line_reason;      /* why there is no line, or NULL; static */
} AssayCalibration;

/* probability (N) in [0, 1], outcome (N) 0 or 1, B >= 1. NULL when N is 0 or a probability is not one.
 *   error = sum_b n_b / N |positives_b / n_b - mean_probability_b|
 * A sum of magnitudes is larger than the truth in the mean, and a resample's is larger again by about as much: so the interval is the
 * bootstrap's, mirrored at the value (2 value - quantiles), cut at 0 and made to hold the value.
 * Cost: O(draws N). Source: Naeini et al., AAAI 2015, for the error; Brocker & Smith, Weather Forecast. 22 (2007), for luck; Cox,
 * Biometrika 45 (1958), for the line. */
AssayCalibration *assay_calibration_new  (const double *probability, const guint8 *outcome, gint64 N, gint64 B, double level, guint64 seed);
void              assay_calibration_free (AssayCalibration *calibration);

/* The bin of a probability in [0, 1]: the last whose lower edge b / B, as a double, is not above it. */
gint64            assay_calibration_bin  (double probability, gint64 B);

/* The mean of (p - y)^2, and of -log of the probability that was given to what came true (infinite where that was 0, without an
 * interval); Student's intervals, cut
 * where no score can be. Source: Brier, Mon. Weather Rev. 78 (1950). */
AssayEstimate     assay_estimate_brier    (const double *probability, const guint8 *outcome, gint64 N, double level);
AssayEstimate     assay_estimate_log_loss (const double *probability, const guint8 *outcome, gint64 N, double level);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayCalibration, assay_calibration_free)
