/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation.h: what becomes of a model's losses and answers when units of a tap are replaced by fixed numbers, at every position of every example.
 *
 * Each set of units is one walk over all examples; everything behind the tap follows from the replaced values. The empty set is the model as it
 * is. With a store, finished sets are kept as object ablations/NAME (one row a set), and the same question goes on behind them:
 *
 *   /ablation/loss (S,N)   /ablation/logit (S,N)   /ablation/right (S,N)   /ablation/size (S)
 *
 * Shape letters: S sets, N examples, C units of the tap. Thread rule: one at a time per name.
 * Numerics: the bits of the walks; the same for any number of threads and after any interruption.
 */
#pragma once

#include "base/progress.h"
#include "run/pass.h"
#include "stats/estimate.h"
#include "store/case.h"

typedef struct {
  AssayModel *model;
  AssayDataset *dataset;
  const gint64 *examples;       /* (N) */
  gint64 N;
  const char *tap;
  const double *replacement;    /* (C), usually each unit's mean */
  gint64 C;
  AssayBackend *backend;
  AssayCase *store;             /* NULL: nothing is kept */
  const char *name;
  json_t *meta;                 /* object or NULL; borrowed */
} AssayAblation;

typedef struct {
  const gint64 *unit;           /* (n) */
  gint64 n;
} AssayAblationSet;

typedef struct {
  gint64 S, N;
  gint64 *predictions;          /* (N) positions whose target counts; 1 without positions */
  double *loss;                 /* (S,N) of the example, as the model defines it, nats */
  double *logit;                /* (S,N) of the target, summed over those positions; NULL: real targets */
  gint32 *right;                /* (S,N) positions whose largest logit is the target; NULL likewise */
} AssayAblations;

/* Errors: NOT_FOUND (tap), SHAPE (C is not the tap's), INPUT (unit out of range), NAN, those of the walk and the store; INTERRUPTED or
 * TERMINATED, with what was done committed. Owns: the caller. */
AssayAblations *assay_ablate         (const AssayAblation *ablation, const AssayAblationSet *sets, gint64 S, AssayProgress *progress, GError **error);
void            assay_ablations_free (AssayAblations *ablations);

/* FALSE, with a SHAPE or NOT_FOUND error, when the model has no such tap of C units. */
gboolean        assay_ablation_check (const AssayAblation *ablation, GError **error);

typedef enum { ASSAY_ABLATION_LOSS, ASSAY_ABLATION_LOGIT, ASSAY_ABLATION_ACCURACY } AssayAblationMeasure;

/* The mean change from set `before` to the mean of sets first .. first+n-1: of the loss per example, of the target's logit or of the share
 * of right answers per position. Interval: Student's over the examples. NaN where the measure does not exist. */
AssayEstimate   assay_ablations_change (const AssayAblations *ablations, AssayAblationMeasure measure, gint64 before, const gint64 *sets, gint64 n,
                                        double level);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayAblations, assay_ablations_free)
