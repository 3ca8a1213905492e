/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jsonl_documents.c: see jsonl_documents.h. */
#include "dataset/jsonl_documents.h"

#include "base/error.h"
#include "dataset/text_encoding.h"

#include <string.h>

static const char *const fields[ASSAY_JSONL_ROLES] = { "prompt-field", "completion-field", "text-field" };

gboolean
assay_jsonl_documents_are_wanted (const AssayValues *options)
{
  return assay_values_get_string (options, "tokenizer") != NULL || assay_values_is_set (options, "tokens");
}

AssayJsonlRole
assay_jsonl_documents_find_role (const AssayValues *options, const char *member)
{
  AssayJsonlRole role = ASSAY_JSONL_PROMPT;

  while (role < ASSAY_JSONL_ROLES && strcmp (assay_values_get_string (options, fields[role]), member) != 0)
    role++;
  return role;
}

typedef struct {
  const AssayTable *table;
  const AssayColumn *prompt, *text;     /* prompt NULL: none */
  AssayTextEncoding encoding;
  AssaySequences *rows;
} Making;

static void
making_clear (Making *m)
{
  assay_text_encoding_clear (&m->encoding);
  assay_sequences_free (m->rows);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Making, making_clear)

static gboolean
fault_at (const Making *m, gint64 row, const char *what, GError **error)
{
  g_autofree char *where = assay_table_describe_row (m->table, row);

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s", where, what);
  return FALSE;
}

static const char *
get_text (const AssayColumn *column, gint64 row)
{
  return column ? column->levels->pdata[column->code[row]] : "";
}

static gboolean
add_line (Making *m, gint64 row, GString *whole, GError **error)
{
  const char *prompt = get_text (m->prompt, row);

  if (assay_column_is_missing (m->text, row))
    {
      g_autofree char *what = g_strdup_printf ("member \"%s\" is missing; a text is expected in every line", m->text->name);

      return fault_at (m, row, what, error);
    }
  g_string_assign (whole, prompt);
  g_string_append (whole, get_text (m->text, row));
  assay_sequences_begin (m->rows, assay_table_get_file_index (m->table, row), assay_table_get_source_row (m->table, row));
  if (!assay_text_encoding_add (&m->encoding, whole->str, whole->len, 0, strlen (prompt), m->rows, error))
    return FALSE;
  assay_sequences_finish_text (m->rows);
  return TRUE;
}

/* The columns that make a document. */
static gboolean
choose_columns (Making *m, AssayColumn *const *columns, const AssayValues *options, GError **error)
{
  m->prompt = columns[ASSAY_JSONL_COMPLETION] ? columns[ASSAY_JSONL_PROMPT] : NULL;
  m->text = columns[ASSAY_JSONL_COMPLETION] ? columns[ASSAY_JSONL_COMPLETION] : columns[ASSAY_JSONL_TEXT];
  if (m->text != NULL)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a member \"%s\" (with \"%s\" before it) or \"%s\" expected in the lines, none of them found; --completion-field and "
               "--text-field name others", assay_table_get_file_name (m->table, 0), assay_values_get_string (options, "completion-field"),
               assay_values_get_string (options, "prompt-field"), assay_values_get_string (options, "text-field"));
  return FALSE;
}

static gboolean
open_encoding (Making *m, const AssayValues *options, GError **error)
{
  const gboolean packs = assay_values_get_bool (options, "pack");
  AssaySequenceOptions rows;

  if (assay_values_get_string (options, "tokenizer") == NULL && strcmp (assay_values_get_string (options, "tokens"), "byte") != 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "tokens: JSONL is cut by --tokenizer PATH or into bytes (--tokens byte), not into characters");
      return FALSE;
    }
  if (!assay_text_encoding_open (&m->encoding, NULL, options, error)
      || !assay_text_encoding_get_rows (&m->encoding, options, packs ? ASSAY_SEQUENCES_PACKED : ASSAY_SEQUENCES_DOCUMENTS, TRUE, &rows, error))
    return FALSE;
  rows.keeps_all = !packs;                                        /* a line is a row, with its other members */
  m->rows = assay_sequences_new (&rows);
  return TRUE;
}

/* A table of the sequences alone. */
static AssayTable *
make_packed (Making *m, GError **error)
{
  g_autoptr (AssayTable) packed = NULL;

  if (assay_sequences_get_n_rows (m->rows) == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: documents with a token to predict expected, none found", assay_table_get_file_name (m->table, 0));
      return NULL;
    }
  packed = assay_table_new (assay_sequences_get_n_rows (m->rows), assay_table_get_origin_unit (m->table), error);
  for (guint k = 0; packed != NULL && k < assay_table_get_n_files (m->table); k++)
    assay_table_add_file (packed, assay_table_get_file_name (m->table, k), assay_table_get_file_sha256 (m->table, k));
  if (packed != NULL)
    assay_table_take_tokenizer (packed, json_incref (m->encoding.document));
  if (packed == NULL || !assay_sequences_give (m->rows, packed, m->encoding.vocabulary, TRUE, error))
    return NULL;
  if (assay_table_get_n_columns (m->table) > 0)
    assay_table_add_note (packed, "%u other members of the lines are left out: a packed sequence holds several lines", assay_table_get_n_columns (m->table));
  return g_steal_pointer (&packed);
}

AssayTable *
assay_jsonl_documents_make (AssayTable *table, AssayColumn *const *columns, const AssayValues *options, GError **error)
{
  g_autoptr (AssayTable) own = table;
  g_autoptr (GString) whole = g_string_new (NULL);
  g_auto (Making) m = { .table = table };

  if (assay_values_get_bool (options, "pack") && assay_values_get_string (options, "id") != NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "id: a packed sequence holds several lines and has no key; leave out --id or --pack");
      return NULL;
    }
  if (!choose_columns (&m, columns, options, error) || !open_encoding (&m, options, error))
    return NULL;
  for (gint64 row = 0; row < assay_table_get_n_rows (table); row++)
    if (!add_line (&m, row, whole, error))
      return NULL;
  assay_table_take_tokenizer (table, json_incref (m.encoding.document));
  if (assay_values_get_bool (options, "pack"))
    return make_packed (&m, error);
  return assay_sequences_give (m.rows, table, m.encoding.vocabulary, FALSE, error) ? g_steal_pointer (&own) : NULL;
}
