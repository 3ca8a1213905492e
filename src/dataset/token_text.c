/* SPDX-License-Identifier: GPL-3.0-or-later */
/* token_text.c: spellings side by side, bytes put together. */
#include "dataset/token_text.h"

#include <string.h>

#define CONTINUED "##"

static const char *
spelling_of (const GPtrArray *vocabulary, gint32 token)
{
  return vocabulary != NULL && token >= 0 && (guint) token < vocabulary->len ? vocabulary->pdata[token] : NULL;
}

static gboolean
has_length (const char *spelling)
{
  return g_utf8_validate (spelling, -1, NULL) && g_utf8_strlen (spelling, -1) > 1;
}

AssayTokenTextStyle
assay_token_text_find_style (const GPtrArray *vocabulary)
{
  gboolean has_words = vocabulary == NULL;

  for (guint k = 0; vocabulary != NULL && k < vocabulary->len; k++)
    {
      const char *spelling = vocabulary->pdata[k];

      if (spelling[0] == ' ' && spelling[1] != '\0')
        return ASSAY_TOKEN_TEXT_JOINED;
      if (g_str_has_prefix (spelling, CONTINUED) && spelling[strlen (CONTINUED)] != '\0')
        return ASSAY_TOKEN_TEXT_CONTINUED;
      has_words = has_words || has_length (spelling);
    }
  return has_words ? ASSAY_TOKEN_TEXT_WORDS : ASSAY_TOKEN_TEXT_LETTERS;
}

gboolean
assay_token_text_has_space (AssayTokenTextStyle style, const GPtrArray *vocabulary, gint32 next)
{
  const char *spelling = spelling_of (vocabulary, next);

  return style == ASSAY_TOKEN_TEXT_WORDS || (style == ASSAY_TOKEN_TEXT_CONTINUED && !(spelling && g_str_has_prefix (spelling, CONTINUED)));
}

/* The byte that "<0x0A>" stands for, or -1. */
static int
byte_of (const char *spelling)
{
  int high, low;

  if (strlen (spelling) != strlen ("<0x0A>") || !g_str_has_prefix (spelling, "<0x") || spelling[5] != '>')
    return -1;
  high = g_ascii_xdigit_value (spelling[3]);
  low = g_ascii_xdigit_value (spelling[4]);
  return high >= 0 && low >= 0 ? 16 * high + low : -1;
}

static void
append_token (AssayTokenTextStyle style, const GPtrArray *vocabulary, gint32 token, GString *text)
{
  const char *spelling = spelling_of (vocabulary, token);
  int byte = spelling && style == ASSAY_TOKEN_TEXT_JOINED ? byte_of (spelling) : -1;

  if (spelling == NULL)
    g_string_append_printf (text, "token %d", token);
  else if (byte >= 0)
    g_string_append_c (text, (char) byte);
  else
    g_string_append (text, style == ASSAY_TOKEN_TEXT_CONTINUED && g_str_has_prefix (spelling, CONTINUED) ? spelling + strlen (CONTINUED) : spelling);
}

char *
assay_token_text_join (AssayTokenTextStyle style, const GPtrArray *vocabulary, const gint32 *token, gint64 n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gint64 t = 0; t < n; t++)
    {
      if (t > 0 && assay_token_text_has_space (style, vocabulary, token[t]))
        g_string_append_c (text, ' ');
      append_token (style, vocabulary, token[t], text);
    }
  return g_utf8_make_valid (text->str, (gssize) text->len);
}
