/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notebook.c: cells of text, and cells of Python with the output that they would give. */
#include "report/notebook.h"

#include "base/text.h"
#include "report/figure.h"
#include "report/markdown.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIGURE_WIDTH 560.0
#define FIGURE_PIXELS 2.0

static const char preamble[] =
#include "report/notebook_preamble.def"
;

typedef struct {
  const AssayDocument *document;
  json_t *cells;
  guint n;                      /* of cells so far: part of their ids */
  guint n_code;
} Notebook;

/* --- cells ----------------------------------------------------------------------------------------------------------- */

/* Letters and digits, the same for the same place of the same document. */
static json_t *
make_id (Notebook *notebook, const char *place)
{
  g_autofree char *text = g_strdup_printf ("%s#%u", place, notebook->n++), *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  digest[16] = '\0';
  return json_string (digest);
}

static void
add_markdown (Notebook *notebook, const char *place, const GString *text)
{
  json_array_append_new (notebook->cells, json_pack ("{s:s, s:o, s:{}, s:s}", "cell_type", "markdown", "id", make_id (notebook, place), "metadata",
                                                     "source", text->str));
}

/* outputs: taken. */
static json_t *
add_code (Notebook *notebook, const char *place, const char *source, json_t *outputs)
{
  json_t *cell = json_pack ("{s:s, s:o, s:{}, s:s, s:o, s:i}", "cell_type", "code", "id", make_id (notebook, place), "metadata", "source", source, "outputs",
                            outputs, "execution_count", (int) ++notebook->n_code);

  json_array_append_new (notebook->cells, cell);
  return cell;
}

static json_t *
output_stream (const char *text)
{
  return json_pack ("[{s:s, s:s, s:s}]", "output_type", "stream", "name", "stdout", "text", text);
}

/* --- what show() would print ----------------------------------------------------------------------------------------- */

static gboolean
is_printable (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL: case G_UNICODE_FORMAT: case G_UNICODE_UNASSIGNED: case G_UNICODE_PRIVATE_USE: case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR: case G_UNICODE_PARAGRAPH_SEPARATOR:
      return FALSE;
    case G_UNICODE_SPACE_SEPARATOR:
      return c == ' ';
    default:
      return TRUE;
    }
}

static char *
dup_cell (const AssayResultTable *table, guint column, gint64 row)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  GString *out;

  if (assay_result_table_get_type (table, column) == ASSAY_RESULT_COUNTS)
    return g_strdup_printf ("%" G_GINT64_FORMAT, assay_result_table_get_counts (table, column)[row]);
  if (assay_result_table_get_type (table, column) == ASSAY_RESULT_NUMBERS)
    {
      double value = assay_result_table_get_numbers (table, column)[row];

      return g_strdup (isnan (value) ? "nan" : g_ascii_formatd (digits, sizeof digits, "%.6g", value));
    }
  out = g_string_new (NULL);
  for (const char *c = assay_result_table_get_texts (table, column)[row]; *c != '\0'; c = g_utf8_next_char (c))
    if (is_printable (g_utf8_get_char (c)))
      g_string_append_unichar (out, g_utf8_get_char (c));
    else
      g_string_append_printf (out, "\\u{%04x}", g_utf8_get_char (c));
  return g_string_free (out, FALSE);
}

static char *
print_table (const AssayResultTable *table, const GArray *columns)
{
  gint64 n_rows = assay_result_table_get_n_rows (table);
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  g_autofree glong *width = g_new0 (glong, columns->len);
  GString *out = g_string_new (NULL);

  for (gint64 row = -1; row < n_rows; row++)
    for (guint k = 0; k < columns->len; k++)
      {
        guint column = g_array_index (columns, guint, k);
        char *cell = row < 0 ? g_strdup (assay_result_table_get_column (table, column)->name) : dup_cell (table, column, row);

        width[k] = MAX (width[k], g_utf8_strlen (cell, -1));
        g_ptr_array_add (cells, cell);
      }
  for (guint c = 0; c < cells->len; c++)
    {
      guint k = c % columns->len;

      g_string_append (out, cells->pdata[c]);
      if (k + 1 < columns->len)
        g_string_append_printf (out, "%*s", (int) (width[k] - g_utf8_strlen (cells->pdata[c], -1)) + 2, "");
      else
        {
          while (out->len > 0 && out->str[out->len - 1] == ' ')
            g_string_truncate (out, out->len - 1);
          g_string_append_c (out, '\n');
        }
    }
  return g_string_free (out, FALSE);
}

/* 'show("a/b", ["x", "y"])': paths and names are plain words. */
static char *
make_call (const char *function, const AssayResultTable *table, const GArray *columns)
{
  g_autoptr (GString) call = g_string_new (NULL);

  g_string_append_printf (call, "%s(\"%s\", [", function, assay_result_table_get_path (table));
  for (guint k = 0; k < columns->len; k++)
    g_string_append_printf (call, "%s\"%s\"", k > 0 ? ", " : "", assay_result_table_get_column (table, g_array_index (columns, guint, k))->name);
  g_string_append (call, "])");
  return g_string_free (g_steal_pointer (&call), FALSE);
}

static void
add_shown_table (Notebook *notebook, const AssayBlock *block)
{
  g_autoptr (GArray) columns = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *call = NULL, *printed = NULL;

  for (guint k = 0; k < assay_result_table_get_n_columns (block->table); k++)
    g_array_append_val (columns, k);
  call = make_call ("show", block->table, columns);
  printed = print_table (block->table, columns);
  add_code (notebook, block->id, call, output_stream (printed));
}

/* --- figures --------------------------------------------------------------------------------------------------------- */

/* What stands along the axis first, then what is drawn: numbers, but for the ends of intervals. */
static GArray *
choose_columns (const AssayResultTable *table)
{
  GArray *columns = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n = assay_result_table_get_n_columns (table);

  for (guint k = 0; k < n && columns->len == 0; k++)
    if (assay_result_table_get_type (table, k) == ASSAY_RESULT_TEXTS)
      g_array_append_val (columns, k);
  for (guint k = 0; k < n; k++)
    {
      const char *name = assay_result_table_get_column (table, k)->name;

      if (assay_result_table_get_type (table, k) == ASSAY_RESULT_NUMBERS && !g_str_has_suffix (name, "lo") && !g_str_has_suffix (name, "hi"))
        g_array_append_val (columns, k);
    }
  return columns;
}

static gboolean
add_figure (Notebook *notebook, const AssayBlock *block, GError **error)
{
  const AssayFigureLook look = { ASSAY_THEME_LIGHT, 1, TRUE };
  g_autoptr (GArray) columns = block->table ? choose_columns (block->table) : NULL;
  g_autofree char *call = NULL, *data = NULL;
  g_autoptr (GBytes) png = NULL;
  double least, height;

  assay_figure_measure (block->figure, &look, FIGURE_WIDTH, &least, &height);
  png = assay_figure_write_png (block->figure, fmax (FIGURE_WIDTH, least), height, &look, FIGURE_PIXELS, error);
  if (png == NULL)
    return FALSE;
  data = g_base64_encode (g_bytes_get_data (png, NULL), g_bytes_get_size (png));
  call = columns != NULL && columns->len > 1 ? make_call ("plot", block->table, columns) : g_strdup ("# drawn by the report");
  add_code (notebook, block->id, call, json_pack ("[{s:s, s:{s:s, s:s}, s:{}}]", "output_type", "display_data", "data", "image/png", data, "text/plain",
                                                  assay_figure_get_reading (block->figure), "metadata"));
  return TRUE;
}

/* --- the numbers of a section ---------------------------------------------------------------------------------------- */

static void
collect_prose (GHashTable *seen, GString *lines, const AssayProse *prose)
{
  for (guint k = 0; prose != NULL && k < prose->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (prose->spans, AssaySpan, k);
      g_autofree char *id = NULL, *display = NULL;
      char *line;

      if (span->type != ASSAY_SPAN_NUMBER || !assay_number_exists (&span->number))
        continue;
      id = assay_number_dup_id (&span->number);
      display = assay_number_dup_display (&span->number);
      line = g_strdup_printf ("    (\"%s\", \"%s\", %u, \"%s\"),\n", id, assay_number_format_word (span->number.format), span->number.digits, display);
      if (g_hash_table_add (seen, line))
        g_string_append (lines, line);
    }
}

/* Recomputes every number that the section's text and tables print. */
static void
add_check (Notebook *notebook, const AssaySection *section)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) source = g_string_new ("check([\n");
  g_autofree char *place = g_strconcat (section->id, "-check", NULL), *printed = NULL;

  for (guint b = 0; b < section->blocks->len; b++)
    {
      const AssayBlock *block = section->blocks->pdata[b];

      collect_prose (seen, source, block->text);
      for (guint k = 0; block->items != NULL && k < block->items->len; k++)
        collect_prose (seen, source, block->items->pdata[k]);
      for (guint k = 0; block->cells != NULL && k < block->cells->len; k++)
        collect_prose (seen, source, block->cells->pdata[k]);
      if (block->claim != NULL)
        collect_prose (seen, source, block->claim->sentence);
    }
  if (g_hash_table_size (seen) == 0)
    return;
  g_string_append (source, "])");
  printed = g_strdup_printf ("%u numbers agree with the evidence\n", g_hash_table_size (seen));
  add_code (notebook, place, source->str, output_stream (printed));
}

/* --- the whole ------------------------------------------------------------------------------------------------------- */

static void
flush (Notebook *notebook, const char *place, GString *text)
{
  while (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);
  if (text->len > 0)
    add_markdown (notebook, place, text);
  g_string_truncate (text, 0);
}

static gboolean
add_section (Notebook *notebook, const AssaySection *section, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "## %u\\. ", section->number);
  assay_markdown_append (text, section->title);
  g_string_append (text, "\n\n");
  for (guint b = 0; b < section->blocks->len; b++)
    {
      const AssayBlock *block = section->blocks->pdata[b];

      if (block->type != ASSAY_BLOCK_FIGURE)
        assay_markdown_append_block (text, block);
      if (block->type != ASSAY_BLOCK_FIGURE && !(block->type == ASSAY_BLOCK_TABLE && block->table != NULL))
        continue;
      flush (notebook, block->id, text);
      if (block->type == ASSAY_BLOCK_TABLE)
        add_shown_table (notebook, block);
      else if (!add_figure (notebook, block, error))
        return FALSE;
    }
  flush (notebook, section->id, text);
  add_check (notebook, section);
  return TRUE;
}

static void
add_front (Notebook *notebook, const char *evidence)
{
  const AssayDocument *document = notebook->document;
  g_autoptr (GString) text = g_string_new ("# "), parameters = g_string_new ("EVIDENCE = \"");
  json_t *cell;

  assay_markdown_append (text, document->title);
  g_string_append (text, document->fingerprint ? "\n\n" : "\n\n**UNSIGNED**\n\n");
  for (guint k = 0; k < document->warnings->len; k++)
    {
      g_string_append (text, "> **Warning.** ");
      assay_markdown_append (text, document->warnings->pdata[k]);
      g_string_append (text, "\n\n");
    }
  g_string_append_printf (text, "Report %s for %s. The outputs below were stored by the program that wrote the report; running the cells shows, plots and checks the "
                          "same numbers from the evidence, with numpy, h5py and matplotlib alone.", document->report_id ? document->report_id : "",
                          document->profile);
  add_markdown (notebook, "front", text);
  for (const char *c = evidence; *c != '\0'; c++)
    g_string_append_printf (parameters, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
  g_string_append_printf (parameters, "\"\nSHA256 = \"%s\"", document->results_sha256);
  cell = add_code (notebook, "parameters", parameters->str, json_array ());
  json_object_set_new (json_object_get (cell, "metadata"), "tags", json_pack ("[s]", "parameters"));
  add_code (notebook, "preamble", preamble, json_array ());
}

json_t *
assay_notebook_make (const AssayDocument *document, const char *evidence, GError **error)
{
  Notebook notebook = { .document = document, .cells = json_array () };

  add_front (&notebook, evidence);
  for (guint k = 0; k < document->sections->len; k++)
    if (!add_section (&notebook, document->sections->pdata[k], error))
      {
        json_decref (notebook.cells);
        return NULL;
      }
  return json_pack ("{s:o, s:{s:{s:s, s:s, s:s}, s:{s:s}}, s:i, s:i}", "cells", notebook.cells, "metadata", "kernelspec", "display_name", "Python 3",
                    "language", "python", "name", "python3", "language_info", "name", "python", "nbformat", 4, "nbformat_minor", 5);
}

GString *
assay_notebook_to_text (const json_t *notebook)
{
  char *dumped = json_dumps (notebook, JSON_INDENT (1) | JSON_SORT_KEYS);
  g_autofree char *safe = assay_text_escape_json (dumped);
  GString *text = g_string_new (safe);

  g_string_append_c (text, '\n');
  free (dumped);
  return text;
}
