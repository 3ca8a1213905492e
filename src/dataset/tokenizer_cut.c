/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_cut.c: steps that cut a text into pieces; the model never joins what they have cut. */
#include "dataset/tokenizer_step.h"

#include "base/error.h"
#include "base/json.h"

#include <string.h>

/* What GPT-2 cuts by. Source: Radford et al. 2019, in the words of its released code. */
#define GPT2_PATTERN "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/* What the library takes for a part of a word where it says \\w: letters, marks, digits, connectors, and numbers and signs that are letters. */
#define WORD "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"
#define JOINERS "\\x{200c}\\x{200d}"                               /* in words of Whitespace only */
#define NUMERALS "\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}"             /* in words of patterns only, outside of a class */

enum { PREFIX = 1, SPELL = 2 };                                   /* of ByteLevel */
enum { FIRST = 1, ALWAYS = 2, CUT = 4 };                          /* of Metaspace */

/* --- by what is found ------------------------------------------------------------------------------------------------------ */

typedef struct { AssayTextPiece piece; gboolean is_match; } Stretch;

/* Adds a stretch, by how matches hang together with what is before them. A match of no length parts what is around it. */
static void
add_stretch (GArray *stretches, AssayCutBehaviour behaviour, gsize start, gsize end, gboolean is_match)
{
  Stretch next = { { start, end - start }, is_match }, *last = stretches->len > 0 ? &g_array_index (stretches, Stretch, stretches->len - 1) : NULL;

  if (last != NULL && ((behaviour == ASSAY_CUT_CONTIGUOUS && last->is_match == is_match) || (behaviour == ASSAY_CUT_WITH_PREVIOUS && is_match && !last->is_match)
                       || (behaviour == ASSAY_CUT_WITH_NEXT && !is_match && last->is_match)))
    {
      last->piece.length += next.piece.length;
      last->is_match = behaviour == ASSAY_CUT_CONTIGUOUS ? is_match : behaviour == ASSAY_CUT_WITH_PREVIOUS;
      return;
    }
  g_array_append_val (stretches, next);
}

static void
cut_piece (const AssayTokenStep *step, const char *bytes, AssayTextPiece piece, GArray *stretches)
{
  AssayTokenMatch match = { 0 };
  gsize done = 0;

  while (assay_token_pattern_next (step->pattern, bytes + piece.start, piece.length, &match))
    {
      if (match.start > done)
        add_stretch (stretches, step->behaviour, piece.start + done, piece.start + match.start, step->is_inverted);
      add_stretch (stretches, step->behaviour, piece.start + match.start, piece.start + match.end, !step->is_inverted);
      done = match.end;
    }
  if (piece.length > done)
    add_stretch (stretches, step->behaviour, piece.start + done, piece.start + piece.length, step->is_inverted);
}

static void
apply_cut (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  g_autoptr (GArray) stretches = g_array_new (FALSE, FALSE, sizeof (Stretch));
  GArray *pieces = g_array_sized_new (FALSE, FALSE, sizeof (AssayTextPiece), text->pieces->len);

  (void) is_first;
  for (guint k = 0; k < text->pieces->len; k++)
    {
      g_array_set_size (stretches, 0);
      cut_piece (step, text->bytes->str, g_array_index (text->pieces, AssayTextPiece, k), stretches);
      for (guint s = 0; s < stretches->len; s++)
        {
          const Stretch *stretch = &g_array_index (stretches, Stretch, s);

          if (stretch->piece.length > 0 && (step->behaviour != ASSAY_CUT_REMOVED || !stretch->is_match))
            g_array_append_val (pieces, stretch->piece);
        }
    }
  g_array_unref (text->pieces);
  text->pieces = pieces;
}

/* --- by changing the text too ------------------------------------------------------------------------------------------------ */

static void
spell_pieces (AssayText *text)
{
  AssayTextEdit edit;

  assay_text_edit_begin (&edit);
  for (guint k = 0; k < text->pieces->len; k++)
    {
      AssayTextPiece piece = g_array_index (text->pieces, AssayTextPiece, k);

      assay_token_spell_bytes (&edit, text, piece.start, piece.length);
      assay_text_edit_mark (&edit);
    }
  assay_text_edit_end (&edit, text);
}

/* ByteLevel: a space before what does not begin with one; pieces by GPT-2's pattern where there is a pattern. */
static void
apply_byte_level (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  AssayTextEdit edit;

  if (step->switches & PREFIX)
    {
      assay_text_edit_begin (&edit);
      for (guint k = 0; k < text->pieces->len; k++)
        {
          AssayTextPiece piece = g_array_index (text->pieces, AssayTextPiece, k);

          if (text->bytes->str[piece.start] != ' ')
            assay_text_edit_add (&edit, " ", 1, assay_text_locate (text, piece.start, 0));
          assay_text_edit_keep (&edit, text, piece.start, piece.length);
          assay_text_edit_mark (&edit);
        }
      assay_text_edit_end (&edit, text);
    }
  if (step->pattern != NULL)
    apply_cut (step, text, is_first);
  if (step->switches & SPELL)
    spell_pieces (text);
}

/* Metaspace: every space becomes a visible one, there is one in front, and words begin with theirs. */
static void
apply_metaspace (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  gsize n = strlen (step->content);
  AssayTextEdit edit;

  (void) is_first;
  assay_text_edit_begin (&edit);
  for (guint k = 0; k < text->pieces->len; k++)
    {
      AssayTextPiece piece = g_array_index (text->pieces, AssayTextPiece, k);
      const char *own = text->bytes->str + piece.start;
      gboolean is_start = assay_text_locate (text, piece.start, 0).start == 0;
      gboolean has_one = piece.length > 0 && (own[0] == ' ' || (piece.length >= n && memcmp (own, step->content, n) == 0));

      if (!has_one && (step->switches & ALWAYS || (step->switches & FIRST && is_start)))
        assay_text_edit_add (&edit, step->content, n, assay_text_locate (text, piece.start, 0));
      for (gsize i = 0, length; i < piece.length; i += length)
        {
          gboolean is_mark = piece.length - i >= n && memcmp (own + i, step->content, n) == 0;

          length = own[i] == ' ' ? 1 : is_mark ? n : (gsize) g_utf8_skip[(guchar) own[i]];
          if (step->switches & CUT && (own[i] == ' ' || is_mark))
            assay_text_edit_mark (&edit);
          if (own[i] == ' ')
            assay_text_edit_add (&edit, step->content, n, assay_text_locate (text, piece.start + i, 1));
          else
            assay_text_edit_keep (&edit, text, piece.start + i, length);
        }
      assay_text_edit_mark (&edit);
    }
  assay_text_edit_end (&edit, text);
}

/* --- reading --------------------------------------------------------------------------------------------------------------- */

static const struct { const char *name; AssayCutBehaviour behaviour; } behaviours[] = {
  { "Removed", ASSAY_CUT_REMOVED }, { "Isolated", ASSAY_CUT_ISOLATED }, { "MergedWithPrevious", ASSAY_CUT_WITH_PREVIOUS },
  { "MergedWithNext", ASSAY_CUT_WITH_NEXT }, { "Contiguous", ASSAY_CUT_CONTIGUOUS },
};

static gboolean
read_behaviour (const char *name, AssayTokenStep *step, GError **error)
{
  for (gsize k = 0; k < G_N_ELEMENTS (behaviours); k++)
    if (strcmp (behaviours[k].name, name) == 0)
      {
        step->behaviour = behaviours[k].behaviour;
        return TRUE;
      }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "pre_tokenizer: behavior: Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous expected, \"%s\" found", name);
  return FALSE;
}

/* The pattern with \w said in full, and \W outside of a class. Errors: UNSUPPORTED. Owns: the caller. */
static char *
say_words (const char *regex, GError **error)
{
  g_autoptr (GString) said = g_string_new (NULL);
  gboolean in_class = FALSE;

  for (const char *p = regex; *p != '\0'; p++)
    {
      if (*p == '\\' && p[1] == 'w')
        g_string_append (said, in_class ? WORD : "[" WORD NUMERALS "]");
      else if (*p == '\\' && p[1] == 'W' && !in_class)
        g_string_append (said, "[^" WORD NUMERALS "]");
      else if (*p == '\\' && p[1] != '\0')
        g_string_append_len (said, p, 2);
      else
        {
          if (in_class && p[0] == '&' && p[1] == '&')
            {
              g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "pre_tokenizer: pattern %s: classes without intersections expected, && found", regex);
              return NULL;
            }
          in_class = *p == '[' || (in_class && *p != ']');
          g_string_append_c (said, *p);
          continue;
        }
      p++;
    }
  return g_string_free (g_steal_pointer (&said), FALSE);
}

static gboolean
read_split (const json_t *document, AssayTokenStep *step, GError **error)
{
  const json_t *pattern = json_object_get (document, "pattern");
  gboolean is_literal = json_is_string (json_object_get (pattern, "String"));

  step->apply = apply_cut;
  step->is_inverted = assay_json_get_switch (document, "invert", FALSE);
  if (is_literal)
    step->pattern = assay_token_pattern_new (assay_json_get_text (pattern, "String"), TRUE, error);
  else
    {
      g_autofree char *regex = say_words (assay_json_get_text (pattern, "Regex"), error);

      step->pattern = regex ? assay_token_pattern_new (regex, FALSE, error) : NULL;
    }
  return step->pattern != NULL && read_behaviour (assay_json_get_text (document, "behavior"), step, error);
}

static gboolean
read_metaspace (const json_t *document, AssayTokenStep *step)
{
  const char *scheme = assay_json_get_text (document, "prepend_scheme"), *mark = assay_json_get_text (document, "replacement");
  gboolean old = assay_json_get_switch (document, "add_prefix_space", TRUE);       /* before there were schemes */

  step->apply = apply_metaspace;
  step->content = g_strdup (mark[0] != '\0' ? mark : "\xe2\x96\x81");
  step->switches = (assay_json_get_switch (document, "split", TRUE) ? CUT : 0)
                   | (strcmp (scheme, "first") == 0 ? FIRST : strcmp (scheme, "never") == 0 || (scheme[0] == '\0' && !old) ? 0 : ALWAYS);
  return TRUE;
}

/* Steps that are a pattern. */
static const struct { const char *type, *pattern; AssayCutBehaviour behaviour; } by_pattern[] = {
  { "WhitespaceSplit", "\\s+", ASSAY_CUT_REMOVED },
  { "Whitespace", "[" WORD JOINERS "]+|[^" WORD JOINERS "\\s]+", ASSAY_CUT_REMOVED },
  { "Punctuation", "[\\p{P}!-/:-@\\[-`{-~]", ASSAY_CUT_ISOLATED },
  { "Digits", "\\p{N}+", ASSAY_CUT_ISOLATED },
};

static gboolean
read_pattern (const json_t *document, AssayTokenStep *step, GError **error)
{
  const char *type = assay_json_get_text (document, "type"), *behaviour = assay_json_get_text (document, "behavior");

  for (gsize k = 0; k < G_N_ELEMENTS (by_pattern); k++)
    if (strcmp (by_pattern[k].type, type) == 0)
      {
        gboolean single = strcmp (type, "Digits") == 0 && assay_json_get_switch (document, "individual_digits", FALSE);

        step->apply = apply_cut;
        step->behaviour = by_pattern[k].behaviour;
        step->is_inverted = strcmp (type, "Whitespace") == 0;
        step->pattern = assay_token_pattern_new (single ? "\\p{N}" : by_pattern[k].pattern, FALSE, error);
        return step->pattern != NULL && (behaviour[0] == '\0' || read_behaviour (behaviour, step, error));
      }
  return TRUE;
}

static gboolean
read_step (const json_t *document, AssayTokenStep *step, GError **error)
{
  const char *type = assay_json_get_text (document, "type");

  if (strcmp (type, "ByteLevel") == 0)
    {
      step->apply = apply_byte_level;
      step->behaviour = ASSAY_CUT_ISOLATED;
      step->switches = assay_json_get_switch (document, "add_prefix_space", TRUE) ? PREFIX : 0;
      return !assay_json_get_switch (document, "use_regex", TRUE) || (step->pattern = assay_token_pattern_new (GPT2_PATTERN, FALSE, error)) != NULL;
    }
  if (strcmp (type, "Split") == 0)
    return read_split (document, step, error);
  if (strcmp (type, "Metaspace") == 0)
    return read_metaspace (document, step);
  if (strcmp (type, "CharDelimiterSplit") == 0)
    {
      step->apply = apply_cut;
      step->behaviour = ASSAY_CUT_REMOVED;
      step->pattern = assay_token_pattern_new (assay_json_get_text (document, "delimiter"), TRUE, error);
      return TRUE;
    }
  return read_pattern (document, step, error);
}

gboolean
assay_token_cutter_keep_bytes (GArray *steps, gboolean is_model_of_bytes)
{
  guint n = 0, last = 0;

  for (guint k = 0; k < steps->len; k++)
    if (g_array_index (steps, AssayTokenStep, k).apply == apply_byte_level)
      {
        n++;
        last = k + 1;
      }
  if (is_model_of_bytes && n == 1 && last == steps->len)
    return TRUE;
  for (guint k = 0; k < steps->len; k++)
    if (g_array_index (steps, AssayTokenStep, k).apply == apply_byte_level)
      g_array_index (steps, AssayTokenStep, k).switches |= SPELL;
  return FALSE;
}

gboolean
assay_token_cutter_read (const json_t *document, GArray *steps, GError **error)
{
  const char *type = assay_json_get_text (document, "type");
  AssayTokenStep step = { 0 };
  const json_t *item;
  size_t k;

  if (document == NULL || json_is_null (document))
    return TRUE;
  if (strcmp (type, "Sequence") == 0)
    {
      json_array_foreach (json_object_get (document, "pretokenizers"), k, item)
        if (!assay_token_cutter_read (item, steps, error))
          return FALSE;
      return TRUE;
    }
  if (strcmp (type, "BertPreTokenizer") == 0)
    {
      json_t *white = json_pack ("{s:s}", "type", "WhitespaceSplit"), *marks = json_pack ("{s:s}", "type", "Punctuation");
      gboolean ok = assay_token_cutter_read (white, steps, error) && assay_token_cutter_read (marks, steps, error);

      json_decref (white);
      json_decref (marks);
      return ok;
    }
  if (!read_step (document, &step, error))
    {
      assay_token_step_clear (&step);
      return FALSE;
    }
  if (step.apply == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "pre_tokenizer: ByteLevel, Metaspace, Split, BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, "
                   "CharDelimiterSplit or Sequence expected, \"%s\" found", type);
      return FALSE;
    }
  g_array_append_val (steps, step);
  return TRUE;
}
