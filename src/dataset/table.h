/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h: imported data in memory: typed columns, and for every row where it came from.
 *
 * A table holds what the file held, before any filter or coding: rows and their zero-based indices never change after the
 * import. Every row keeps its source file, its source row, its split and, where a key column was chosen, its key as written.
 * Shape letters: N rows, T time.
 * Ownership: reference counted; columns belong to the table. Thread rule: immutable once built, so any thread may read.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
  ASSAY_COLUMN_NUMBER,          /* a double; NaN where missing and only there */
  ASSAY_COLUMN_TEXT,            /* a level; a missing cell keeps its spelling as a level too */
  ASSAY_COLUMN_LABEL,           /* an integer class from 0 */
  ASSAY_COLUMN_IMAGE,           /* 8-bit grey values */
  ASSAY_COLUMN_TOKENS           /* inputs, next-token targets and the weight of each target */
} AssayColumnType;

typedef struct {
  char *name;
  AssayColumnType type;
  gint64 n_missing;
  guint8 *missing;              /* (N) 1 where missing; NULL: none is */
  double *number;               /* NUMBER (N) */
  gint32 *code;                 /* TEXT, LABEL (N): index of the level, the class */
  GPtrArray *levels;            /* TEXT: spellings by first appearance; LABEL: class names or NULL; TOKENS: the vocabulary */
  gint64 n_classes;             /* LABEL */
  guint8 *pixel;                /* IMAGE (N,height,width), row-major, 0 .. 255 */
  gint64 height, width;
  gint32 *token, *target;       /* TOKENS (N,T) */
  float *weight;                /* TOKENS (N,T); NULL: every weight is 1 */
  gint64 length;                /* TOKENS: T */
} AssayColumn;

/* What a row of a source is counted in. */
typedef enum {
  ASSAY_ORIGIN_LINE,            /* lines of a text file from 1 */
  ASSAY_ORIGIN_RECORD,          /* records of a binary file or a generator from 1 */
  ASSAY_ORIGIN_BYTE             /* byte positions from 1 */
} AssayOriginUnit;

typedef enum {
  ASSAY_MISSING_DROP,           /* a row with a missing value in a used column is left out, and counted */
  ASSAY_MISSING_LEVEL,          /* missing is a level of its own; a number column gets an indicator beside it */
  ASSAY_MISSING_REFUSE          /* a missing value is an error */
} AssayMissingPolicy;

typedef struct _AssayTable AssayTable;

AssayTable *assay_table_ref      (AssayTable *table);
void        assay_table_unref    (AssayTable *table);

gint64      assay_table_get_n_rows    (const AssayTable *table);
guint       assay_table_get_n_columns (const AssayTable *table);
const AssayColumn *assay_table_get_column  (const AssayTable *table, guint k);
/* The column of that name, or NULL with an error that suggests the nearest name and lists those there are. */
const AssayColumn *assay_table_find_column (const AssayTable *table, const char *name, GError **error);
/* The column, or NULL without an error. */
const AssayColumn *assay_table_peek_column (const AssayTable *table, const char *name);
/* The first column of a type, or NULL. */
const AssayColumn *assay_table_first_of    (const AssayTable *table, AssayColumnType type);
const char        *assay_column_type_name  (AssayColumnType type);
static inline gboolean
assay_column_is_missing (const AssayColumn *column, gint64 row)
{
  return column->missing != NULL && column->missing[row];
}

/* Origin of a row. */
const char *assay_table_get_file       (const AssayTable *table, gint64 row);
gint64      assay_table_get_source_row (const AssayTable *table, gint64 row);
const char *assay_table_get_id         (const AssayTable *table, gint64 row);      /* NULL: no key column */
const char *assay_table_get_id_column  (const AssayTable *table);                  /* NULL: none was chosen */
/* "compas.csv line 18 (id 4711)"; a new string. */
char       *assay_table_describe_row   (const AssayTable *table, gint64 row);

guint       assay_table_get_n_files    (const AssayTable *table);
const char *assay_table_get_file_name  (const AssayTable *table, guint file);
const char *assay_table_get_file_sha256 (const AssayTable *table, guint file);
gint32      assay_table_get_file_index (const AssayTable *table, gint64 row);
AssayOriginUnit assay_table_get_origin_unit (const AssayTable *table);
const char *assay_origin_unit_name     (AssayOriginUnit unit);

/* Splits: every row is in exactly one. */
guint       assay_table_get_n_splits   (const AssayTable *table);
const char *assay_table_get_split_name (const AssayTable *table, guint split);
guint       assay_table_get_split      (const AssayTable *table, gint64 row);

AssayMissingPolicy  assay_table_get_missing_policy (const AssayTable *table);
const char         *assay_missing_policy_name      (AssayMissingPolicy policy);
/* How the table was made: the declared options with their values. NULL: not recorded. */
const json_t       *assay_table_get_options        (const AssayTable *table);
/* The document of the tokenizer (tokenizer.h) that its tokens came from, for the store to keep. NULL: none, or read back from the store, which gives it
 * by assay_table_load_tokenizer. */
const json_t       *assay_table_get_tokenizer      (const AssayTable *table);
/* Remarks of the import, one line each. */
const GPtrArray    *assay_table_get_notes          (const AssayTable *table);
/* Rows, columns with type and counts, splits, sources, policy, notes: the import report. New reference. */
json_t             *assay_table_report             (const AssayTable *table);

/* --- building: readers, the generator and the store only -------------------------------------------------------- */

/* A table of n rows, all in split "train", without columns. The arrays of later columns must have n rows. */
AssayTable  *assay_table_new           (gint64 n_rows, AssayOriginUnit unit, GError **error);
/* Bytes come from assay_mem or are NULL; the column is freed with assay_column_free. */
AssayColumn *assay_column_new          (const char *name, AssayColumnType type);
void         assay_column_free         (AssayColumn *column);
/* Allocates the array that the type needs for n rows (and the sizes already set), checked. */
gboolean     assay_column_allocate     (AssayColumn *column, gint64 n_rows, GError **error);
/* Marks a row missing. The first call allocates the mask. */
gboolean     assay_column_set_missing  (AssayColumn *column, gint64 row, gint64 n_rows, GError **error);
/* Takes the column, whether it succeeds or not. A second column of one name is refused. */
gboolean     assay_table_take_column   (AssayTable *table, AssayColumn *column, GError **error);
gint32       assay_table_add_file      (AssayTable *table, const char *name, const char *sha256);
void         assay_table_set_origin    (AssayTable *table, gint64 row, gint32 file, gint64 source_row);
/* Keys as written, N strings; taken. */
void         assay_table_take_ids      (AssayTable *table, const char *column, GPtrArray *ids);
/* Replaces the splits: names (taken) and for every row an index into them (taken, from assay_mem). */
void         assay_table_take_splits   (AssayTable *table, GPtrArray *names, gint32 *split);
void         assay_table_set_missing_policy (AssayTable *table, AssayMissingPolicy policy);
void         assay_table_take_options  (AssayTable *table, json_t *options);
void         assay_table_take_tokenizer (AssayTable *table, json_t *document);
void         assay_table_add_note      (AssayTable *table, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Strings to small numbers, in order of first appearance. */
typedef struct _AssayLevels AssayLevels;
AssayLevels *assay_levels_new   (void);
void         assay_levels_free  (AssayLevels *levels);
/* The code of text[0 .. length), new or old; -1 when there are 2^31-1 levels already. */
gint32       assay_levels_code  (AssayLevels *levels, const char *text, gsize length);
/* Ends the building: the spellings by code. */
GPtrArray   *assay_levels_steal (AssayLevels *levels);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTable, assay_table_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayColumn, assay_column_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLevels, assay_levels_free)
