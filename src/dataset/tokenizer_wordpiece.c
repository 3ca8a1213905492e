/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_wordpiece.c: the longest token that fits, from the left; a word with a part that is no token is unknown as a whole.
 * Source: Devlin et al., 1810.04805, in the words of its released code.
 */
#include "dataset/tokenizer_model.h"

#include "base/json.h"

#include <string.h>

typedef struct {
  const AssayTokenVocabulary *vocabulary;
  char *prefix;                 /* of what continues a word */
  gint32 unknown;
  gint64 longest;               /* characters of a word that is looked at */
  GString *spelling;
} WordPiece;

/* The longest token of bytes start .. n - 1; *end behind it. -1: none. */
static gint32
find_longest (WordPiece *self, const char *piece, gsize start, gsize n, gsize *end)
{
  for (*end = n; *end > start; *end = (gsize) (g_utf8_prev_char (piece + *end) - piece))
    {
      gint32 id;

      g_string_assign (self->spelling, start > 0 ? self->prefix : "");
      g_string_append_len (self->spelling, piece + start, (gssize) (*end - start));
      id = assay_token_table_find (&self->vocabulary->table, self->spelling->str, self->spelling->len);
      if (id >= 0)
        return id;
    }
  return -1;
}

static void
encode (gpointer data, const char *piece, gsize n, GArray *tokens)
{
  WordPiece *self = data;
  guint first = tokens->len;
  gboolean is_known = g_utf8_strlen (piece, (gssize) n) <= self->longest;

  for (gsize start = 0, end = 0; is_known && start < n; start = end)
    {
      AssayPieceToken token = { find_longest (self, piece, start, n, &end), (guint32) start, (guint32) end };

      is_known = token.id >= 0;
      token.end = (guint32) end;
      if (is_known)
        g_array_append_val (tokens, token);
    }
  if (is_known)
    return;
  g_array_set_size (tokens, first);
  if (self->unknown >= 0)
    {
      AssayPieceToken token = { self->unknown, 0, (guint32) n };

      g_array_append_val (tokens, token);
    }
}

static void
wordpiece_free (gpointer data)
{
  WordPiece *self = data;

  g_free (self->prefix);
  g_string_free (self->spelling, TRUE);
  g_free (self);
}

static gpointer
load (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error)
{
  const json_t *prefix = json_object_get (model, "continuing_subword_prefix"), *longest = json_object_get (model, "max_input_chars_per_word");
  const char *unknown = assay_json_get_text (model, "unk_token");
  WordPiece *self = g_new0 (WordPiece, 1);

  (void) error;
  self->vocabulary = vocabulary;
  self->prefix = g_strdup (json_is_string (prefix) ? json_string_value (prefix) : "##");
  self->longest = json_is_integer (longest) ? json_integer_value (longest) : 100;
  self->unknown = assay_token_table_find (&vocabulary->table, unknown, strlen (unknown));
  self->spelling = g_string_new (NULL);
  return self;
}

ASSAY_TOKEN_MODEL_DEFINE (wordpiece) = { .name = "WordPiece", .load = load, .free = wordpiece_free, .encode = encode };
