/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c: safe reading of regular files; files that appear whole or not at all. */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"

#define READ_STEP (1 << 20)
#define PAGE 4096
#define DIRECT_FROM ((gsize) 1 << 20)
#define DIRECT_STEP ((gsize) 8 << 20)

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
check_regular (int fd, const char *path, gboolean single_link, guint64 *size, GError **error)
{
  struct stat st;

  if (fstat (fd, &st) < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be examined", path);
      return FALSE;
    }
  if (!S_ISREG (st.st_mode))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a regular file is expected, found a %s", path,
                   S_ISDIR (st.st_mode) ? "directory" : S_ISFIFO (st.st_mode) ? "FIFO" : "device or socket");
      return FALSE;
    }
  if (single_link && st.st_nlink != 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: has %lu hard links; a file of its own is expected", path,
                   (unsigned long) st.st_nlink);
      return FALSE;
    }
  if (size != NULL)
    *size = (guint64) st.st_size;
  return TRUE;
}

int
assay_file_open_regular (const char *path, guint64 *size, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened", path);
      return -1;
    }
  if (!check_regular (fd, path, FALSE, size, error))
    {
      close (fd);
      return -1;
    }
  return fd;
}

static int
open_one_below (int directory, const char *name)
{
  struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                          .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
  int fd = (int) syscall (SYS_openat2, directory, name, &how, sizeof how);

  if (fd < 0 && errno == ENOSYS)        /* before Linux 5.6: the name is one component, so O_NOFOLLOW says the same */
    fd = openat (directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  return fd;
}

int
assay_file_open_beneath (const char *directory, const char *name, guint64 *size, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  int at, fd, errnum;

  if (*name == '\0' || strchr (name, '/') != NULL || strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: refers to \"%s\"; the plain name of a file is expected",
                   directory, name);
      return -1;
    }
  at = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (at < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened", directory);
      return -1;
    }
  fd = open_one_below (at, name);
  errnum = errno;
  close (at);
  if (fd < 0 && errnum == ELOOP)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: is a symbolic link; a regular file is expected", path);
      return -1;
    }
  if (fd < 0)
    {
      assay_error_set_errno (error, errnum, "%s: cannot be opened", path);
      return -1;
    }
  if (!check_regular (fd, path, TRUE, size, error))
    {
      close (fd);
      return -1;
    }
  return fd;
}

json_t *
assay_file_read_json (const char *path, guint64 max_bytes, gsize flags, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_read (path, max_bytes, error);
  json_error_t where;
  json_t *document;

  if (bytes == NULL)
    return NULL;
  document = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), flags, &where);
  if (document == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %d column %d: %s", path, where.line, where.column, assay_json_show_fault (&where));
  return document;
}

gboolean
assay_file_read_at (int fd, const char *path, guint64 offset, void *out, gsize n, GError **error)
{
  gsize done = 0;

  while (done < n)
    {
      ssize_t got = pread (fd, (char *) out + done, MIN (n - done, (gsize) G_MAXINT32), (off_t) (offset + done));

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          assay_error_set_errno (error, errno, "%s: read of %" G_GSIZE_FORMAT " bytes at byte %" G_GUINT64_FORMAT " failed",
                                 path, n, offset);
          return FALSE;
        }
      if (got == 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                       "%s: ends at byte %" G_GUINT64_FORMAT ", %" G_GSIZE_FORMAT " bytes more were expected", path,
                       offset + done, n - done);
          return FALSE;
        }
      done += (gsize) got;
    }
  return TRUE;
}

gboolean
assay_file_refuse (const char *path, guint64 at, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s, byte %" G_GUINT64_FORMAT ": %s", path, at, text);
  return FALSE;
}

GBytes *
assay_file_read (const char *path, guint64 max_bytes, GError **error)
{
  guint64 size;
  int fd = assay_file_open_regular (path, &size, error);
  char *bytes;
  gboolean ok;

  if (fd < 0)
    return NULL;
  if (size > max_bytes)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                   "%s: has %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT " are accepted here", path, size,
                   max_bytes);
      close (fd);
      return NULL;
    }
  bytes = g_try_malloc (size + 1);
  if (bytes == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "%s: no memory for %" G_GUINT64_FORMAT " bytes", path, size);
      close (fd);
      return NULL;
    }
  ok = assay_file_read_at (fd, path, 0, bytes, size, error);
  close (fd);
  if (!ok)
    {
      g_free (bytes);
      return NULL;
    }
  bytes[size] = '\0';
  return g_bytes_new_take (bytes, size);
}

char *
assay_file_sha256 (const char *path, guint64 *size_out, GError **error)
{
  guint64 size;
  int fd = assay_file_open_regular (path, &size, error);
  g_autofree guint8 *step = NULL;
  EVP_MD_CTX *context;
  guint8 digest[EVP_MAX_MD_SIZE];
  char *hex;

  if (fd < 0)
    return NULL;
  step = g_malloc (READ_STEP);
  context = EVP_MD_CTX_new ();
  EVP_DigestInit_ex (context, EVP_sha256 (), NULL);
  for (guint64 at = 0; at < size; at += READ_STEP)
    {
      gsize n = (gsize) MIN (size - at, (guint64) READ_STEP);

      if (!assay_file_read_at (fd, path, at, step, n, error))
        {
          EVP_MD_CTX_free (context);
          close (fd);
          return NULL;
        }
      EVP_DigestUpdate (context, step, n);
    }
  EVP_DigestFinal_ex (context, digest, NULL);
  EVP_MD_CTX_free (context);
  close (fd);
  hex = g_malloc (65);
  for (int i = 0; i < 32; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", digest[i]);
  if (size_out != NULL)
    *size_out = size;
  return hex;
}

typedef struct {
  void *address;
  gsize n;
} Mapping;

static void
unmap (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->address, mapping->n);
  g_free (mapping);
}

GBytes *
assay_file_map (const char *path, GError **error)
{
  guint64 size;
  int fd = assay_file_open_regular (path, &size, error);
  Mapping *mapping;
  void *address;

  if (fd < 0)
    return NULL;
  if (size == 0)
    {
      close (fd);
      return g_bytes_new (NULL, 0);
    }
  address = mmap (NULL, (size_t) size, PROT_READ, MAP_PRIVATE, fd, 0);
  close (fd);
  if (address == MAP_FAILED)
    {
      assay_error_set_errno (error, errno, "%s: cannot be mapped", path);
      return NULL;
    }
  mapping = g_new (Mapping, 1);
  mapping->address = address;
  mapping->n = (gsize) size;
  return g_bytes_new_with_free_func (address, (gsize) size, unmap, mapping);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

gboolean
assay_file_write_all (int fd, const char *path, const void *bytes, gsize n, GError **error)
{
  gsize done = 0;

  while (done < n)
    {
      ssize_t put = write (fd, (const char *) bytes + done, MIN (n - done, (gsize) 1 << 30));

      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        {
          assay_error_set_errno (error, errno, "%s: write stopped after %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bytes; %"
                                 G_GSIZE_FORMAT " more bytes are needed", path, done, n, n - done);
          return FALSE;
        }
      done += (gsize) put;
    }
  return TRUE;
}

gboolean
assay_file_sync (int fd, const char *path, GError **error)
{
  if (fsync (fd) == 0)
    return TRUE;
  assay_error_set_errno (error, errno, "%s: fsync failed; what was written to it cannot be trusted", path);
  return FALSE;
}

gboolean
assay_file_sync_directory (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok;

  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: directory cannot be opened", path);
      return FALSE;
    }
  /* Some file systems have nothing to sync in a directory and say EINVAL. */
  ok = fsync (fd) == 0 || errno == EINVAL;
  if (!ok)
    assay_error_set_errno (error, errno, "%s: fsync of the directory failed", path);
  close (fd);
  return ok;
}

struct _AssayFileWriter {
  char *path;
  char *temporary;              /* NULL once published */
  int   fd;
};

AssayFileWriter *
assay_file_writer_new (const char *path, GError **error)
{
  static gint counter;
  g_autofree char *directory = g_path_get_dirname (path);
  AssayFileWriter *self = g_new0 (AssayFileWriter, 1);

  self->path = g_strdup (path);
  self->temporary = g_strdup_printf ("%s/.tmp-%d-%d", directory, (int) getpid (), g_atomic_int_add (&counter, 1));
  self->fd = open (self->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (self->fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be written", path);
      g_clear_pointer (&self->temporary, g_free);
      assay_file_writer_free (self);
      return NULL;
    }
  return self;
}

void
assay_file_writer_free (AssayFileWriter *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  if (self->temporary != NULL)
    unlink (self->temporary);
  g_free (self->temporary);
  g_free (self->path);
  g_free (self);
}

gboolean
assay_file_writer_add (AssayFileWriter *self, const void *bytes, gsize n, GError **error)
{
  return assay_file_write_all (self->fd, self->path, bytes, n, error);
}

/* As many whole pages as the device takes directly. Stops early without an error: the rest is written as usual. */
static gsize
write_directly (int fd, const guint8 *bytes, gsize n)
{
  int flags = fcntl (fd, F_GETFL);
  gsize done = 0, whole = n - n % PAGE;

  if ((guintptr) bytes % PAGE != 0 || flags < 0 || fcntl (fd, F_SETFL, flags | O_DIRECT) < 0)
    return 0;
  while (done < whole)
    {
      ssize_t put = write (fd, bytes + done, MIN (whole - done, DIRECT_STEP));

      if (put < 0 && errno == EINTR)
        continue;
      if (put <= 0)
        break;
      done += (gsize) put;
      if (put % PAGE != 0)
        break;
    }
  fcntl (fd, F_SETFL, flags);
  return done;
}

gboolean
assay_file_writer_add_pages (AssayFileWriter *self, const void *bytes, gsize n, GError **error)
{
  gsize done = n >= DIRECT_FROM ? write_directly (self->fd, bytes, n) : 0;

  return assay_file_write_all (self->fd, self->path, (const guint8 *) bytes + done, n - done, error);
}

/* fsync and close; both can be the first to report a failed write. */
static gboolean
finish_contents (AssayFileWriter *self, GError **error)
{
  int fd = self->fd;

  if (!assay_file_sync (fd, self->path, error))
    return FALSE;
  self->fd = -1;
  if (close (fd) < 0)
    {
      assay_error_set_errno (error, errno, "%s: close failed", self->path);
      return FALSE;
    }
  return TRUE;
}

static gboolean
sync_parent (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return assay_file_sync_directory (directory, error);
}

gboolean
assay_file_writer_commit (AssayFileWriter *self, GError **error)
{
  if (!finish_contents (self, error))
    return FALSE;
  if (rename (self->temporary, self->path) < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be put in place", self->path);
      return FALSE;
    }
  g_clear_pointer (&self->temporary, g_free);
  return sync_parent (self->path, error);
}

/* rename that never replaces; link and unlink where the file system does not know the flag. */
static int
rename_new (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
  if (link (from, to) < 0)
    return -1;
  return unlink (from);
}

gboolean
assay_file_writer_commit_new (AssayFileWriter *self, const char *final_path, GError **error)
{
  if (!finish_contents (self, error))
    return FALSE;
  if (rename_new (self->temporary, final_path) < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be put in place", final_path);
      return FALSE;
    }
  g_clear_pointer (&self->temporary, g_free);
  if (sync_parent (final_path, error))
    return TRUE;
  unlink (final_path);                  /* what was said to have failed must not be found later */
  return FALSE;
}

gboolean
assay_file_write (const char *path, const void *bytes, gsize n, GError **error)
{
  g_autoptr (AssayFileWriter) writer = assay_file_writer_new (path, error);

  return writer != NULL && assay_file_writer_add (writer, bytes, n, error) && assay_file_writer_commit (writer, error);
}
