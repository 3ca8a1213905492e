/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_decode.c: each step sees all tokens, as it may look at their places. */
#include "dataset/tokenizer_decode.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/tokenizer_sentencepiece.h"
#include "dataset/vocabulary.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

void
assay_token_decoder_clear (AssayDecodeStep *step)
{
  assay_token_pattern_free (step->pattern);
  g_free (step->content);
  if (step->free_own != NULL)
    step->free_own (step->own);
  *step = (AssayDecodeStep) { 0 };
}

static void
fuse (const AssayDecodeStep *step, GPtrArray *tokens)
{
  GString *whole = tokens->len > 0 ? tokens->pdata[0] : NULL;

  (void) step;
  for (guint k = 1; k < tokens->len; k++)
    g_string_append_len (whole, ((GString *) tokens->pdata[k])->str, (gssize) ((GString *) tokens->pdata[k])->len);
  if (tokens->len > 1)
    g_ptr_array_set_size (tokens, 1);
}

/* Spellings in the alphabet of bytes become their bytes; any other is what it says. */
static void
read_spellings (const AssayDecodeStep *step, GPtrArray *tokens)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  for (guint k = 0; k < tokens->len; k++)
    {
      GString *token = tokens->pdata[k];

      if (strlen (token->str) != token->len || !assay_vocabulary_decode (token->str, bytes))
        continue;
      g_string_truncate (token, 0);
      g_string_append_len (token, bytes->str, (gssize) bytes->len);
    }
  fuse (step, tokens);
}

int
assay_token_read_byte (const GString *token)
{
  if (token->len != 6 || !g_str_has_prefix (token->str, "<0x") || token->str[5] != '>' || !g_ascii_isxdigit (token->str[3]) || !g_ascii_isxdigit (token->str[4]))
    return -1;
  return 16 * g_ascii_xdigit_value (token->str[3]) + g_ascii_xdigit_value (token->str[4]);
}

/* Tokens that are bytes, one after another, are the text of those bytes, or a mark for each where that is no UTF-8. */
static void
join_bytes (const AssayDecodeStep *step, GPtrArray *tokens)
{
  (void) step;
  for (guint k = 0, past; k < tokens->len; k = past)
    {
      g_autoptr (GString) run = g_string_new (NULL);

      for (past = k; past < tokens->len && assay_token_read_byte (tokens->pdata[past]) >= 0; past++)
        g_string_append_c (run, (char) assay_token_read_byte (tokens->pdata[past]));
      if (past == k)
        {
          past = k + 1;
          continue;
        }
      if (!g_utf8_validate_len (run->str, run->len, NULL))
        {
          g_string_truncate (run, 0);
          for (guint i = k; i < past; i++)
            g_string_append (run, REPLACEMENT);
        }
      for (guint i = k; i < past; i++)
        g_string_truncate (tokens->pdata[i], 0);
      g_string_append_len (tokens->pdata[k], run->str, (gssize) run->len);
    }
}

static void
strip (const AssayDecodeStep *step, GPtrArray *tokens)
{
  gsize n = strlen (step->content);

  for (guint k = 0; n > 0 && k < tokens->len; k++)
    {
      GString *token = tokens->pdata[k];

      for (gint64 i = 0; i < step->start && token->len >= n && memcmp (token->str, step->content, n) == 0; i++)
        g_string_erase (token, 0, (gssize) n);
      for (gint64 i = 0; i < step->stop && token->len >= n && memcmp (token->str + token->len - n, step->content, n) == 0; i++)
        g_string_truncate (token, token->len - n);
    }
}

static void
replace (const AssayDecodeStep *step, GPtrArray *tokens)
{
  for (guint k = 0; k < tokens->len; k++)
    {
      GString *token = tokens->pdata[k];
      g_autoptr (GString) changed = g_string_new (NULL);
      gsize done = 0, start, end;

      while (done < token->len && assay_token_pattern_find (step->pattern, token->str, token->len, done, &start, &end) && end > start)
        {
          g_string_append_len (changed, token->str + done, (gssize) (start - done));
          g_string_append (changed, step->content);
          done = end;
        }
      g_string_append_len (changed, token->str + done, (gssize) (token->len - done));
      g_string_truncate (token, 0);
      g_string_append_len (token, changed->str, (gssize) changed->len);
    }
}

/* Visible spaces become spaces; those of the first token, which was given one, go. */
static void
unmark (const AssayDecodeStep *step, GPtrArray *tokens)
{
  for (guint k = 0; k < tokens->len; k++)
    g_string_replace (tokens->pdata[k], step->content, k == 0 && step->is_switched ? "" : " ", 0);
}

static void
clean_up (GString *token)
{
  static const char *const rules[][2] = { { " .", "." }, { " ?", "?" }, { " !", "!" }, { " ,", "," }, { " ' ", "'" }, { " n't", "n't" }, { " 'm", "'m" },
                                          { " do not", " don't" }, { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" } };

  for (gsize k = 0; k < G_N_ELEMENTS (rules); k++)
    g_string_replace (token, rules[k][0], rules[k][1], 0);
}

static void
join_words (const AssayDecodeStep *step, GPtrArray *tokens)
{
  for (guint k = 0; k < tokens->len; k++)
    {
      GString *token = tokens->pdata[k];

      if (k > 0 && g_str_has_prefix (token->str, step->content))
        g_string_erase (token, 0, (gssize) strlen (step->content));
      else if (k > 0)
        g_string_prepend_c (token, ' ');
      if (step->is_switched)
        clean_up (token);
    }
}

static void
end_words (const AssayDecodeStep *step, GPtrArray *tokens)
{
  for (guint k = 0; k < tokens->len; k++)
    g_string_replace (tokens->pdata[k], step->content, k + 1 < tokens->len ? " " : "", 0);
}

static char *
get_or (const json_t *document, const char *key, const char *otherwise)
{
  const json_t *value = json_object_get (document, key);

  return g_strdup (json_is_string (value) ? json_string_value (value) : otherwise);
}

static gboolean
read_step (const json_t *document, gboolean is_bytes, AssayDecodeStep *step, GError **error)
{
  const char *type = assay_json_get_text (document, "type");
  const json_t *pattern = json_object_get (document, "pattern"), *clean = json_object_get (document, "cleanup");

  if (strcmp (type, "ByteLevel") == 0 || strcmp (type, "Fuse") == 0)
    *step = (AssayDecodeStep) { .apply = type[0] == 'B' && !is_bytes ? read_spellings : fuse };
  else if (strcmp (type, "ByteFallback") == 0)
    *step = (AssayDecodeStep) { .apply = join_bytes };
  else if (strcmp (type, "Strip") == 0)
    *step = (AssayDecodeStep) { .apply = strip, .content = get_or (document, "content", " "), .start = json_integer_value (json_object_get (document, "start")),
                                .stop = json_integer_value (json_object_get (document, "stop")) };
  else if (strcmp (type, "Metaspace") == 0)
    *step = (AssayDecodeStep) { .apply = unmark, .content = get_or (document, "replacement", "\xe2\x96\x81"),
                                .is_switched = strcmp (assay_json_get_text (document, "prepend_scheme"), "never") != 0 && !json_is_false (json_object_get (document, "add_prefix_space")) };
  else if (strcmp (type, "WordPiece") == 0)
    *step = (AssayDecodeStep) { .apply = join_words, .content = get_or (document, "prefix", "##"), .is_switched = clean == NULL || json_is_true (clean) };
  else if (strcmp (type, "SentencePiece") == 0)
    assay_token_sentencepiece_read_decoder (document, step);
  else if (strcmp (type, "BPEDecoder") == 0)
    *step = (AssayDecodeStep) { .apply = end_words, .content = get_or (document, "suffix", "</w>") };
  else if (strcmp (type, "Replace") == 0)
    {
      gboolean is_literal = json_is_string (json_object_get (pattern, "String"));

      *step = (AssayDecodeStep) { .apply = replace, .content = get_or (document, "content", "") };
      step->pattern = assay_token_pattern_new (assay_json_get_text (pattern, is_literal ? "String" : "Regex"), is_literal, error);
      return step->pattern != NULL;
    }
  else
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "decoder: ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, WordPiece, SentencePiece, BPEDecoder or Sequence expected, \"%s\" found",
                   type);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_token_decoder_read (const json_t *document, gboolean is_bytes, GArray *steps, GError **error)
{
  AssayDecodeStep step = { 0 };
  const json_t *item;
  size_t k;

  if (document == NULL || json_is_null (document))
    return TRUE;
  if (strcmp (assay_json_get_text (document, "type"), "Sequence") == 0)
    {
      json_array_foreach (json_object_get (document, "decoders"), k, item)
        if (!assay_token_decoder_read (item, is_bytes, steps, error))
          return FALSE;
      return TRUE;
    }
  if (!read_step (document, is_bytes, &step, error))
    {
      assay_token_decoder_clear (&step);
      return FALSE;
    }
  g_array_append_val (steps, step);
  return TRUE;
}
