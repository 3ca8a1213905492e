/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field.h: one thing that a report says about a model: a value with its state, its evidence and who answers for it.
 *
 * A field is never blank and never holds a sentence that nobody meant: it is measured, derived or declared, or it says why not. A value that
 * is not a number becomes "not computed" with a reason. Classes: A is computed by the program; S is drafted by the program and stands when
 * a named person has confirmed it; H comes from a person alone.
 *
 * A value is a text, a count, a number, or rows: a small table with typed columns. Texts may come from strangers: they are data for every
 * writer.
 *
 * Ownership: a field owns its value and texts and borrows its declaration (report/field_set.h). Thread rule: one thread while it is
 * filled, then immutable.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum { ASSAY_FIELD_AUTOMATIC, ASSAY_FIELD_ASSISTED, ASSAY_FIELD_HUMAN, ASSAY_FIELD_N_CLASSES } AssayFieldClass;

typedef enum {
  ASSAY_FIELD_MEASURED,         /* counted or timed */
  ASSAY_FIELD_DERIVED,          /* follows from what is stored */
  ASSAY_FIELD_DECLARED,         /* a person says so */
  ASSAY_FIELD_NOT_APPLICABLE,   /* reason: why */
  ASSAY_FIELD_NOT_COMPUTED,     /* reason: why, and what would compute it */
  ASSAY_FIELD_WITHHELD          /* reason: the basis */
} AssayFieldState;

/* Who reads a report. */
typedef enum { ASSAY_AUDIENCE_PUBLIC, ASSAY_AUDIENCE_DOWNSTREAM, ASSAY_AUDIENCE_REGULATOR, ASSAY_AUDIENCE_INTERNAL, ASSAY_N_AUDIENCES } AssayAudience;

/* "A", "S", "H"; the words of states and audiences as JSON has them; each list ends with NULL. */
extern const char *const assay_field_class_words[];
extern const char *const assay_field_state_words[];
extern const char *const assay_audience_words[];

/* What a field is, before it has a value. */
typedef struct {
  char *id;                     /* "data.overlap" */
  char *title;
  AssayFieldClass klass;
  char *unit;                   /* of a count or number; NULL: none */
  guint audience;               /* bits 1 << AssayAudience; the internal audience sees everything */
  char *asks;                   /* what it says, as a question to whoever fills it */
} AssayFieldDeclaration;

typedef enum { ASSAY_VALUE_NONE, ASSAY_VALUE_TEXT, ASSAY_VALUE_COUNT, ASSAY_VALUE_NUMBER, ASSAY_VALUE_ROWS } AssayValueType;

typedef struct {
  const char *name;             /* "false_positives": letters, digits, _ */
  const char *long_name;
  const char *unit;             /* NULL: none */
  AssayValueType type;          /* TEXT, COUNT or NUMBER */
} AssayValueColumn;

typedef struct {
  char *text;                   /* of a TEXT column, else NULL */
  gint64 count;
  double number;
  char *reason;                 /* why the cell has no value; NULL: it has one */
} AssayValueCell;

/* What a value rests on. NULL members: nothing of the kind. */
typedef struct {
  char *object;                 /* "data/main" in the case */
  guint64 sequence;             /* of the object; 0: not said */
  char *digest;                 /* content root of the object, or SHA-256 of the file */
  char *file;                   /* a file from outside, or where a person keeps the evidence */
  char *command;                /* makes it again */
} AssayFieldEvidence;

typedef struct {
  const AssayFieldDeclaration *declaration;
  AssayFieldState state;
  char *reason;                 /* NOT_APPLICABLE, NOT_COMPUTED, WITHHELD */
  AssayValueType type;          /* NONE exactly where the state needs a reason */
  char *text;
  gint64 count;
  double number;
  const AssayValueColumn *columns;      /* ROWS: static */
  guint n_columns;
  GArray *cells;                /* ROWS: AssayValueCell, row-major */
  GPtrArray *evidence;          /* AssayFieldEvidence */
  GPtrArray *withheld;          /* WITHHELD: texts of the value that was; nothing else may tell them (report/withheld.h), and no format writes them */
  char *author;                 /* who or what filled it; NULL: nobody has */
  char *confirmed_by, *confirmed_utc;   /* both or neither */
  char *method;                 /* how the value was found, or NULL */
  guint method_version;         /* 0: no method */
} AssayField;

/* NOT_COMPUTED, with what is missing as the reason. */
AssayField *assay_field_new  (const AssayFieldDeclaration *declaration);
void        assay_field_free (AssayField *field);

/* --- giving it a value: state is MEASURED, DERIVED or DECLARED; what was there before goes --------------------------- */

void assay_field_set_text   (AssayField *field, AssayFieldState state, const char *text);
void assay_field_set_format (AssayField *field, AssayFieldState state, const char *format, ...) G_GNUC_PRINTF (3, 4);
void assay_field_set_count  (AssayField *field, AssayFieldState state, gint64 count);
/* A number that is not finite becomes NOT_COMPUTED and says so. */
void assay_field_set_number (AssayField *field, AssayFieldState state, double number);
/* Rows: the columns (static), then the cells, row by row. A number that is not finite becomes a cell with a reason. */
void assay_field_begin_rows (AssayField *field, AssayFieldState state, const AssayValueColumn *columns, guint n_columns);
void assay_field_add_text   (AssayField *field, const char *text);
void assay_field_add_count  (AssayField *field, gint64 count);
void assay_field_add_number (AssayField *field, double number);
void assay_field_add_missing (AssayField *field, const char *reason);

/* --- saying why it has none ------------------------------------------------------------------------------------------ */

void assay_field_set_not_applicable (AssayField *field, const char *format, ...) G_GNUC_PRINTF (2, 3);
void assay_field_set_not_computed   (AssayField *field, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* NULL is not. */
gboolean assay_field_is_withheld    (const AssayField *field);
/* The value, and everything about where it came from, is gone; its texts are kept aside until nothing else tells them. */
void assay_field_withhold           (AssayField *field, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* --- what stands behind it ------------------------------------------------------------------------------------------- */

void assay_field_set_method (AssayField *field, const char *method, guint version);
void assay_field_set_author (AssayField *field, const char *author);
void assay_field_confirm    (AssayField *field, const char *by, const char *utc);
void assay_field_add_evidence (AssayField *field, const char *object, guint64 sequence, const char *digest, const char *command);
void assay_field_add_evidence_file (AssayField *field, const char *file, const char *digest);

/* --- reading --------------------------------------------------------------------------------------------------------- */

gint64      assay_field_get_n_rows (const AssayField *field);
const AssayValueCell *assay_field_get_cell (const AssayField *field, gint64 row, guint column);
/* It has a value that nobody has to confirm any more. */
gboolean    assay_field_is_filled  (const AssayField *field);
/* Class S with a value, or a reason that says it does not apply, which no person has confirmed. */
gboolean    assay_field_is_draft   (const AssayField *field);
/* The state as a reader sees it: "measured", "draft, unconfirmed", "not computed: no job has ...". Owns: the caller. */
char       *assay_field_describe_state (const AssayField *field);
/* The value in one line of text, numbers with `digits` significant ones; the state where there is none. Owns: the caller. */
char       *assay_field_dup_display (const AssayField *field, guint digits);
/* The whole record but for its regimes. New reference. */
json_t     *assay_field_to_json    (const AssayField *field);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayField, assay_field_free)
