/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal_writer.c: appending to a journal. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "store/file.h"
#include "store/journal.h"
#include "store/journal_frame.h"

struct _AssayJournalWriter {
  int             fd;
  char           *path;
  AssayJournalEnd end;
  gboolean        unusable;
};

static void
append_u32 (GByteArray *bytes, guint32 value)
{
  guint32 le = GUINT32_TO_LE (value);

  g_byte_array_append (bytes, (const guint8 *) &le, 4);
}

/* The record's bytes behind what bytes already holds. */
static gboolean
append_record (GByteArray *bytes, json_t *payload, const AssayDigest *previous, const char *path, GError **error)
{
  char *text = json_dumps (payload, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION (17));
  gsize n = text != NULL ? strlen (text) : 0;
  guint start = bytes->len;
  guint32 checksum;

  if (n == 0 || n > ASSAY_JOURNAL_MAX_PAYLOAD)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                   "%s: a journal record holds at most %u bytes of JSON, this one has %" G_GSIZE_FORMAT, path,
                   ASSAY_JOURNAL_MAX_PAYLOAD, n);
      free (text);
      return FALSE;
    }
  g_byte_array_append (bytes, (const guint8 *) JOURNAL_MARK, 4);
  append_u32 (bytes, (guint32) n);
  g_byte_array_append (bytes, (const guint8 *) text, (guint) n);
  append_u32 (bytes, 0);
  g_byte_array_append (bytes, previous->bytes, ASSAY_DIGEST_BYTES);
  checksum = GUINT32_TO_LE (journal_checksum (bytes->data + start, n));
  memcpy (bytes->data + start + 8 + n, &checksum, 4);
  free (text);
  return TRUE;
}

static void
advance (AssayJournalWriter *self, const guint8 *record, gsize n, guint64 offset)
{
  self->end.last = assay_digest_of_bytes (record, n);
  self->end.last_file = self->end.file;
  self->end.last_offset = offset;
  self->end.end = offset + n;
}

static json_t *
name_predecessor (const AssayJournalEnd *end)
{
  g_autofree char *file = assay_journal_dup_name (end->last_file), *hex = assay_digest_to_hex (&end->last);

  return end->last_file == 0 ? json_null ()
                             : json_pack ("{s:s,s:I,s:s}", "file", file, "offset", (json_int_t) end->last_offset, "sha256", hex);
}

/* The file under a temporary name first: a reader never meets one without its first record. */
static gboolean
create_file (AssayJournalWriter *self, const GByteArray *contents, GError **error)
{
  g_autoptr (AssayFileWriter) file = assay_file_writer_new (self->path, error);

  if (file == NULL || !assay_file_writer_add (file, contents->data, contents->len, error)
      || !assay_file_writer_commit_new (file, self->path, error))
    return FALSE;
  self->fd = open (self->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (self->fd < 0)
    {
      assay_error_set_errno (error, errno, "%s: cannot be opened again", self->path);
      return FALSE;
    }
  return TRUE;
}

AssayJournalWriter *
assay_journal_writer_new (const char *directory, const AssayJournalEnd *end, json_t *open_payload, GError **error)
{
  AssayJournalWriter *self = g_new0 (AssayJournalWriter, 1);
  g_autoptr (GByteArray) contents = g_byte_array_new ();
  g_autofree char *name = assay_journal_dup_name (end->file + 1);
  json_t *payload = json_copy (open_payload);
  gboolean ok;

  self->fd = -1;
  self->end = *end;
  self->end.file = end->file + 1;
  self->end.torn_bytes = 0;
  self->end.whole_but_bad = FALSE;
  self->path = g_build_filename (directory, name, NULL);
  json_object_set_new (payload, "continues", name_predecessor (end));
  g_byte_array_append (contents, (const guint8 *) JOURNAL_HEADER, JOURNAL_HEADER_BYTES);
  ok = append_record (contents, payload, &end->last, self->path, error) && create_file (self, contents, error);
  json_decref (payload);
  if (!ok)
    {
      assay_journal_writer_free (self);
      return NULL;
    }
  advance (self, contents->data + JOURNAL_HEADER_BYTES, contents->len - JOURNAL_HEADER_BYTES, JOURNAL_HEADER_BYTES);
  return self;
}

gboolean
assay_journal_writer_append (AssayJournalWriter *self, json_t *payload, gboolean *undone, GError **error)
{
  g_autoptr (GByteArray) record = g_byte_array_new ();

  *undone = TRUE;
  if (self->unusable)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_IO, "%s: an earlier write failed; open the case again", self->path);
      return FALSE;
    }
  if (!append_record (record, payload, &self->end.last, self->path, error))
    return FALSE;
  if (!assay_file_write_all (self->fd, self->path, record->data, record->len, error))
    {
      if (ftruncate (self->fd, (off_t) self->end.end) < 0 || fsync (self->fd) < 0)
        {
          self->unusable = TRUE;
          *undone = FALSE;
        }
      return FALSE;
    }
  if (!assay_file_sync (self->fd, self->path, error))
    {
      self->unusable = TRUE;
      *undone = FALSE;
      return FALSE;
    }
  advance (self, record->data, record->len, self->end.end);
  return TRUE;
}

AssayJournalEnd
assay_journal_writer_get_end (AssayJournalWriter *self)
{
  return self->end;
}

void
assay_journal_writer_free (AssayJournalWriter *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self);
}
