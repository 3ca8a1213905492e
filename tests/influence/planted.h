/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planted.h: ground truths and scores with planted numbers: set s leaves out example s alone, so the prediction of a set is a score.
 *
 * Shape letters: S sets, R seeds, Q queries. Ownership: a planted truth owns what it points to.
 */
#pragma once

#include "influence/agreement.h"

typedef struct {
  AssayGroundTruth *truth;      /* S sets of kind ONE, in order */
  AssayInfluenceScores *scores; /* (Q,S) */
} Planted;

/* seed_change (R,S,Q) and predicted (S,Q) are copied. */
Planted *planted_new  (gint64 S, guint R, gint64 Q, const double *seed_change, const double *predicted);
void     planted_free (Planted *planted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Planted, planted_free)
