/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_text.c: a field as a line of text and as JSON. */
#include "report/field.h"

#include "base/json.h"

#define MOST_ROWS 12            /* of a value that is written as one line */

char *
assay_field_describe_state (const AssayField *field)
{
  static const char *const words[] = { "measured", "derived", "declared", "not applicable", "not computed", "withheld" };
  const char *word = words[field->state];
  g_autofree char *full = field->reason ? g_strdup_printf ("%s: %s", word, field->reason) : g_strdup (word);

  return assay_field_is_draft (field) ? g_strdup_printf ("draft, unconfirmed (%s)", full) : g_steal_pointer (&full);
}

/* %g in the C locale. */
static void
add_number (GString *line, double number, guint digits)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE], format[16];

  g_snprintf (format, sizeof format, "%%.%ug", digits);
  g_string_append (line, g_ascii_formatd (buffer, sizeof buffer, format, number));
}

static void
add_cell (GString *line, const AssayValueColumn *column, const AssayValueCell *cell, guint digits)
{
  if (cell->reason != NULL)
    g_string_append_printf (line, "%s not computed (%s)", column->long_name, cell->reason);
  else if (column->type == ASSAY_VALUE_TEXT)
    g_string_append (line, cell->text);
  else
    {
      g_string_append_printf (line, "%s ", column->long_name);
      if (column->type == ASSAY_VALUE_COUNT)
        g_string_append_printf (line, "%" G_GINT64_FORMAT, cell->count);
      else
        add_number (line, cell->number, digits);
      if (column->unit != NULL)
        g_string_append_printf (line, " %s", column->unit);
    }
}

/* "train: examples 94, loss 0.505 nats; test: ..." */
static void
add_rows (GString *line, const AssayField *field, guint digits)
{
  gint64 n = assay_field_get_n_rows (field);

  for (gint64 row = 0; row < MIN (n, MOST_ROWS); row++)
    {
      g_string_append (line, row > 0 ? "; " : "");
      for (guint column = 0; column < field->n_columns; column++)
        {
          g_string_append (line, column == 0 ? "" : column == 1 && field->columns[0].type == ASSAY_VALUE_TEXT ? ": " : ", ");
          add_cell (line, &field->columns[column], assay_field_get_cell (field, row, column), digits);
        }
    }
  if (n > MOST_ROWS)
    g_string_append_printf (line, "; and %" G_GINT64_FORMAT " more", n - MOST_ROWS);
}

char *
assay_field_dup_display (const AssayField *field, guint digits)
{
  GString *line = g_string_new (NULL);
  const char *unit = field->declaration->unit;

  switch (field->type)
    {
    case ASSAY_VALUE_NONE:
      g_string_free (line, TRUE);
      return assay_field_describe_state (field);
    case ASSAY_VALUE_TEXT:
      g_string_append (line, field->text);
      return g_string_free (line, FALSE);
    case ASSAY_VALUE_COUNT:
      g_string_append_printf (line, "%" G_GINT64_FORMAT, field->count);
      break;
    case ASSAY_VALUE_NUMBER:
      add_number (line, field->number, digits);
      break;
    case ASSAY_VALUE_ROWS:
      add_rows (line, field, digits);
      return g_string_free (line, FALSE);
    }
  if (unit != NULL)
    g_string_append_printf (line, " %s", unit);
  return g_string_free (line, FALSE);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static const char *
type_word (AssayValueType type)
{
  return type == ASSAY_VALUE_TEXT ? "text" : type == ASSAY_VALUE_COUNT ? "count" : "number";
}

static json_t *
cell_to_json (AssayValueType type, const AssayValueCell *cell)
{
  if (cell->reason != NULL)
    return json_pack ("{s:s}", "not_computed", cell->reason);
  return type == ASSAY_VALUE_TEXT ? json_string (cell->text) : type == ASSAY_VALUE_COUNT ? json_integer (cell->count)
                                                                                         : assay_json_number (cell->number);
}

static json_t *
rows_to_json (const AssayField *field)
{
  json_t *columns = json_array (), *rows = json_array ();

  for (guint k = 0; k < field->n_columns; k++)
    {
      const AssayValueColumn *c = &field->columns[k];

      json_array_append_new (columns, json_pack ("{s:s, s:s, s:s?, s:s}", "name", c->name, "long_name", c->long_name, "unit", c->unit, "type",
                                                 type_word (c->type)));
    }
  for (gint64 row = 0; row < assay_field_get_n_rows (field); row++)
    {
      json_t *cells = json_array ();

      for (guint k = 0; k < field->n_columns; k++)
        json_array_append_new (cells, cell_to_json (field->columns[k].type, assay_field_get_cell (field, row, k)));
      json_array_append_new (rows, cells);
    }
  return json_pack ("{s:o, s:o}", "columns", columns, "rows", rows);
}

static json_t *
value_to_json (const AssayField *field)
{
  switch (field->type)
    {
    case ASSAY_VALUE_TEXT:
      return json_string (field->text);
    case ASSAY_VALUE_COUNT:
      return json_integer (field->count);
    case ASSAY_VALUE_NUMBER:
      return assay_json_number (field->number);
    case ASSAY_VALUE_ROWS:
      return rows_to_json (field);
    case ASSAY_VALUE_NONE:
      break;
    }
  return json_null ();
}

static void
set_text (json_t *object, const char *key, const char *text)
{
  if (text != NULL)
    json_object_set_new (object, key, json_string (text));
}

static json_t *
evidence_to_json (const AssayField *field)
{
  json_t *list = json_array ();

  for (guint k = 0; k < field->evidence->len; k++)
    {
      const AssayFieldEvidence *evidence = field->evidence->pdata[k];
      json_t *entry = json_object ();

      set_text (entry, "object", evidence->object);
      if (evidence->sequence > 0)
        json_object_set_new (entry, "sequence", json_integer ((json_int_t) evidence->sequence));
      set_text (entry, "file", evidence->file);
      set_text (entry, evidence->object ? "content_root" : "sha256", evidence->digest);
      set_text (entry, "command", evidence->command);
      json_array_append_new (list, entry);
    }
  return list;
}

static json_t *
audience_to_json (guint audience)
{
  json_t *list = json_array ();

  for (guint k = 0; k < ASSAY_N_AUDIENCES; k++)
    if (audience & (1u << k))
      json_array_append_new (list, json_string (assay_audience_words[k]));
  return list;
}

json_t *
assay_field_to_json (const AssayField *field)
{
  const AssayFieldDeclaration *declaration = field->declaration;

  return json_pack ("{s:s, s:s, s:s, s:s, s:b, s:s?, s:o, s:s?, s:o, s:o, s:s?, s:s?, s:s?, s:s?, s:o}",
                    "id", declaration->id, "title", declaration->title, "class", assay_field_class_words[declaration->klass],
                    "state", assay_field_state_words[field->state], "draft", assay_field_is_draft (field), "reason", field->reason,
                    "value", value_to_json (field), "unit", declaration->unit, "evidence", evidence_to_json (field),
                    "audience", audience_to_json (declaration->audience), "author", field->author, "confirmed_by", field->confirmed_by,
                    "confirmed_utc", field->confirmed_utc, "method", field->method,
                    "method_version", field->method_version > 0 ? json_integer (field->method_version) : json_null ());
}
