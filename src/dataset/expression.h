/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expression.h: a small pure language over the columns of a table, for filters and targets.
 *
 *   comparison   = == != <> < <= > >=       chained as in -30 <= days <= 30
 *   membership   score in ('Medium', 'High')   x not in {1, 2}   x between 1 and 5
 *   logic        and or not, also && || & | !
 *   arithmetic   + - * / and parentheses
 *   missing      missing(column), also `column is missing`, `column is not missing`
 *   values       12  -1.5e3  'text' or "text" (a quote inside is doubled); true, false
 *   columns      by name, where the longest column name that fits is taken (`hours-per-week > 40`); any name in `back quotes`
 *
 * Missing values: a comparison or calculation with a missing number is unknown; `and`, `or`, `not` follow three-valued logic,
 * and a filter keeps only the rows where it is true. So a comparison with a missing value drops the row, and so does its
 * negation. Text compares as written: a mark such as N/A is equal to 'N/A'; missing() says whether the import took it as one.
 * Text and numbers are never compared with each other: that is an error, with its position.
 *
 * Ownership: an expression holds a reference on its table. Thread rule: immutable; evaluate from any thread.
 */
#pragma once

#include "dataset/table.h"

typedef struct _AssayExpression AssayExpression;

typedef enum { ASSAY_EXPRESSION_BOOLEAN, ASSAY_EXPRESSION_NUMBER, ASSAY_EXPRESSION_TEXT } AssayExpressionType;

typedef struct {
  AssayExpressionType type;
  gboolean missing;             /* unknown: the other fields say nothing */
  gboolean boolean;
  double number;
  const char *text;             /* borrowed from the table or the expression */
} AssayExpressionValue;

/* Compiles and types the text. Errors: INPUT with the position (in characters, from 1), what was expected, and for an
 * unknown column the nearest name and the names there are. */
AssayExpression *assay_expression_new  (const char *text, AssayTable *table, GError **error);
void             assay_expression_free (AssayExpression *expression);
AssayExpressionType   assay_expression_get_type (const AssayExpression *expression);
/* When the whole expression is one column, that column; else NULL. */
const AssayColumn *assay_expression_get_column (const AssayExpression *expression);
/* Does the expression read this column? */
gboolean         assay_expression_uses (const AssayExpression *expression, const AssayColumn *column);

/* Is a cell that the expression reads missing in this row? Asking whether it is missing is not reading it. Text that marks a missing cell
 * compares as it is written, so this says more than an unknown value does. */
gboolean         assay_expression_reads_missing (const AssayExpression *expression, gint64 row);

/* Value at a row. Cost: O(length of the expression), no allocation. Errors: NAN with the row, when a calculation on
 * numbers that are there is not finite (a division by zero). */
gboolean         assay_expression_eval (const AssayExpression *expression, gint64 row, AssayExpressionValue *value, GError **error);

/* What a condition is for a row. */
enum { ASSAY_EXPRESSION_FALSE, ASSAY_EXPRESSION_TRUE, ASSAY_EXPRESSION_UNKNOWN };

/* One of these for each of the rows first .. first + n - 1: what assay_expression_eval says of each.
 * Cost: a few nanoseconds for a row and node, walked in blocks. Errors: INPUT when it is no condition; those of assay_expression_eval. */
gboolean         assay_expression_mark (const AssayExpression *expression, gint64 first, gint64 n, guint8 *state, GError **error);

/* Rows where a boolean expression is true, ascending, as gint64; n_unknown (may be NULL) counts those where it is unknown. */
GArray          *assay_expression_filter (const AssayExpression *expression, gint64 *n_unknown, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayExpression, assay_expression_free)
