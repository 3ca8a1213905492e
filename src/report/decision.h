/* SPDX-License-Identifier: GPL-3.0-or-later */
/* decision.h: one explained decision in a section: what made it, what would change it, whether to believe that, and the training examples behind it.
 *
 * Thread rule: one report at a time.
 */
#pragma once

#include "report/section.h"

#include <jansson.h>

/* The columns of a table of people, one row each; text columns first. */
typedef enum {
  ASSAY_DECISION_PERSON, ASSAY_DECISION_DECIDED, ASSAY_DECISION_OUTCOME, ASSAY_DECISION_FIRST, ASSAY_DECISION_PROBABILITY, ASSAY_DECISION_MARGIN,
  ASSAY_DECISION_REFERENCE_PROBABILITY, ASSAY_DECISION_SUM, ASSAY_DECISION_CHANGE, ASSAY_DECISION_RESIDUAL, ASSAY_DECISION_AREA,
  ASSAY_DECISION_RANDOM_AREA, ASSAY_DECISION_P, ASSAY_DECISION_RESCALED, ASSAY_DECISION_GAP, ASSAY_DECISION_FLIPPING, ASSAY_DECISION_TRIED,
  ASSAY_DECISION_NEAREST, ASSAY_DECISION_SAME_OUTCOME, ASSAY_DECISION_IDENTICAL, ASSAY_DECISION_N_COLUMNS
} AssayDecisionColumn;

typedef struct {
  AssayReport *report;
  AssaySection *section;
  const AssayReportAnswer *answer;
  const char *id;               /* "decisions/1" */
  AssayResultTable *people;
} AssayDecisions;

/* The table ID/people. */
AssayResultTable *assay_decisions_add_people (const AssayDecisions *decisions);
/* The packet of the k-th person, with its claims. */
void              assay_decisions_tell       (const AssayDecisions *decisions, gsize k);
/* Values of another person are that person's record: whether the reference is one, and the readers are not internal. */
gboolean          assay_decisions_hide_reference (const AssayDecisions *decisions);
/* "true", "0.25". Owns: the caller. */
char             *assay_decisions_dup_outcome (const json_t *value);
/* How the reference of contributions may be named to the report's readers. Owns: the caller. */
char             *assay_decisions_dup_reference (const AssayDecisions *decisions);
