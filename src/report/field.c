/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field.c: a value with its state, or why there is none. */
#include "report/field.h"

#include <math.h>

const char *const assay_field_class_words[] = { "A", "S", "H", NULL };
const char *const assay_field_state_words[] = { "measured", "derived", "declared", "not-applicable", "not-computed", "withheld", NULL };
const char *const assay_audience_words[] = { "public", "downstream", "regulator", "internal", NULL };

static void
cell_clear (gpointer data)
{
  AssayValueCell *cell = data;

  g_free (cell->text);
  g_free (cell->reason);
}

static void
evidence_free (gpointer data)
{
  AssayFieldEvidence *evidence = data;

  g_free (evidence->object);
  g_free (evidence->digest);
  g_free (evidence->file);
  g_free (evidence->command);
  g_free (evidence);
}

AssayField *
assay_field_new (const AssayFieldDeclaration *declaration)
{
  static const char *const missing[] = { "nothing in the case gives it", "it is to be stated by a person, or drafted from the case and confirmed",
                                         "it is to be stated by a person" };
  AssayField *field = g_new0 (AssayField, 1);

  field->declaration = declaration;
  field->cells = g_array_new (FALSE, TRUE, sizeof (AssayValueCell));
  g_array_set_clear_func (field->cells, cell_clear);
  field->evidence = g_ptr_array_new_with_free_func (evidence_free);
  field->withheld = g_ptr_array_new_with_free_func (g_free);
  assay_field_set_not_computed (field, "%s", missing[declaration->klass]);
  return field;
}

void
assay_field_free (AssayField *field)
{
  if (field == NULL)
    return;
  g_free (field->reason);
  g_free (field->text);
  g_array_unref (field->cells);
  g_ptr_array_unref (field->evidence);
  g_ptr_array_unref (field->withheld);
  g_free (field->author);
  g_free (field->confirmed_by);
  g_free (field->confirmed_utc);
  g_free (field->method);
  g_free (field);
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

static void
begin (AssayField *field, AssayFieldState state, AssayValueType type)
{
  field->state = state;
  field->type = type;
  g_clear_pointer (&field->reason, g_free);
  g_clear_pointer (&field->text, g_free);
  g_array_set_size (field->cells, 0);
  field->columns = NULL;
  field->n_columns = 0;
}

void
assay_field_set_text (AssayField *field, AssayFieldState state, const char *text)
{
  begin (field, state, ASSAY_VALUE_TEXT);
  field->text = g_utf8_make_valid (text, -1);
}

void
assay_field_set_format (AssayField *field, AssayFieldState state, const char *format, ...)
{
  va_list arguments;

  begin (field, state, ASSAY_VALUE_TEXT);
  va_start (arguments, format);
  field->text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

void
assay_field_set_count (AssayField *field, AssayFieldState state, gint64 count)
{
  begin (field, state, ASSAY_VALUE_COUNT);
  field->count = count;
}

void
assay_field_set_number (AssayField *field, AssayFieldState state, double number)
{
  if (!isfinite (number))
    {
      assay_field_set_not_computed (field, "the value is %s", isnan (number) ? "not a number" : "infinite");
      return;
    }
  begin (field, state, ASSAY_VALUE_NUMBER);
  field->number = number;
}

void
assay_field_begin_rows (AssayField *field, AssayFieldState state, const AssayValueColumn *columns, guint n_columns)
{
  begin (field, state, ASSAY_VALUE_ROWS);
  field->columns = columns;
  field->n_columns = n_columns;
}

static void
add (AssayField *field, AssayValueType type, AssayValueCell cell)
{
  g_return_if_fail (field->type == ASSAY_VALUE_ROWS);
  g_return_if_fail (type == ASSAY_VALUE_NONE || type == field->columns[field->cells->len % field->n_columns].type);
  g_array_append_val (field->cells, cell);
}

void
assay_field_add_text (AssayField *field, const char *text)
{
  add (field, ASSAY_VALUE_TEXT, (AssayValueCell) { .text = g_utf8_make_valid (text, -1) });
}

void
assay_field_add_count (AssayField *field, gint64 count)
{
  add (field, ASSAY_VALUE_COUNT, (AssayValueCell) { .count = count });
}

void
assay_field_add_number (AssayField *field, double number)
{
  if (isfinite (number))
    add (field, ASSAY_VALUE_NUMBER, (AssayValueCell) { .number = number });
  else
    assay_field_add_missing (field, isnan (number) ? "the value is not a number" : "the value is infinite");
}

void
assay_field_add_missing (AssayField *field, const char *reason)
{
  add (field, ASSAY_VALUE_NONE, (AssayValueCell) { .number = NAN, .reason = g_strdup (reason) });
}

/* --- reasons --------------------------------------------------------------------------------------------------------- */

static void
set_reason (AssayField *field, AssayFieldState state, const char *format, va_list arguments)
{
  char *reason = g_strdup_vprintf (format, arguments);

  begin (field, state, ASSAY_VALUE_NONE);
  field->reason = reason;
}

void
assay_field_set_not_applicable (AssayField *field, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_reason (field, ASSAY_FIELD_NOT_APPLICABLE, format, arguments);
  va_end (arguments);
}

void
assay_field_set_not_computed (AssayField *field, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  set_reason (field, ASSAY_FIELD_NOT_COMPUTED, format, arguments);
  va_end (arguments);
}

gboolean
assay_field_is_withheld (const AssayField *field)
{
  return field != NULL && field->state == ASSAY_FIELD_WITHHELD;
}

static void
keep_aside (AssayField *field, const char *text)
{
  if (text != NULL)
    g_ptr_array_add (field->withheld, g_strdup (text));
}

void
assay_field_withhold (AssayField *field, const char *format, ...)
{
  va_list arguments;

  keep_aside (field, field->text);
  for (guint k = 0; k < field->cells->len; k++)
    keep_aside (field, g_array_index (field->cells, AssayValueCell, k).text);
  va_start (arguments, format);
  set_reason (field, ASSAY_FIELD_WITHHELD, format, arguments);
  va_end (arguments);
  g_ptr_array_set_size (field->evidence, 0);
  assay_field_set_method (field, NULL, 0);
  assay_field_set_author (field, NULL);
  assay_field_confirm (field, NULL, NULL);
}

/* --- what stands behind it ------------------------------------------------------------------------------------------- */

void
assay_field_set_method (AssayField *field, const char *method, guint version)
{
  g_free (field->method);
  field->method = g_strdup (method);
  field->method_version = version;
}

void
assay_field_set_author (AssayField *field, const char *author)
{
  g_free (field->author);
  field->author = g_strdup (author);
}

void
assay_field_confirm (AssayField *field, const char *by, const char *utc)
{
  g_free (field->confirmed_by);
  g_free (field->confirmed_utc);
  field->confirmed_by = g_strdup (by);
  field->confirmed_utc = g_strdup (utc);
}

void
assay_field_add_evidence (AssayField *field, const char *object, guint64 sequence, const char *digest, const char *command)
{
  AssayFieldEvidence *evidence = g_new0 (AssayFieldEvidence, 1);

  evidence->object = g_strdup (object);
  evidence->sequence = sequence;
  evidence->digest = g_strdup (digest);
  evidence->command = g_strdup (command);
  g_ptr_array_add (field->evidence, evidence);
}

void
assay_field_add_evidence_file (AssayField *field, const char *file, const char *digest)
{
  AssayFieldEvidence *evidence = g_new0 (AssayFieldEvidence, 1);

  evidence->file = g_strdup (file);
  evidence->digest = g_strdup (digest);
  g_ptr_array_add (field->evidence, evidence);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

gint64
assay_field_get_n_rows (const AssayField *field)
{
  return field->n_columns > 0 ? field->cells->len / field->n_columns : 0;
}

const AssayValueCell *
assay_field_get_cell (const AssayField *field, gint64 row, guint column)
{
  return &g_array_index (field->cells, AssayValueCell, (gsize) row * field->n_columns + column);
}

/* Something stands there that a person could confirm: a value, or that the question does not apply. */
static gboolean
has_answer (const AssayField *field)
{
  return field->type != ASSAY_VALUE_NONE || field->state == ASSAY_FIELD_NOT_APPLICABLE;
}

gboolean
assay_field_is_draft (const AssayField *field)
{
  return has_answer (field) && field->declaration->klass == ASSAY_FIELD_ASSISTED && field->confirmed_by == NULL;
}

gboolean
assay_field_is_filled (const AssayField *field)
{
  return has_answer (field) && !assay_field_is_draft (field);
}
