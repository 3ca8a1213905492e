/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_path.c: names of files that models come in. */
#include "gui/model_path.h"

#include "gui/open_case.h"
#include "job/spec.h"

#include <string.h>

/* A model in one file. */
static const char *const whole[] = { ".gguf", ".bin", NULL };
/* One that lies with others in the directory of a model. */
static const char *const parts[] = { ".safetensors", NULL };

static gboolean
ends_with (const char *path, const char *const *suffixes)
{
  for (; *suffixes != NULL; suffixes++)
    if (g_str_has_suffix (path, *suffixes))
      return TRUE;
  return FALSE;
}

static gboolean
has_file (const char *folder, const char *name)
{
  g_autofree char *file = g_build_filename (folder, name, NULL);

  return g_file_test (file, G_FILE_TEST_IS_REGULAR);
}

/* The only file of a folder that is a model by itself, or NULL. Owns: the caller. */
static char *
find_only_file (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *found = NULL;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL; )
    {
      if (!g_str_has_suffix (name, ".gguf"))
        continue;
      if (found != NULL)
        return NULL;
      found = g_build_filename (folder, name, NULL);
    }
  return g_steal_pointer (&found);
}

/* Owns: the caller. NULL: it is none. */
static char *
find_model (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path), *base = g_path_get_basename (path);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return has_file (path, "config.json") ? g_strdup (path) : find_only_file (path);
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return NULL;
  if ((strcmp (base, "config.json") == 0 || ends_with (base, parts)) && has_file (folder, "config.json"))
    return g_steal_pointer (&folder);
  return ends_with (base, whole) ? g_strdup (path) : NULL;
}

AssayPathKind
assay_model_path_look (const char *path, char **of)
{
  g_autofree char *cas = assay_case_path_from (path), *absolute = g_canonicalize_filename (path, NULL), *model = NULL;
  const gboolean is_case = assay_case_path_is_case (cas);

  model = is_case ? NULL : find_model (absolute);
  if (of != NULL)
    *of = is_case ? g_steal_pointer (&cas) : g_strdup (model);
  return is_case ? ASSAY_PATH_CASE : model != NULL ? ASSAY_PATH_MODEL : ASSAY_PATH_NEITHER;
}

/* --- names --------------------------------------------------------------------------------------------------------------- */

static gboolean
is_plain (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

char *
assay_model_path_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);
  GString *name = g_string_new (NULL);

  for (const char *const *suffix = whole; *suffix != NULL; suffix++)
    if (g_str_has_suffix (base, *suffix))
      base[strlen (base) - strlen (*suffix)] = '\0';
  for (const char *p = base; *p != '\0'; p++)
    if (is_plain (*p) || *p == '.')
      g_string_append_c (name, *p);
    else if (name->len > 0 && name->str[name->len - 1] != '-')
      g_string_append_c (name, '-');
  while (name->len > 0 && !is_plain (name->str[name->len - 1]))
    g_string_truncate (name, name->len - 1);
  while (name->len > 0 && !is_plain (name->str[0]))
    g_string_erase (name, 0, 1);
  if (name->len == 0)
    g_string_assign (name, "model");
  return g_string_free (name, FALSE);
}

char *
assay_model_path_free_name (const char *path, const AssayCaseContents *contents)
{
  g_autofree char *name = assay_model_path_name (path);
  char *numbered = g_strdup (name);

  for (guint k = 2; contents != NULL && assay_case_contents_find (contents, "model", numbered) != NULL; k++)
    {
      g_free (numbered);
      numbered = g_strdup_printf ("%s-%u", name, k);
    }
  return numbered;
}

char *
assay_model_path_command (const char *path, const char *cas, const AssayCaseContents *contents)
{
  g_autofree char *name = assay_model_path_free_name (path, contents), *file = assay_job_quote_word (path), *into = assay_job_quote_word (cas);

  return g_strdup_printf ("assay import %s model %s --name %s", into, file, name);
}

char *
assay_model_path_new_case (const char *path, const char *folder)
{
  g_autofree char *name = assay_model_path_name (path), *first = g_strconcat (name, ".assay", NULL);
  char *found = g_build_filename (folder, first, NULL);

  for (guint k = 2; g_file_test (found, G_FILE_TEST_EXISTS); k++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s-%u.assay", name, k);

      g_free (found);
      found = g_build_filename (folder, numbered, NULL);
    }
  return found;
}
