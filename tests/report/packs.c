/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packs.c: two small files in a folder of their own. */
#include "packs.h"

#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const fields_text =
  "{\"schema\": \"assay.field-catalogue\", \"version\": 1, \"fields\": [\n"
  "{\"id\": \"model.size\", \"title\": \"size\", \"class\": \"A\", \"unit\": \"parameters\", \"audience\": [\"public\"], \"asks\": \"How large?\"},\n"
  "{\"id\": \"model.speed\", \"title\": \"speed\", \"class\": \"A\", \"unit\": \"s\", \"audience\": [\"public\"], \"asks\": \"How fast?\"},\n"
  "{\"id\": \"data.origin\", \"title\": \"origin\", \"class\": \"S\", \"unit\": null, \"audience\": [\"public\"], \"asks\": \"From where?\"},\n"
  "{\"id\": \"purpose.use\", \"title\": \"use\", \"class\": \"H\", \"unit\": null, \"audience\": [\"public\", \"regulator\"], \"asks\": \"For what?\"},\n"
  "{\"id\": \"purpose.picture\", \"title\": \"picture\", \"class\": \"H\", \"unit\": null, \"audience\": [\"regulator\"], \"asks\": \"Where?\"},\n"
  "{\"id\": \"purpose.power\", \"title\": \"power\", \"class\": \"H\", \"unit\": \"W\", \"audience\": [\"public\"], \"asks\": \"How much?\"}\n"
  "]}\n";

#define ITEM(id, klass, fields, audience) \
  "{\"id\": \"" id "\", \"citation\": \"article " id "\", \"text\": \"Say it.\", \"class\": \"" klass "\", \"fields\": [" fields "], " \
  "\"evidence_kinds\": [\"data\"], \"audience\": [" audience "], \"limits\": null, \"verified\": false}"

static const char *const pack_text =
  "{\"id\": \"toy\", \"title\": \"Toy rules\", \"version\": \"1\", \"status\": \"draft\", \"supersedes\": null,\n"
  "\"sources\": [{\"title\": \"nobody\", \"url\": \"https://example.org\", \"date\": \"2026-01-31\", \"read_on\": null}],\n"
  "\"applies_from\": null, \"retention\": null, \"legal_review\": null, \"items\": [\n"
  ITEM ("a", "A", "\"model.size\", \"model.speed\"", "\"public\"") ",\n" ITEM ("b", "S", "\"data.origin\"", "\"public\"") ",\n"
  ITEM ("c", "H", "\"purpose.use\"", "\"public\", \"regulator\"") ",\n" ITEM ("d", "H", "\"purpose.picture\"", "\"regulator\"") "\n]}\n";

void
packs_write (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

void
packs_replace (const char *path, const char *old, const char *with)
{
  g_autoptr (GString) text = NULL;
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  text = g_string_new (content);
  g_assert_cmpuint (g_string_replace (text, old, with, 1), ==, 1);
  packs_write (path, text->str);
}

void
packs_set_up (Packs *packs, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  (void) unused;
  packs->folder = g_dir_make_tmp ("assay-packs-XXXXXX", &error);
  g_assert_no_error (error);
  packs->fields = g_build_filename (packs->folder, "fields.json", NULL);
  packs->pack = g_build_filename (packs->folder, "toy-1.json", NULL);
  packs->file = g_build_filename (packs->folder, "statements.txt", NULL);
  packs_write (packs->fields, fields_text);
  packs_write (packs->pack, pack_text);
}

void
packs_tear_down (Packs *packs, gconstpointer unused)
{
  g_autoptr (GDir) directory = g_dir_open (packs->folder, 0, NULL);
  const char *name;

  (void) unused;
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (packs->folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (packs->folder);
  g_free (packs->folder);
  g_free (packs->fields);
  g_free (packs->pack);
  g_free (packs->file);
}

AssayFieldSet *
packs_fields (const Packs *packs)
{
  g_autoptr (GError) error = NULL;
  AssayFieldSet *set = assay_field_set_read (packs->fields, &error);

  g_assert_no_error (error);
  return set;
}

void
packs_assert_error (const GError *error, const char *parts)
{
  g_auto (GStrv) list = g_strsplit (parts, "|", -1);

  g_assert_nonnull (error);
  g_assert_null (strchr (error->message, '\n'));
  for (char **part = list; *part != NULL; part++)
    if (strstr (error->message, *part) == NULL)
      g_error ("\"%s\" expected in \"%s\"", *part, error->message);
}

void
packs_refuses (const Packs *packs, const char *parts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayRegimeSet) set = assay_regime_set_read (packs->folder, &error);

  g_assert_null (set);
  packs_assert_error (error, parts);
}
