/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.h: how good a score of yes or no is, for whom: the rows that are measured, what is measured on them, and for which groups.
 *
 * The score is that of a model of the case, on the splits of its data, or of an outside model: a column or an expression of some data.
 * Both become parts: rows with a score, a decision and an outcome each. Unknown is -1 (NaN for scores) and never counts as no.
 * Shape letters: n rows of a part, G groups.
 * Ownership: an audit owns everything in it. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/expression.h"
#include "job/subject.h"
#include "stats/estimate.h"

typedef enum {
  ASSAY_AUDIT_DECISION,         /* the score is a yes or no */
  ASSAY_AUDIT_RANKING,          /* a number: higher is nearer to yes */
  ASSAY_AUDIT_PROBABILITY       /* a ranking that promises to be a probability */
} AssayAuditKind;

typedef struct {
  const char *name, *role;      /* a split with "trained on" or "held out"; "all rows" */
  gint64 n;
  gint64 *row;                  /* (n) in the table */
  double *score;                /* (n) NaN: unknown, or a decision alone */
  gint8 *decision;              /* (n) 0, 1, -1: unknown, or nobody decides */
  gint8 *outcome;               /* (n) 0, 1, -1: unknown */
  gint8 *selected;              /* (n) 0, 1, -1: what an impact ratio counts */
  double median;                /* selected: a score above it, where nobody decides; else NaN */
} AssayAuditPart;

/* How rows fall into groups: by one column or expression, or by several together. */
typedef struct {
  guint n_columns;
  char **columns;               /* as they were asked for */
  gint64 G;
  char ***labels;               /* (G,n_columns) */
  gint64 *code;                 /* (rows of the table) 0 .. G-1; -1: one of the values is missing */
  gint64 baseline;              /* the group that the others are compared with; -1: none has members */
  gint64 n_left_out;            /* combinations without members that are not listed, being so many */
} AssayAuditGrouping;

typedef struct {
  AssaySubject *subject;        /* NULL: an outside score */
  AssayObject *data;
  AssayTable *table;
  AssayAuditKind kind;
  gboolean has_decisions, has_outcomes;
  double threshold;             /* a score of this or more is decided true; NaN: none was given */
  gint64 positive;              /* models: the class that the score is of */
  GPtrArray *parts;             /* AssayAuditPart */
  GPtrArray *groupings;         /* AssayAuditGrouping */
  GArray *drops;                /* AssayDrop: rows that no part has */
  json_t *score, *outcome;      /* what they are, in words and columns */
} AssayAudit;

extern const AssayParam assay_audit_params[];

/* Of a model of the case, or of --score. Adds the job's inputs. Errors: those of the subject and of expressions; USAGE for options that do
 * not go together; INPUT for an outcome that is no yes or no, a score that is no number, groups that are none. */
AssayAudit *assay_audit_open  (AssayJob *job, AssayJobContext *context, GError **error);
void        assay_audit_free  (AssayAudit *audit);

/* The halves of the above. audit_score.c: fills parts from expressions. audit_model.c: makes parts without scores (rows and outcomes), and later
 * predicts. audit_group.c: reads the groupings. */
gboolean    assay_audit_open_score (AssayAudit *audit, AssayJob *job, AssayJobContext *context, GError **error);
gboolean    assay_audit_open_model (AssayAudit *audit, AssayJob *job, AssayJobContext *context, GError **error);
gboolean    assay_audit_predict    (AssayAudit *audit, AssayJobContext *context, GError **error);
gboolean    assay_audit_read_groups (AssayAudit *audit, const AssayValues *options, GError **error);
AssayAuditPart *assay_audit_part_new (const char *name, const char *role, gint64 n);
/* Decides where there is a threshold, and says who counts as selected. */
void        assay_audit_decide     (const AssayAudit *audit, const AssayValues *options, AssayAuditPart *part);

/* A column by its plain name, whatever characters that has; else an expression. what begins a message. */
AssayExpression *assay_audit_parse (const char *what, const char *text, AssayTable *table, GError **error);
/* The columns that an expression reads, in the table's order. New reference. */
json_t     *assay_audit_list_columns (const AssayExpression *expression, AssayTable *table);

/* --- audit_measure.c --- */

/* Everything that is measured on a part, without its groups: counts, rates, discrimination, calibration. New reference. */
json_t     *assay_audit_measure       (const AssayAudit *audit, const AssayAuditPart *part, const AssayValues *options);
/* One entry for each grouping: {"columns", "groups": [...], ...}. New reference. */
json_t     *assay_audit_measure_groups (const AssayAudit *audit, const AssayAuditPart *part, const AssayValues *options);
json_t     *assay_audit_estimate_to_json (AssayEstimate estimate);

/* --- audit_challenger.c --- */

/* The simplest models that could stand in for the audited one, fitted on its training split and measured on every part beside it. New reference.
 * Cost: sorts every feature of the training split once. Errors: cancelled; NO_MEMORY. */
json_t     *assay_audit_challenge     (const AssayAudit *audit, const AssayValues *options, AssayProgress *progress, GError **error);

/* --- audit_store.c --- */

/* Commits the measures as an object of kind "audit": every count as i64, every share and interval as f64. document: the whole answer. */
AssayObject *assay_audit_save         (AssayCase *cas, const char *name, const json_t *document, json_t *meta, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayAudit, assay_audit_free)
