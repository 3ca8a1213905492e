/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_lock.c: one writer per case. The kernel's lock ends with its owner, so a dead writer holds nobody up. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"

#define POLL (10 * 1000)        /* microseconds between tries */

static void
refuse (int fd, const char *path, GError **error)
{
  char owner[300] = "";
  ssize_t n = pread (fd, owner, sizeof owner - 1, 0);

  owner[n > 0 ? n : 0] = '\0';
  g_strstrip (owner);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_BUSY, "%s: is being written by %s; one writer at a time: wait, or end it", path,
               *owner != '\0' ? owner : "another process");
}

/* FALSE with errno set. */
static gboolean
try_lock (int fd, guint patience)
{
  gint64 until = g_get_monotonic_time () + (gint64) patience * G_USEC_PER_SEC;

  while (flock (fd, LOCK_EX | LOCK_NB) < 0)
    {
      if (errno != EINTR && (errno != EWOULDBLOCK || g_get_monotonic_time () >= until))
        return FALSE;
      g_usleep (POLL);
    }
  return TRUE;
}

void
assay_case_unlock (AssayCase *self)
{
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
}

int
assay_case_lock (const char *path, guint patience, GError **error)
{
  g_autofree char *file = g_build_filename (path, "lock", NULL);
  char owner[300], host[256] = "";
  int fd = open (file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened for writing", file);
      return -1;
    }
  if (!try_lock (fd, patience))
    {
      if (errno == EWOULDBLOCK)
        refuse (fd, path, error);
      else
        assay_error_set_errno (error, errno, "%s: the file system gives no lock", file);
      close (fd);
      return -1;
    }
  gethostname (host, sizeof host - 1);
  g_snprintf (owner, sizeof owner, "process %d on host %s\n", (int) getpid (), host);
  /* The text only informs; on a full disk the lock itself still holds. */
  if (ftruncate (fd, 0) == 0 && pwrite (fd, owner, strlen (owner), 0) < 0)
    errno = 0;
  return fd;
}
