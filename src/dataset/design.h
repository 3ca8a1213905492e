/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design.h: the design matrix: which rows, which target, which columns become which terms.
 *
 * A number column is one term named as the column. A text column is one 0/1 term per level but the reference level, named
 * "column = level", levels in sorted byte order; the reference is the first of them unless chosen. A number column named
 * in a reference is coded by levels too. The intercept is the model's and no column of the matrix.
 * Levels are those of the rows kept, over all splits. Under the policy `level` a missing cell of a text column is level
 * "(missing)"; a number column is 0 there and a term "column = (missing)" is added.
 * Shape letters: N examples kept, D terms.
 * Ownership: a design owns its arrays and holds no table. Thread rule: immutable once made.
 */
#pragma once

#include "dataset/rows.h"
#include "dataset/table.h"

#define ASSAY_TERM_INTERCEPT "(intercept)"
#define ASSAY_LEVEL_MISSING  "(missing)"

typedef enum {
  ASSAY_TARGET_AUTO,            /* boolean, text, label and 0/1 number targets are classes; other numbers are real */
  ASSAY_TARGET_CLASS,
  ASSAY_TARGET_REAL,
  ASSAY_TARGET_NONE             /* a dataset without targets, or of tokens */
} AssayTargetKind;

typedef struct {
  const char *filter;           /* NULL: every row */
  const char *target;           /* an expression */
  const char *terms;            /* names separated by commas, odd ones in back quotes; NULL: every usable column */
  const char *const *references;   /* "COLUMN=LEVEL", NULL-terminated; NULL: none */
  AssayTargetKind target_kind;
  gint64 limit;                 /* at most the first so many rows kept of each split; 0: all */
  gboolean standardise;         /* terms to mean 0 and variance 1 over split "train" (over all rows where there is none) */
} AssayDesignSpec;

/* The terms of one column: first .. first + n - 1; n = 0: a column of one level. */
typedef struct {
  const AssayColumn *column;
  gint64 first, n;
  gboolean by_level;            /* else the number, and where some are missing an indicator behind it */
} AssayDesignInput;

typedef struct {
  gint64 n_examples, n_terms;
  double *x;                    /* (N,D) */
  AssayTargetKind target_kind;  /* CLASS or REAL */
  gint32 *label;                /* CLASS (N) */
  double *real;                 /* REAL (N) */
  GPtrArray *class_names;       /* CLASS: strings; a boolean target has "false", "true" */
  GPtrArray *term_names;        /* D strings */
  GArray *inputs;               /* AssayDesignInput: the columns behind the terms, in order */
  gint64 *row;                  /* (N) index in the table, ascending */
  GArray *drops;                /* AssayDrop: rows left out, by reason */
  GPtrArray *notes;             /* remarks, one line each: constant terms, levels that no row has */
  double *mean, *deviation;     /* (D) when standardised: x = (raw - mean) / deviation; else NULL */
} AssayDesign;

/* Errors: NOT_FOUND (column, level), INPUT (types, position in an expression, no row left), NAN, NO_MEMORY, and under the
 * policy `refuse` INPUT for the first missing value used. */
AssayDesign *assay_design_new  (AssayTable *table, const AssayDesignSpec *spec, GError **error);
void         assay_design_free (AssayDesign *design);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayDesign, assay_design_free)
