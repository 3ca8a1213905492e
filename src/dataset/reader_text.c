/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_text.c: plain text as token sequences: by character, by byte, or by the tokenizer of a checkpoint.
 *
 * A sequence is T tokens, each with the token that follows; the token that a tokenizer puts before texts comes first in each. Without a separator a file is cut into windows that
 * start every `stride` tokens and never cross from one file into the next; what is left over at a file's end is noted. With one each document is a sequence of its own, cut at T, or
 * with weight 0 behind its end; or several are packed into one.
 */
#include "dataset/format_reader.h"

#include "base/error.h"
#include "dataset/text_encoding.h"

#include <string.h>

typedef struct {
  AssayTextEncoding encoding;
  AssaySequences *rows;
  const char *separator;        /* NULL: windows */
  GArray *left;                 /* gint64 of each file: tokens that fill no window */
} Reading;

static void
reading_clear (Reading *r)
{
  assay_text_encoding_clear (&r->encoding);
  assay_sequences_free (r->rows);
  g_clear_pointer (&r->left, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static AssayRecognition
recognise (const AssaySource *source)
{
  return assay_source_has_extension (source, "txt") || assay_source_has_extension (source, "text") ? ASSAY_RECOGNISE_NAME
         : ASSAY_RECOGNISE_NO;
}

static gboolean
add_text (Reading *r, const AssaySource *source, guint file, const char *text, gsize n, GError **error)
{
  const gint64 base = text - (const char *) source->bytes;

  assay_sequences_begin (r->rows, (gint32) file, base + 1);
  if (!assay_text_encoding_add (&r->encoding, text, n, base, 0, r->rows, error))
    {
      g_prefix_error (error, "%s: byte %" G_GINT64_FORMAT " and behind: ", source->name, base);
      return FALSE;
    }
  assay_sequences_finish_text (r->rows);
  return TRUE;
}

/* What stands between separators, without the white space around it; nothing but that is no document. */
static gboolean
add_documents (Reading *r, const AssaySource *source, guint file, GError **error)
{
  const char *at = (const char *) source->bytes, *end = at + source->size;

  while (at < end)
    {
      const char *mark = memmem (at, (gsize) (end - at), r->separator, strlen (r->separator)), *stop = mark ? mark : end, *last = stop;

      while (at < last && g_ascii_isspace (*at))
        at++;
      while (at < last && g_ascii_isspace (last[-1]))
        last--;
      if (at < last && !add_text (r, source, file, at, (gsize) (last - at), error))
        return FALSE;
      at = mark ? mark + strlen (r->separator) : end;
    }
  return TRUE;
}

/* A whole file in windows. */
static gboolean
add_windows (Reading *r, const AssaySource *source, guint file, gint64 stride, GError **error)
{
  const gint64 span = assay_sequences_get_span (r->rows);
  gint64 windows, left;

  if (!add_text (r, source, file, (const char *) source->bytes, source->size, error))
    return FALSE;
  windows = assay_sequences_get_n_windows (r->rows);
  if (windows == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GINT64_FORMAT " tokens found, at least %" G_GINT64_FORMAT
                   " (--context and one target) expected; use a smaller --context", source->name, assay_sequences_get_n_tokens (r->rows), span);
      return FALSE;
    }
  left = assay_sequences_get_n_tokens (r->rows) - ((windows - 1) * stride + span);
  g_array_append_val (r->left, left);
  return TRUE;
}

static AssayTable *
make_table (Reading *r, const GPtrArray *sources, GError **error)
{
  g_autoptr (AssayTable) table = NULL;

  if (assay_sequences_get_n_rows (r->rows) == 0)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "documents of two tokens or more expected between the separators, none found");
      return NULL;
    }
  table = assay_table_new (assay_sequences_get_n_rows (r->rows), ASSAY_ORIGIN_BYTE, error);
  for (guint k = 0; table != NULL && k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];

      assay_table_add_file (table, source->name, source->sha256);
      if (k < r->left->len && g_array_index (r->left, gint64, k) > 0)
        assay_table_add_note (table, "%s: the last %" G_GINT64_FORMAT " tokens fill no window and are not used", source->name, g_array_index (r->left, gint64, k));
    }
  if (table != NULL)
    assay_table_take_tokenizer (table, json_incref (r->encoding.document));
  return table != NULL && assay_sequences_give (r->rows, table, r->encoding.vocabulary, TRUE, error) ? g_steal_pointer (&table) : NULL;
}

static gboolean
check_options (const AssayValues *options, GError **error)
{
  const char *separator = assay_values_get_string (options, "separator");

  if (assay_values_get_string (options, "id") != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "id: plain text has no key column; sequences are named by their index");
  else if (separator != NULL && separator[0] == '\0')
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "separator: the text between two documents expected, an empty one found");
  else if (separator == NULL && assay_values_get_bool (options, "pack"))
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "pack: documents expected (--separator TEXT says what stands between them); windows across a whole text are full as they are");
  else
    return TRUE;
  return FALSE;
}

static AssayTable *
read_text (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  g_auto (Reading) r = { .separator = assay_values_get_string (options, "separator"), .left = g_array_new (FALSE, FALSE, sizeof (gint64)) };
  const gboolean packs = assay_values_get_bool (options, "pack");
  AssaySequenceOptions rows;

  if (!check_options (options, error) || !assay_text_encoding_open (&r.encoding, sources, options, error)
      || !assay_text_encoding_get_rows (&r.encoding, options, r.separator == NULL ? ASSAY_SEQUENCES_WINDOWS : packs ? ASSAY_SEQUENCES_PACKED : ASSAY_SEQUENCES_DOCUMENTS, packs, &rows, error))
    return NULL;
  r.rows = assay_sequences_new (&rows);
  for (guint k = 0; k < sources->len; k++)
    if (r.separator != NULL ? !add_documents (&r, sources->pdata[k], k, error) : !add_windows (&r, sources->pdata[k], k, rows.stride, error))
      return NULL;
  return make_table (&r, sources, error);
}

const AssayFormatReader assay_format_reader_text = {
  .name = "text",
  .help = "plain text as windows or documents of characters, bytes or a tokenizer's tokens, for language models",
  .recognise = recognise,
  .read = read_text,
};
