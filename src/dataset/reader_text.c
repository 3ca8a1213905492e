/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_text.c: plain text as token sequences, by character or by byte: windows of T tokens, each with the token that follows.
 *
 * By character the vocabulary is the alphabet of the files in code-point order; by byte it is the 256 bytes. Windows start
 * every `stride` tokens and never cross from one file into the next; what is left over at a file's end is noted.
 */
#include "dataset/format_reader.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

#define N_CODE_POINTS 0x110000

typedef struct {
  gint32 *token;                /* the whole file */
  gint64 n;
} Encoded;

static AssayRecognition
recognise (const AssaySource *source)
{
  return assay_source_has_extension (source, "txt") || assay_source_has_extension (source, "text") ? ASSAY_RECOGNISE_NAME
         : ASSAY_RECOGNISE_NO;
}

/* Fills alphabet (N_CODE_POINTS) with token numbers, -1 where a character does not occur; returns the vocabulary. */
static GPtrArray *
make_alphabet (const GPtrArray *sources, gint32 *alphabet)
{
  GPtrArray *vocabulary = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      const char *p = (const char *) source->bytes, *end = p + source->size;

      for (; p < end; p = g_utf8_next_char (p))
        alphabet[g_utf8_get_char (p)] = 1;
    }
  for (gunichar c = 0; c < N_CODE_POINTS; c++)
    {
      char spelling[7] = { 0 };

      if (!alphabet[c])
        {
          alphabet[c] = -1;
          continue;
        }
      alphabet[c] = vocabulary->len;
      g_unichar_to_utf8 (c, spelling);
      g_ptr_array_add (vocabulary, g_strdup (spelling));
    }
  return vocabulary;
}

static GPtrArray *
make_bytes (void)
{
  GPtrArray *vocabulary = g_ptr_array_new_with_free_func (g_free);

  for (guint c = 0; c < 256; c++)
    g_ptr_array_add (vocabulary, g_ascii_isprint (c) ? g_strdup_printf ("%c", c) : g_strdup_printf ("\\x%02x", c));
  return vocabulary;
}

/* alphabet NULL: by byte. */
static gboolean
encode (const AssaySource *source, const gint32 *alphabet, Encoded *out, GError **error)
{
  const char *p = (const char *) source->bytes, *end = p + source->size;

  out->n = 0;
  out->token = assay_mem_new (gint32, source->size, error);
  if (out->token == NULL)
    return FALSE;
  if (alphabet == NULL)
    for (; p < end; p++)
      out->token[out->n++] = (guchar) *p;
  else
    for (; p < end; p = g_utf8_next_char (p))
      out->token[out->n++] = alphabet[g_utf8_get_char (p)];
  return TRUE;
}

/* Windows of T tokens and one target beyond; 0 when the text is too short for one. */
static gint64
count_windows (gint64 n, gint64 T, gint64 stride)
{
  return n > T ? (n - 1 - T) / stride + 1 : 0;
}

static void
fill_windows (AssayTable *table, AssayColumn *column, gint64 row, gint32 file, const AssaySource *source, const Encoded *text,
              gboolean by_byte, gint64 stride)
{
  gint64 T = column->length, n_windows = count_windows (text->n, T, stride);
  const char *p = (const char *) source->bytes;

  for (gint64 w = 0; w < n_windows; w++, row++)
    {
      memcpy (column->token + row * T, text->token + w * stride, T * sizeof (gint32));
      memcpy (column->target + row * T, text->token + w * stride + 1, T * sizeof (gint32));
      assay_table_set_origin (table, row, file, p - (const char *) source->bytes + 1);
      for (gint64 i = 0; i < stride && w + 1 < n_windows; i++)
        p = by_byte ? p + 1 : g_utf8_next_char (p);
    }
  if ((n_windows - 1) * stride + T + 1 < text->n)
    assay_table_add_note (table, "%s: the last %" G_GINT64_FORMAT " tokens fill no window and are not used", source->name,
                          text->n - ((n_windows - 1) * stride + T + 1));
}

static AssayTable *
read_windows (const GPtrArray *sources, const gint32 *alphabet, GPtrArray *vocabulary, gint64 T, gint64 stride, GError **error)
{
  g_autoptr (AssayTable) table = NULL;
  g_autoptr (AssayColumn) column = assay_column_new ("tokens", ASSAY_COLUMN_TOKENS);
  gint64 n_rows = 0, row = 0;

  column->length = T;
  column->levels = vocabulary;
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      gint64 n = alphabet ? g_utf8_strlen ((const char *) source->bytes, source->size) : (gint64) source->size;

      if (n <= T)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %" G_GINT64_FORMAT " tokens found, at least %" G_GINT64_FORMAT
                       " (--context and one target) expected; use a smaller --context", source->name, n, T + 1);
          return NULL;
        }
      n_rows += count_windows (n, T, stride);
    }
  table = assay_table_new (n_rows, ASSAY_ORIGIN_BYTE, error);
  if (table == NULL || !assay_column_allocate (column, n_rows, error))
    return NULL;
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];
      gint32 file = assay_table_add_file (table, source->name, source->sha256);
      Encoded text;

      if (!encode (source, alphabet, &text, error))
        return NULL;
      fill_windows (table, column, row, file, source, &text, alphabet == NULL, stride);
      row += count_windows (text.n, T, stride);
      assay_mem_free (text.token);
    }
  return assay_table_take_column (table, g_steal_pointer (&column), error) ? g_steal_pointer (&table) : NULL;
}

static AssayTable *
read_text (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  gboolean by_byte = strcmp (assay_values_get_string (options, "tokens"), "byte") == 0;
  gint64 T = assay_values_get_int (options, "context"), stride = assay_values_get_int (options, "stride");
  g_autoptr (AssayBuffer) alphabet = NULL;

  if (assay_values_get_string (options, "id") != NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "id: plain text has no key column; windows are named by their index");
      return NULL;
    }
  if (stride == 0)
    stride = T;
  if (by_byte)
    return read_windows (sources, NULL, make_bytes (), T, stride, error);
  for (guint k = 0; k < sources->len; k++)
    if (!assay_source_check_text (sources->pdata[k], error))
      return NULL;
  alphabet = assay_mem_new (gint32, N_CODE_POINTS, error);
  if (alphabet == NULL)
    return NULL;
  return read_windows (sources, alphabet, make_alphabet (sources, alphabet), T, stride, error);
}

const AssayFormatReader assay_format_reader_text = {
  .name = "text",
  .help = "plain text as windows of characters or bytes, for language models",
  .recognise = recognise,
  .read = read_text,
};
