/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fields_file.c: statements, confirmations and reasons of people. */
#include "report/fields_file.h"

#include "base/error.h"
#include "dataset/source.h"
#include "report/facts.h"
#include "report/strict_json.h"
#include "store/digest.h"

#include <stdlib.h>
#include <string.h>

#define FORMAT "assay.fields"
#define VERSION 1
#define DIGEST_DIGITS 16

/* What an entry says. */
typedef struct {
  const char *id, *author, *digest, *not_applicable, *withheld, *confirmed_by, *confirmed_utc;
  const json_t *value;          /* NULL: none */
  const json_t *evidence;
} Entry;

static gboolean
refuse (GError **error, const char *where, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (GError **error, const char *where, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s", where, text);
  return FALSE;
}

/* --- the draft ------------------------------------------------------------------------------------------------------- */

char *
assay_fields_file_dup_digest (const AssayField *field)
{
  static const char *const parts[] = { "id", "state", "reason", "value", "unit" };
  json_t *record, *draft;
  AssayDigest digest;
  char *text, *hex;

  if (!assay_field_is_draft (field))
    return NULL;
  record = assay_field_to_json (field);
  draft = json_object ();
  for (gsize k = 0; k < G_N_ELEMENTS (parts); k++)
    json_object_set (draft, parts[k], json_object_get (record, parts[k]));
  text = json_dumps (draft, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION (17));
  digest = assay_digest_of_bytes (text, strlen (text));
  free (text);
  json_decref (draft);
  json_decref (record);
  hex = assay_digest_to_hex (&digest);
  hex[DIGEST_DIGITS] = 0;
  return hex;
}

/* --- one entry ------------------------------------------------------------------------------------------------------- */

/* A member that may be missing or null. */
static gboolean
get_text (const json_t *entry, const char *key, const char *where, const char **text, GError **error)
{
  *text = NULL;
  return json_object_get (entry, key) == NULL || assay_strict_get_text_or_null (entry, key, where, text, error);
}

static gboolean
read_entry (Entry *e, const json_t *json, const char *where, GError **error)
{
  static const char *const keys[] = { "id", "value", "not_applicable", "withheld", "digest", "confirmed_by", "confirmed_utc", "author", "evidence",
                                      "asks", "draft", NULL };
  const char *ignored;

  *e = (Entry) { .value = json_object_get (json, "value"), .evidence = json_object_get (json, "evidence") };
  if (json_is_null (e->value))
    e->value = NULL;
  return assay_strict_check_keys (json, keys, 1, where, error)
         && (e->id = assay_strict_get_text (json, "id", where, error)) != NULL
         && get_text (json, "not_applicable", where, &e->not_applicable, error) && get_text (json, "withheld", where, &e->withheld, error)
         && get_text (json, "digest", where, &e->digest, error) && get_text (json, "author", where, &e->author, error)
         && get_text (json, "confirmed_by", where, &e->confirmed_by, error)
         && get_text (json, "confirmed_utc", where, &e->confirmed_utc, error)
         && get_text (json, "asks", where, &ignored, error) && get_text (json, "draft", where, &ignored, error);
}

static gboolean
check_entry (const Entry *e, const char *where, GError **error)
{
  guint n_answers = (e->value != NULL) + (e->not_applicable != NULL) + (e->withheld != NULL);

  if (n_answers > 1)
    return refuse (error, where, "one of \"value\", \"not_applicable\" and \"withheld\" expected, %u found", n_answers);
  if ((e->confirmed_by == NULL) != (e->confirmed_utc == NULL))
    return refuse (error, where, "\"confirmed_by\" and \"confirmed_utc\" belong together: who, and when");
  if (e->confirmed_utc != NULL && !assay_strict_is_utc (e->confirmed_utc))
    return refuse (error, where, "\"confirmed_utc\": a time in UTC expected, as in 2026-03-01T12:00:00Z");
  if (n_answers == 0 && e->confirmed_by != NULL && e->digest == NULL)
    return refuse (error, where, "nothing to confirm: the \"digest\" of a draft, or a \"value\", expected");
  return TRUE;
}

/* A field with a unit holds a number, any other a text. */
static gboolean
set_value (AssayField *field, const json_t *value, const char *where, GError **error)
{
  const char *unit = field->declaration->unit;

  if (unit != NULL && json_is_integer (value))
    assay_field_set_count (field, ASSAY_FIELD_DECLARED, json_integer_value (value));
  else if (unit != NULL && json_is_real (value))
    assay_field_set_number (field, ASSAY_FIELD_DECLARED, json_real_value (value));
  else if (unit != NULL)
    return refuse (error, where, "\"value\": a number of %s expected", unit);
  else
    {
      json_t *holder = json_pack ("{s:O}", "value", value);
      const char *text = assay_strict_get_text (holder, "value", where, error);

      if (text != NULL)
        assay_field_set_text (field, ASSAY_FIELD_DECLARED, text);
      json_decref (holder);
      return text != NULL;
    }
  return TRUE;
}

static gboolean
add_evidence (AssayField *field, const Entry *e, const char *where, GError **error)
{
  json_t *holder;
  g_auto (GStrv) files = NULL;

  if (e->evidence == NULL || json_is_null (e->evidence))
    return TRUE;
  holder = json_pack ("{s:O}", "evidence", e->evidence);
  files = assay_strict_get_texts (holder, "evidence", where, error);
  json_decref (holder);
  for (char **file = files; file != NULL && *file != NULL; file++)
    assay_field_add_evidence_file (field, *file, NULL);
  return files != NULL;
}

static gboolean
confirm_draft (AssayField *field, const Entry *e, const char *where, GError **error)
{
  g_autofree char *digest = assay_fields_file_dup_digest (field);
  g_autofree char *found = NULL;

  if (digest == NULL)
    return refuse (error, where, "the program has drafted nothing here to confirm; give a \"value\"");
  if (strcmp (digest, e->digest) != 0)
    {
      found = assay_source_visible (e->digest);
      return refuse (error, where, "the draft is another one now: digest %s, the file confirms %s; read it again and confirm it", digest, found);
    }
  assay_field_confirm (field, e->confirmed_by, e->confirmed_utc);
  return TRUE;
}

static gboolean
has_answer (const Entry *e)
{
  return e->value != NULL || e->not_applicable != NULL || e->withheld != NULL;
}

static gboolean
answer (AssayField *field, const Entry *e, const char *author, const char *where, GError **error)
{
  gboolean is_computed = field->declaration->klass == ASSAY_FIELD_AUTOMATIC && field->state != ASSAY_FIELD_NOT_COMPUTED;

  if (is_computed && e->withheld == NULL)
    return refuse (error, where, "the program has computed it from the case; only \"withheld\" can be stated about it");
  if (e->author == NULL && author == NULL)
    return refuse (error, where, "who says so? an \"author\" expected, here or for the whole file");
  g_ptr_array_set_size (field->evidence, 0);
  assay_field_set_method (field, NULL, 0);
  if (e->withheld != NULL)
    assay_field_withhold (field, "%s", e->withheld);
  else if (e->not_applicable != NULL)
    assay_field_set_not_applicable (field, "%s", e->not_applicable);
  else if (!set_value (field, e->value, where, error))
    return FALSE;
  assay_field_set_author (field, e->author ? e->author : author);
  assay_field_confirm (field, e->confirmed_by, e->confirmed_utc);
  return e->withheld != NULL || add_evidence (field, e, where, error);
}

/* --- the file -------------------------------------------------------------------------------------------------------- */

/* The answers first: drafts may rest on them, and are confirmed behind them. */
typedef enum { ANSWERS, CONFIRMATIONS } Pass;

static gboolean
apply_entry (AssayFieldSet *set, Pass pass, GHashTable *seen, const json_t *json, const char *author, const char *where, GError **error)
{
  AssayField *field;
  Entry e;

  if (!read_entry (&e, json, where, error))
    return FALSE;
  field = assay_field_set_find (set, e.id);
  if (field == NULL)
    {
      const char *near = assay_field_set_nearest (set, e.id);
      g_autofree char *shown = assay_source_visible (e.id);

      return near ? refuse (error, where, "there is no field \"%s\"; did you mean \"%s\"?", shown, near)
                  : refuse (error, where, "there is no field \"%s\"; assay coverage lists them", shown);
    }
  if (!g_hash_table_add (seen, field))
    return refuse (error, where, "the field is in the file twice");
  if (!check_entry (&e, where, error))
    return FALSE;
  if (pass == ANSWERS)
    return !has_answer (&e) || answer (field, &e, author, where, error);
  return has_answer (&e) || e.confirmed_by == NULL || confirm_draft (field, &e, where, error);
}

static gboolean
apply_entries (AssayFieldSet *set, Pass pass, const json_t *entries, const char *author, const char *name, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gsize k;
  json_t *entry;

  json_array_foreach (entries, k, entry)
    {
      g_autofree char *where = assay_strict_describe_place (name, "field", k, entry);

      if (!apply_entry (set, pass, seen, entry, author, where, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
apply_document (AssayFieldSet *set, const json_t *document, const char *name, GError **error)
{
  static const char *const keys[] = { "schema", "version", "fields", "author", NULL };
  const json_t *entries;
  const char *author;

  if (!assay_strict_check_keys (document, keys, 3, name, error) || !assay_strict_check_format (document, FORMAT, VERSION, name, error)
      || !get_text (document, "author", name, &author, error)
      || (entries = assay_strict_get_array (document, "fields", name, error)) == NULL)
    return FALSE;
  if (!apply_entries (set, ANSWERS, entries, author, name, error))
    return FALSE;
  assay_facts_derive (set);
  return apply_entries (set, CONFIRMATIONS, entries, author, name, error);
}

gboolean
assay_fields_file_apply (AssayFieldSet *set, const char *path, GError **error)
{
  g_autofree char *base = g_path_get_basename (path), *name = assay_source_visible (base);
  json_t *document = assay_strict_load (path, NULL, error);
  gboolean ok = document != NULL && apply_document (set, document, name, error);

  json_decref (document);
  return ok;
}

/* --- the form -------------------------------------------------------------------------------------------------------- */

/* Waits for a person: a draft, or what the program does not compute. */
static json_t *
make_entry (const AssayField *field)
{
  g_autofree char *digest = assay_fields_file_dup_digest (field);
  g_autofree char *draft = digest ? assay_field_dup_display (field, 6) : NULL;

  if (digest == NULL && (field->state != ASSAY_FIELD_NOT_COMPUTED || field->declaration->klass == ASSAY_FIELD_AUTOMATIC))
    return NULL;
  if (digest == NULL)
    return json_pack ("{s:s, s:s, s:n}", "id", field->declaration->id, "asks", field->declaration->asks, "value");
  return json_pack ("{s:s, s:s, s:s, s:s, s:n, s:n, s:n}", "id", field->declaration->id, "asks", field->declaration->asks, "draft", draft,
                    "digest", digest, "confirmed_by", "confirmed_utc", "value");
}

json_t *
assay_fields_file_make_form (const AssayFieldSet *set)
{
  json_t *entries = json_array ();

  for (guint k = 0; k < assay_field_set_get_n (set); k++)
    {
      json_t *entry = make_entry (assay_field_set_get (set, k));

      if (entry != NULL)
        json_array_append_new (entries, entry);
    }
  return json_pack ("{s:s, s:i, s:n, s:o}", "schema", FORMAT, "version", VERSION, "author", "fields", entries);
}
