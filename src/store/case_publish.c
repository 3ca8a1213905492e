/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_publish.c: from the bytes of a shard to a committed part: file, fsync, rename, fsync, journal, fsync. */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"

/* --- records --------------------------------------------------------------------------------------------------------- */

/* JSON is UTF-8; a command line and names that the system gives need not be. */
static json_t *
text_json (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  return json_string (valid);
}

/* Who, when, with what: the same in every record. */
static json_t *
new_record (AssayCase *self, const char *action)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *utc = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.%fZ");
  const char *program = g_get_prgname ();
  struct utsname system;
  g_autofree char *machine = NULL;

  uname (&system);
  machine = g_strdup_printf ("%s %s %s", system.nodename, system.sysname, system.machine);
  return json_pack ("{s:s,s:s,s:o,s:o,s:s,s:o,s:[],s:[]}", "action", action, "utc", utc, "actor", text_json (g_get_user_name ()),
                    "command_line", text_json (self->command_line != NULL ? self->command_line : program != NULL ? program : ""),
                    "tool_version", PACKAGE_VERSION, "machine", text_json (machine), "inputs", "outputs");
}

static gboolean
ensure_journal (AssayCase *self, GError **error)
{
  g_autofree char *directory = NULL;
  json_t *record;

  if (self->journal != NULL)
    return TRUE;
  directory = g_build_filename (self->path, "journal", NULL);
  record = new_record (self, "open");
  self->journal = assay_journal_writer_new (directory, &self->end, record, error);
  json_decref (record);
  return self->journal != NULL;
}

gboolean
assay_case_append (AssayCase *self, const char *action, json_t *body, gboolean *undone, GError **error)
{
  json_t *record;
  gboolean ok;

  *undone = TRUE;
  if (!ensure_journal (self, error))
    return FALSE;
  record = new_record (self, action);
  json_object_update (record, body);
  ok = assay_journal_writer_append (self->journal, record, undone, error);
  if (ok)
    {
      *undone = FALSE;                          /* it is on disk, whatever the catalogue has to say */
      g_mutex_lock (&self->mutex);
      self->end = assay_journal_writer_get_end (self->journal);
      ok = assay_catalogue_apply (self->catalogue, record, self->path, error);
      g_mutex_unlock (&self->mutex);
    }
  json_decref (record);
  return ok;
}

json_t *
assay_case_part_json (const AssayPublication *p, guint64 sequence, const char *file, const char *sha256)
{
  g_autofree char *root = assay_digest_to_hex (&p->content_root);
  json_t *part = json_pack ("{s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:s,s:s,s:s,s:b}", "kind", p->kind, "name", p->name, "sequence",
                            (json_int_t) sequence, "object", (json_int_t) (p->object != 0 ? p->object : sequence), "row_start",
                            (json_int_t) p->row_start, "rows", (json_int_t) p->rows, "bytes", (json_int_t) p->n, "file", file,
                            "sha256", sha256, "content_root", root, "complete", p->complete ? 1 : 0);

  if (p->object == 0)
    {
      json_object_set (part, "meta", p->meta);
      if (p->layout != NULL)
        json_object_set_new (part, "layout", json_string (p->layout));
    }
  return part;
}

/* --- publishing ------------------------------------------------------------------------------------------------------ */

static gboolean
write_shard (AssayCase *self, const AssayPublication *p, const char *file, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, file, NULL);
  g_autoptr (AssayFileWriter) writer = assay_file_writer_new (path, error);

  return writer != NULL && assay_file_writer_add_pages (writer, p->bytes, p->n, error)
         && assay_file_writer_commit_new (writer, path, error);
}

/* A shard whose record certainly did not become durable would only be litter. */
static void
remove_shard (AssayCase *self, const char *file)
{
  g_autofree char *path = g_build_filename (self->path, file, NULL);

  unlink (path);
}

static guint64
next_sequence (AssayCase *self)
{
  guint64 sequence;

  g_mutex_lock (&self->mutex);
  sequence = assay_catalogue_get_last_sequence (self->catalogue) + 1;
  g_mutex_unlock (&self->mutex);
  return sequence;
}

static AssayObject *
get_object (AssayCase *self, guint64 sequence)
{
  AssayObject *object;

  g_mutex_lock (&self->mutex);
  object = assay_object_ref (assay_catalogue_find_sequence (self->catalogue, sequence));
  g_mutex_unlock (&self->mutex);
  return object;
}

static gboolean
is_of_same_making (const AssayObject *object, const AssayPublication *p)
{
  return object != NULL && p->layout != NULL && g_strcmp0 (assay_object_get_layout (object), p->layout) == 0 && json_equal (object->meta, p->meta);
}

gboolean
assay_case_continues (const AssayObject *object, const AssayPublication *p)
{
  return is_of_same_making (object, p) && !object->complete;
}

gboolean
assay_case_has_room (const AssayObject *object, const AssayPublication *p)
{
  gint64 first = p->row_start, end = p->row_start + p->rows;

  return p->rows <= G_MAXINT64 - p->row_start && assay_object_find_gap (object, &first, &end) && first == p->row_start && end == p->row_start + p->rows;
}

/* Where there are several writers another one may have begun the same recording, or ended it, or committed the same rows: then *is_there. */
static void
join (AssayCase *self, AssayPublication *p, gboolean *is_there)
{
  const AssayObject *object;

  g_mutex_lock (&self->mutex);
  object = p->object != 0 ? assay_catalogue_find_sequence (self->catalogue, p->object) : assay_catalogue_find (self->catalogue, p->kind, p->name);
  if (p->object != 0 || assay_case_continues (object, p) || (self->mode == ASSAY_CASE_SHARE && is_of_same_making (object, p)))
    {
      p->object = object->sequence;
      *is_there = !assay_case_has_room (object, p);
    }
  g_mutex_unlock (&self->mutex);
}

static gboolean
publish_alone (AssayCase *self, const AssayPublication *p, AssayObject **object, GError **error)
{
  guint64 sequence = next_sequence (self);
  AssayDigest digest = assay_digest_of_bytes (p->bytes, p->n);
  g_autofree char *sha256 = assay_digest_to_hex (&digest);
  g_autofree char *file = g_strdup_printf ("shards/%08" G_GUINT64_FORMAT "-%.16s.h5", sequence, sha256);
  json_t *body;
  gboolean ok, undone;

  if (!ensure_journal (self, error) || !write_shard (self, p, file, error))
    return FALSE;
  body = json_pack ("{s:[o]}", "outputs", assay_case_part_json (p, sequence, file, sha256));
  ok = assay_case_append (self, "commit", body, &undone, error);
  json_decref (body);
  if (!ok)
    {
      if (undone)
        remove_shard (self, file);
      return FALSE;
    }
  g_mutex_lock (&self->mutex);
  g_hash_table_add (self->verified, g_strdup (file));
  g_mutex_unlock (&self->mutex);
  if (object != NULL)
    *object = get_object (self, p->object != 0 ? p->object : sequence);
  return TRUE;
}

gboolean
assay_case_publish (AssayCase *self, const AssayPublication *publication, AssayObject **object, GError **error)
{
  AssayPublication p = *publication;
  gboolean ok, is_there = FALSE;

  g_mutex_lock (&self->writing);
  ok = assay_case_begin_turn (self, error);
  if (ok && p.layout != NULL && p.rows > 0)
    join (self, &p, &is_there);
  if (ok && is_there && object != NULL)
    *object = get_object (self, p.object);
  ok = ok && (is_there || publish_alone (self, &p, object, error));
  assay_case_end_turn (self);
  g_mutex_unlock (&self->writing);
  return ok;
}

static gboolean
check_whole (AssayCase *self, const AssayObject *object, GError **error)
{
  gint64 first = object->rows, end = G_MAXINT64;

  if (assay_object_find_gap (object, &first, &end) && end == G_MAXINT64)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: %s/%s cannot be ended: its rows from %" G_GINT64_FORMAT " on are missing", self->path,
               object->kind, object->name, first);
  return FALSE;
}

gboolean
assay_case_complete (AssayCase *self, guint64 object, gboolean *here, GError **error)
{
  json_t *body = json_pack ("{s:I}", "object", (json_int_t) object);
  gboolean ok, undone, was_complete = FALSE;
  g_autoptr (AssayObject) now = NULL;

  g_mutex_lock (&self->writing);
  ok = assay_case_begin_turn (self, error);
  now = ok ? get_object (self, object) : NULL;
  was_complete = ok && now->complete;                             /* another writer was first */
  if (ok && !was_complete)
    ok = check_whole (self, now, error) && assay_case_append (self, "complete", body, &undone, error);
  assay_case_end_turn (self);
  g_mutex_unlock (&self->writing);
  if (ok && here != NULL)
    *here = !was_complete;
  json_decref (body);
  return ok;
}
