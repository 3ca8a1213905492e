/* SPDX-License-Identifier: GPL-3.0-or-later */
/* results.h: the numbers that a report prints, as elements of typed columns, so that each of them can be proved.
 *
 * A report prints no scalar that is not an element of a result table: means, rates and interval ends are put into a column first, and are
 * then cited. A table becomes the group "/PATH" of evidence/results.h5, a column the array "/PATH/NAME" over its rows. A cited element has
 * a number id, "subgroups/race/false_positives[3]", and a way in which it is rounded; the printed digits are its correct rounding.
 * A number that is not there is NaN and has a reason: never a blank, never a zero.
 *
 * Ownership: results own their tables; tables copy what they are given. Thread rule: one thread at a time while building, then immutable.
 */
#pragma once

#include <glib.h>

typedef struct _AssayResults AssayResults;
typedef struct _AssayResultTable AssayResultTable;

typedef enum {
  ASSAY_RESULT_NUMBERS,         /* f64 */
  ASSAY_RESULT_COUNTS,          /* i64 */
  ASSAY_RESULT_TEXTS            /* utf8 */
} AssayResultType;

/* Where the values of a table come from. NULL members: nothing of the kind. */
typedef struct {
  const char *object;           /* "scores/dose/cg/0123456789abcdef": an object of the case */
  const char *content_root;     /* of that object's logical values, 64 hexadecimal digits */
  const char *command;          /* the command line that makes the values again */
  const char *method;           /* in words: "conjugate gradients, damping 0.01" */
} AssayResultSource;

typedef struct {
  const char *name;             /* "false_positives": letters, digits, _ */
  const char *long_name;        /* "false positives" */
  const char *unit;             /* "nats", "examples"; NULL: none */
  const char *description;      /* one sentence, or NULL */
} AssayResultColumn;

typedef enum {
  ASSAY_NUMBER_COUNT,           /* 7,214 */
  ASSAY_NUMBER_DECIMALS,        /* digits behind the point: 0.250 */
  ASSAY_NUMBER_SIGNIFICANT,     /* significant digits: 0.00123, 1.23e-9 */
  ASSAY_NUMBER_PERCENT          /* 100 times the value, digits behind the point, and " %": 44.8 % */
} AssayNumberFormat;

/* One cited element. table NULL: no number. */
typedef struct {
  const AssayResultTable *table;
  guint column;
  gint64 row;
  AssayNumberFormat format;
  guint digits;
} AssayNumber;

#define ASSAY_NO_NUMBER ((AssayNumber) { NULL, 0, 0, ASSAY_NUMBER_COUNT, 0 })

AssayResults     *assay_results_new       (void);
void              assay_results_free      (AssayResults *results);

/* path: words of [a-z0-9_-] joined by '/', not the path of another table nor the beginning of one. Owns: the results. */
AssayResultTable *assay_results_add_table (AssayResults *results, const char *path, const char *title, gint64 n_rows,
                                           const AssayResultSource *source);
/* NULL where no table has the path. */
AssayResultTable *assay_results_find_table (AssayResults *results, const char *path);
guint             assay_results_get_n_tables (const AssayResults *results);
const AssayResultTable *assay_results_get_table (const AssayResults *results, guint k);

/* values (n_rows). The index of the new column. */
guint             assay_result_table_add_numbers (AssayResultTable *table, const AssayResultColumn *column, const double *values);
guint             assay_result_table_add_counts  (AssayResultTable *table, const AssayResultColumn *column, const gint64 *values);
guint             assay_result_table_add_texts   (AssayResultTable *table, const AssayResultColumn *column, const char *const *values);
/* Why an element of a column of numbers is NaN. */
void              assay_result_table_set_reason  (AssayResultTable *table, guint column, gint64 row, const char *reason);

const char       *assay_result_table_get_path    (const AssayResultTable *table);
const char       *assay_result_table_get_title   (const AssayResultTable *table);
const AssayResultSource *assay_result_table_get_source (const AssayResultTable *table);
gint64            assay_result_table_get_n_rows  (const AssayResultTable *table);
guint             assay_result_table_get_n_columns (const AssayResultTable *table);
const AssayResultColumn *assay_result_table_get_column (const AssayResultTable *table, guint column);
AssayResultType   assay_result_table_get_type    (const AssayResultTable *table, guint column);
/* The column's n_rows values, of the one type that it has; NULL for another type. */
const double     *assay_result_table_get_numbers (const AssayResultTable *table, guint column);
const gint64     *assay_result_table_get_counts  (const AssayResultTable *table, guint column);
const char *const *assay_result_table_get_texts  (const AssayResultTable *table, guint column);
/* NULL where there is a number, and where no reason was given. */
const char       *assay_result_table_get_reason  (const AssayResultTable *table, guint column, gint64 row);

/* Cites. A column of counts is always shown as a count. */
AssayNumber       assay_number_new        (const AssayResultTable *table, guint column, gint64 row, AssayNumberFormat format, guint digits);
gboolean          assay_number_exists     (const AssayNumber *number);   /* cites an element, which is not NaN */
double            assay_number_get_value  (const AssayNumber *number);   /* NaN where there is none */
/* "race/false_positives[3]". Owns: the caller. */
char             *assay_number_dup_id     (const AssayNumber *number);
/* The value as printed: the same in every locale, rounded half to even from the exact binary value; "not computed" where there is none.
 * Owns: the caller. */
char             *assay_number_dup_display (const AssayNumber *number);
/* The same for a value of a column of numbers, and for one of a column of counts. Owns: the caller. */
char             *assay_number_display_number (double value, AssayNumberFormat format, guint digits);
char             *assay_number_display_count  (gint64 value);
/* "count", "decimals", "significant", "percent". */
const char       *assay_number_format_word (AssayNumberFormat format);
gboolean          assay_number_format_parse (const char *word, AssayNumberFormat *format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayResults, assay_results_free)
