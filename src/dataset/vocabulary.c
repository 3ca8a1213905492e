/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vocabulary.c: names of tokens from tokenizer.json.
 *
 * The byte-level alphabet: bytes that print in Latin-1 stand for themselves, the others, in order, for the code points from 256 on.
 * Source: Radford et al. 2019, section 2.2, as the tokenizers library spells it.
 */
#include "dataset/vocabulary.h"

#include "base/error.h"
#include "base/json.h"
#include "store/file.h"

#include <string.h>

#define MAX_BYTES (1u << 30)
#define MAX_TOKENS (1 << 24)

static gboolean
stands_for_itself (guint byte)
{
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

#define ALPHABET (256 + 68)     /* code points: 68 bytes do not stand for themselves */

/* The byte of each code point, -1 where it is none of the alphabet. */
static gpointer
make_alphabet (gpointer unused)
{
  gint16 *byte_of = g_new (gint16, ALPHABET);
  guint n = 256;

  (void) unused;
  for (guint c = 0; c < ALPHABET; c++)
    byte_of[c] = -1;
  for (guint byte = 0; byte < 256; byte++)
    byte_of[stands_for_itself (byte) ? byte : n++] = (gint16) byte;
  return byte_of;
}

gunichar
assay_vocabulary_spell_byte (guchar byte)
{
  gunichar n = 256;

  if (stands_for_itself (byte))
    return byte;
  for (guint before = 0; before < byte; before++)
    n += !stands_for_itself (before);
  return n;
}

gboolean
assay_vocabulary_decode (const char *spelling, GString *bytes)
{
  static GOnce once = G_ONCE_INIT;
  const gint16 *byte_of = g_once (&once, make_alphabet, NULL);

  g_string_truncate (bytes, 0);
  for (const char *p = spelling; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c >= ALPHABET || byte_of[c] < 0)
        return FALSE;
      g_string_append_c (bytes, (char) byte_of[c]);
    }
  return TRUE;
}

/* The bytes of a spelling, or NULL when a character is not of the alphabet. */
static GString *
decode (const char *spelling)
{
  g_autoptr (GString) bytes = g_string_new (NULL);

  return assay_vocabulary_decode (spelling, bytes) ? g_steal_pointer (&bytes) : NULL;
}

static char *
make_readable (const char *spelling, gboolean is_byte_level)
{
  g_autoptr (GString) bytes = is_byte_level ? decode (spelling) : NULL;
  GString *text;

  if (bytes == NULL)
    return g_strdup (spelling);
  if (bytes->len > 0 && strlen (bytes->str) == bytes->len && g_utf8_validate (bytes->str, bytes->len, NULL))
    return g_strdup (bytes->str);
  text = g_string_new (NULL);
  for (gsize i = 0; i < bytes->len; i++)
    if (g_ascii_isprint (bytes->str[i]))
      g_string_append_c (text, bytes->str[i]);
    else
      g_string_append_printf (text, "\\x%02x", (guchar) bytes->str[i]);
  return g_string_free (text, FALSE);
}

static gboolean
name (GPtrArray *names, json_int_t id, const char *spelling, gboolean is_byte_level, const char *path, GError **error)
{
  if (id < 0 || id >= MAX_TOKENS)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a token number from 0 to %d expected, %" JSON_INTEGER_FORMAT " found for \"%s\"", path,
                   MAX_TOKENS - 1, id, spelling);
      return FALSE;
    }
  if (id >= names->len)
    g_ptr_array_set_size (names, (gint) id + 1);
  g_free (names->pdata[id]);
  names->pdata[id] = make_readable (spelling, is_byte_level);
  return TRUE;
}

static void
fill_gaps (GPtrArray *names, gint64 n_least)
{
  if (names->len < n_least)
    g_ptr_array_set_size (names, (gint) n_least);
  for (guint k = 0; k < names->len; k++)
    if (names->pdata[k] == NULL)
      names->pdata[k] = g_strdup_printf ("<%u>", k);
}

static gboolean
read_names (const json_t *document, const char *path, GPtrArray *names, GError **error)
{
  const json_t *vocabulary = json_object_get (json_object_get (document, "model"), "vocab");
  gboolean is_byte_level = strcmp (assay_json_get_text (json_object_get (document, "decoder"), "type"), "ByteLevel") == 0;
  const char *spelling;
  json_t *id, *added;
  gsize k;

  if (!json_is_object (vocabulary))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a tokenizer.json with an object model.vocab expected", path);
      return FALSE;
    }
  json_object_foreach ((json_t *) vocabulary, spelling, id)
    if (!name (names, json_is_integer (id) ? json_integer_value (id) : -1, spelling, is_byte_level, path, error))
      return FALSE;
  json_array_foreach (json_object_get (document, "added_tokens"), k, added)
    if (!name (names, json_integer_value (json_object_get (added, "id")), assay_json_get_text (added, "content"), FALSE, path, error))
      return FALSE;
  return TRUE;
}

GPtrArray *
assay_vocabulary_read (const char *path, gint64 n_least, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, MAX_BYTES, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  json_error_t where;
  json_t *document;
  gboolean ok;

  if (bytes == NULL)
    return NULL;
  document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), 0, &where);
  if (document == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %d column %d: %s", path, where.line, where.column, where.text);
      return NULL;
    }
  ok = read_names (document, path, names, error);
  json_decref (document);
  if (!ok)
    return NULL;
  fill_gaps (names, n_least);
  return g_steal_pointer (&names);
}

GPtrArray *
assay_vocabulary_new_numbers (gint64 n)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (gint64 k = 0; k < n; k++)
    g_ptr_array_add (names, g_strdup_printf ("%" G_GINT64_FORMAT, k));
  return names;
}

GPtrArray *
assay_vocabulary_new_of (const AssayTokenizer *tokenizer)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  for (gint64 id = 0; id < assay_tokenizer_get_size (tokenizer); id++)
    g_ptr_array_add (names, assay_tokenizer_dup_name (tokenizer, (gint32) id));
  return names;
}
