/* SPDX-License-Identifier: GPL-3.0-or-later */
/* beside.c: looks from where the program lies. */
#include "base/beside.h"

/* Owns: the caller; NULL where there is nothing. */
static char *
look (const char *home, const char *up, const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (home, up, folder, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? g_steal_pointer (&path) : NULL;
}

char *
assay_beside_find_module (const char *folder, const char *name)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *home = program ? g_path_get_dirname (program) : NULL;
  char *path = NULL;

  if (home != NULL && (path = look (home, ".", folder, name)) == NULL && (path = look (home, "..", folder, name)) == NULL
      && (path = look (home, "../..", folder, name)) == NULL)             /* programs of the build lie up to two folders deep */
    path = look (home, "../lib/assay", "", name);
  return path ? path : g_build_filename (PKGLIBDIR, name, NULL);
}
