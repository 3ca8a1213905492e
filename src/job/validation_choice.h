/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_choice.h: options of a method chosen on half of the queries, so that what is told of the other half is held out.
 *
 *   halves   of the queries, drawn by the seed of the sets: floor (Q/2) of them choose
 *   grid     what --choose NAME=VALUE,VALUE lists; of several names every combination
 *   choice   the candidate with the largest lds over the choosing half, the first of equal ones
 *
 * Each half is asked about by itself, as if the other were not there, and all candidates are held to the same retrainings. A method without a parameter of
 * that name has nothing to choose, and is held to the same queries.
 * Ownership: the question owns halves and candidates. Thread rule: one thread at a time.
 */
#pragma once

#include "job/validation_method.h"

/* Fills in choosing, held_out and candidates of a question with setup and jobs. Errors: USAGE for a grid that is none, a name that no method has, a value out of
 * its parameter's range, too few queries. */
gboolean assay_validation_choice_open   (AssayValidationQuestion *question, const AssayJob *job, AssayJobContext *context, GError **error);

/* Makes sure that the case has the scores of a method's candidates on the choosing half. Errors: those of the method when no candidate can be asked. */
gboolean assay_validation_choice_score  (const AssayValidationQuestion *question, guint method, AssayJobContext *context, GError **error);

/* Chooses by what happened to all queries: from then on the job of that method in held_out is the chosen one. {"chosen": {NAME: value}, "candidates":
 * [{"options", "estimate", "lo", "hi"} or {"options", "refused"}]}: the lds over the choosing half; null and [] where nothing was to choose. New reference. */
json_t  *assay_validation_choice_settle (const AssayValidationQuestion *question, guint method, const AssayGroundTruth *truth, const AssayJob *job,
                                         AssayJobContext *context, GError **error);
