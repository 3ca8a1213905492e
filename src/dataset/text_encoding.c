/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_encoding.c: the three ways from text to tokens.
 *
 * By character the vocabulary is the alphabet of the files in code-point order; by byte it is the 256 bytes.
 */
#include "dataset/text_encoding.h"

#include "base/error.h"
#include "base/mem.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define N_CODE_POINTS 0x110000

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

static gboolean
open_alphabet (AssayTextEncoding *self, const GPtrArray *sources, GError **error)
{
  for (guint k = 0; k < sources->len; k++)
    if (!assay_source_check_text (sources->pdata[k], error))
      return FALSE;
  self->alphabet = assay_mem_new (gint32, N_CODE_POINTS, error);
  if (self->alphabet == NULL)
    return FALSE;
  self->vocabulary = make_alphabet (sources, self->alphabet);
  self->document = assay_tokenizer_describe_characters (self->vocabulary);
  return TRUE;
}

gboolean
assay_text_encoding_open (AssayTextEncoding *self, const GPtrArray *sources, const AssayValues *options, GError **error)
{
  const char *tokenizer = assay_values_get_string (options, "tokenizer");
  g_autofree char *source = NULL;

  if (tokenizer != NULL)
    {
      self->document = assay_tokenizer_read (tokenizer, &source, error);
      self->tokenizer = self->document ? assay_tokenizer_new (self->document, source, error) : NULL;
      self->vocabulary = self->tokenizer ? assay_vocabulary_new_of (self->tokenizer) : NULL;
      return self->tokenizer != NULL;
    }
  if (strcmp (assay_values_get_string (options, "tokens"), "byte") != 0)
    return open_alphabet (self, sources, error);
  self->vocabulary = make_bytes ();
  self->document = assay_tokenizer_describe_bytes ();
  return TRUE;
}

void
assay_text_encoding_clear (AssayTextEncoding *self)
{
  assay_tokenizer_free (self->tokenizer);
  assay_mem_free (self->alphabet);
  json_decref (self->document);
  g_clear_pointer (&self->vocabulary, g_ptr_array_unref);
}

gboolean
assay_text_encoding_get_rows (const AssayTextEncoding *self, const AssayValues *options, AssaySequenceLayout layout, gboolean ends, AssaySequenceOptions *rows, GError **error)
{
  const char *choice = assay_values_get_string (options, "end-token");
  const gint32 end = self->tokenizer ? assay_tokenizer_get_end (self->tokenizer) : -1;

  *rows = (AssaySequenceOptions) { .layout = layout, .T = assay_values_get_int (options, "context"), .stride = assay_values_get_int (options, "stride"),
                                   .begin = self->tokenizer ? assay_tokenizer_get_begin (self->tokenizer) : -1, .end = -1 };
  if (rows->stride == 0)
    rows->stride = rows->T;
  if (strcmp (choice, "yes") == 0 && (end < 0 || layout == ASSAY_SEQUENCES_WINDOWS))
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, end < 0 ? "end-token: a tokenizer that names the token which ends texts expected (--tokenizer)"
                                                                          : "end-token: documents expected (--separator, or JSONL), windows across a whole text found");
      return FALSE;
    }
  if (strcmp (choice, "yes") == 0 || (strcmp (choice, "auto") == 0 && ends))
    rows->end = end;
  return TRUE;
}

typedef struct {
  AssaySequences *rows;
  gint64 base, first;
} Addition;

static void
add_token (const AssayToken *token, gpointer data)
{
  const Addition *a = data;

  assay_sequences_add (a->rows, token->id, a->base + token->start, token->end > a->first);
}

gboolean
assay_text_encoding_add (AssayTextEncoding *self, const char *text, gsize n, gint64 base, gsize first, AssaySequences *rows, GError **error)
{
  Addition addition = { rows, base, (gint64) first };

  if (self->tokenizer != NULL)
    return assay_tokenizer_encode_each (self->tokenizer, text, n, add_token, &addition, error);
  for (const char *p = text, *end = text + n; p < end; )
    {
      const char *next = self->alphabet ? g_utf8_next_char (p) : p + 1;

      assay_sequences_add (rows, self->alphabet ? self->alphabet[g_utf8_get_char (p)] : (guchar) *p, base + (p - text), next - text > (gssize) first);
      p = next;
    }
  return TRUE;
}
