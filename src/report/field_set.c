/* SPDX-License-Identifier: GPL-3.0-or-later */
/* field_set.c: the declared fields and their values. */
#include "report/field_set.h"

#include "base/error.h"
#include "base/param.h"
#include "report/strict_json.h"

#include <string.h>

#define FORMAT "assay.field-catalogue"
#define VERSION 1

struct _AssayFieldSet {
  GPtrArray *declarations;      /* AssayFieldDeclaration */
  GPtrArray *fields;            /* AssayField */
  GHashTable *by_id;            /* borrowed id -> borrowed field */
};

static void
declaration_free (gpointer data)
{
  AssayFieldDeclaration *declaration = data;

  g_free (declaration->id);
  g_free (declaration->title);
  g_free (declaration->unit);
  g_free (declaration->asks);
  g_free (declaration);
}

static AssayFieldSet *
set_new (void)
{
  AssayFieldSet *set = g_new0 (AssayFieldSet, 1);

  set->declarations = g_ptr_array_new_with_free_func (declaration_free);
  set->fields = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_field_free);
  set->by_id = g_hash_table_new (g_str_hash, g_str_equal);
  return set;
}

void
assay_field_set_free (AssayFieldSet *set)
{
  if (set == NULL)
    return;
  g_hash_table_unref (set->by_id);
  g_ptr_array_unref (set->fields);
  g_ptr_array_unref (set->declarations);
  g_free (set);
}

gboolean
assay_field_id_is_valid (const char *id)
{
  g_auto (GStrv) words = g_strsplit (id, ".", -1);

  for (char **word = words; *word != NULL; word++)
    if (!g_ascii_islower (**word) || strspn (*word, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen (*word))
      return FALSE;
  return g_strv_length (words) >= 2;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
read_declaration (AssayFieldDeclaration *d, const json_t *entry, const char *where, GError **error)
{
  static const char *const keys[] = { "id", "title", "class", "unit", "audience", "asks", NULL };
  const char *id, *title, *unit, *asks;
  int klass;

  if (!assay_strict_check_keys (entry, keys, G_N_ELEMENTS (keys) - 1, where, error)
      || (id = assay_strict_get_text (entry, "id", where, error)) == NULL
      || (title = assay_strict_get_text (entry, "title", where, error)) == NULL
      || (klass = assay_strict_get_word (entry, "class", assay_field_class_words, where, error)) < 0
      || !assay_strict_get_text_or_null (entry, "unit", where, &unit, error)
      || !assay_strict_get_words (entry, "audience", assay_audience_words, where, &d->audience, error)
      || (asks = assay_strict_get_text (entry, "asks", where, error)) == NULL)
    return FALSE;
  if (!assay_field_id_is_valid (id))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"id\": words of a-z, 0-9 and _ joined by dots expected, as in data.overlap", where);
      return FALSE;
    }
  d->id = g_strdup (id);
  d->title = g_strdup (title);
  d->klass = (AssayFieldClass) klass;
  d->unit = g_strdup (unit);
  d->asks = g_strdup (asks);
  return TRUE;
}

static gboolean
add_declaration (AssayFieldSet *set, const json_t *entry, const char *where, GError **error)
{
  AssayFieldDeclaration *d = g_new0 (AssayFieldDeclaration, 1);
  AssayField *field;

  g_ptr_array_add (set->declarations, d);
  if (!read_declaration (d, entry, where, error))
    return FALSE;
  if (g_hash_table_contains (set->by_id, d->id))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: the id is declared twice", where);
      return FALSE;
    }
  field = assay_field_new (d);
  g_ptr_array_add (set->fields, field);
  g_hash_table_insert (set->by_id, d->id, field);
  return TRUE;
}

static gboolean
read_document (AssayFieldSet *set, const json_t *document, const char *name, GError **error)
{
  static const char *const keys[] = { "schema", "version", "fields", NULL };
  const json_t *entries;
  gsize k;
  json_t *entry;

  if (!assay_strict_check_keys (document, keys, G_N_ELEMENTS (keys) - 1, name, error)
      || !assay_strict_check_format (document, FORMAT, VERSION, name, error)
      || (entries = assay_strict_get_array (document, "fields", name, error)) == NULL)
    return FALSE;
  json_array_foreach (entries, k, entry)
    {
      g_autofree char *where = assay_strict_describe_place (name, "field", k, entry);

      if (!add_declaration (set, entry, where, error))
        return FALSE;
    }
  return TRUE;
}

AssayFieldSet *
assay_field_set_read (const char *path, GError **error)
{
  g_autoptr (AssayFieldSet) set = set_new ();
  g_autofree char *name = g_path_get_basename (path);
  json_t *document = assay_strict_load (path, NULL, error);
  gboolean ok = document != NULL && read_document (set, document, name, error);

  json_decref (document);
  return ok ? g_steal_pointer (&set) : NULL;
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

guint
assay_field_set_get_n (const AssayFieldSet *set)
{
  return set->fields->len;
}

AssayField *
assay_field_set_get (const AssayFieldSet *set, guint k)
{
  return set->fields->pdata[k];
}

AssayField *
assay_field_set_find (const AssayFieldSet *set, const char *id)
{
  return g_hash_table_lookup (set->by_id, id);
}

const char *
assay_field_set_nearest (const AssayFieldSet *set, const char *id)
{
  g_autofree const char **ids = g_new0 (const char *, set->fields->len + 1);

  for (guint k = 0; k < set->fields->len; k++)
    ids[k] = assay_field_set_get (set, k)->declaration->id;
  return assay_param_nearest (id, ids);
}

void
assay_field_set_narrow (AssayFieldSet *set, AssayAudience audience)
{
  if (audience == ASSAY_AUDIENCE_INTERNAL)
    return;
  for (guint k = 0; k < set->fields->len; k++)
    {
      AssayField *field = set->fields->pdata[k];

      if ((field->declaration->audience & (1u << audience)) == 0)
        assay_field_withhold (field, "this field is not for the audience \"%s\"", assay_audience_words[audience]);
    }
}

guint
assay_field_set_count_drafts (const AssayFieldSet *set)
{
  guint n = 0;

  for (guint k = 0; k < set->fields->len; k++)
    n += assay_field_is_draft (set->fields->pdata[k]);
  return n;
}
