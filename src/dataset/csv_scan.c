/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csv_scan.c: one pass over the bytes; a cell is copied only when it holds a doubled quote. */
#include "dataset/csv_scan.h"

#include "base/error.h"

#include <string.h>

typedef struct {
  const char *text;             /* NULL: at offset of the scratch text, whose place may still move */
  gsize offset, length;
} Piece;

struct _AssayCsvScanner {
  const AssaySource *source;
  const char *p, *end;
  gint64 line;
  char delimiter;
  GArray *pieces;               /* Piece: the record being read */
  GArray *cells;                /* AssayCsvCell */
  GString *scratch;
};

AssayCsvScanner *
assay_csv_scanner_new (const AssaySource *source, char delimiter)
{
  static const char byte_order_mark[] = "\xef\xbb\xbf";
  AssayCsvScanner *s = g_new0 (AssayCsvScanner, 1);

  s->source = source;
  s->p = (const char *) source->bytes;
  s->end = s->p + source->size;
  if (source->size >= 3 && memcmp (s->p, byte_order_mark, 3) == 0)
    s->p += 3;
  s->line = 1;
  s->delimiter = delimiter;
  s->pieces = g_array_new (FALSE, FALSE, sizeof (Piece));
  s->cells = g_array_new (FALSE, FALSE, sizeof (AssayCsvCell));
  s->scratch = g_string_new (NULL);
  return s;
}

void
assay_csv_scanner_free (AssayCsvScanner *s)
{
  if (s == NULL)
    return;
  g_array_unref (s->pieces);
  g_array_unref (s->cells);
  g_string_free (s->scratch, TRUE);
  g_free (s);
}

static gboolean
fault (const AssayCsvScanner *s, gint64 line, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %" G_GINT64_FORMAT ": %s", s->source->name, line, what);
  return FALSE;
}

static gboolean
is_blank (const AssayCsvScanner *s, char c)
{
  return c == ' ' || (c == '\t' && s->delimiter != '\t');
}

static void
skip_blanks (AssayCsvScanner *s)
{
  while (s->p < s->end && is_blank (s, *s->p))
    s->p++;
}

/* At LF, CR LF or the end? Consumes it. A lone CR is left for the caller to complain of. */
static gboolean
take_line_end (AssayCsvScanner *s)
{
  if (s->p < s->end && *s->p == '\r' && s->p + 1 < s->end && s->p[1] == '\n')
    s->p++;
  if (s->p < s->end && *s->p != '\n')
    return FALSE;
  if (s->p < s->end)
    {
      s->p++;
      s->line++;
    }
  return TRUE;
}

static gboolean
read_quoted (AssayCsvScanner *s, GError **error)
{
  gint64 opened = s->line;
  const char *start = ++s->p;
  Piece piece = { .offset = s->scratch->len };
  gboolean copied = FALSE;

  for (;;)
    {
      const char *stop = s->p;

      while (stop < s->end && *stop != '"')
        s->line += *stop++ == '\n';
      if (stop == s->end)
        return fault (s, opened, "a quoted cell begins here and is never closed", error);
      s->p = stop + 1;
      if (s->p == s->end || *s->p != '"')
        {
          if (copied)
            g_string_append_len (s->scratch, start, stop - start);
          piece.text = copied ? NULL : start;
          piece.length = copied ? s->scratch->len - piece.offset : (gsize) (stop - start);
          if (copied)
            g_string_append_c (s->scratch, '"');                  /* no cell runs into the next */
          g_array_append_val (s->pieces, piece);
          return TRUE;
        }
      g_string_append_len (s->scratch, start, s->p - start);      /* with the first of the two quotes */
      copied = TRUE;
      start = ++s->p;
    }
}

static gboolean
read_unquoted (AssayCsvScanner *s, GError **error)
{
  const char *start = s->p, *last;
  Piece piece = { 0 };

  while (s->p < s->end && *s->p != s->delimiter && *s->p != '\n' && *s->p != '\r' && *s->p != '"'
         && !(s->delimiter == ' ' && *s->p == '\t'))
    s->p++;
  if (s->p < s->end && *s->p == '"')
    return fault (s, s->line, "a quote inside an unquoted cell; quote the whole cell and double the quote", error);
  last = s->p;
  while (last > start && is_blank (s, last[-1]))
    last--;
  piece.text = start;
  piece.length = last - start;
  g_array_append_val (s->pieces, piece);
  return TRUE;
}

/* Cells up to and with the line's end. */
static gboolean
read_record (AssayCsvScanner *s, GError **error)
{
  for (;;)
    {
      gboolean quoted;

      skip_blanks (s);
      quoted = s->p < s->end && *s->p == '"';
      if (quoted ? !read_quoted (s, error) : !read_unquoted (s, error))
        return FALSE;
      skip_blanks (s);
      if (take_line_end (s))
        return TRUE;
      if (*s->p == '\r')
        return fault (s, s->line, "a carriage return that ends no line; end lines with LF or CR LF", error);
      if (s->delimiter == ' ')
        {
          if (quoted && !is_blank (s, s->p[-1]))
            return fault (s, s->line, "a blank or the line's end expected after the closing quote", error);
          continue;
        }
      if (*s->p != s->delimiter)
        return fault (s, s->line, "a delimiter or the line's end expected after the closing quote", error);
      s->p++;
    }
}

/* TRUE when nothing but blank lines is left. */
static gboolean
only_blank_lines_left (const AssayCsvScanner *s)
{
  const char *p = s->p;

  while (p < s->end && (*p == '\n' || *p == '\r' || is_blank (s, *p)))
    p++;
  return p == s->end;
}

static gboolean
at_blank_line (const AssayCsvScanner *s)
{
  const char *p = s->p;

  while (p < s->end && is_blank (s, *p))
    p++;
  return p == s->end || *p == '\n' || (*p == '\r' && p + 1 < s->end && p[1] == '\n');
}

AssayCsvStatus
assay_csv_scanner_next (AssayCsvScanner *s, const AssayCsvCell **cells, gsize *n_cells, gint64 *line, GError **error)
{
  gint64 first = s->line;

  if (at_blank_line (s))
    {
      if (only_blank_lines_left (s))
        return ASSAY_CSV_END;
      fault (s, s->line, "an empty line inside the table; remove it", error);
      return ASSAY_CSV_FAULT;
    }
  g_array_set_size (s->pieces, 0);
  g_array_set_size (s->cells, 0);
  g_string_truncate (s->scratch, 0);
  if (!read_record (s, error))
    return ASSAY_CSV_FAULT;
  for (guint k = 0; k < s->pieces->len; k++)
    {
      const Piece *piece = &g_array_index (s->pieces, Piece, k);
      AssayCsvCell cell = { piece->text ? piece->text : s->scratch->str + piece->offset, piece->length };

      g_array_append_val (s->cells, cell);
    }
  *cells = (const AssayCsvCell *) s->cells->data;
  *n_cells = s->cells->len;
  *line = first;
  return ASSAY_CSV_RECORD;
}

char
assay_csv_guess_delimiter (const AssaySource *source, gboolean blanks_separate)
{
  static const char candidates[] = { ',', ';', '\t' };
  gsize count[G_N_ELEMENTS (candidates)] = { 0 }, best = 0;
  gboolean quoted = FALSE, blank = FALSE, word = FALSE;

  for (const char *p = (const char *) source->bytes, *end = p + source->size; p < end && (quoted || *p != '\n'); p++)
    {
      if (*p == '"')
        quoted = !quoted;
      if (quoted)
        continue;
      blank |= *p == ' ' && word && p + 1 < end && !g_ascii_isspace (p[1]);
      word |= *p != ' ';
      for (gsize k = 0; k < G_N_ELEMENTS (candidates); k++)
        count[k] += *p == candidates[k];
    }
  for (gsize k = 1; k < G_N_ELEMENTS (candidates); k++)
    if (count[k] > count[best])
      best = k;
  if (count[best] > 0)
    return candidates[best];
  return blank && blanks_separate ? ' ' : ',';
}
