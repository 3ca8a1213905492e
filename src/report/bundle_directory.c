/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bundle_directory.c: looking at a directory of somebody else's without leaving it. */
#include "report/bundle_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "report/bundle.h"
#include "store/file.h"

#define MAX_ENTRIES 100000u
#define MAX_DEPTH 8
#define READ_STEP ((gsize) 1 << 20)

struct _AssayBundleDirectory {
  char      *path;
  int        fd;
  GPtrArray *entries;           /* of AssayBundleEntry, by path */
};

static void
entry_free (gpointer data)
{
  AssayBundleEntry *entry = data;

  g_free (entry->path);
  g_free (entry);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(AssayBundleEntry *const *) a)->path, (*(AssayBundleEntry *const *) b)->path);
}

/* --- listing --------------------------------------------------------------------------------------------------------- */

static gboolean list_below (AssayBundleDirectory *self, int fd, const char *prefix, guint depth, GError **error);

static const char *
word_of (mode_t mode)
{
  return S_ISLNK (mode) ? "a symbolic link" : S_ISFIFO (mode) ? "a FIFO" : S_ISSOCK (mode) ? "a socket" : "a device";
}

/* Takes the path. */
static gboolean
add_entry (AssayBundleDirectory *self, int at, const char *name, char *path, guint depth, GError **error)
{
  AssayBundleEntry *entry = g_new0 (AssayBundleEntry, 1);
  struct stat st;

  entry->path = path;
  if (fstatat (at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
    {
      assay_error_set_errno (error, errno, "%s/%s: cannot be examined", self->path, path);
      entry_free (entry);
      return FALSE;
    }
  if (S_ISDIR (st.st_mode))
    {
      int fd = openat (at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      gboolean ok;

      if (fd < 0)
        assay_error_set_errno (error, errno, "%s/%s: cannot be opened", self->path, path);
      ok = fd >= 0 && list_below (self, fd, path, depth + 1, error);
      entry_free (entry);
      return ok;
    }
  entry->bytes = (guint64) st.st_size;
  entry->fault = !S_ISREG (st.st_mode) ? word_of (st.st_mode) : assay_bundle_path_is_plain (path) ? NULL : "a file whose name no bundle has";
  g_ptr_array_add (self->entries, entry);
  return TRUE;
}

/* Takes fd. An empty directory says nothing and is passed over. */
static gboolean
list_below (AssayBundleDirectory *self, int fd, const char *prefix, guint depth, GError **error)
{
  DIR *dir = fdopendir (fd);
  const struct dirent *found;
  gboolean ok = dir != NULL;

  if (!ok)
    {
      assay_error_set_errno (error, errno, "%s/%s: cannot be read", self->path, prefix);
      close (fd);
      return FALSE;
    }
  while (ok && (found = readdir (dir)) != NULL)
    {
      if (strcmp (found->d_name, ".") == 0 || strcmp (found->d_name, "..") == 0)
        continue;
      if (depth > MAX_DEPTH || self->entries->len >= MAX_ENTRIES)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: holds more than %u files, or directories nested more than %d deep; this is no bundle",
                       self->path, MAX_ENTRIES, MAX_DEPTH);
          ok = FALSE;
        }
      else
        ok = add_entry (self, dirfd (dir), found->d_name,
                        *prefix != '\0' ? g_strconcat (prefix, "/", found->d_name, NULL) : g_strdup (found->d_name), depth, error);
    }
  closedir (dir);
  return ok;
}

AssayBundleDirectory *
assay_bundle_directory_open (const char *path, GError **error)
{
  AssayBundleDirectory *self = g_new0 (AssayBundleDirectory, 1);
  int fd;

  self->path = g_strdup (path);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->fd < 0)
    assay_error_set_errno (error, errno, "%s: cannot be opened as a directory", path);
  fd = self->fd >= 0 ? openat (self->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (fd < 0 || !list_below (self, fd, "", 0, error))
    {
      assay_bundle_directory_free (self);
      return NULL;
    }
  g_ptr_array_sort (self->entries, compare_entries);
  return self;
}

void
assay_bundle_directory_free (AssayBundleDirectory *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_ptr_array_unref (self->entries);
  g_free (self->path);
  g_free (self);
}

const char *
assay_bundle_directory_get_path (const AssayBundleDirectory *self)
{
  return self->path;
}

const GPtrArray *
assay_bundle_directory_list (const AssayBundleDirectory *self)
{
  return self->entries;
}

const AssayBundleEntry *
assay_bundle_directory_find (const AssayBundleDirectory *self, const char *path)
{
  guint low = 0, high = self->entries->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const AssayBundleEntry *entry = self->entries->pdata[middle];
      int order = strcmp (path, entry->path);

      if (order == 0)
        return entry;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

/* From the root down, one directory after the other, none of them a link. -1 with an error. */
static int
open_file (const AssayBundleDirectory *self, const char *path, guint64 *size, GError **error)
{
  g_auto (GStrv) words = g_strsplit (path, "/", -1);
  struct stat st;
  int at;

  if (!assay_bundle_path_is_plain (path))
    {
      g_autofree char *shown = g_strescape (path, NULL);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: \"%s\" is no name of a file of a bundle", self->path, shown);
      return -1;
    }
  at = dup (self->fd);
  for (guint k = 0; words[k] != NULL && at >= 0; k++)
    {
      gboolean is_last = words[k + 1] == NULL;
      int next = openat (at, words[k], O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (is_last ? O_NONBLOCK | O_NOCTTY : O_DIRECTORY));
      int errnum = errno;

      close (at);
      at = next;
      errno = errnum;
    }
  if (at < 0)
    {
      assay_error_set_errno (error, errno, "%s/%s: cannot be opened", self->path, path);
      return -1;
    }
  if (fstat (at, &st) < 0 || !S_ISREG (st.st_mode))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s/%s: a regular file is expected", self->path, path);
      close (at);
      return -1;
    }
  *size = (guint64) st.st_size;
  return at;
}

GBytes *
assay_bundle_directory_read (const AssayBundleDirectory *self, const char *path, guint64 max_bytes, GError **error)
{
  guint64 size;
  int fd = open_file (self, path, &size, error);
  g_autofree char *bytes = NULL;
  gboolean ok = fd >= 0;

  if (ok && size > max_bytes)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s/%s: has %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT " are accepted here",
                   self->path, path, size, max_bytes);
      ok = FALSE;
    }
  if (ok && (bytes = g_try_malloc (size + 1)) == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s/%s: no memory for %" G_GUINT64_FORMAT " bytes", self->path, path, size);
      ok = FALSE;
    }
  ok = ok && assay_file_read_at (fd, path, 0, bytes, size, error);
  if (fd >= 0)
    close (fd);
  if (!ok)
    return NULL;
  bytes[size] = '\0';
  return g_bytes_new_take (g_steal_pointer (&bytes), size);
}

/* Blocks never cross a step: block_bytes divides it. */
static void
add_blocks (const guint8 *bytes, gsize n, gsize block_bytes, GArray *blocks)
{
  for (gsize at = 0; at < n; at += block_bytes)
    {
      AssayDigest block = assay_digest_of_bytes (bytes + at, MIN (block_bytes, n - at));

      g_array_append_val (blocks, block);
    }
}

gboolean
assay_bundle_directory_digest (const AssayBundleDirectory *self, const char *path, gsize block_bytes, GArray *blocks, AssayDigest *digest, guint64 *bytes,
                               GError **error)
{
  guint64 size;
  int fd = open_file (self, path, &size, error);
  g_autofree guint8 *step = fd >= 0 ? g_malloc (READ_STEP) : NULL;
  EVP_MD_CTX *hash = EVP_MD_CTX_new ();
  gboolean ok = fd >= 0;

  g_assert (block_bytes == 0 || READ_STEP % block_bytes == 0);
  EVP_DigestInit_ex (hash, EVP_sha256 (), NULL);
  for (guint64 at = 0; ok && at < size; at += READ_STEP)
    {
      gsize n = (gsize) MIN (size - at, (guint64) READ_STEP);

      ok = assay_file_read_at (fd, path, at, step, n, error);
      if (!ok)
        break;
      EVP_DigestUpdate (hash, step, n);
      if (block_bytes > 0)
        add_blocks (step, n, block_bytes, blocks);
    }
  EVP_DigestFinal_ex (hash, digest->bytes, NULL);
  EVP_MD_CTX_free (hash);
  if (fd >= 0)
    close (fd);
  *bytes = size;
  return ok;
}
