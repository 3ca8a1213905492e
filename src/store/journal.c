/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.c: reading a journal. The writer is in journal_writer.c. */
#include "store/journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "store/file.h"
#include "store/journal_frame.h"

typedef struct {
  const char      *directory;
  AssayJournalFunc func;
  gpointer         data;
  GPtrArray       *damage;      /* NULL: the first damage is an error */
  AssayJournalEnd  end;
  gboolean         gap;         /* something was lost before the next record: its link cannot fit */
} Walk;

char *
assay_journal_dup_name (guint file)
{
  return g_strdup_printf ("%08u.journal", file);
}

static gboolean
parse_name (const char *name, guint *file)
{
  if (strlen (name) != 16 || strcmp (name + 8, ".journal") != 0 || strspn (name, "0123456789") != 8)
    return FALSE;
  *file = (guint) strtoul (name, NULL, 10);
  return *file > 0;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/* The numbers of all journal files, ascending. */
static GArray *
list_files (const char *directory, GError **error)
{
  GError *cause = NULL;
  GDir *dir = g_dir_open (directory, 0, &cause);
  GArray *files;
  const char *name;

  if (dir == NULL)
    {
      g_set_error (error, ASSAY_ERROR,
                   g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_ACCES) ? ASSAY_ERROR_PERMISSION : ASSAY_ERROR_NOT_FOUND,
                   "%s: the journal's directory cannot be read: %s", directory, cause->message);
      g_error_free (cause);
      return NULL;
    }
  files = g_array_new (FALSE, FALSE, sizeof (guint));
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      guint file;

      if (parse_name (name, &file))
        g_array_append_val (files, file);
    }
  g_dir_close (dir);
  g_array_sort (files, compare_numbers);
  return files;
}

static guint32
get_u32 (const guint8 *p)
{
  guint32 v;

  memcpy (&v, p, 4);
  return GUINT32_FROM_LE (v);
}

/* Length of the whole record at p if it is whole and its checksum fits, else 0; *whole tells the two apart. */
static gsize
check_frame (const guint8 *p, gsize left, gboolean *whole)
{
  gsize payload, total;

  *whole = FALSE;
  if (left < JOURNAL_FRAME || memcmp (p, JOURNAL_MARK, 4) != 0)
    return 0;
  payload = get_u32 (p + 4);
  if (payload > ASSAY_JOURNAL_MAX_PAYLOAD || payload > left - JOURNAL_FRAME)
    return 0;
  total = payload + JOURNAL_FRAME;
  *whole = TRUE;
  return get_u32 (p + 8 + payload) == journal_checksum (p, payload) ? total : 0;
}

/* Offset of the next record behind at that is good in itself, or n. */
static gsize
find_next_record (const guint8 *bytes, gsize at, gsize n)
{
  while (at < n)
    {
      const guint8 *mark = memmem (bytes + at, n - at, JOURNAL_MARK, 4);
      gboolean whole;

      if (mark == NULL)
        return n;
      at = (gsize) (mark - bytes);
      if (check_frame (mark, n - at, &whole) != 0)
        return at;
      at++;
    }
  return n;
}

static gboolean G_GNUC_PRINTF (5, 6)
report_damage (Walk *walk, guint file, guint64 offset, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL, *name = assay_journal_dup_name (file);
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  walk->gap = TRUE;
  if (walk->damage != NULL)
    {
      g_ptr_array_add (walk->damage, g_strdup_printf ("journal/%s, byte %" G_GUINT64_FORMAT ": %s", name, offset, text));
      return TRUE;
    }
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED,
               "%s/%s, byte %" G_GUINT64_FORMAT ": %s; `assay verify` lists what is affected", walk->directory, name, offset,
               text);
  return FALSE;
}

/* One record that is good in itself: its link to the previous one, then the caller's function. */
static gboolean
take_record (Walk *walk, guint file, guint64 offset, const guint8 *p, gsize total, gboolean *stop, GError **error)
{
  const guint8 *link = p + total - ASSAY_DIGEST_BYTES;
  AssayJournalRecord record = { .file = file, .offset = offset, .end = offset + total };
  gboolean ok = TRUE;
  json_error_t fault;

  if (!walk->gap && memcmp (link, walk->end.last.bytes, ASSAY_DIGEST_BYTES) != 0)
    {
      g_autofree char *name = assay_journal_dup_name (walk->end.last_file);

      if (walk->end.last_file == 0)
        ok = report_damage (walk, file, offset, error, "this record follows another, but it is the first one found");
      else
        ok = report_damage (walk, file, offset, error,
                            "this record does not follow the record at byte %" G_GUINT64_FORMAT " of %s: one is missing or altered",
                            walk->end.last_offset, name);
      if (!ok)
        return FALSE;
    }
  record.payload = json_loadb ((const char *) p + 8, total - JOURNAL_FRAME, JSON_REJECT_DUPLICATES, &fault);
  if (record.payload == NULL)
    return report_damage (walk, file, offset, error, "the record is not JSON: %s", assay_json_show_fault (&fault));
  record.digest = assay_digest_of_bytes (p, total);
  walk->gap = FALSE;
  walk->end.last = record.digest;
  walk->end.last_file = file;
  walk->end.last_offset = offset;
  walk->end.end = record.end;
  if (walk->func != NULL)
    {
      GError *cause = NULL;

      *stop = !walk->func (&record, walk->data, &cause);
      if (cause != NULL)
        g_propagate_error (error, cause);
      ok = cause == NULL;
    }
  json_decref (record.payload);
  return ok;
}

/* All records of one file from byte start on. */
static gboolean
walk_file (Walk *walk, guint file, guint64 start, gboolean *stop, GError **error)
{
  g_autofree char *name = assay_journal_dup_name (file), *path = g_build_filename (walk->directory, name, NULL);
  g_autoptr (GBytes) contents = assay_file_read (path, G_MAXINT64, error);
  const guint8 *bytes;
  gsize n, at = (gsize) start;

  if (contents == NULL)
    return FALSE;
  bytes = g_bytes_get_data (contents, &n);
  walk->end.file = file;
  walk->end.end = start;
  walk->end.torn_bytes = 0;
  walk->end.whole_but_bad = FALSE;
  if (n < start)
    return report_damage (walk, file, n, error, "the file ends here, but it was %" G_GUINT64_FORMAT " bytes long", start);
  if (start == 0)
    {
      gsize first = find_next_record (bytes, 0, n);
      gboolean header = n >= JOURNAL_HEADER_BYTES && memcmp (bytes, JOURNAL_HEADER, JOURNAL_HEADER_BYTES) == 0;

      if (first == n)                   /* a writer died while it began this file */
        {
          walk->end.torn_bytes = n;
          return TRUE;
        }
      if (!header && !report_damage (walk, file, 0, error, "the file does not begin as an Assay journal of format 1 does"))
        return FALSE;
      at = header ? JOURNAL_HEADER_BYTES : first;
    }
  while (at < n && !*stop)
    {
      gboolean whole;
      gsize total = check_frame (bytes + at, n - at, &whole), next;

      if (total != 0)
        {
          if (!take_record (walk, file, at, bytes + at, total, stop, error))
            return FALSE;
          at += total;
          continue;
        }
      next = find_next_record (bytes, at + 1, n);
      if (next == n)
        {
          walk->end.torn_bytes = n - at;
          walk->end.whole_but_bad = whole;
          return TRUE;
        }
      if (!report_damage (walk, file, at, error, "the record here is damaged; others follow it from byte %" G_GSIZE_FORMAT " on",
                          next))
        return FALSE;
      at = next;
    }
  return TRUE;
}

gboolean
assay_journal_walk (const char *directory, const AssayJournalEnd *from, AssayJournalFunc func, gpointer data,
                    AssayJournalEnd *end, GPtrArray *damage, GError **error)
{
  Walk walk = { .directory = directory, .func = func, .data = data, .damage = damage };
  g_autoptr (GArray) files = list_files (directory, error);
  gboolean stop = FALSE;

  if (files == NULL)
    return FALSE;
  if (from != NULL)
    walk.end = *from;
  for (guint i = 0; i < files->len && !stop; i++)
    {
      guint file = g_array_index (files, guint, i);

      if (from != NULL && file < from->file)
        continue;
      if (!walk_file (&walk, file, from != NULL && file == from->file ? from->end : 0, &stop, error))
        return FALSE;
    }
  if (end != NULL)
    *end = walk.end;
  return TRUE;
}
