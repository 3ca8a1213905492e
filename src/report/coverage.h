/* SPDX-License-Identifier: GPL-3.0-or-later */
/* coverage.h: how much of a regime a set of fields answers: every item is exactly one of filled, draft, withheld, not computed, waiting for a person.
 *
 * An item that several fields answer is as far as the field that is least far: waiting for a person, not computed, draft, withheld, filled, in
 * this order. That a question does not apply is an answer. Counts are integers and their sum is the number of items.
 *
 * Thread rule: pure functions.
 */
#pragma once

#include "report/regime.h"

/* In the order of how far an item is. */
typedef enum {
  ASSAY_COVERAGE_FILLED,
  ASSAY_COVERAGE_WITHHELD,
  ASSAY_COVERAGE_DRAFT,         /* drafted by the program, unconfirmed */
  ASSAY_COVERAGE_NOT_COMPUTED,  /* the program could know, and does not: the field says why */
  ASSAY_COVERAGE_PENDING,       /* a person has to state it */
  ASSAY_N_COVERAGES
} AssayCoverage;

/* "filled", "withheld", "draft", "not_computed", "human_pending". */
extern const char *const assay_coverage_words[ASSAY_N_COVERAGES];

typedef struct {
  gint64 count[ASSAY_N_COVERAGES];
  gint64 items;                 /* their sum */
  gint64 not_applicable;        /* of the filled: those that say so */
  gint64 declared;              /* of the filled: those that rest on a person's word alone or in part */
} AssayCoverageCount;

AssayCoverage      assay_coverage_of_field (const AssayField *field);
/* audience: who the report is for; an item that is not answered to them is withheld. */
AssayCoverage      assay_coverage_of_item  (const AssayRegimeItem *item, const AssayFieldSet *fields, AssayAudience audience);
/* Items of one class; ASSAY_FIELD_N_CLASSES: of all. */
AssayCoverageCount assay_coverage_count    (const AssayRegime *regime, const AssayFieldSet *fields, AssayAudience audience, AssayFieldClass klass);

/* The meter of a regime: its head, counts by class and of all, and its items with their fields and states. with_items FALSE: the counts alone.
 * New reference. */
json_t            *assay_coverage_to_json  (const AssayRegime *regime, const AssayFieldSet *fields, AssayAudience audience, gboolean with_items);
/* Records of all fields, each with the items of the regimes (AssayRegime) that it answers, and drafts with what confirms them. New reference. */
json_t            *assay_coverage_fields_to_json (const AssayFieldSet *fields, const GPtrArray *regimes);
/* Which items of the regimes (AssayRegime) a field answers: [{"pack", "item"}]. New reference. */
json_t            *assay_coverage_list_regimes (const GPtrArray *regimes, const char *field);
