/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_marker.c: the file that makes a directory a case and says which format it has, and the key for salted digests. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"

#define MARKER_MAX_BYTES 65536

static gboolean
write_salt (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, ASSAY_CASE_SALT, NULL);
  guint8 key[ASSAY_CASE_SALT_BYTES];
  int fd;
  gboolean ok;

  if (getrandom (key, sizeof key, 0) != (ssize_t) sizeof key)
    {
      assay_error_set_errno (error, errno, "%s: no random bytes for the salt", file);
      return FALSE;
    }
  fd = open (file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be written", file);
      return FALSE;
    }
  ok = assay_file_write_all (fd, file, key, sizeof key, error) && assay_file_sync (fd, file, error);
  close (fd);
  return ok;
}

gboolean
assay_case_read_salt (const char *path, guint8 key[ASSAY_CASE_SALT_BYTES])
{
  g_autofree char *file = g_build_filename (path, ASSAY_CASE_SALT, NULL);
  g_autoptr (GBytes) bytes = assay_file_read (file, ASSAY_CASE_SALT_BYTES, NULL);

  if (bytes == NULL || g_bytes_get_size (bytes) != ASSAY_CASE_SALT_BYTES)
    return FALSE;
  memcpy (key, g_bytes_get_data (bytes, NULL), ASSAY_CASE_SALT_BYTES);
  return TRUE;
}

gboolean
assay_case_write_marker (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, ASSAY_CASE_MARKER, NULL), *uuid = g_uuid_string_random ();
  g_autofree char *text = g_strdup_printf ("{\"format\":\"assay-case\",\"uuid\":\"%s\",\"version\":%d}\n", uuid,
                                           ASSAY_CASE_FORMAT);

  return write_salt (path, error) && assay_file_write (file, text, strlen (text), error);
}

gboolean
assay_case_check_marker (const char *path, GError **error)
{
  g_autofree char *file = g_build_filename (path, ASSAY_CASE_MARKER, NULL);
  GError *cause = NULL;
  g_autoptr (GBytes) bytes = assay_file_read (file, MARKER_MAX_BYTES, &cause);
  const char *format = NULL;
  json_int_t version = 0;
  json_t *marker;
  gboolean whole;

  if (bytes == NULL)
    {
      if (g_error_matches (cause, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND,
                       "%s: is not an Assay case (no " ASSAY_CASE_MARKER " there); `assay new` makes one", path);
          g_error_free (cause);
        }
      else
        g_propagate_error (error, cause);
      return FALSE;
    }
  marker = json_loadb (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), JSON_REJECT_DUPLICATES, NULL);
  whole = marker != NULL && json_unpack (marker, "{s:s,s:I}", "format", &format, "version", &version) == 0
          && strcmp (format, "assay-case") == 0 && version > 0;
  json_decref (marker);
  if (!whole)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                   "%s: {\"format\":\"assay-case\",\"version\":%d,...} is expected, found something else", file,
                   ASSAY_CASE_FORMAT);
      return FALSE;
    }
  if (version > ASSAY_CASE_FORMAT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_VERSION,
                   "%s: has case format %" JSON_INTEGER_FORMAT ", this program knows up to %d; use a newer Assay", path, version,
                   ASSAY_CASE_FORMAT);
      return FALSE;
    }
  return TRUE;
}

gboolean
assay_case_is_at (const char *path)
{
  g_autofree char *file = g_build_filename (path, ASSAY_CASE_MARKER, NULL);

  return g_file_test (file, G_FILE_TEST_EXISTS);
}
