/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strict_json.c: reading without guessing. */
#include "report/strict_json.h"

#include "base/error.h"
#include "base/param.h"
#include "dataset/source.h"
#include "store/file.h"

#include <string.h>

#define MAX_BYTES ((guint64) 16 << 20)
#define MOST_ID 64              /* bytes of an id that is shown in a message */

json_t *
assay_strict_load (const char *path, GBytes **bytes, GError **error)
{
  g_autoptr (GBytes) content = assay_file_read (path, MAX_BYTES, error);
  g_autofree char *name = NULL, *fault = NULL;
  json_error_t at;
  json_t *document;

  if (content == NULL)
    return NULL;
  document = json_loadb (g_bytes_get_data (content, NULL), g_bytes_get_size (content), JSON_REJECT_DUPLICATES, &at);
  if (document != NULL && json_is_object (document))
    {
      if (bytes != NULL)
        *bytes = g_steal_pointer (&content);
      return document;
    }
  name = assay_source_visible (path);
  fault = assay_source_visible (at.text);
  if (document != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a JSON object expected", name);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: line %d, column %d: %s", name, at.line, at.column, fault);
  json_decref (document);
  return NULL;
}

char *
assay_strict_describe_place (const char *file, const char *what, gsize index, const json_t *entry)
{
  const char *id = json_string_value (json_object_get (entry, "id"));
  g_autofree char *shown = id && *id != 0 && strlen (id) <= MOST_ID ? assay_source_visible (id) : g_strdup_printf ("number %" G_GSIZE_FORMAT, index + 1);

  return g_strdup_printf ("%s: %s %s", file, what, shown);
}

gboolean
assay_strict_check_keys (const json_t *object, const char *const *keys, guint n_required, const char *where, GError **error)
{
  const char *key;
  json_t *value;

  if (!json_is_object (object))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: an object with the key \"%s\" expected", where, keys[0]);
      return FALSE;
    }
  json_object_foreach ((json_t *) object, key, value)
    if (!g_strv_contains (keys, key))
      {
        const char *near = assay_param_nearest (key, keys);
        g_autofree char *shown = assay_source_visible (key);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, near ? "%s: there is no key \"%s\"; did you mean \"%s\"?" : "%s: there is no key \"%s\"",
                     where, shown, near);
        return FALSE;
      }
  for (guint k = 0; k < n_required; k++)
    if (json_object_get (object, keys[k]) == NULL)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the key \"%s\" is missing", where, keys[k]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
refuse (const char *where, const char *key, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"%s\": %s expected", where, key, expected);
  return FALSE;
}

gboolean
assay_strict_check_format (const json_t *document, const char *schema, int version, const char *where, GError **error)
{
  const json_t *found = json_object_get (document, "version");

  if (g_strcmp0 (json_string_value (json_object_get (document, "schema")), schema) != 0)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"schema\": \"%s\" expected", where, schema);
  else if (!json_is_integer (found) || json_integer_value (found) < 1)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"version\": a number from 1 expected", where);
  else if (json_integer_value (found) > version)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_VERSION, "%s: version %" JSON_INTEGER_FORMAT " of its format; this program reads up to %d", where,
                 json_integer_value (found), version);
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_blank (const char *text)
{
  for (; *text != 0; text = g_utf8_next_char (text))
    if (!g_unichar_isspace (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

const char *
assay_strict_get_text (const json_t *object, const char *key, const char *where, GError **error)
{
  const char *text = json_string_value (json_object_get (object, key));

  if (text != NULL && !is_blank (text))
    return text;
  refuse (where, key, text ? "a text that is not empty" : "a text", error);
  return NULL;
}

gboolean
assay_strict_get_text_or_null (const json_t *object, const char *key, const char *where, const char **text, GError **error)
{
  *text = NULL;
  if (json_is_null (json_object_get (object, key)))
    return TRUE;
  *text = assay_strict_get_text (object, key, where, error);
  return *text != NULL;
}

gboolean
assay_strict_get_bool (const json_t *object, const char *key, const char *where, gboolean *value, GError **error)
{
  const json_t *member = json_object_get (object, key);

  if (!json_is_boolean (member))
    return refuse (where, key, "true or false", error);
  *value = json_is_true (member);
  return TRUE;
}

const json_t *
assay_strict_get_array (const json_t *object, const char *key, const char *where, GError **error)
{
  const json_t *member = json_object_get (object, key);

  if (json_is_array (member))
    return member;
  refuse (where, key, "an array", error);
  return NULL;
}

char **
assay_strict_get_texts (const json_t *object, const char *key, const char *where, GError **error)
{
  const json_t *array = assay_strict_get_array (object, key, where, error);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  gsize k;
  json_t *element;

  if (array == NULL)
    return NULL;
  json_array_foreach (array, k, element)
    {
      const char *text = json_string_value (element);

      if (text == NULL || is_blank (text))
        {
          refuse (where, key, "an array of texts that are not empty", error);
          return NULL;
        }
      if (!g_hash_table_add (seen, (gpointer) text))
        {
          g_autofree char *shown = assay_source_visible (text);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"%s\": \"%s\" is in it twice", where, key, shown);
          return NULL;
        }
      g_strv_builder_add (builder, text);
    }
  return g_strv_builder_end (builder);
}

static int
find_word (const char *text, const char *key, const char *const *words, const char *where, GError **error)
{
  g_autofree char *list = NULL, *shown = NULL;

  for (int k = 0; text != NULL && words[k] != NULL; k++)
    if (strcmp (words[k], text) == 0)
      return k;
  list = g_strjoinv (", ", (char **) words);
  shown = assay_source_visible (text ? text : "");
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"%s\": one of %s expected, \"%s\" found", where, key, list, shown);
  return -1;
}

int
assay_strict_get_word (const json_t *object, const char *key, const char *const *words, const char *where, GError **error)
{
  return find_word (json_string_value (json_object_get (object, key)), key, words, where, error);
}

gboolean
assay_strict_get_words (const json_t *object, const char *key, const char *const *words, const char *where, guint *bits, GError **error)
{
  g_auto (GStrv) texts = assay_strict_get_texts (object, key, where, error);

  if (texts == NULL)
    return FALSE;
  *bits = 0;
  for (char **text = texts; *text != NULL; text++)
    {
      int k = find_word (*text, key, words, where, error);

      if (k < 0)
        return FALSE;
      *bits |= 1u << k;
    }
  return *bits != 0 || refuse (where, key, "at least one word", error);
}

/* Digits of the form "dddd-dd", where d stands for one. */
static gboolean
has_form (const char *text, const char *form)
{
  if (strlen (text) != strlen (form))
    return FALSE;
  for (gsize k = 0; form[k] != 0; k++)
    if (form[k] == 'd' ? !g_ascii_isdigit (text[k]) : text[k] != form[k])
      return FALSE;
  return TRUE;
}

gboolean
assay_strict_is_date (const char *text)
{
  int year, month, day;

  if (has_form (text, "dddd"))
    return TRUE;
  if (!has_form (text, "dddd-dd") && !has_form (text, "dddd-dd-dd"))
    return FALSE;
  year = (int) g_ascii_strtoll (text, NULL, 10);
  month = (int) g_ascii_strtoll (text + 5, NULL, 10);
  day = text[7] == '-' ? (int) g_ascii_strtoll (text + 8, NULL, 10) : 1;
  return year > 0 && month >= 1 && month <= 12 && g_date_valid_dmy ((GDateDay) day, (GDateMonth) month, (GDateYear) year);
}

gboolean
assay_strict_is_utc (const char *text)
{
  g_autofree char *date = NULL;

  if (!has_form (text, "dddd-dd-ddTdd:dd:ddZ"))
    return FALSE;
  date = g_strndup (text, 10);
  return assay_strict_is_date (date) && memcmp (text + 11, "24", 2) < 0 && text[14] < '6' && text[17] < '6';
}
