/* SPDX-License-Identifier: GPL-3.0-or-later */
/* confusion.h: decisions against outcomes, counted exactly, and the shares that follow from the four counts.
 *
 * A positive is a case whose outcome came true, a selection a case that was decided true; what is good and what is bad about either is
 * not known here.
 * Ownership: plain values. Thread rule: pure functions.
 */
#pragma once

#include "stats/estimate.h"

typedef struct {
  gint64 true_positives;        /* decided true, came true */
  gint64 false_positives;       /* decided true, did not */
  gint64 true_negatives;        /* decided false, did not */
  gint64 false_negatives;       /* decided false, came true */
} AssayConfusion;

typedef enum {
  ASSAY_RATE_SELECTION,         /* (TP + FP) / n */
  ASSAY_RATE_PREVALENCE,        /* (TP + FN) / n */
  ASSAY_RATE_ACCURACY,          /* (TP + TN) / n */
  ASSAY_RATE_TRUE_POSITIVE,     /* TP / (TP + FN): sensitivity, recall */
  ASSAY_RATE_FALSE_NEGATIVE,    /* FN / (TP + FN) */
  ASSAY_RATE_FALSE_POSITIVE,    /* FP / (FP + TN) */
  ASSAY_RATE_TRUE_NEGATIVE,     /* TN / (FP + TN): specificity */
  ASSAY_RATE_POSITIVE_VALUE,    /* TP / (TP + FP): precision */
  ASSAY_RATE_NEGATIVE_VALUE,    /* TN / (FN + TN) */
  ASSAY_N_RATES
} AssayRate;

/* decision and outcome (n), 0 or 1. */
AssayConfusion assay_confusion_count   (const guint8 *decision, const guint8 *outcome, gint64 n);
gint64         assay_confusion_get_n   (const AssayConfusion *c);

const char    *assay_rate_name         (AssayRate rate);          /* "false_positive_rate" */
const char    *assay_rate_title        (AssayRate rate);          /* "false positive rate" */
/* What is counted over what, in words: "decided true among those whose outcome is false". */
const char    *assay_rate_definition   (AssayRate rate);

/* The share as two counts, numerator out of *denominator. */
gint64         assay_confusion_get_part (const AssayConfusion *c, AssayRate rate, gint64 *denominator);
/* The share with Wilson's interval; NaN where nothing is in the denominator. */
AssayEstimate  assay_confusion_get_rate (const AssayConfusion *c, AssayRate rate, double level);
