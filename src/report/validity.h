/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validity.h: how far influence scores of a model and a method were followed by real retrainings.
 *
 * Thread rule: one report at a time.
 */
#pragma once

#include "report/section.h"

/* Rows of a validation's table. A row of which there is nothing holds NaN. */
typedef enum { ASSAY_VALIDITY_LEAVE_ONE_OUT, ASSAY_VALIDITY_GROUPS, ASSAY_VALIDITY_N_ROWS } AssayValidityRow;

/* Its columns, in this order; column 0 names the row. */
typedef enum {
  ASSAY_VALIDITY_WHAT, ASSAY_VALIDITY_SETS, ASSAY_VALIDITY_PEARSON, ASSAY_VALIDITY_LO, ASSAY_VALIDITY_HI, ASSAY_VALIDITY_SPEARMAN,
  ASSAY_VALIDITY_SLOPE, ASSAY_VALIDITY_CONTROL, ASSAY_VALIDITY_CEILING, ASSAY_VALIDITY_SIGNIFICANT
} AssayValidityColumn;

/* What was measured of the queries: "loss", or the measure's name. */
const char       *assay_validity_get_measure (const AssayReportAnswer *validation);

/* The result table of an answer of kind validate, made on first use. Owns: the report's results. */
AssayResultTable *assay_validity_get_table (AssayReport *report, const AssayReportAnswer *validation);

/* Columns of the table of the query loss difference, of one row. */
typedef enum {
  ASSAY_DIFFERENCE_SIZE, ASSAY_DIFFERENCE_RANDOM_GROUPS, ASSAY_DIFFERENCE_RISE, ASSAY_DIFFERENCE_RANDOM_RISE, ASSAY_DIFFERENCE_VALUE, ASSAY_DIFFERENCE_LO,
  ASSAY_DIFFERENCE_HI
} AssayDifferenceColumn;

/* What leaving out the examples ranked highest did, beside random ones; NULL where the validation did not look. Owns: as above. */
AssayResultTable *assay_validity_get_difference (AssayReport *report, const AssayReportAnswer *validation);

/* Columns of a retraining's table; a row for each set that was left out, the chosen ones first. */
typedef enum { ASSAY_RETRAINED_WHAT, ASSAY_RETRAINED_LEFT_OUT, ASSAY_RETRAINED_PREDICTED, ASSAY_RETRAINED_MEASURED } AssayRetrainedColumn;

/* The same for an answer of kind retrain. */
AssayResultTable *assay_validity_get_retrained (AssayReport *report, const AssayReportAnswer *retraining);

/* Sets the claim's validity from the newest validation of the same model, data and method: the leave-one-out correlation, or that of groups where
 * no single example was left out. Where there is none: the change that was measured when examples were left out by these very scores. Without that
 * the claim has none, and the list of what was not done has the command.
 * influence: the document of the influence answer that the claim rests on. */
void              assay_validity_put       (AssayReport *report, const json_t *influence, AssayClaim *claim);
