/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.h: what explanations of single decisions share: the model's margin, the columns that it reads, and what contributions are measured from.
 *
 * A column is what a person knows: a column of the table with all the terms that stand for it, or one pixel.
 * Shape letters: Q people asked about, C columns, D features, V logits.
 * Ownership: an explanation owns everything in it but the subject's. Thread rule: one thread at a time.
 */
#pragma once

#include "influence/score_store.h"
#include "job/subject.h"
#include "probes/integrated_gradients.h"
#include "probes/neighbours.h"
#include "probes/observed.h"

typedef struct {
  char *name;
  const AssayColumn *column;    /* of the table; NULL: a pixel */
  gboolean by_level;
  char *reference_level;        /* of a column by level: what it holds where all its terms are 0; NULL: no training example has it */
} AssayExplainColumn;

/* Scores of the case about one of the people. */
typedef struct {
  AssayObject *object;
  gint64 query;                 /* the row that is about that one */
} AssayExplainScores;

typedef struct {
  AssaySubject *subject;
  GArray *examples;             /* gint64 (Q) */
  AssayMargin *margin;
  gint64 C, D, V;
  AssayColumnRange *range;      /* (C) */
  AssayExplainColumn *column;   /* (C) */
  gboolean is_table;
  gboolean has_threshold;       /* class 1 is decided from a given probability on, else the likelier class */
  double offset;                /* log odds of the threshold; 0 without one */
  gint64 reference_example;     /* -1: none */
  const char *reference_kind;   /* "mean", "base", "example" */
  char *reference_words;
  double *reference;            /* (D) */
  double *train_mean;           /* (D) */
  AssayObservedValues *observed;        /* (C), of the training split; NULL until run, and where nothing flips */
  AssayNeighbours *neighbours;  /* NULL until run */
  GPtrArray *scores;            /* (Q) of GArray of AssayExplainScores */
} AssayExplain;

extern const AssayParam assay_explain_params[];

/* Adds the job's inputs, scores included. Errors: those of the subject; USAGE for a model of tokens, or an option that does not apply. */
AssayExplain *assay_explain_open (AssayJob *job, AssayJobContext *context, GError **error);
void          assay_explain_free (AssayExplain *explain);
/* What is looked up once for all people. */
gboolean      assay_explain_prepare (AssayExplain *explain, const AssayValues *options, AssayJobContext *context, GError **error);

/* Features (D) of an example. */
void          assay_explain_read  (const AssayExplain *explain, gint64 example, double *x);
/* The cell of an example in a column as a person reads it, and (may be NULL) as a number, NaN where it is none. A new string. */
char         *assay_explain_dup_value (const AssayExplain *explain, gint64 column, gint64 example, const double *x, double *number);
/* The same of the reference: a mean, or a mixture of levels. */
char         *assay_explain_dup_reference (const AssayExplain *explain, gint64 column, double *number);
/* A feature as it was before it was standardised. */
double        assay_explain_unscale (const AssayExplain *explain, gint64 feature, double x);

/* One person's decision. */
typedef struct {
  AssayMarginChoice choice;     /* class 1 against class 0; of more than two the likeliest against the next */
  gboolean decides;             /* FALSE: a real number is predicted */
  gint64 decided, against;      /* classes */
  double margin, probability;   /* of the choice; of the decided class (NaN for a number) */
  double sign;                  /* of the margin that speaks for what was decided; 1 for a number */
} AssayExplainDecision;

AssayExplainDecision assay_explain_decide (const AssayExplain *explain, const double *logits);
/* The class that logits decide, by the same rule. */
gint64        assay_explain_get_class (const AssayExplain *explain, const double *logits);

/* --- the parts of a packet: explain_packet.c, explain_flips.c, explain_evidence.c. New references; NULL with an error --- */

/* Everything about the q-th person. *converged: whether the contributions add up; contribution (D) receives them all. */
json_t *assay_explain_packet  (AssayExplain *explain, gint64 q, const AssayValues *options, AssayJobContext *context, gboolean *converged,
                               double *contribution, GError **error);
json_t *assay_explain_flips   (AssayExplain *explain, const AssayExplainDecision *decision, gint64 example, const double *x, GError **error);
/* {"not_applicable"} or {"neighbours", ...}; outcome: the class decided, -1 for a number. */
json_t *assay_explain_nearest (const AssayExplain *explain, AssayCase *cas, gint64 q, gint64 decided);
json_t *assay_explain_influence (const AssayExplain *explain, AssayCase *cas, gint64 q, gint64 k, GError **error);
/* An example with its names and its pseudonym. */
json_t *assay_explain_identify (const AssayExplain *explain, AssayCase *cas, gint64 example);
/* The scores of the case that are about each example: an array (Q) of GArray of AssayExplainScores. */
GPtrArray *assay_explain_find_scores (AssayCase *cas, const AssaySubject *subject, const GArray *examples, GError **error);

/* --- explain_store.c --- */

/* Commits the packets as an object of kind "packet". packets: an array as the answer has it; contribution (Q,D). */
AssayObject *assay_explain_save (const AssayExplain *explain, AssayCase *cas, const char *name, const json_t *packets, const double *contribution,
                                 json_t *meta, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayExplain, assay_explain_free)
