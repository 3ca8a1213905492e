/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_step.c: patterns, and what steps have in common. */
#include "dataset/tokenizer_step.h"

#include "base/error.h"
#include "dataset/vocabulary.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

struct _AssayTokenPattern {
  char *text;                   /* as it was given */
  gboolean is_literal;
  gsize length;                 /* of a literal */
  pcre2_code *code;
  pcre2_match_data *match;
  int fault;                    /* of PCRE, where a search gave up; 0: none */
};

void
assay_token_step_clear (AssayTokenStep *step)
{
  assay_token_pattern_free (step->pattern);
  g_free (step->content);
  if (step->free_own != NULL)
    step->free_own (step->own);
  *step = (AssayTokenStep) { 0 };
}

void
assay_token_steps_apply (const GArray *steps, AssayText *text, gboolean is_first)
{
  for (guint k = 0; k < steps->len; k++)
    {
      const AssayTokenStep *step = &g_array_index (steps, AssayTokenStep, k);

      step->apply (step, text, is_first);
    }
}

gboolean
assay_token_steps_check (const GArray *steps, GError **error)
{
  for (guint k = 0; k < steps->len; k++)
    {
      AssayTokenPattern *pattern = g_array_index (steps, AssayTokenStep, k).pattern;
      PCRE2_UCHAR words[256];

      if (pattern == NULL || pattern->fault == 0)
        continue;
      pcre2_get_error_message (pattern->fault, words, sizeof words);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "text: the tokenizer's pattern %s gave up on it (%s): there are too many ways to match it; lines that are shorter, or another pattern, "
                   "have fewer", pattern->text, (const char *) words);
      pattern->fault = 0;
      return FALSE;
    }
  return TRUE;
}

AssayTokenPattern *
assay_token_pattern_new (const char *text, gboolean is_literal, GError **error)
{
  AssayTokenPattern *pattern = g_new0 (AssayTokenPattern, 1);
  PCRE2_SIZE where;
  int fault;

  pattern->text = g_strdup (text);
  pattern->is_literal = is_literal;
  pattern->length = strlen (text);
  if (is_literal)
    return pattern;
  pattern->code = pcre2_compile ((PCRE2_SPTR) text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP, &fault, &where, NULL);
  if (pattern->code == NULL)
    {
      PCRE2_UCHAR words[256];

      pcre2_get_error_message (fault, words, sizeof words);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "pattern %s: at character %" G_GSIZE_FORMAT ": %s", text, (gsize) where, (const char *) words);
      assay_token_pattern_free (pattern);
      return NULL;
    }
  pcre2_jit_compile (pattern->code, PCRE2_JIT_COMPLETE);          /* where it cannot, the interpreter finds the same */
  pattern->match = pcre2_match_data_create_from_pattern (pattern->code, NULL);
  return pattern;
}

void
assay_token_pattern_free (AssayTokenPattern *pattern)
{
  if (pattern == NULL)
    return;
  g_free (pattern->text);
  pcre2_match_data_free (pattern->match);
  pcre2_code_free (pattern->code);
  g_free (pattern);
}

/* The first place at or behind `first` where the literal stands, n: nowhere. */
static gsize
find_literal (const AssayTokenPattern *pattern, const char *bytes, gsize n, gsize first)
{
  for (; pattern->length > 0 && first + pattern->length <= n; first++)
    {
      const char *found = memchr (bytes + first, pattern->text[0], n - first - pattern->length + 1);

      if (found == NULL)
        break;
      first = (gsize) (found - bytes);
      if (memcmp (found, pattern->text, pattern->length) == 0)
        return first;
    }
  return n;
}

gboolean
assay_token_pattern_find (AssayTokenPattern *pattern, const char *bytes, gsize n, gsize first, gsize *start, gsize *end)
{
  const PCRE2_SIZE *ovector;
  int found;

  if (pattern->is_literal)
    {
      *start = find_literal (pattern, bytes, n, first);
      *end = *start + pattern->length;
      return *start < n;
    }
  found = pcre2_match (pattern->code, (PCRE2_SPTR) bytes, n, first, PCRE2_NO_UTF_CHECK, pattern->match, NULL);
  if (found == PCRE2_ERROR_JIT_STACKLIMIT)                        /* compiled code has 32 KiB to remember ways in, the interpreter the heap */
    found = pcre2_match (pattern->code, (PCRE2_SPTR) bytes, n, first, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, pattern->match, NULL);
  if (found < 0)
    {
      if (found != PCRE2_ERROR_NOMATCH && pattern->fault == 0)
        pattern->fault = found;
      return FALSE;
    }
  ovector = pcre2_get_ovector_pointer (pattern->match);
  *start = ovector[0];
  *end = ovector[1];
  return TRUE;
}

gboolean
assay_token_pattern_next (AssayTokenPattern *pattern, const char *bytes, gsize n, AssayTokenMatch *match)
{
  gsize start, end;

  while (match->next <= n && assay_token_pattern_find (pattern, bytes, n, match->next, &start, &end))
    {
      if (end == start && match->has_one && match->end == end)
        {
          match->next = end + (end < n ? g_utf8_skip[(guchar) bytes[end]] : 1);
          continue;
        }
      *match = (AssayTokenMatch) { start, end, end, TRUE };
      return TRUE;
    }
  return FALSE;
}

void
assay_token_spell_bytes (AssayTextEdit *edit, const AssayText *text, gsize first, gsize n)
{
  for (gsize i = first; i < first + n; i++)
    {
      char spelling[6];
      gint length = g_unichar_to_utf8 (assay_vocabulary_spell_byte ((guchar) text->bytes->str[i]), spelling);

      assay_text_edit_add (edit, spelling, (gsize) length, assay_text_locate (text, i, 1));
    }
}

gboolean
assay_token_is_white (gunichar c)
{
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f
         || c == 0x205f || c == 0x3000;
}
