/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_normalise.c: steps that change a text as a whole, before it is cut. A step that finds nothing to do leaves the text as it is. */
#include "dataset/tokenizer_step.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/tokenizer_charsmap.h"
#include "dataset/tokenizer_sentencepiece.h"

#include <string.h>

enum { CLEAN = 1, CHINESE = 2, ACCENTS = 4, LOWER = 8 };       /* of BertNormalizer */
enum { LEFT = 1, RIGHT = 2 };                                  /* of Strip */

static gboolean
is_ascii (const AssayText *text)
{
  for (gsize i = 0; i < text->bytes->len; i++)
    if (text->bytes->str[i] & 0x80)
      return FALSE;
  return TRUE;
}

/* Calls func for every character, which adds what it becomes. */
typedef void (*CharacterFunc) (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c);

static void
edit_characters (AssayText *text, CharacterFunc func)
{
  AssayTextEdit edit;
  gsize n;

  assay_text_edit_begin (&edit);
  for (gsize i = 0; i < text->bytes->len; i += n)
    {
      n = g_utf8_skip[(guchar) text->bytes->str[i]];
      func (&edit, text, i, n, g_utf8_get_char (text->bytes->str + i));
    }
  assay_text_edit_end (&edit, text);
}

static void
add_character (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  char bytes[6];

  assay_text_edit_add (edit, bytes, (gsize) g_unichar_to_utf8 (c, bytes), assay_text_locate (text, at, n));
}

/* --- Unicode's normal forms ------------------------------------------------------------------------------------------------ */

/* Characters of combining class 0 that may all the same grow together with the one before them. */
static gboolean
joins_backwards (gunichar c)
{
  static const gunichar others[] = { 0x9be, 0x9d7, 0xb3e, 0xb56, 0xb57, 0xbbe, 0xbd7, 0xcc2, 0xcd5, 0xcd6, 0xd3e, 0xd57, 0xdcf, 0xddf, 0x102e, 0x1b35, 0xff9e,
                                     0xff9f, 0x11127, 0x11131, 0x1133e, 0x11357, 0x114b0, 0x114ba, 0x114bd, 0x115af, 0x11930 };

  if (g_unichar_combining_class (c) != 0 || (c >= 0x1160 && c <= 0x11ff))
    return TRUE;
  for (gsize k = 0; k < G_N_ELEMENTS (others); k++)
    if (others[k] == c)
      return TRUE;
  return FALSE;
}

static void
apply_form (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  AssayTextEdit edit;
  gsize n = text->bytes->len;

  (void) is_first;
  if (is_ascii (text))
    return;
  assay_text_edit_begin (&edit);
  for (gsize start = 0, end; start < n; start = end)
    {
      g_autofree char *normal = NULL;
      gsize length;

      for (end = start + g_utf8_skip[(guchar) text->bytes->str[start]]; end < n && joins_backwards (g_utf8_get_char (text->bytes->str + end));
           end += g_utf8_skip[(guchar) text->bytes->str[end]])
        ;
      if (end == start + 1)
        {
          assay_text_edit_keep (&edit, text, start, 1);
          continue;
        }
      normal = g_utf8_normalize (text->bytes->str + start, (gssize) (end - start), (GNormalizeMode) step->switches);
      length = normal ? strlen (normal) : 0;
      if (length == end - start && memcmp (normal, text->bytes->str + start, length) == 0)
        assay_text_edit_keep (&edit, text, start, length);
      else
        assay_text_edit_add (&edit, normal, length, assay_text_locate (text, start, end - start));
    }
  assay_text_edit_end (&edit, text);
}

/* --- letters -------------------------------------------------------------------------------------------------------------- */

static void
lower (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  gunichar small = c >= 0x2160 && c <= 0x216f ? c + 16 : c >= 0x24b6 && c <= 0x24cf ? c + 26 : g_unichar_tolower (c);   /* numerals and circles, too */

  if (c == 0x130)                                                 /* the one capital that becomes two characters */
    assay_text_edit_add (edit, "i\xcc\x87", 3, assay_text_locate (text, at, n));
  else if (small == c)
    assay_text_edit_keep (edit, text, at, n);
  else
    add_character (edit, text, at, n, small);
}

static void
apply_lower (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  (void) step;
  (void) is_first;
  edit_characters (text, lower);
}

static void
drop_mark (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  if (!g_unichar_ismark (c))
    assay_text_edit_keep (edit, text, at, n);
}

static void
drop_flat_mark (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  if (g_unichar_type (c) != G_UNICODE_NON_SPACING_MARK)
    assay_text_edit_keep (edit, text, at, n);
}

static void
apply_marks (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  (void) step;
  (void) is_first;
  if (!is_ascii (text))
    edit_characters (text, drop_mark);
}

/* --- BERT ------------------------------------------------------------------------------------------------------------------ */

static gboolean
is_control (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return c != '\t' && c != '\n' && c != '\r' && (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_PRIVATE_USE
                                                 || type == G_UNICODE_SURROGATE);
}

static void
clean (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  if (c == 0 || c == 0xfffd || is_control (c))
    return;
  if (assay_token_is_white (c))
    assay_text_edit_add (edit, " ", 1, assay_text_locate (text, at, n));
  else
    assay_text_edit_keep (edit, text, at, n);
}

static gboolean
is_chinese (gunichar c)
{
  return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f)
         || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

static void
space_out (AssayTextEdit *edit, const AssayText *text, gsize at, gsize n, gunichar c)
{
  AssayTextSpan span = assay_text_locate (text, at, n);

  if (!is_chinese (c))
    {
      assay_text_edit_keep (edit, text, at, n);
      return;
    }
  assay_text_edit_add (edit, " ", 1, span);
  assay_text_edit_keep (edit, text, at, n);
  assay_text_edit_add (edit, " ", 1, span);
}

static void
apply_bert (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  const AssayTokenStep apart = { .switches = G_NORMALIZE_DEFAULT };

  if (step->switches & CLEAN)
    edit_characters (text, clean);
  if (step->switches & CHINESE && !is_ascii (text))
    edit_characters (text, space_out);
  if (step->switches & ACCENTS)
    {
      apply_form (&apart, text, is_first);
      edit_characters (text, drop_flat_mark);
    }
  if (step->switches & LOWER)
    edit_characters (text, lower);
}

/* --- strings --------------------------------------------------------------------------------------------------------------- */

static void
apply_prepend (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  AssayTextEdit edit;

  (void) is_first;
  if (text->bytes->len == 0)
    return;
  assay_text_edit_begin (&edit);
  assay_text_edit_add (&edit, step->content, strlen (step->content), assay_text_locate (text, 0, 0));
  assay_text_edit_keep (&edit, text, 0, text->bytes->len);
  assay_text_edit_end (&edit, text);
}

static void
apply_replace (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  const char *bytes = text->bytes->str;
  gsize n = text->bytes->len, done = 0, content = strlen (step->content);
  AssayTokenMatch match = { 0 };
  AssayTextEdit edit;

  (void) is_first;
  if (!assay_token_pattern_next (step->pattern, bytes, n, &match))
    return;
  assay_text_edit_begin (&edit);
  do
    {
      assay_text_edit_keep (&edit, text, done, match.start - done);
      assay_text_edit_add (&edit, step->content, content, assay_text_locate (text, match.start, match.end - match.start));
      done = match.end;
    }
  while (assay_token_pattern_next (step->pattern, bytes, n, &match));
  assay_text_edit_keep (&edit, text, done, n - done);
  assay_text_edit_end (&edit, text);
}

static void
apply_strip (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  const char *bytes = text->bytes->str;
  gsize first = 0, end = text->bytes->len;
  AssayTextEdit edit;

  (void) is_first;
  while (step->switches & LEFT && first < end && assay_token_is_white (g_utf8_get_char (bytes + first)))
    first += g_utf8_skip[(guchar) bytes[first]];
  while (step->switches & RIGHT && end > first)
    {
      const char *last = g_utf8_prev_char (bytes + end);

      if (!assay_token_is_white (g_utf8_get_char (last)))
        break;
      end = (gsize) (last - bytes);
    }
  if (end - first == text->bytes->len)
    return;
  assay_text_edit_begin (&edit);
  assay_text_edit_keep (&edit, text, first, end - first);
  assay_text_edit_end (&edit, text);
}

/* --- bytes ----------------------------------------------------------------------------------------------------------------- */

static void
apply_spelling (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  AssayTextEdit edit;

  (void) step;
  (void) is_first;
  assay_text_edit_begin (&edit);
  assay_token_spell_bytes (&edit, text, 0, text->bytes->len);
  assay_text_edit_end (&edit, text);
}

/* --- by SentencePiece's table, in the manner of the tokenizers library ------------------------------------------------------- */

#define LONGEST_CLUSTER 5       /* bytes of what is looked up as a whole */

/* Whatever begins with a string of the table becomes what the shortest of them does, and what is behind that string is lost. */
static gboolean
add_mapped (AssayTextEdit *edit, const AssayTokenStep *step, const AssayText *text, gsize at, gsize n)
{
  const char *become = assay_token_charsmap_find_shortest (step->own, text->bytes->str + at, n);

  if (become != NULL)
    assay_text_edit_add (edit, become, strlen (become), assay_text_locate (text, at, n));
  return become != NULL;
}

/* A cluster is what a reader takes for one character. */
static void
apply_table (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  AssayTokenMatch match = { 0 };
  AssayTextEdit edit;
  gsize length;

  (void) is_first;
  assay_text_edit_begin (&edit);
  while (assay_token_pattern_next (step->pattern, text->bytes->str, text->bytes->len, &match))
    {
      if (match.end - match.start <= LONGEST_CLUSTER && add_mapped (&edit, step, text, match.start, match.end - match.start))
        continue;
      for (gsize at = match.start; at < match.end; at += length)
        {
          length = (gsize) g_utf8_skip[(guchar) text->bytes->str[at]];
          if (!add_mapped (&edit, step, text, at, length))
            assay_text_edit_keep (&edit, text, at, length);
        }
    }
  assay_text_edit_end (&edit, text);
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static const struct { const char *type; AssayTokenStepFunc apply; guint switches; } plain[] = {
  { "NFC", apply_form, G_NORMALIZE_DEFAULT_COMPOSE }, { "NFD", apply_form, G_NORMALIZE_DEFAULT }, { "NFKC", apply_form, G_NORMALIZE_ALL_COMPOSE },
  { "NFKD", apply_form, G_NORMALIZE_ALL }, { "Lowercase", apply_lower, 0 }, { "StripAccents", apply_marks, 0 },
  { "ByteLevel", apply_spelling, 0 },
};

static gboolean
read_replace (const json_t *document, AssayTokenStep *step, GError **error)
{
  const json_t *pattern = json_object_get (document, "pattern");
  gboolean is_literal = json_is_string (json_object_get (pattern, "String"));

  step->apply = apply_replace;
  step->content = g_strdup (assay_json_get_text (document, "content"));
  step->pattern = assay_token_pattern_new (assay_json_get_text (pattern, is_literal ? "String" : "Regex"), is_literal, error);
  return step->pattern != NULL;
}

static gboolean
read_table (const json_t *document, AssayTokenStep *step, GError **error)
{
  gsize n;
  g_autofree guchar *bytes = g_base64_decode (assay_json_get_text (document, "precompiled_charsmap"), &n);

  step->apply = apply_table;
  step->own = assay_token_charsmap_new (bytes, n, error);
  step->free_own = (GDestroyNotify) assay_token_charsmap_free;
  return step->own != NULL && (step->pattern = assay_token_pattern_new ("\\X", FALSE, error)) != NULL;
}

static void
read_bert (const json_t *document, AssayTokenStep *step)
{
  gboolean is_lower = assay_json_get_switch (document, "lowercase", TRUE);

  step->apply = apply_bert;
  step->switches = (assay_json_get_switch (document, "clean_text", TRUE) ? CLEAN : 0) | (assay_json_get_switch (document, "handle_chinese_chars", TRUE) ? CHINESE : 0)
                   | (assay_json_get_switch (document, "strip_accents", is_lower) ? ACCENTS : 0) | (is_lower ? LOWER : 0);
}

gboolean
assay_token_normaliser_read (const json_t *document, GArray *steps, GError **error)
{
  const char *type = assay_json_get_text (document, "type");
  AssayTokenStep step = { 0 };
  const json_t *item;
  size_t k;

  if (document == NULL || json_is_null (document))
    return TRUE;
  if (strcmp (type, "Sequence") == 0)
    {
      json_array_foreach (json_object_get (document, "normalizers"), k, item)
        if (!assay_token_normaliser_read (item, steps, error))
          return FALSE;
      return TRUE;
    }
  for (k = 0; k < G_N_ELEMENTS (plain); k++)
    if (strcmp (plain[k].type, type) == 0)
      step = (AssayTokenStep) { .apply = plain[k].apply, .switches = plain[k].switches };
  if (strcmp (type, "Prepend") == 0)
    step = (AssayTokenStep) { .apply = apply_prepend, .content = g_strdup (assay_json_get_text (document, "prepend")) };
  else if (strcmp (type, "Strip") == 0)
    step = (AssayTokenStep) { .apply = apply_strip, .switches = (assay_json_get_switch (document, "strip_left", TRUE) ? LEFT : 0) | (assay_json_get_switch (document, "strip_right", TRUE) ? RIGHT : 0) };
  else if (strcmp (type, "BertNormalizer") == 0)
    read_bert (document, &step);
  else if ((strcmp (type, "Replace") == 0 && !read_replace (document, &step, error)) || (strcmp (type, "Precompiled") == 0 && !read_table (document, &step, error))
           || (strcmp (type, "SentencePiece") == 0 && !assay_token_sentencepiece_read_normaliser (document, &step, error)))
    {
      assay_token_step_clear (&step);
      return FALSE;
    }
  if (step.apply == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "normalizer: NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace, BertNormalizer, "
                   "ByteLevel, Precompiled, SentencePiece or Sequence expected, \"%s\" found", type);
      return FALSE;
    }
  g_array_append_val (steps, step);
  return TRUE;
}
