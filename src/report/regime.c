/* SPDX-License-Identifier: GPL-3.0-or-later */
/* regime.c: the packs of a folder. */
#include "report/regime.h"

#include "base/error.h"
#include "config.h"
#include "dataset/source.h"
#include "report/regime_pack.h"

#include <string.h>

#define CATALOGUE "fields.json"

struct _AssayRegimeSet {
  GPtrArray *packs;             /* AssayRegime */
  GPtrArray *chosen;            /* of packs */
  char *catalogue;              /* path */
};

void
assay_regime_set_free (AssayRegimeSet *set)
{
  if (set == NULL)
    return;
  g_clear_pointer (&set->chosen, g_ptr_array_unref);
  g_ptr_array_unref (set->packs);
  g_free (set->catalogue);
  g_free (set);
}

/* --- where they are -------------------------------------------------------------------------------------------------- */

static gboolean
has_catalogue (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, CATALOGUE, NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

char *
assay_regime_find_folder (GError **error)
{
  /* Below the program: the build tree, for programs at its top and one folder down; then an installation that was moved. */
  static const char *const beside[] = { "data/regimes", "../data/regimes", "../../data/regimes", "../share/" PACKAGE "/regimes" };
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *home = program ? g_path_get_dirname (program) : NULL;

  for (gsize k = 0; home != NULL && k < G_N_ELEMENTS (beside); k++)
    {
      g_autofree char *folder = g_build_filename (home, beside[k], NULL);

      if (has_catalogue (folder))
        return g_steal_pointer (&folder);
    }
  if (has_catalogue (ASSAY_REGIMES_FOLDER))
    return g_strdup (ASSAY_REGIMES_FOLDER);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "no regime packs: neither beside the program nor in %s; name their folder with --regimes",
               ASSAY_REGIMES_FOLDER);
  return NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

/* "2025-9" before "2025-12": numbers inside versions count as numbers. */
static int
compare_versions (const char *a, const char *b)
{
  while (*a != 0 && *b != 0)
    {
      if (g_ascii_isdigit (*a) && g_ascii_isdigit (*b))
        {
          char *end_a, *end_b;
          guint64 x = g_ascii_strtoull (a, &end_a, 10), y = g_ascii_strtoull (b, &end_b, 10);

          if (x != y)
            return x < y ? -1 : 1;
          a = end_a;
          b = end_b;
        }
      else if (*a != *b)
        return *a < *b ? -1 : 1;
      else
        {
          a++;
          b++;
        }
    }
  return *a == *b ? 0 : *a == 0 ? -1 : 1;
}

static int
compare_packs (gconstpointer left, gconstpointer right)
{
  const AssayRegime *a = *(const AssayRegime *const *) left, *b = *(const AssayRegime *const *) right;
  int order = strcmp (a->id, b->id);

  return order != 0 ? order : compare_versions (a->version, b->version);
}

static gboolean
is_pack_name (const char *name)
{
  return g_str_has_suffix (name, ".json") && strcmp (name, CATALOGUE) != 0;
}

static gboolean
read_packs (AssayRegimeSet *set, const char *folder, GError **error)
{
  g_autoptr (AssayFieldSet) fields = assay_field_set_read (set->catalogue, error);
  g_autoptr (GError) fault = NULL;
  g_autoptr (GDir) directory = fields ? g_dir_open (folder, 0, &fault) : NULL;
  const char *name;

  if (fault != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_IO, fault->message);
  if (directory == NULL)
    return FALSE;
  while ((name = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      AssayRegime *pack;

      if (!is_pack_name (name))
        continue;
      pack = assay_regime_read (path, fields, error);
      if (pack == NULL)
        return FALSE;
      g_ptr_array_add (set->packs, pack);
    }
  g_ptr_array_sort (set->packs, compare_packs);
  return TRUE;
}

AssayRegimeSet *
assay_regime_set_read (const char *folder, GError **error)
{
  g_autoptr (AssayRegimeSet) set = g_new0 (AssayRegimeSet, 1);
  g_autofree char *found = folder ? g_strdup (folder) : assay_regime_find_folder (error);

  set->packs = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_regime_free);
  if (found == NULL)
    return NULL;
  set->catalogue = g_build_filename (found, CATALOGUE, NULL);
  if (!read_packs (set, found, error))
    return NULL;
  if (set->packs->len > 0)
    return assay_regime_set_choose (set, (const char *const[]) { NULL }, error) ? g_steal_pointer (&set) : NULL;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: holds no regime pack (ID-VERSION.json)", found);
  return NULL;
}

AssayFieldSet *
assay_regime_set_make_fields (const AssayRegimeSet *set, GError **error)
{
  return assay_field_set_read (set->catalogue, error);
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

guint
assay_regime_set_get_n (const AssayRegimeSet *set)
{
  return set->packs->len;
}

/* Names of files can hold any character, paths of numbers cannot: others than a-z, 0-9 and - become _ and two digits. */
char *
assay_regime_dup_path (const AssayRegime *regime, const char *what)
{
  g_autofree char *name = g_strdup_printf ("%s-%s", regime->id, regime->version);
  GString *path = g_string_new ("regimes/");

  for (const char *c = name; *c != '\0'; c++)
    if (g_ascii_islower (*c) || g_ascii_isdigit (*c) || *c == '-')
      g_string_append_c (path, *c);
    else
      g_string_append_printf (path, "_%02x", (guint) (guchar) *c);
  g_string_append_printf (path, "/%s", what);
  return g_string_free (path, FALSE);
}

const AssayRegime *
assay_regime_set_get (const AssayRegimeSet *set, guint k)
{
  return set->packs->pdata[k];
}

static gboolean
is_newest (const AssayRegimeSet *set, guint k)
{
  return k + 1 == set->packs->len
         || strcmp (assay_regime_set_get (set, k)->id, assay_regime_set_get (set, k + 1)->id) != 0;
}

const AssayRegime *
assay_regime_set_find (const AssayRegimeSet *set, const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autofree char *shown = NULL;

  for (guint k = 0; k < set->packs->len; k++)
    {
      const AssayRegime *pack = assay_regime_set_get (set, k);
      g_autofree char *full = g_strdup_printf ("%s-%s", pack->id, pack->version);

      if (strcmp (full, name) == 0 || (is_newest (set, k) && strcmp (pack->id, name) == 0))
        return pack;
      g_string_append_printf (names, "%s%s", k > 0 ? ", " : "", full);
    }
  shown = assay_source_visible (name);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "regime \"%s\": there are %s", shown, names->str);
  return NULL;
}

gboolean
assay_regime_set_choose (AssayRegimeSet *set, const char *const *names, GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();

  for (guint k = 0; names[0] == NULL && k < set->packs->len; k++)
    if (is_newest (set, k))
      g_ptr_array_add (chosen, set->packs->pdata[k]);
  for (; *names != NULL; names++)
    {
      const AssayRegime *pack = assay_regime_set_find (set, *names, error);

      if (pack == NULL)
        return FALSE;
      if (g_ptr_array_find (chosen, pack, NULL))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "regime \"%s\" is named twice", pack->id);
          return FALSE;
        }
      g_ptr_array_add (chosen, (gpointer) pack);
    }
  g_clear_pointer (&set->chosen, g_ptr_array_unref);
  set->chosen = g_steal_pointer (&chosen);
  return TRUE;
}

const GPtrArray *
assay_regime_set_get_chosen (const AssayRegimeSet *set)
{
  return set->chosen;
}
