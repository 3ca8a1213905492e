/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_question.h: the questions about influence that a case has answers to: one for each row of each of its scores.
 *
 * Ownership: reference counted. Thread rule: read on the reader's thread, then immutable.
 */
#pragma once

#include "store/case.h"

#include <gio/gio.h>

typedef struct {
  gatomicrefcount count;
  char *reference;              /* "dose/cg/2580e113b2ed#0": of the selection */
  char *scores;                 /* name of the object */
  gint64 query;                 /* its row there */
  guint64 sequence;
  char *asked;                  /* as it was asked: "edited:where mode == 0.5"; several are joined by ", " */
  gint64 n_examples;            /* that a query is the mean of */
  gint64 n_queries;             /* rows of the scores */
  gint64 example;               /* of the data set: the query, or the first of its examples */
  char *model, *split;          /* split: that the scored examples are of */
  char *method, *measure, *unit, *sign, *interval_words, *counterfactual, *notes;
  double damping, l2;
  char *command;                /* the command line that made it; NULL: not known */
  char *job;                    /* name of the object of the job that made it; NULL: not known */
} AssayInfluenceQuestion;

/* An AssayReadFunc without a question: a GPtrArray of AssayInfluenceQuestion that releases its members, the newest first. */
gpointer                assay_influence_questions_read (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error);

AssayInfluenceQuestion *assay_influence_question_ref   (AssayInfluenceQuestion *self);
void                    assay_influence_question_unref (AssayInfluenceQuestion *self);
/* TRUE where scores say by how much removing an example changes what is asked about, and not only by more or less than another one. */
gboolean                assay_influence_question_has_unit (const AssayInfluenceQuestion *self);

/* TRUE where what is asked about is a loss, also of each example itself; else question->measure names it. */
gboolean                assay_influence_question_is_of_loss (const AssayInfluenceQuestion *self);

/* The command that holds the scores of this model and method against retraining, for the same queries. path: of the case. Owns: the caller. */
char                   *assay_influence_question_dup_validation (const AssayInfluenceQuestion *self, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayInfluenceQuestion, assay_influence_question_unref)
