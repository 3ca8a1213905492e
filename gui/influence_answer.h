/* SPDX-License-Identifier: GPL-3.0-or-later */
/* influence_answer.h: the answer to one question about influence: the training examples ranked from both ends, whether the solve is to be
 * trusted, and what happened when examples were really left out.
 *
 * Ownership: an answer owns everything in it. Thread rule: read on the reader's thread, then immutable.
 */
#pragma once

#include "gui/influence_question.h"
#include "job/example_index.h"
#include "job/live_ranking.h"

#include <jansson.h>

/* Of each sign. */
#define ASSAY_INFLUENCE_SHOWN 50

typedef struct {
  char *reference;              /* "train:17" */
  gint64 row;                   /* of the table; -1: not known */
  char *text;                   /* what the example looks like, short */
  double score, lo, hi;         /* lo, hi NaN where nothing is certified */
  gboolean is_interval;         /* out of an index: all that is known is that it lies from lo to hi */
  gint64 place, before;         /* in its list, from 1; before: at the damping that was asked, negative in the other list; 0: nowhere, or the same ranking */
} AssayInfluenceEntry;

/* Predicted against measured for one set that was left out. */
typedef struct {
  char *what;                   /* "the 64 named", "random 1" */
  gboolean is_control;
  double predicted, measured;
} AssayInfluenceRemoval;

typedef struct {
  AssayInfluenceQuestion *question;
  AssayExampleIndex *index;     /* of the question's model */
  char *title;                  /* "train:0", "40 examples, edited:where mode == 0.5" */
  GPtrArray *raising, *lowering;        /* AssayInfluenceEntry: removing raises, lowers the loss; the largest first */
  gint64 n, n_raising, n_lowering;
  double largest;               /* magnitude */
  gboolean is_from_index;       /* a ranking at another damping; nothing of what follows is known of it */
  double damping;               /* of the ranking, in the unit of the question's damping mode, where it is from an index */
  gboolean is_solved, has_converged;    /* has_converged: TRUE where nothing was solved */
  const char *reason;           /* of the solve's end; constant */
  double true_residual;
  gint64 products;
  char *validity;               /* in words with the number; NULL: not validated */
  char *correlation;            /* "LDS 0.951 (0.917 to 0.973)"; NULL as long */
  gboolean is_valid;            /* the interval of that number lies above 0 */
  char *validity_command;       /* NULL, or what was run */
  GArray *predicted, *measured; /* doubles: of the sets, or single examples, that were left out in the validation; empty: none */
  GPtrArray *removals;          /* AssayInfluenceRemoval; empty: none */
  char *removal_command;
} AssayInfluenceAnswer;

typedef struct {
  AssayInfluenceQuestion *question;
  AssayExampleIndex *index;
} AssayInfluenceRequest;

/* An AssayReadFunc of an AssayInfluenceRequest. */
gpointer              assay_influence_answer_read (AssayCase *cas, gconstpointer request, GCancellable *cancellable, GError **error);
/* The same question at another damping, as far as an index knows it. Any thread. */
AssayInfluenceAnswer *assay_influence_answer_new_live (AssayInfluenceQuestion *question, AssayExampleIndex *index, const AssayLiveScores *scores);
void                  assay_influence_answer_free (AssayInfluenceAnswer *self);

/* All that is ranked here, {"columns", "rows"} as gui/table_export.h takes it. New reference. */
json_t               *assay_influence_answer_make_table (const AssayInfluenceAnswer *self);

/* Takes nothing over: holds references. */
AssayInfluenceRequest *assay_influence_request_new  (AssayInfluenceQuestion *question, AssayExampleIndex *index);
void                   assay_influence_request_free (AssayInfluenceRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayInfluenceAnswer, assay_influence_answer_free)
