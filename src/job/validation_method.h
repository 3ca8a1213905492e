/* SPDX-License-Identifier: GPL-3.0-or-later */
/* validation_method.h: what a validation is asked, and the answer for one of its methods.
 *
 * Ownership: a question owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/validate.h"
#include "job/influence_task.h"

typedef struct _AssayValidationQuestion AssayValidationQuestion;
struct _AssayValidationQuestion {
  AssaySubject *subject;
  char **references;            /* how the queries were asked for */
  GArray *queries;              /* gint64 */
  AssayInfluenceSetup *setup;
  char **methods;               /* names; imported:NAME for scores from elsewhere */
  GPtrArray *jobs;              /* AssayJob of kind influence for each method; NULL for imported scores */
  AssayObject *bank_object;     /* NULL: everything is retrained */
  AssayBank *bank;
  gint64 *bank_query;           /* (Q) number of each query in the bank */
  AssayValidationSource source;
  /* Where options are chosen (job/validation_choice.h), else NULL: the two halves, and for each method a GPtrArray of its candidates. */
  AssayValidationQuestion *choosing, *held_out;
  GPtrArray *candidates;
  const AssayValidationQuestion *whole; /* of a half: whose subject and bank it has */
  gint64 *place;                        /* of a half: its queries among those of the whole */
};

void assay_validation_question_free (AssayValidationQuestion *question);
/* NULL where everything is retrained. */
const AssayValidationSource *assay_validation_question_get_source (const AssayValidationQuestion *question);

/* Scores of a method by one of its influence jobs, computed where the case has none; object (the caller's): where they are. */
AssayInfluenceScores *assay_validation_find_scores (const AssayValidationQuestion *question, guint method, const AssayJob *job, AssayJobContext *context,
                                                    AssayObject **object, GError **error);

/* Makes sure that the case has the scores of a method, so that what cannot be asked is known before anything is retrained. Errors: those of the method. */
gboolean assay_validation_score_method (const AssayValidationQuestion *question, guint method, AssayJobContext *context, GError **error);

/* The document of one method, its scores and its validation committed: that of assay_validation_to_json with "method", "unit", "scores_object",
 * "validation_object", "solver", "cost", "imported", and what choice has (or NULL), which is kept with the validation too; a string "finding" where the scores do not hold; with --stability and --random-weights of the job
 * also "stability" and "random_weights". Errors: those of the method; of the retrainings; of the store. New reference. */
json_t *assay_validation_answer_method (const AssayValidationQuestion *question, guint method, const AssayGroundTruth *truth, json_t *choice,
                                        const AssayJob *job, AssayJobContext *context, GError **error);
