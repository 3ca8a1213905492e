/* SPDX-License-Identifier: GPL-3.0-or-later */
/* standard_input.c: a pipe's content in a scratch folder of its own. */
#include "job/standard_input.h"

#include "base/error.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define PIECE ((gsize) 1 << 20)

static gboolean
copy_all (int out, const char *path, AssayProgress *progress, GError **error)
{
  g_autofree char *piece = g_malloc (PIECE);
  guint64 done = 0;

  for (;;)
    {
      gssize n = read (STDIN_FILENO, piece, PIECE);

      if (assay_progress_is_cancelled (progress, error))
        return FALSE;
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          assay_error_set_errno (error, errno, "standard input: reading stopped at byte %" G_GUINT64_FORMAT, done);
          return FALSE;
        }
      if (n == 0)
        return TRUE;
      if (!assay_file_write_all (out, path, piece, (gsize) n, error))
        return FALSE;
      done += (guint64) n;
      assay_progress_report (progress, "standard input", done, 0, "bytes", NULL);
    }
}

char *
assay_standard_input_keep (AssayProgress *progress, GError **error)
{
  g_autofree char *directory = g_dir_make_tmp ("assay-input-XXXXXX", error);
  char *path;
  gboolean ok;
  int fd;

  if (directory == NULL)
    {
      g_prefix_error (error, "standard input: a scratch folder for it cannot be made (TMPDIR names another place): ");
      return NULL;
    }
  path = g_build_filename (directory, "standard input", NULL);
  fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    assay_error_set_errno (error, errno, "%s: cannot be made", path);
  ok = fd >= 0 && copy_all (fd, path, progress, error);
  if (fd >= 0)
    close (fd);
  if (ok)
    return path;
  assay_standard_input_forget (path);
  return NULL;
}

void
assay_standard_input_forget (char *path)
{
  g_autofree char *own = path, *directory = path ? g_path_get_dirname (path) : NULL;

  if (own == NULL)
    return;
  g_unlink (own);
  g_rmdir (directory);
}
