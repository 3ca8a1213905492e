/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime_pack.c: one pack from its file, without guessing. */
#include "report/regime_pack.h"

#include "base/error.h"
#include "dataset/source.h"
#include "report/strict_json.h"
#include "store/digest.h"

#include <string.h>

static void
source_free (gpointer data)
{
  AssayRegimeSource *source = data;

  g_free (source->title);
  g_free (source->url);
  g_free (source->date);
  g_free (source->read_on);
  g_free (source);
}

static void
item_free (gpointer data)
{
  AssayRegimeItem *item = data;

  g_free (item->id);
  g_free (item->citation);
  g_free (item->text);
  g_strfreev (item->fields);
  g_strfreev (item->evidence_kinds);
  g_array_unref (item->bands);
  g_free (item);
}

void
assay_regime_free (AssayRegime *regime)
{
  if (regime == NULL)
    return;
  g_free (regime->id);
  g_free (regime->title);
  g_free (regime->version);
  g_free (regime->status);
  g_free (regime->supersedes);
  g_free (regime->applies_from);
  g_free (regime->retention);
  g_free (regime->review_name);
  g_free (regime->review_date);
  g_ptr_array_unref (regime->sources);
  g_ptr_array_unref (regime->items);
  g_free (regime->file);
  g_clear_pointer (&regime->bytes, g_bytes_unref);
  g_free (regime->sha256);
  g_free (regime);
}

static gboolean
refuse (const char *where, const char *what, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s", where, what);
  return FALSE;
}

/* --- sources --------------------------------------------------------------------------------------------------------- */

static gboolean
read_source (AssayRegime *regime, const json_t *json, const char *where, GError **error)
{
  static const char *const keys[] = { "title", "url", "date", "read_on", NULL };
  const char *title, *url, *date, *read_on;
  AssayRegimeSource *source;

  if (!assay_strict_check_keys (json, keys, 4, where, error)
      || (title = assay_strict_get_text (json, "title", where, error)) == NULL
      || (url = assay_strict_get_text (json, "url", where, error)) == NULL
      || (date = assay_strict_get_text (json, "date", where, error)) == NULL
      || !assay_strict_get_text_or_null (json, "read_on", where, &read_on, error))
    return FALSE;
  if (!assay_strict_is_date (date) || (read_on != NULL && !assay_strict_is_date (read_on)))
    return refuse (where, "\"date\" and \"read_on\": dates expected, as in 2026-04-17", error);
  source = g_new0 (AssayRegimeSource, 1);
  source->title = g_strdup (title);
  source->url = g_strdup (url);
  source->date = g_strdup (date);
  source->read_on = g_strdup (read_on);
  g_ptr_array_add (regime->sources, source);
  return TRUE;
}

static gboolean
read_sources (AssayRegime *regime, const json_t *document, GError **error)
{
  const json_t *list = assay_strict_get_array (document, "sources", regime->file, error);
  gsize k;
  json_t *entry;

  json_array_foreach (list, k, entry)
    {
      g_autofree char *where = assay_strict_describe_place (regime->file, "source", k, entry);

      if (!read_source (regime, entry, where, error))
        return FALSE;
    }
  return list != NULL && (json_array_size (list) > 0 || refuse (regime->file, "\"sources\": at least one expected", error));
}

/* --- items ----------------------------------------------------------------------------------------------------------- */

static gboolean
read_count (const json_t *limits, const char *key, const char *where, gint64 *count, GError **error)
{
  const json_t *member = json_object_get (limits, key);

  *count = json_integer_value (member);
  return member == NULL || (json_is_integer (member) && *count >= 1) || refuse (where, "\"words\" and \"digits\": numbers from 1 expected", error);
}

static gboolean
read_bands (AssayRegimeItem *item, const json_t *limits, const char *where, GError **error)
{
  const json_t *list = json_object_get (limits, "bands");
  gsize k;
  json_t *band;

  if (list != NULL && !json_is_array (list))
    return refuse (where, "\"bands\": an array of ascending numbers expected", error);
  json_array_foreach (list, k, band)
    {
      double value = json_number_value (band);

      if (!json_is_number (band) || (k > 0 && value <= g_array_index (item->bands, double, k - 1)))
        return refuse (where, "\"bands\": an array of ascending numbers expected", error);
      g_array_append_val (item->bands, value);
    }
  return TRUE;
}

/* "limits": null, or any of words, digits and bands. */
static gboolean
read_limits (AssayRegimeItem *item, const json_t *json, const char *where, GError **error)
{
  static const char *const keys[] = { "words", "digits", "bands", NULL };
  const json_t *limits = json_object_get (json, "limits");
  g_autofree char *place = g_strconcat (where, ": limits", NULL);

  return json_is_null (limits)
         || (assay_strict_check_keys (limits, keys, 0, place, error) && read_count (limits, "words", where, &item->words, error)
             && read_count (limits, "digits", where, &item->digits, error) && read_bands (item, limits, where, error));
}

static gboolean
check_fields (const AssayRegimeItem *item, const AssayFieldSet *fields, const char *where, GError **error)
{
  if (item->fields[0] == NULL)
    return refuse (where, "\"fields\": at least one expected", error);
  for (char **id = item->fields; *id != NULL; id++)
    if (assay_field_set_find (fields, *id) == NULL)
      {
        const char *near = assay_field_set_nearest (fields, *id);
        g_autofree char *shown = assay_source_visible (*id);

        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, near ? "%s: there is no field \"%s\"; did you mean \"%s\"?"
                     : "%s: there is no field \"%s\"; fields are declared in fields.json", where, shown, near);
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_item (AssayRegimeItem *item, const json_t *json, const AssayFieldSet *fields, const char *where, GError **error)
{
  static const char *const keys[] = { "id", "citation", "text", "class", "fields", "evidence_kinds", "audience", "limits", "verified", NULL };
  const char *id, *citation, *text;
  int klass;

  if (!assay_strict_check_keys (json, keys, G_N_ELEMENTS (keys) - 1, where, error)
      || (id = assay_strict_get_text (json, "id", where, error)) == NULL
      || (citation = assay_strict_get_text (json, "citation", where, error)) == NULL
      || (text = assay_strict_get_text (json, "text", where, error)) == NULL
      || (klass = assay_strict_get_word (json, "class", assay_field_class_words, where, error)) < 0
      || (item->fields = assay_strict_get_texts (json, "fields", where, error)) == NULL
      || (item->evidence_kinds = assay_strict_get_texts (json, "evidence_kinds", where, error)) == NULL
      || !assay_strict_get_words (json, "audience", assay_audience_words, where, &item->audience, error)
      || !read_limits (item, json, where, error) || !assay_strict_get_bool (json, "verified", where, &item->verified, error))
    return FALSE;
  item->id = g_strdup (id);
  item->citation = g_strdup (citation);
  item->text = g_strdup (text);
  item->klass = (AssayFieldClass) klass;
  return check_fields (item, fields, where, error);
}

static gboolean
read_items (AssayRegime *regime, const json_t *document, const AssayFieldSet *fields, GError **error)
{
  const json_t *list = assay_strict_get_array (document, "items", regime->file, error);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  gsize k;
  json_t *entry;

  json_array_foreach (list, k, entry)
    {
      g_autofree char *where = assay_strict_describe_place (regime->file, "item", k, entry);
      AssayRegimeItem *item = g_new0 (AssayRegimeItem, 1);

      item->bands = g_array_new (FALSE, FALSE, sizeof (double));
      g_ptr_array_add (regime->items, item);
      if (!read_item (item, entry, fields, where, error))
        return FALSE;
      if (!g_hash_table_add (seen, item->id))
        return refuse (where, "the id is there twice", error);
    }
  return list != NULL && (json_array_size (list) > 0 || refuse (regime->file, "\"items\": at least one expected", error));
}

/* --- the pack -------------------------------------------------------------------------------------------------------- */

static gboolean
read_review (AssayRegime *regime, const json_t *document, GError **error)
{
  static const char *const keys[] = { "name", "date", NULL };
  const json_t *review = json_object_get (document, "legal_review");
  g_autofree char *where = g_strconcat (regime->file, ": legal_review", NULL);
  const char *name, *date;

  if (json_is_null (review))
    return TRUE;
  if (!assay_strict_check_keys (review, keys, 2, where, error) || (name = assay_strict_get_text (review, "name", where, error)) == NULL
      || (date = assay_strict_get_text (review, "date", where, error)) == NULL)
    return FALSE;
  if (!assay_strict_is_date (date))
    return refuse (where, "\"date\": a date expected, as in 2026-04-17", error);
  regime->review_name = g_strdup (name);
  regime->review_date = g_strdup (date);
  return TRUE;
}

static gboolean
read_head (AssayRegime *regime, const json_t *document, GError **error)
{
  static const char *const keys[] = { "id", "title", "version", "status", "supersedes", "sources", "applies_from", "retention", "legal_review", "items",
                                      NULL };
  static const char *const statuses[] = { "draft", "in-force", "withdrawn", "superseded", NULL };
  const char *where = regime->file, *id, *title, *version, *supersedes, *applies_from, *retention;
  g_autofree char *expected = NULL;
  int status;

  if (!assay_strict_check_keys (document, keys, G_N_ELEMENTS (keys) - 1, where, error)
      || (id = assay_strict_get_text (document, "id", where, error)) == NULL
      || (title = assay_strict_get_text (document, "title", where, error)) == NULL
      || (version = assay_strict_get_text (document, "version", where, error)) == NULL
      || (status = assay_strict_get_word (document, "status", statuses, where, error)) < 0
      || !assay_strict_get_text_or_null (document, "supersedes", where, &supersedes, error)
      || !assay_strict_get_text_or_null (document, "applies_from", where, &applies_from, error)
      || !assay_strict_get_text_or_null (document, "retention", where, &retention, error))
    return FALSE;
  if (applies_from != NULL && !assay_strict_is_date (applies_from))
    return refuse (where, "\"applies_from\": a date expected, as in 2027-12-02, or null", error);
  expected = g_strdup_printf ("%s-%s.json", id, version);
  if (strcmp (expected, regime->file) != 0)
    return refuse (where, "\"id\" and \"version\" are those of another file: a pack is named ID-VERSION.json", error);
  regime->id = g_strdup (id);
  regime->title = g_strdup (title);
  regime->version = g_strdup (version);
  regime->status = g_strdup (statuses[status]);
  regime->supersedes = g_strdup (supersedes);
  regime->applies_from = g_strdup (applies_from);
  regime->retention = g_strdup (retention);
  return TRUE;
}

static void
take_digest (AssayRegime *regime)
{
  gsize n;
  const void *bytes = g_bytes_get_data (regime->bytes, &n);
  AssayDigest digest = assay_digest_of_bytes (bytes, n);

  regime->sha256 = assay_digest_to_hex (&digest);
}

AssayRegime *
assay_regime_read (const char *path, const AssayFieldSet *fields, GError **error)
{
  g_autoptr (AssayRegime) regime = g_new0 (AssayRegime, 1);
  g_autofree char *name = g_path_get_basename (path);
  json_t *document;
  gboolean ok;

  regime->sources = g_ptr_array_new_with_free_func (source_free);
  regime->items = g_ptr_array_new_with_free_func (item_free);
  regime->file = assay_source_visible (name);
  document = assay_strict_load (path, &regime->bytes, error);
  ok = document != NULL && read_head (regime, document, error) && read_review (regime, document, error)
       && read_sources (regime, document, error) && read_items (regime, document, fields, error);
  json_decref (document);
  if (!ok)
    return NULL;
  take_digest (regime);
  return g_steal_pointer (&regime);
}
