/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_sentencepiece.c: see tokenizer_sentencepiece.h. */
#include "dataset/tokenizer_sentencepiece.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/tokenizer_charsmap.h"
#include "dataset/tokenizer_strings.h"

#include <string.h>

#define MARK "\xe2\x96\x81"
#define REPLACEMENT "\xef\xbf\xbd"

enum { PREFIX = 1, TRIM = 2 };                                  /* of the normaliser */

/* --- before the model ------------------------------------------------------------------------------------------------------ */

typedef struct {
  AssayTokenCharsmap *charsmap; /* NULL: characters stay what they are */
  AssayTokenStrings *kept;
  gboolean is_plain;            /* nothing but spaces is changed, and each by itself */
} Changes;

/* What the beginning of n bytes becomes: *used of them are *length bytes of *text. */
static void
change (const Changes *changes, const char *bytes, gsize n, gsize *used, const char **text, gsize *length)
{
  *text = bytes;
  if (assay_token_strings_find (changes->kept, bytes, n, used) < 0)
    {
      if (changes->charsmap != NULL && assay_token_charsmap_find (changes->charsmap, bytes, n, used, text))
        {
          *length = strlen (*text);
          return;
        }
      *used = changes->is_plain ? n : MIN (n, (gsize) g_utf8_skip[(guchar) bytes[0]]);
    }
  *length = *used;
}

/* Adds what came from `used` bytes at a place, with the mark for every space. */
static void
add_marked (AssayTextEdit *edit, const AssayText *text, gsize at, gsize used, const char *bytes, gsize n, const char *mark)
{
  AssayTextSpan from = assay_text_locate (text, at, used);
  gboolean is_same = bytes == text->bytes->str + at;

  for (gsize i = 0; i < n; i++)
    {
      const char *space = memchr (bytes + i, ' ', n - i);
      gsize stop = space == NULL ? n : (gsize) (space - bytes);

      if (is_same)
        assay_text_edit_keep (edit, text, at + i, stop - i);
      else
        assay_text_edit_add (edit, bytes + i, stop - i, from);
      if (space != NULL)
        assay_text_edit_add (edit, mark, strlen (mark), is_same ? assay_text_locate (text, at + stop, 1) : from);
      i = stop;
    }
}

/* Behind the spaces at the start. */
static gsize
skip_spaces (const Changes *changes, const GString *bytes)
{
  gsize at = 0, used, length;
  const char *become;

  for (; at < bytes->len; at += used)
    {
      change (changes, bytes->str + at, bytes->len - at, &used, &become, &length);
      if (length != 1 || become[0] != ' ')
        break;
    }
  return at;
}

static void
drop_last_marks (AssayTextEdit *edit, const char *mark)
{
  gsize n = strlen (mark);

  while (edit->bytes->len >= n && memcmp (edit->bytes->str + edit->bytes->len - n, mark, n) == 0)
    {
      g_string_truncate (edit->bytes, edit->bytes->len - n);
      g_array_set_size (edit->from, edit->from->len - (guint) n);
    }
}

static void
apply_normaliser (const AssayTokenStep *step, AssayText *text, gboolean is_first)
{
  const Changes *changes = step->own;
  const GString *bytes = text->bytes;
  gsize at = step->switches & TRIM ? skip_spaces (changes, bytes) : 0, used, length;
  gboolean follows_space = (step->switches & TRIM) != 0;
  const char *become;
  AssayTextEdit edit;

  (void) is_first;
  assay_text_edit_begin (&edit);
  if (step->switches & PREFIX && at < bytes->len)
    assay_text_edit_add (&edit, step->content, strlen (step->content), assay_text_locate (text, at, 0));
  for (; at < bytes->len; at += used)
    {
      gsize skipped = 0;

      change (changes, bytes->str + at, bytes->len - at, &used, &become, &length);
      while (follows_space && skipped < length && become[skipped] == ' ')
        skipped++;
      if (skipped == 0)
        add_marked (&edit, text, at, used, become, length, step->content);
      else if (skipped < length)
        {
          g_autofree char *rest = g_strndup (become + skipped, length - skipped);

          add_marked (&edit, text, at, used, rest, length - skipped, step->content);
        }
      if (skipped < length)
        follows_space = step->switches & TRIM && become[length - 1] == ' ';
    }
  if (step->switches & TRIM)
    drop_last_marks (&edit, step->content);
  assay_text_edit_end (&edit, text);
}

static void
free_changes (gpointer data)
{
  Changes *changes = data;

  assay_token_charsmap_free (changes->charsmap);
  assay_token_strings_free (changes->kept);
  g_free (changes);
}

gboolean
assay_token_sentencepiece_read_normaliser (const json_t *document, AssayTokenStep *step, GError **error)
{
  const char *coded = assay_json_get_text (document, "precompiled_charsmap");
  Changes *changes = g_new0 (Changes, 1);
  const json_t *item;
  size_t k;

  step->apply = apply_normaliser;
  step->own = changes;
  step->free_own = free_changes;
  step->content = g_strdup (assay_json_get_switch (document, "escape_whitespaces", TRUE) ? MARK : " ");
  step->switches = (assay_json_get_switch (document, "add_dummy_prefix", TRUE) ? PREFIX : 0) | (assay_json_get_switch (document, "remove_extra_whitespaces", TRUE) ? TRIM : 0);
  changes->kept = assay_token_strings_new ();
  json_array_foreach (json_object_get (document, "kept"), k, item)
    if (json_is_string (item))
      assay_token_strings_add (changes->kept, json_string_value (item), json_string_length (item), (gint32) k);
  assay_token_strings_sort (changes->kept);
  changes->is_plain = coded[0] == '\0' && assay_token_strings_is_empty (changes->kept) && !(step->switches & TRIM);
  if (coded[0] != '\0')
    {
      gsize n;
      g_autofree guchar *bytes = g_base64_decode (coded, &n);

      changes->charsmap = assay_token_charsmap_new (bytes, n, error);
    }
  return coded[0] == '\0' || changes->charsmap != NULL;
}

/* --- behind it ---------------------------------------------------------------------------------------------------------------- */

/* The bytes of a run as characters, with a mark for each that is none. */
static void
add_bytes (GString *text, const GString *run)
{
  for (gsize i = 0; i < run->len;)
    {
      const char *fault = run->str + run->len;
      gboolean is_good = g_utf8_validate_len (run->str + i, run->len - i, &fault) || *fault == '\0';     /* a zero byte is a character, too */
      gsize good = (gsize) (fault - run->str) - i + (is_good && fault < run->str + run->len);

      g_string_append_len (text, run->str + i, (gssize) good);
      if (!is_good)
        g_string_append (text, REPLACEMENT);
      i += good + !is_good;
    }
}

static void
add_piece (GString *text, const AssayDecodeStep *step, const GString *piece, gboolean is_start, gboolean *had_space)
{
  const char *reads = g_hash_table_lookup (step->own, piece->str);
  gsize n = strlen (step->content), at = 0;

  *had_space = FALSE;
  if (reads != NULL)
    {
      g_string_append (text, reads);
      return;
    }
  if (is_start && step->start != 0 && piece->len >= n && memcmp (piece->str, step->content, n) == 0)
    {
      at = n;
      *had_space = step->start == 1;
    }
  while (at < piece->len)
    {
      gboolean is_mark = piece->len - at >= n && memcmp (piece->str + at, step->content, n) == 0;

      g_string_append_c (text, is_mark ? ' ' : piece->str[at]);
      at += is_mark ? n : 1;
    }
}

/* The first space of a text was put there; what is before it and leaves no text does not count. */
static void
apply_decoder (const AssayDecodeStep *step, GPtrArray *tokens)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GString) run = g_string_new (NULL);
  gboolean is_start = TRUE, had_space = FALSE;

  for (guint k = 0; k < tokens->len; k++)
    {
      int byte = assay_token_read_byte (tokens->pdata[k]);

      if (byte >= 0)
        {
          g_string_append_c (run, (char) byte);
          continue;
        }
      add_bytes (text, run);
      g_string_truncate (run, 0);
      is_start &= !had_space && text->len == 0;
      add_piece (text, step, tokens->pdata[k], is_start, &had_space);
    }
  add_bytes (text, run);
  g_ptr_array_set_size (tokens, 0);
  g_ptr_array_add (tokens, text);
}

void
assay_token_sentencepiece_read_decoder (const json_t *document, AssayDecodeStep *step)
{
  const char *strip = assay_json_get_text (document, "strip"), *key;
  json_t *value;

  *step = (AssayDecodeStep) { .apply = apply_decoder, .content = g_strdup (assay_json_get_switch (document, "escape_whitespaces", TRUE) ? MARK : " "),
                              .start = strcmp (strip, "one") == 0 ? 1 : strcmp (strip, "all") == 0 ? -1 : 0 };
  step->own = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  step->free_own = (GDestroyNotify) g_hash_table_unref;
  json_object_foreach (json_object_get (document, "reads"), key, value)
    g_hash_table_insert (step->own, g_strdup (key), g_strdup (json_is_string (value) ? json_string_value (value) : ""));
}
