/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle.c: files in memory, and the directory that they become. */
#include "report/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "report/bundle_directory.h"
#include "report/sums.h"
#include "store/file.h"

#define MAX_WORDS 8
#define MAX_WORD_BYTES 128

struct _AssayBundle {
  GPtrArray  *paths;            /* sorted */
  GHashTable *files;            /* path -> GBytes */
};

AssayBundle *
assay_bundle_new (void)
{
  AssayBundle *self = g_new0 (AssayBundle, 1);

  self->paths = g_ptr_array_new ();
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  return self;
}

void
assay_bundle_free (AssayBundle *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->paths);
  g_hash_table_unref (self->files);
  g_free (self);
}

gboolean
assay_bundle_path_is_plain (const char *path)
{
  guint words = 0;

  for (const char *word = path; word != NULL; words++)
    {
      gsize n = strcspn (word, "/");

      if (n == 0 || n > MAX_WORD_BYTES || words == MAX_WORDS || *word == '.' || *word == '-')
        return FALSE;
      for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum (word[i]) && strchr ("._-", word[i]) == NULL)
          return FALSE;
      word = word[n] == '/' ? word + n + 1 : NULL;
    }
  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* A name cannot be a file and a directory at once. */
static gboolean
is_free (const AssayBundle *self, const char *path)
{
  for (guint k = 0; k < self->paths->len; k++)
    {
      const char *other = self->paths->pdata[k];
      gsize n = MIN (strlen (path), strlen (other));

      if (g_ascii_strncasecmp (path, other, n) == 0 && (path[n] == '\0' || path[n] == '/') && (other[n] == '\0' || other[n] == '/'))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_bundle_add (AssayBundle *self, const char *path, GBytes *bytes, GError **error)
{
  char *own;

  if (!assay_bundle_path_is_plain (path))
    {
      g_autofree char *shown = g_strescape (path, NULL);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "bundle: \"%s\" is no name of a file: words of letters, digits, '.', '_' and '-' are expected, joined by '/'",
                   shown);
      return FALSE;
    }
  if (!is_free (self, path))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "bundle: %s is there already, or differs from another name in upper and lower case only", path);
      return FALSE;
    }
  own = g_strdup (path);
  g_hash_table_insert (self->files, own, g_bytes_ref (bytes));
  g_ptr_array_add (self->paths, own);
  g_ptr_array_sort (self->paths, compare_paths);
  return TRUE;
}

gboolean
assay_bundle_add_text (AssayBundle *self, const char *path, const char *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return assay_bundle_add (self, path, bytes, error);
}

guint
assay_bundle_get_n (const AssayBundle *self)
{
  return self->paths->len;
}

const char *
assay_bundle_get_path (const AssayBundle *self, guint k)
{
  return self->paths->pdata[k];
}

GBytes *
assay_bundle_get_bytes (const AssayBundle *self, const char *path)
{
  return g_hash_table_lookup (self->files, path);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

/* A tree of our own making: plain files and directories. Symbolic links in it are removed, not followed. */
static void
remove_tree (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  if (dir != NULL)
    g_dir_close (dir);
  remove (path);
}

static gboolean
write_file (const char *root, const char *path, GBytes *bytes, GError **error)
{
  g_autofree char *full = g_build_filename (root, path, NULL), *directory = g_path_get_dirname (full);
  gsize n;
  const void *data = g_bytes_get_data (bytes, &n);
  int fd;
  gboolean ok;

  if (g_mkdir_with_parents (directory, 0777) < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be made", directory);
      return FALSE;
    }
  fd = open (full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be written", full);
      return FALSE;
    }
  ok = assay_file_write_all (fd, full, data, n, error) && assay_file_sync (fd, full, error);
  close (fd);
  return ok;
}

/* The directories that path lies in, root among them. */
static gboolean
sync_directories (const char *root, const char *path, GError **error)
{
  g_autofree char *relative = g_path_get_dirname (path);

  for (;;)
    {
      g_autofree char *directory = g_build_filename (root, relative, NULL);
      char *above = g_path_get_dirname (relative);

      if (!assay_file_sync_directory (directory, error))
        {
          g_free (above);
          return FALSE;
        }
      if (strcmp (relative, ".") == 0)
        {
          g_free (above);
          return TRUE;
        }
      g_free (relative);
      relative = above;
    }
}

static gboolean
write_files (const AssayBundle *self, const char *root, GError **error)
{
  for (guint k = 0; k < self->paths->len; k++)
    if (!write_file (root, self->paths->pdata[k], g_hash_table_lookup (self->files, self->paths->pdata[k]), error)
        || !sync_directories (root, self->paths->pdata[k], error))
      return FALSE;
  return TRUE;
}

/* Whether what is there may be removed: nothing, an empty directory, or a bundle and not one file more. */
static gboolean
check_replaceable (const char *directory, gboolean *exists, GError **error)
{
  g_autoptr (AssayBundleDirectory) there = NULL;
  g_autoptr (AssaySums) sums = NULL;
  g_autoptr (GBytes) text = NULL;
  const GPtrArray *entries;

  *exists = g_file_test (directory, G_FILE_TEST_EXISTS) || g_file_test (directory, G_FILE_TEST_IS_SYMLINK);
  if (!*exists)
    return TRUE;
  there = assay_bundle_directory_open (directory, error);
  if (there == NULL)
    return FALSE;
  entries = assay_bundle_directory_list (there);
  if (entries->len == 0)
    return TRUE;
  text = assay_bundle_directory_read (there, ASSAY_BUNDLE_SUMS, ASSAY_SUMS_MAX_BYTES, NULL);
  sums = text != NULL ? assay_sums_parse (text, ASSAY_BUNDLE_SUMS, NULL) : NULL;
  for (guint k = 0; k < entries->len; k++)
    {
      const AssayBundleEntry *entry = entries->pdata[k];

      if (entry->fault == NULL && (strcmp (entry->path, ASSAY_BUNDLE_SUMS) == 0 || g_str_has_prefix (entry->path, ASSAY_BUNDLE_SIGNATURES "/")
                                   || (sums != NULL && assay_sums_find (sums, entry->path) != NULL)))
        continue;
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: is there already and is not a bundle that can be replaced: it holds %s; choose another directory",
                   directory, entry->path);
      return FALSE;
    }
  return TRUE;
}

/* Puts temporary into the place of directory; afterwards temporary is what was there before. */
static gboolean
put_in_place (const char *temporary, const char *directory, gboolean exists, GError **error)
{
  int done = renameat2 (AT_FDCWD, temporary, AT_FDCWD, directory, exists ? RENAME_EXCHANGE : RENAME_NOREPLACE);

  if (done < 0 && (errno == EINVAL || errno == ENOSYS))         /* a file system without the flags */
    {
      if (exists)
        remove_tree (directory);
      done = rename (temporary, directory);
    }
  if (done < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be put in place", directory);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_bundle_write (const AssayBundle *self, const char *directory, GError **error)
{
  static gint counter;
  g_autofree char *absolute = g_canonicalize_filename (directory, NULL), *parent = g_path_get_dirname (absolute);
  g_autofree char *temporary = g_strdup_printf ("%s/.tmp-%d-bundle-%d", parent, (int) getpid (), g_atomic_int_add (&counter, 1));
  gboolean exists, ok;

  if (!check_replaceable (absolute, &exists, error))
    return FALSE;
  if (mkdir (temporary, 0777) < 0)
    {
      assay_error_set_errno (error, errno, "%s: the folder that it is to lie in cannot be written; choose another", directory);
      return FALSE;
    }
  ok = write_files (self, temporary, error) && put_in_place (temporary, absolute, exists, error);
  remove_tree (temporary);
  return ok && assay_file_sync_directory (parent, error);
}
