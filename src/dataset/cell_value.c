/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cell_value.c: cells as text and JSON. */
#include "dataset/cell_value.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

#define EXACT 9007199254740992.0        /* 2^53: whole numbers up to here are exact */

char *
assay_cell_dup_token (const AssayColumn *column, gint32 token)
{
  if (column->levels != NULL && token >= 0 && (guint) token < column->levels->len)
    return g_strdup (column->levels->pdata[token]);
  return g_strdup_printf ("%d", token);
}

gint32 *
assay_cell_get_tokens (const AssayColumn *column, gint64 row, gint64 *n)
{
  gint64 T = column->length, end = T;
  gint32 *tokens = g_new (gint32, T + 1);

  while (column->weight != NULL && end > 0 && column->weight[row * T + end - 1] == 0)
    end--;                                                        /* behind the last that is predicted there is nothing */
  T = end > 0 ? end : T;

  memcpy (tokens, column->token + row * column->length, sizeof *tokens * (gsize) T);
  *n = T;
  if (T > 0 && column->target != NULL)
    tokens[(*n)++] = column->target[row * column->length + T - 1];
  return tokens;
}

gboolean
assay_cell_is_by_character (const AssayColumn *column)
{
  for (guint k = 0; column->levels != NULL && k < column->levels->len; k++)
    if (g_utf8_strlen (column->levels->pdata[k], -1) > 1 && !g_str_has_prefix (column->levels->pdata[k], "\\x"))
      return FALSE;
  return column->levels != NULL;
}

/* Whether words are told apart by the tokens' own white space. */
static gboolean
carries_spaces (const AssayColumn *column)
{
  for (guint k = 0; column->levels != NULL && k < column->levels->len; k++)
    if (((const char *) column->levels->pdata[k])[0] == ' ')
      return TRUE;
  return FALSE;
}

/* Whole numbers in full, where others would get an exponent. */
static char *
dup_number (double value)
{
  return value == floor (value) && fabs (value) < EXACT ? g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) value) : assay_text_number (value);
}

static char *
dup_tokens (const AssayColumn *column, gint64 row, gsize limit)
{
  gint64 n;
  g_autofree gint32 *tokens = assay_cell_get_tokens (column, row, &n);
  GString *out = g_string_new (NULL);
  const char *between = assay_cell_is_by_character (column) || carries_spaces (column) ? "" : " ";

  for (gint64 k = 0; k < n && (limit == 0 || out->len <= 4 * limit); k++)
    {
      g_autofree char *token = assay_cell_dup_token (column, tokens[k]);

      g_string_append_printf (out, "%s%s", k > 0 ? between : "", token);
    }
  return g_string_free (out, FALSE);
}

static char *
dup_whole (const AssayColumn *column, gint64 row, gsize limit)
{
  switch (column->type)
    {
    case ASSAY_COLUMN_NUMBER:
      return assay_column_is_missing (column, row) ? g_strdup ("") : dup_number (column->number[row]);
    case ASSAY_COLUMN_TEXT:
      return g_strdup (column->levels->pdata[column->code[row]]);
    case ASSAY_COLUMN_LABEL:
      return assay_cell_dup_token (column, column->code[row]);
    case ASSAY_COLUMN_IMAGE:
      return g_strdup_printf ("%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT, column->height, column->width);
    case ASSAY_COLUMN_TOKENS:
      return dup_tokens (column, row, limit);
    }
  g_assert_not_reached ();
}

char *
assay_cell_dup_text (const AssayColumn *column, gint64 row, gsize limit)
{
  g_autofree char *text = dup_whole (column, row, limit);
  const char *end;

  if (limit == 0 || strlen (text) <= limit || (gsize) g_utf8_strlen (text, -1) <= limit)
    return g_steal_pointer (&text);
  end = g_utf8_offset_to_pointer (text, (glong) limit);
  return g_strdup_printf ("%.*s…", (int) (end - text), text);
}

json_t *
assay_cell_to_json (const AssayColumn *column, gint64 row)
{
  g_autofree char *text = NULL;

  if (column->type == ASSAY_COLUMN_IMAGE || (column->type == ASSAY_COLUMN_NUMBER && assay_column_is_missing (column, row)))
    return json_null ();
  if (column->type == ASSAY_COLUMN_NUMBER)
    return json_real (column->number[row]);
  if (column->type == ASSAY_COLUMN_LABEL && column->levels == NULL)
    return json_integer (column->code[row]);
  text = assay_cell_dup_text (column, row, 0);
  return json_string (text);
}
