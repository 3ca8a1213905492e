/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.h: declared parameters. One table says name, type, default, range, unit and help; the command line, the job file,
 * the window's form, the manual page, shell completion and the provenance record are all derived from it.
 *
 * A set of values always belongs to one table and holds a value for every entry. Reading a name that the table does not
 * declare is a programming error and stops the program.
 * Ownership: tables are static constants; values are freed by assay_values_free. Thread rule: values are immutable once shared.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef enum {
  ASSAY_PARAM_BOOL,
  ASSAY_PARAM_INT,
  ASSAY_PARAM_DOUBLE,
  ASSAY_PARAM_STRING,           /* NULL default: absent */
  ASSAY_PARAM_CHOICE,           /* one of `choices` */
  ASSAY_PARAM_LIST,             /* strings; the option may be repeated */
  ASSAY_PARAM_JSON              /* a nested document (only in job files) */
} AssayParamType;

typedef enum {
  ASSAY_PARAM_REQUIRED = 1 << 0,
  ASSAY_PARAM_POSITIONAL = 1 << 1,      /* given without an option name, in table order */
  ASSAY_PARAM_FILE = 1 << 2,            /* completion offers file names */
  ASSAY_PARAM_OPTIONAL = 1 << 3,        /* a number that may be left unset: reads as NaN / G_MININT64 and null in JSON */
  ASSAY_PARAM_WRITTEN = 1 << 4,         /* with FILE: what is written, not read */
  ASSAY_PARAM_TERMINAL = 1 << 5,        /* makes sense on a terminal only: a window has its own way */
  ASSAY_PARAM_ADVANCED = 1 << 6         /* seldom needed: a form folds it away */
} AssayParamFlags;

typedef struct {
  const char *name;             /* "max-iterations": option --max-iterations and JSON key "max-iterations" */
  AssayParamType type;
  union { gboolean b; gint64 i; double d; const char *s; } def;
  double min, max;              /* numbers; min == max: no range */
  const char *const *choices;   /* NULL-terminated */
  const char *unit;             /* "nats", "steps"; NULL: none */
  const char *metavar;          /* what --help prints after the name; NULL: from the type */
  const char *help;             /* one line, no full stop */
  guint flags;
  char short_name;              /* 0: none */
  const char *names;            /* what of a case its value is a name of: a kind of object ("model"), or "object", "split", "column", "tap",
                                   "example", "claim"; a form offers what is there. NULL: of nothing */
} AssayParam;

typedef struct _AssayValues AssayValues;

/* All defaults. Tables end with a NULL name. */
AssayValues *assay_values_new        (const AssayParam *table);
/* From a JSON object: unknown keys, wrong types and values out of range are refused by name. where names the document. */
AssayValues *assay_values_from_json  (const AssayParam *table, const json_t *object, const char *where, GError **error);
AssayValues *assay_values_copy       (const AssayValues *values);
void         assay_values_free       (AssayValues *values);
/* Every entry, defaults included; sorted keys when dumped. New reference. */
json_t      *assay_values_to_json    (const AssayValues *values);
const AssayParam *assay_values_get_table (const AssayValues *values);

/* Sets one entry from its text form ("1e-3", "true", "a"); a LIST appends. Range and choices are checked, and that the text is UTF-8, as
 * all text in JSON is. */
gboolean     assay_values_set_text   (AssayValues *values, const char *name, const char *text, GError **error);
/* A document made by assay_values_to_json holds the defaults too: a default counts as not given. */
gboolean     assay_values_set_json   (AssayValues *values, const char *name, const json_t *value, GError **error);
gboolean     assay_values_has        (const AssayValues *values, const char *name);    /* is an entry of the table */
gboolean     assay_values_is_set     (const AssayValues *values, const char *name);    /* given, not defaulted */
/* What was given for an entry, as texts that assay_values_set_text reads back (one, unless it is a LIST); NULL: nothing. Owns: the caller. */
char       **assay_values_dup_texts  (const AssayValues *values, const char *name);
/* Fails when a REQUIRED entry was not given. */
gboolean     assay_values_check      (const AssayValues *values, const char *where, GError **error);

gboolean     assay_values_get_bool   (const AssayValues *values, const char *name);
gint64       assay_values_get_int    (const AssayValues *values, const char *name);
double       assay_values_get_double (const AssayValues *values, const char *name);
const char  *assay_values_get_string (const AssayValues *values, const char *name);
const char *const *assay_values_get_list (const AssayValues *values, const char *name);   /* NULL-terminated, never NULL */
const json_t *assay_values_get_json  (const AssayValues *values, const char *name);

/* The nearest entry of names to word by edit distance, or NULL when none is near: for "did you mean". */
const char  *assay_param_nearest     (const char *word, const char *const *names);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayValues, assay_values_free)
