/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_prose.c: values of fields as cited numbers. */
#include "report/field_prose.h"

#include <math.h>

#define DIGITS 4                /* significant ones of a number that is no count */
#define MOST_ROWS 12            /* of a value in words */
#define MOST_COLUMNS 16

/* "fields/data-overlap" of "data.overlap": one word, so that none is the beginning of another. */
static char *
table_path (const AssayField *field)
{
  g_autofree char *word = g_strdelimit (g_strdup (field->declaration->id), ".", '-');

  return g_strconcat ("fields/", word, NULL);
}

/* --- tables ------------------------------------------------------------------------------------------------------------ */

static void
add_texts (AssayResultTable *table, const AssayField *field, guint column, const AssayResultColumn *about)
{
  gint64 n = assay_field_get_n_rows (field);
  g_autofree const char **texts = g_new0 (const char *, n + 1);

  for (gint64 row = 0; row < n; row++)
    {
      const AssayValueCell *cell = assay_field_get_cell (field, row, column);

      texts[row] = cell->reason ? cell->reason : cell->text;
    }
  assay_result_table_add_texts (table, about, texts);
}

static gboolean
has_gap (const AssayField *field, guint column)
{
  for (gint64 row = 0; row < assay_field_get_n_rows (field); row++)
    if (assay_field_get_cell (field, row, column)->reason != NULL)
      return TRUE;
  return FALSE;
}

/* Counts with a gap are numbers: a count cannot be missing. */
static void
add_numbers (AssayResultTable *table, const AssayField *field, guint column, const AssayResultColumn *about)
{
  gint64 n = assay_field_get_n_rows (field);
  g_autofree double *numbers = g_new (double, MAX (n, 1));
  gboolean is_count = field->columns[column].type == ASSAY_VALUE_COUNT;
  guint added;

  for (gint64 row = 0; row < n; row++)
    {
      const AssayValueCell *cell = assay_field_get_cell (field, row, column);

      numbers[row] = cell->reason ? NAN : is_count ? (double) cell->count : cell->number;
    }
  added = assay_result_table_add_numbers (table, about, numbers);
  for (gint64 row = 0; row < n; row++)
    if (assay_field_get_cell (field, row, column)->reason != NULL)
      assay_result_table_set_reason (table, added, row, assay_field_get_cell (field, row, column)->reason);
}

static void
add_counts (AssayResultTable *table, const AssayField *field, guint column, const AssayResultColumn *about)
{
  gint64 n = assay_field_get_n_rows (field);
  g_autofree gint64 *counts = g_new (gint64, MAX (n, 1));

  for (gint64 row = 0; row < n; row++)
    counts[row] = assay_field_get_cell (field, row, column)->count;
  assay_result_table_add_counts (table, about, counts);
}

static void
add_columns (AssayResultTable *table, const AssayField *field)
{
  for (guint k = 0; k < field->n_columns; k++)
    {
      const AssayValueColumn *c = &field->columns[k];
      AssayResultColumn about = { .name = c->name, .long_name = c->long_name, .unit = c->unit };

      if (c->type == ASSAY_VALUE_TEXT)
        add_texts (table, field, k, &about);
      else if (c->type == ASSAY_VALUE_COUNT && !has_gap (field, k))
        add_counts (table, field, k, &about);
      else
        add_numbers (table, field, k, &about);
    }
}

const AssayResultTable *
assay_field_tabulate (const AssayField *field, AssayResults *results)
{
  const AssayFieldEvidence *evidence = field->evidence->len > 0 ? field->evidence->pdata[0] : NULL;
  AssayResultSource source = { .object = evidence ? evidence->object : NULL, .content_root = evidence && evidence->object ? evidence->digest : NULL,
                               .command = evidence ? evidence->command : NULL, .method = field->method };
  AssayResultColumn value = { .name = "value", .long_name = field->declaration->title, .unit = field->declaration->unit };
  g_autofree char *path = NULL;
  const AssayResultTable *known;
  AssayResultTable *table;

  if (field->type == ASSAY_VALUE_NONE || field->type == ASSAY_VALUE_TEXT)
    return NULL;
  path = table_path (field);
  known = assay_results_find_table (results, path);
  if (known != NULL)
    return known;
  table = assay_results_add_table (results, path, field->declaration->title, field->type == ASSAY_VALUE_ROWS ? assay_field_get_n_rows (field) : 1, &source);
  if (field->type == ASSAY_VALUE_ROWS)
    add_columns (table, field);
  else if (field->type == ASSAY_VALUE_COUNT)
    assay_result_table_add_counts (table, &value, &field->count);
  else
    assay_result_table_add_numbers (table, &value, &field->number);
  return table;
}

/* --- words ------------------------------------------------------------------------------------------------------------- */

static AssayNumber
cite (const AssayResultTable *table, AssayValueType type, guint column, gint64 row)
{
  return assay_number_new (table, column, row, type == ASSAY_VALUE_COUNT ? ASSAY_NUMBER_COUNT : ASSAY_NUMBER_SIGNIFICANT, DIGITS);
}

/* What people wrote stays as they wrote it. */
static void
add_words (AssayProse *prose, const AssayField *field, const AssayDocument *document, const char *words)
{
  if (field->state == ASSAY_FIELD_DECLARED)
    assay_prose_add (prose, words);
  else
    assay_prose_add_citing (prose, document, words);
}

static void
add_cell (AssayProse *prose, const AssayField *field, const AssayDocument *document, const AssayResultTable *table, gint64 row, guint column)
{
  const AssayValueColumn *c = &field->columns[column];
  const AssayValueCell *cell = assay_field_get_cell (field, row, column);

  if (cell->reason != NULL)
    assay_prose_add_format (prose, "%s not computed (%s)", c->long_name, cell->reason);
  else if (c->type == ASSAY_VALUE_TEXT)
    add_words (prose, field, document, cell->text);
  else
    {
      assay_prose_add_format (prose, "%s ", c->long_name);
      assay_prose_add_number (prose, cite (table, c->type, column, row));
      if (c->unit != NULL)
        assay_prose_add_format (prose, " %s", c->unit);
    }
}

static void
add_rows (AssayProse *prose, const AssayField *field, const AssayDocument *document, const AssayResultTable *table)
{
  gint64 n = assay_field_get_n_rows (field);

  for (gint64 row = 0; row < MIN (n, MOST_ROWS); row++)
    for (guint column = 0; column < field->n_columns; column++)
      {
        const char *between = column > 0 ? (column == 1 && field->columns[0].type == ASSAY_VALUE_TEXT ? ": " : ", ") : row > 0 ? "; " : NULL;

        if (between != NULL)
          assay_prose_add (prose, between);
        add_cell (prose, field, document, table, row, column);
      }
  if (n > MOST_ROWS)
    assay_prose_add (prose, "; and more");
}

AssayProse *
assay_field_write (const AssayField *field, const AssayDocument *document)
{
  const AssayResultTable *table = assay_field_tabulate (field, document->results);
  AssayProse *prose = assay_prose_new ();
  g_autofree char *state = NULL;

  switch (field->type)
    {
    case ASSAY_VALUE_NONE:
      state = assay_field_describe_state (field);
      assay_prose_add (prose, state);
      break;
    case ASSAY_VALUE_TEXT:
      add_words (prose, field, document, field->text);
      break;
    case ASSAY_VALUE_COUNT:
    case ASSAY_VALUE_NUMBER:
      assay_prose_add_number (prose, cite (table, field->type, 0, 0));
      if (field->declaration->unit != NULL)
        assay_prose_add_format (prose, " %s", field->declaration->unit);
      break;
    case ASSAY_VALUE_ROWS:
      add_rows (prose, field, document, table);
      break;
    }
  return prose;
}

/* "job/train/0123456789abcdef" as "job train 0123456789abcdef": lines of narrow cells break at spaces. */
static void
add_name (GString *text, const char *name)
{
  g_autofree char *spaced = g_str_has_prefix (name, "job/") ? g_strdelimit (g_strdup (name), "/", ' ') : g_strdup (name);

  g_string_append (text, spaced);
}

char *
assay_field_dup_evidence (const AssayField *field)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint k = 0; k < field->evidence->len; k++)
    {
      const AssayFieldEvidence *evidence = field->evidence->pdata[k];
      const char *name = evidence->object ? evidence->object : evidence->file;

      if (name == NULL || !g_hash_table_add (seen, (gpointer) name))
        continue;
      g_string_append (text, text->len > 0 ? ", " : "");
      add_name (text, name);
    }
  if (field->state == ASSAY_FIELD_DECLARED || (field->author != NULL && field->state == ASSAY_FIELD_NOT_APPLICABLE && field->evidence->len == 0))
    g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", field->author);
  if (field->confirmed_by != NULL)
    g_string_append_printf (text, "%sconfirmed by %s, %s", text->len > 0 ? "; " : "", field->confirmed_by, field->confirmed_utc);
  if (text->len == 0)
    g_string_append (text, field->method ? field->method : "nothing");
  return g_string_free (text, FALSE);
}

/* --- blocks ------------------------------------------------------------------------------------------------------------ */

void
assay_field_add_rows (const AssayField *field, AssaySection *section, const char *id)
{
  const AssayResultTable *table = assay_field_tabulate (field, section->document->results);
  AssayShownColumn shown[MOST_COLUMNS];
  AssayProse *caption = assay_prose_new ();
  guint n = MIN (field->n_columns, MOST_COLUMNS);

  g_return_if_fail (field->type == ASSAY_VALUE_ROWS);
  for (guint k = 0; k < n; k++)
    shown[k] = (AssayShownColumn) { k, NULL, field->columns[k].type == ASSAY_VALUE_COUNT ? ASSAY_NUMBER_COUNT : ASSAY_NUMBER_SIGNIFICANT, DIGITS };
  assay_prose_add_format (caption, "%s (%s)", field->declaration->title, field->declaration->id);
  if (field->method != NULL)
    assay_prose_add_format (caption, ": %s", field->method);
  assay_section_add_result_table (section, id, caption, table, shown, n);
}
