/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader_text.c: plain text as token sequences: by character, by byte, or by the tokenizer of a checkpoint.
 *
 * By character the vocabulary is the alphabet of the files in code-point order; by byte it is the 256 bytes. A sequence is T tokens, each with the
 * token that follows; the token that a tokenizer puts before texts comes first in each. Without a separator a file is cut into windows that start every
 * `stride` tokens and never cross from one file into the next; what is left over at a file's end is noted. With one each document is a sequence of its
 * own, cut at T, or with weight 0 behind its end.
 */
#include "dataset/format_reader.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "dataset/tokenizer.h"

#include <string.h>

#define N_CODE_POINTS 0x110000

/* How text becomes tokens: by the tokenizer, by the alphabet, or byte by byte. */
typedef struct {
  AssayTokenizer *tokenizer;
  gint32 *alphabet;             /* (N_CODE_POINTS): token numbers, -1 where a character does not occur */
  GPtrArray *vocabulary;
  json_t *document;             /* of the tokenizer, or of one that does the same */
  gint64 T, stride;
  gboolean by_document;
} Encoding;

/* A file, or a document of it. */
typedef struct {
  guint file;
  GArray *tokens;               /* AssayToken; places are those of the file */
} Text;

static AssayRecognition
recognise (const AssaySource *source)
{
  return assay_source_has_extension (source, "txt") || assay_source_has_extension (source, "text") ? ASSAY_RECOGNISE_NAME
         : ASSAY_RECOGNISE_NO;
}

/* --- vocabularies --------------------------------------------------------------------------------------------------------- */

/* Fills the alphabet with token numbers; returns the vocabulary. */
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

static GPtrArray *
name_tokens (const AssayTokenizer *tokenizer)
{
  GPtrArray *vocabulary = g_ptr_array_new_with_free_func (g_free);

  for (gint64 id = 0; id < assay_tokenizer_get_size (tokenizer); id++)
    g_ptr_array_add (vocabulary, assay_tokenizer_dup_name (tokenizer, (gint32) id));
  return vocabulary;
}

/* --- texts ---------------------------------------------------------------------------------------------------------------- */

/* By character where there is an alphabet. */
static void
encode_plainly (const gint32 *alphabet, const char *text, gsize n, GArray *tokens)
{
  const char *end = text + n;

  for (const char *p = text; p < end; )
    {
      const char *next = alphabet ? g_utf8_next_char (p) : p + 1;
      AssayToken token = { alphabet ? alphabet[g_utf8_get_char (p)] : (guchar) *p, p - text, next - text };

      g_array_append_val (tokens, token);
      p = next;
    }
}

static gboolean
add_text (const Encoding *encoding, const AssaySource *source, guint file, const char *text, gsize n, GPtrArray *texts, GError **error)
{
  const gint64 base = text - (const char *) source->bytes;
  Text *out = g_new0 (Text, 1);

  out->file = file;
  out->tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  g_ptr_array_add (texts, out);
  if (encoding->tokenizer == NULL)
    encode_plainly (encoding->alphabet, text, n, out->tokens);
  else if (!assay_tokenizer_encode (encoding->tokenizer, text, n, FALSE, out->tokens, error))
    {
      g_prefix_error (error, "%s: byte %" G_GINT64_FORMAT " and behind: ", source->name, base);
      return FALSE;
    }
  for (guint k = 0; k < out->tokens->len; k++)
    {
      g_array_index (out->tokens, AssayToken, k).start += base;
      g_array_index (out->tokens, AssayToken, k).end += base;
    }
  return TRUE;
}

/* What stands between separators, without the white space around it; nothing but that is no document. */
static gboolean
add_documents (const Encoding *encoding, const AssaySource *source, guint file, const char *separator, GPtrArray *texts, GError **error)
{
  const char *at = (const char *) source->bytes, *end = at + source->size;

  while (at < end)
    {
      const char *mark = memmem (at, (gsize) (end - at), separator, strlen (separator)), *stop = mark ? mark : end, *last = stop;

      while (at < last && g_ascii_isspace (*at))
        at++;
      while (at < last && g_ascii_isspace (last[-1]))
        last--;
      if (at < last && !add_text (encoding, source, file, at, (gsize) (last - at), texts, error))
        return FALSE;
      at = mark ? mark + strlen (separator) : end;
    }
  return TRUE;
}

static void
text_free (gpointer data)
{
  g_array_unref (((Text *) data)->tokens);
  g_free (data);
}

/* --- sequences ------------------------------------------------------------------------------------------------------------ */

static gint32
get_begin (const Encoding *encoding)
{
  return encoding->tokenizer ? assay_tokenizer_get_begin (encoding->tokenizer) : -1;
}

/* Tokens of the text that a whole sequence with its last target takes. */
static gint64
get_span (const Encoding *encoding)
{
  return encoding->T + (get_begin (encoding) < 0);
}

static gint64
count_rows (const Encoding *encoding, const Text *text)
{
  const gint64 n = text->tokens->len, span = get_span (encoding);

  if (encoding->by_document)
    return n > (get_begin (encoding) < 0);                       /* a token to predict */
  return n < span ? 0 : (n - span) / encoding->stride + 1;
}

/* A row whose first token of the text is number first; positions without a target get weight 0. */
static void
fill_row (const Encoding *encoding, const Text *text, gint64 first, gint32 *token, gint32 *target, float *weight)
{
  const AssayToken *tokens = (const AssayToken *) (void *) text->tokens->data;
  const gint64 lead = get_begin (encoding) >= 0, n = text->tokens->len;

  for (gint64 t = 0; t < encoding->T; t++)
    {
      const gint64 here = first + t - lead, next = here + 1;

      token[t] = t < lead ? get_begin (encoding) : here < n ? tokens[here].id : 0;
      target[t] = next < n ? tokens[next].id : 0;
      if (weight != NULL)
        weight[t] = next < n;
    }
}

static void
fill_text (const Encoding *encoding, const Text *text, const AssaySource *source, AssayTable *table, AssayColumn *column, gint64 row)
{
  const gint64 T = encoding->T, n = count_rows (encoding, text);

  for (gint64 w = 0; w < n; w++, row++)
    {
      fill_row (encoding, text, w * encoding->stride, column->token + row * T, column->target + row * T, column->weight ? column->weight + row * T : NULL);
      assay_table_set_origin (table, row, (gint32) text->file, g_array_index (text->tokens, AssayToken, w * encoding->stride).start + 1);
    }
  if (!encoding->by_document && (n - 1) * encoding->stride + get_span (encoding) < text->tokens->len)
    assay_table_add_note (table, "%s: the last %" G_GINT64_FORMAT " tokens fill no window and are not used", source->name,
                          text->tokens->len - ((n - 1) * encoding->stride + get_span (encoding)));
}

/* Documents that were cut. */
static void
note_cut (const Encoding *encoding, const GPtrArray *texts, AssayTable *table)
{
  gint64 n = 0;

  for (guint k = 0; encoding->by_document && k < texts->len; k++)
    n += ((const Text *) texts->pdata[k])->tokens->len > get_span (encoding);
  if (n > 0)
    assay_table_add_note (table, "%" G_GINT64_FORMAT " of %u documents are longer than %" G_GINT64_FORMAT " tokens (--context) and are cut there", n, texts->len, encoding->T);
}

static gboolean
check_lengths (const Encoding *encoding, const GPtrArray *sources, const GPtrArray *texts, gint64 *n_rows, GError **error)
{
  *n_rows = 0;
  for (guint k = 0; k < texts->len; k++)
    {
      const Text *text = texts->pdata[k];
      const AssaySource *source = sources->pdata[text->file];

      if (!encoding->by_document && count_rows (encoding, text) == 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %u tokens found, at least %" G_GINT64_FORMAT
                       " (--context and one target) expected; use a smaller --context", source->name, text->tokens->len, get_span (encoding));
          return FALSE;
        }
      *n_rows += count_rows (encoding, text);
    }
  if (*n_rows > 0)
    return TRUE;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "documents of two tokens or more expected between the separators, none found");
  return FALSE;
}

static AssayTable *
make_table (const Encoding *encoding, const GPtrArray *sources, const GPtrArray *texts, GError **error)
{
  g_autoptr (AssayTable) table = NULL;
  g_autoptr (AssayColumn) column = assay_column_new ("tokens", ASSAY_COLUMN_TOKENS);
  gint64 n_rows, row = 0;

  column->length = encoding->T;
  column->levels = g_ptr_array_ref (encoding->vocabulary);
  if (!check_lengths (encoding, sources, texts, &n_rows, error) || (table = assay_table_new (n_rows, ASSAY_ORIGIN_BYTE, error)) == NULL
      || !assay_column_allocate (column, n_rows, error)
      || (encoding->by_document && (column->weight = assay_mem_alloc_array (n_rows * encoding->T, sizeof (float), error)) == NULL))
    return NULL;
  for (guint k = 0; k < sources->len; k++)
    assay_table_add_file (table, ((const AssaySource *) sources->pdata[k])->name, ((const AssaySource *) sources->pdata[k])->sha256);
  for (guint k = 0; k < texts->len; k++)
    {
      const Text *text = texts->pdata[k];

      fill_text (encoding, text, sources->pdata[text->file], table, column, row);
      row += count_rows (encoding, text);
    }
  note_cut (encoding, texts, table);
  assay_table_take_tokenizer (table, json_incref (encoding->document));
  return assay_table_take_column (table, g_steal_pointer (&column), error) ? g_steal_pointer (&table) : NULL;
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static gboolean
open_encoding (Encoding *encoding, const GPtrArray *sources, const AssayValues *options, GError **error)
{
  const char *tokenizer = assay_values_get_string (options, "tokenizer");

  encoding->T = assay_values_get_int (options, "context");
  encoding->stride = assay_values_get_int (options, "stride");
  encoding->by_document = assay_values_get_string (options, "separator") != NULL;
  if (encoding->stride == 0)
    encoding->stride = encoding->T;
  if (tokenizer != NULL)
    {
      g_autofree char *source = NULL;

      encoding->document = assay_tokenizer_read (tokenizer, &source, error);
      encoding->tokenizer = encoding->document ? assay_tokenizer_new (encoding->document, source, error) : NULL;
      encoding->vocabulary = encoding->tokenizer ? name_tokens (encoding->tokenizer) : NULL;
    }
  else if (strcmp (assay_values_get_string (options, "tokens"), "byte") == 0)
    {
      encoding->vocabulary = make_bytes ();
      encoding->document = assay_tokenizer_describe_bytes ();
    }
  else
    {
      for (guint k = 0; k < sources->len; k++)
        if (!assay_source_check_text (sources->pdata[k], error))
          return FALSE;
      encoding->alphabet = assay_mem_new (gint32, N_CODE_POINTS, error);
      encoding->vocabulary = encoding->alphabet ? make_alphabet (sources, encoding->alphabet) : NULL;
      encoding->document = encoding->vocabulary ? assay_tokenizer_describe_characters (encoding->vocabulary) : NULL;
    }
  return encoding->vocabulary != NULL;
}

static void
encoding_clear (Encoding *encoding)
{
  assay_tokenizer_free (encoding->tokenizer);
  assay_mem_free (encoding->alphabet);
  json_decref (encoding->document);
  g_clear_pointer (&encoding->vocabulary, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Encoding, encoding_clear)

static AssayTable *
read_text (const GPtrArray *sources, const AssayValues *options, GError **error)
{
  const char *separator = assay_values_get_string (options, "separator");
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (text_free);
  g_auto (Encoding) encoding = { 0 };

  if (assay_values_get_string (options, "id") != NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "id: plain text has no key column; sequences are named by their index");
      return NULL;
    }
  if (separator != NULL && separator[0] == '\0')
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "separator: the text between two documents expected, an empty one found");
      return NULL;
    }
  if (!open_encoding (&encoding, sources, options, error))
    return NULL;
  for (guint k = 0; k < sources->len; k++)
    {
      const AssaySource *source = sources->pdata[k];

      if (separator ? !add_documents (&encoding, source, k, separator, texts, error)
                    : !add_text (&encoding, source, k, (const char *) source->bytes, source->size, texts, error))
        return NULL;
    }
  return make_table (&encoding, sources, texts, error);
}

const AssayFormatReader assay_format_reader_text = {
  .name = "text",
  .help = "plain text as windows or documents of characters, bytes or a tokenizer's tokens, for language models",
  .recognise = recognise,
  .read = read_text,
};
