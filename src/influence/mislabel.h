/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mislabel.h: does self-influence find wrong labels? A share of the training labels is made wrong, the model trained again, and every example asked about itself.
 *
 * Whose label is wrong holds its own loss down against all others, so it should stand first. Ranking by the loss alone is the comparison that costs nothing.
 * Shape letters: N training examples. Ownership: a detection owns its arrays. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/score.h"
#include "stats/estimate.h"

/* share, mislabel-seed, level. */
extern const AssayParam assay_mislabel_params[];

typedef struct {
  gint64 n_train, n_wrong;
  gboolean *is_wrong;           /* (N) */
  double *self, *loss;          /* (N) self-influence and loss at the retrained model */
  AssayEstimate by_self, by_loss;       /* area under the receiver operating characteristic, DeLong */
} AssayMislabelDetection;

/* training: as the model was trained, its model at the first parameters; it is trained, on the wrong labels. method: one that defines self-influence.
 * Errors: USAGE for a target that is no class, and for a share that makes no label wrong, or all; those of the training and of the method; cancelled. Owns: the caller. */
AssayMislabelDetection *assay_mislabel_detect (const AssayTraining *training, const AssayMethod *method, const AssayValues *method_options,
                                               const AssayValues *options, gint64 batch, gsize memory, AssayProgress *progress, GError **error);
void                    assay_mislabel_free   (AssayMislabelDetection *detection);

/* The share of the wrong labels among the first of a ranking by key (N), high first: by_self, by_loss. inspected: share of the examples that is looked at. */
double                  assay_mislabel_found  (const AssayMislabelDetection *detection, const double *key, double inspected);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayMislabelDetection, assay_mislabel_free)
