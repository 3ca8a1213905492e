/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_numbers.c: the numbers of a text, and where in them what goes on from it begins. */
#include "dataset/tokenizer.h"

#include "base/error.h"

#include <string.h>

/* The first byte of a character other than white space that no token holds, -1: none. */
static gint64
find_lost (const char *text, gsize n, const GArray *tokens)
{
  gsize end = 0;

  for (guint k = 0; k <= tokens->len; k++)
    {
      gsize stop = k < tokens->len ? (gsize) g_array_index (tokens, AssayToken, k).start : n;

      for (gsize at = end; at < stop; at++)
        if (!g_ascii_isspace (text[at]))
          return (gint64) at;
      if (k < tokens->len)
        end = MAX (end, (gsize) g_array_index (tokens, AssayToken, k).end);
    }
  return -1;
}

/* Numbers of the tokens, behind the one that begins texts. */
static GArray *
list_numbers (const AssayTokenizer *self, const GArray *tokens)
{
  const gint32 begin = assay_tokenizer_get_begin (self);
  GArray *ids = g_array_sized_new (FALSE, FALSE, sizeof (gint32), tokens->len + 1);

  if (begin >= 0)
    g_array_append_val (ids, begin);
  for (guint k = 0; k < tokens->len; k++)
    g_array_append_val (ids, g_array_index (tokens, AssayToken, k).id);
  return ids;
}

GArray *
assay_tokenizer_encode_numbers (AssayTokenizer *self, const char *text, gsize n, GError **error)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));

  return assay_tokenizer_encode (self, text, n, FALSE, tokens, error) ? list_numbers (self, tokens) : NULL;
}

GArray *
assay_tokenizer_encode_continuation (AssayTokenizer *self, const char *text, const char *continuation, gint64 *first, GError **error)
{
  g_autofree char *both = g_strconcat (text, continuation, NULL);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  const gint64 border = (gint64) strlen (text);
  gint64 lost;
  guint k = 0;

  if (!assay_tokenizer_encode (self, both, strlen (both), FALSE, tokens, error))
    return NULL;
  lost = find_lost (both, strlen (both), tokens);
  if (lost >= 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "text: characters of the vocabulary expected, \"%.*s\" found at byte %" G_GINT64_FORMAT,
                   (int) g_utf8_skip[(guchar) both[lost]], both + lost, lost);
      return NULL;
    }
  while (k < tokens->len && g_array_index (tokens, AssayToken, k).end <= border)
    k++;
  *first = k + (assay_tokenizer_get_begin (self) >= 0);
  return list_numbers (self, tokens);
}
