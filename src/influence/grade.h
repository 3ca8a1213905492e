/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grade.h: what scores of a method on a model may be used for, in one letter, with its reasons.
 *
 *   A   verified by retraining: the lower limit of the lds is above half of its ceiling, and leaving out what is ranked highest raised the loss more than chance
 *   B   certified solve, and the lower limit of the lds is above half of its ceiling
 *   C   a ranking only
 *   D   abstain: the interval of the first score holds 0 for more than half of the queries; or the signal is less than twice the noise of the seeds; or the
 *       interval of the lds is not above 0; or the residuals of more than half of the solves are over their limit
 *
 * Ownership: a grade owns its reasons. Thread rule: pure functions.
 */
#pragma once

#include "influence/loss_difference.h"

typedef enum {
  ASSAY_ABSTAIN_INTERVAL = 1 << 0,      /* score intervals span 0 */
  ASSAY_ABSTAIN_NOISE = 1 << 1,         /* signal-to-noise below 2 */
  ASSAY_ABSTAIN_AGREEMENT = 1 << 2,     /* the lds is not above 0 */
  ASSAY_ABSTAIN_RESIDUAL = 1 << 3       /* solves over their limit */
} AssayAbstention;

typedef struct {
  char letter;                  /* 'A' to 'D'; 0: nothing was measured that a grade could rest on */
  guint abstentions;            /* AssayAbstention; not 0 exactly for D */
  gint64 n_spanning, n_unsolved;        /* queries whose first score's interval holds 0; whose solve did not end well */
  GPtrArray *reasons;           /* sentences without full stop */
} AssayGrade;

/* difference NULL or without random shares: not measured. */
void assay_grade_init  (AssayGrade *grade, const AssayInfluenceScores *scores, const AssayAgreement *lds, const AssayCeiling *ceiling,
                        const AssayLossDifference *difference);
void assay_grade_clear (AssayGrade *grade);
