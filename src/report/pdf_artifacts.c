/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_artifacts.c: marks what belongs to no tag. cairo leaves running lines, rules and grounds unmarked, which a reader of tags would take for
 * content that somebody forgot.
 */
#include "report/pdf_finish.h"

#include <string.h>

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\0';
}

static gboolean
is_delimiter (char c)
{
  return strchr ("()<>[]{}/%", c) != NULL;
}

/* Past a string in brackets that begins at `at`. */
static gsize
skip_string (const char *text, gsize n, gsize at)
{
  guint depth = 0;

  for (; at < n; at++)
    if (text[at] == '\\')
      at++;
    else if (text[at] == '(')
      depth++;
    else if (text[at] == ')' && --depth == 0)
      return at + 1;
  return n;
}

/* Past the token that begins at `at`; is_operator: whether it is one. */
static gsize
skip_token (const char *text, gsize n, gsize at, gboolean *is_operator)
{
  gsize end = at + 1;

  *is_operator = FALSE;
  if (text[at] == '(')
    return skip_string (text, n, at);
  if (text[at] == '%')
    {
      while (end < n && text[end] != '\n' && text[end] != '\r')
        end++;
      return end;
    }
  if (text[at] == '<' || text[at] == '>')
    {
      if (end < n && text[end] == text[at])
        return end + 1;
      while (text[at] == '<' && end < n && text[end] != '>')
        end++;
      return MIN (end + (text[at] == '<'), n);
    }
  if (text[at] != '/' && is_delimiter (text[at]))
    return end;
  while (end < n && !is_space (text[end]) && !is_delimiter (text[end]))
    end++;
  *is_operator = text[at] != '/' && (g_ascii_isalpha (text[at]) || text[at] == '\'' || text[at] == '"') && strncmp (text + at, "true", 4) != 0
                 && strncmp (text + at, "false", 5) != 0 && strncmp (text + at, "null", 4) != 0;
  return end;
}

static gboolean
is_word (const char *text, gsize from, gsize to, const char *word)
{
  return to - from == strlen (word) && strncmp (text + from, word, to - from) == 0;
}

/* Past the bytes of an image in the stream. */
static gsize
skip_image (const char *text, gsize n, gsize at)
{
  for (; at + 2 < n; at++)
    if (is_space (text[at]) && text[at + 1] == 'E' && text[at + 2] == 'I' && (at + 3 == n || is_space (text[at + 3])))
      return at + 3;
  return n;
}

GString *
assay_pdf_mark_artifacts (const char *text, gsize n)
{
  GString *out = g_string_sized_new (n + 1024);
  gsize at = 0, done = 0, operands = 0;
  gboolean has_operands = FALSE;
  guint depth = 0;

  g_string_append (out, "/Artifact BMC\n");
  while (at < n)
    {
      gboolean is_operator;
      gsize end;

      if (is_space (text[at]))
        {
          at++;
          continue;
        }
      end = skip_token (text, n, at, &is_operator);
      if (!is_operator)
        {
          if (!has_operands)
            operands = at;
          has_operands = TRUE;
          at = end;
          continue;
        }
      if (is_word (text, at, end, "BDC") || is_word (text, at, end, "BMC"))
        {
          if (depth++ == 0)
            {
              gsize begin = has_operands ? operands : at;

              g_string_append_len (out, text + done, (gssize) (begin - done));
              g_string_append (out, "EMC\n");
              done = begin;
            }
        }
      else if (is_word (text, at, end, "EMC") && depth > 0 && --depth == 0)
        {
          g_string_append_len (out, text + done, (gssize) (end - done));
          g_string_append (out, "\n/Artifact BMC");
          done = end;
        }
      else if (is_word (text, at, end, "ID"))
        end = skip_image (text, n, end);
      has_operands = FALSE;
      at = end;
    }
  g_string_append_len (out, text + done, (gssize) (n - done));
  g_string_append (out, "\nEMC\n");
  return out;
}
