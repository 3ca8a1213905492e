/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify.c: walks a case from its journal down to every stored value. */
#include "store/verify.h"

#include <string.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"
#include "store/hdf5_door.h"
#include "store/io_thread.h"
#include "store/shard_digest.h"

typedef struct {
  const char        *path;
  AssayVerification *out;
  AssayCatalogue    *catalogue;
  GPtrArray         *contradictions;    /* records that the catalogue refused */
  guint8             salt_key[ASSAY_CASE_SALT_BYTES];
  gboolean           has_salt_key;
  guint              n_salted;          /* parts whose content root needs the key that is not there */
} Check;

/* --- findings -------------------------------------------------------------------------------------------------------- */

static void
finding_free (gpointer data)
{
  AssayFinding *finding = data;

  g_free (finding->file);
  g_free (finding->kind);
  g_free (finding->name);
  g_free (finding->text);
  g_free (finding);
}

void
assay_verification_free (AssayVerification *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->findings);
  g_free (self);
}

static void G_GNUC_PRINTF (6, 7)
report (AssayVerification *out, AssayFindingLevel level, const char *what, const char *file, const AssayObject *object,
        const char *format, ...)
{
  AssayFinding *finding = g_new0 (AssayFinding, 1);
  va_list args;

  finding->level = level;
  finding->what = what;
  finding->file = g_strdup (file);
  finding->kind = g_strdup (object != NULL ? object->kind : NULL);
  finding->name = g_strdup (object != NULL ? object->name : NULL);
  va_start (args, format);
  finding->text = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (out->findings, finding);
  out->n_damaged += level == ASSAY_FINDING_DAMAGE;
}

/* --- the journal ----------------------------------------------------------------------------------------------------- */

static gboolean
take_record (const AssayJournalRecord *record, gpointer data, GError **error)
{
  Check *check = data;
  g_autofree char *name = assay_journal_dup_name (record->file);
  g_autofree char *where = g_strdup_printf ("journal/%s, byte %" G_GUINT64_FORMAT, name, record->offset);
  GError *cause = NULL;

  (void) error;
  check->out->n_records++;
  if (!assay_catalogue_apply (check->catalogue, record->payload, where, &cause))
    {
      g_ptr_array_add (check->contradictions, g_strdup (cause->message));
      g_error_free (cause);
    }
  return TRUE;
}

static gboolean
check_journal (Check *check, GError **error)
{
  g_autofree char *directory = g_build_filename (check->path, "journal", NULL), *newest = NULL;
  AssayJournalEnd end;

  if (!assay_journal_walk (directory, NULL, take_record, check, &end, check->contradictions, error))
    return FALSE;
  for (guint i = 0; i < check->contradictions->len; i++)
    {
      const char *text = g_ptr_array_index (check->contradictions, i);
      g_autofree char *file = g_strndup (text, strcspn (text, ","));

      report (check->out, ASSAY_FINDING_DAMAGE, "journal-damaged", file, NULL, "%s", text);
    }
  newest = assay_journal_dup_name (end.file);
  if (end.torn_bytes > 0)
    {
      g_autofree char *file = g_build_filename ("journal", newest, NULL);

      report (check->out, end.whole_but_bad ? ASSAY_FINDING_DAMAGE : ASSAY_FINDING_NOTE,
              end.whole_but_bad ? "journal-damaged" : "journal-torn", file, NULL,
              "%s, byte %" G_GUINT64_FORMAT ": the last record %s; its %" G_GUINT64_FORMAT " bytes are ignored", file, end.end,
              end.whole_but_bad ? "has its full length, but its checksum does not fit" : "was never completed", end.torn_bytes);
    }
  return TRUE;
}

/* --- parts ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  Check             *check;
  const char        *file;
  const AssayObject *object;
  AssayDigest        root;
} RootTask;

static gboolean
compute_root (gpointer data, GError **error)
{
  RootTask *task = data;
  g_autofree char *path = g_build_filename (task->check->path, task->file, NULL);
  g_autofree char *prefix = g_strdup_printf ("%s/%s", task->object->kind, task->object->name);
  hid_t file = assay_hdf5_open_file (path, error);
  gboolean ok;

  if (file < 0)
    return FALSE;
  ok = assay_shard_digest (file, prefix, task->check->has_salt_key ? task->check->salt_key : NULL, path, &task->root, error);
  H5Fclose (file);
  return ok;
}

/* The file's bytes; TRUE when the library may see them. */
static gboolean
check_bytes (Check *check, const AssayObject *object, const AssayPart *part)
{
  g_autofree char *path = g_build_filename (check->path, part->file, NULL), *sha256 = NULL;
  GError *error = NULL;
  guint64 bytes;

  sha256 = assay_file_sha256 (path, &bytes, &error);
  if (sha256 == NULL)
    {
      report (check->out, ASSAY_FINDING_DAMAGE,
              g_error_matches (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND) ? "missing" : "unreadable", part->file, object, "%s",
              error->message);
      g_error_free (error);
      return FALSE;
    }
  check->out->bytes += bytes;
  if (bytes != part->bytes)
    report (check->out, ASSAY_FINDING_DAMAGE, "size", part->file, object,
            "%s: has %" G_GUINT64_FORMAT " bytes, the journal says %" G_GUINT64_FORMAT, part->file, bytes, part->bytes);
  else if (strcmp (sha256, part->sha256) != 0)
    report (check->out, ASSAY_FINDING_DAMAGE, "sha256", part->file, object, "%s: has SHA-256 %s, the journal says %s",
            part->file, sha256, part->sha256);
  else
    return TRUE;
  return FALSE;
}

static void
check_part (Check *check, const AssayObject *object, const AssayPart *part)
{
  RootTask task = { .check = check, .file = part->file, .object = object };
  GError *error = NULL;
  g_autofree char *root = NULL;

  check->out->n_parts++;
  if (!check_bytes (check, object, part))
    return;
  if (!assay_store_call (compute_root, &task, &error))
    {
      if (!check->has_salt_key && g_error_matches (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND))
        {
          check->n_salted++;
          g_error_free (error);
          return;
        }
      report (check->out, ASSAY_FINDING_DAMAGE, "unreadable", part->file, object, "%s", error->message);
      g_error_free (error);
      return;
    }
  root = assay_digest_to_hex (&task.root);
  if (strcmp (root, part->content_root) != 0)
    report (check->out, ASSAY_FINDING_DAMAGE, "content-root", part->file, object,
            "%s: has content root %s, the journal says %s", part->file, root, part->content_root);
}

static gboolean
check_parts (Check *check, AssayProgress *progress, GError **error)
{
  const GPtrArray *history = assay_catalogue_get_history (check->catalogue);
  guint64 total = 0;

  for (guint i = 0; i < history->len; i++)
    total += ((const AssayObject *) g_ptr_array_index (history, i))->n_parts;
  check->out->n_objects = history->len;
  for (guint i = 0; i < history->len; i++)
    {
      const AssayObject *object = g_ptr_array_index (history, i);

      for (guint k = 0; k < object->n_parts; k++)
        {
          if (assay_progress_is_cancelled (progress, error))
            return FALSE;
          check_part (check, object, object->parts[k]);
          assay_progress_report (progress, "verify", check->out->n_parts, total, "shards", object->name);
        }
    }
  return TRUE;
}

/* --- what no record speaks of ---------------------------------------------------------------------------------------- */

static void
check_strangers (Check *check, const char *directory)
{
  g_autofree char *path = g_build_filename (check->path, directory, NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  if (dir == NULL)
    {
      if (strcmp (directory, "shards") == 0)
        report (check->out, ASSAY_FINDING_DAMAGE, "missing", directory, NULL, "%s: the directory is missing", path);
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = strcmp (directory, ".") == 0 ? g_strdup (name) : g_build_filename (directory, name, NULL);

      if (assay_is_temporary_name (name))
        report (check->out, ASSAY_FINDING_NOTE, "temporary-file", file, NULL,
                "%s: left by a writer that ended early, or of one at work; the next writer removes it", file);
      else if (strcmp (directory, "aside") == 0)
        report (check->out, ASSAY_FINDING_NOTE, "set-aside", file, NULL,
                "%s: a shard without a record, set aside; no result refers to it", file);
      else if (strcmp (directory, "shards") == 0 && !assay_catalogue_has_file (check->catalogue, file))
        report (check->out, ASSAY_FINDING_NOTE, "not-in-journal", file, NULL,
                "%s: no record speaks of it; the next writer adopts it or sets it aside", file);
    }
  g_dir_close (dir);
}

/* A copy for somebody who may not know the salt has no key, and is no damaged case for that. */
static void
note_salt (const Check *check)
{
  if (check->n_salted > 0)
    report (check->out, ASSAY_FINDING_NOTE, "no-salt", ASSAY_CASE_SALT, NULL, ASSAY_CASE_SALT " is not there or cannot be read: %u files with texts "
            "that may be redacted were checked by their SHA-256, not by their content roots", check->n_salted);
}

AssayVerification *
assay_case_verify (const char *path, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayVerification) out = NULL;
  g_autoptr (AssayCatalogue) catalogue = assay_catalogue_new ();
  g_autoptr (GPtrArray) contradictions = g_ptr_array_new_with_free_func (g_free);
  Check check = { .path = path, .catalogue = catalogue, .contradictions = contradictions };

  if (!assay_case_check_marker (path, error))
    return NULL;
  out = g_new0 (AssayVerification, 1);
  out->findings = g_ptr_array_new_with_free_func (finding_free);
  check.out = out;
  check.has_salt_key = assay_case_read_salt (path, check.salt_key);
  if (!check_journal (&check, error) || !check_parts (&check, progress, error))
    return NULL;
  note_salt (&check);
  check_strangers (&check, "shards");
  check_strangers (&check, "journal");
  check_strangers (&check, ".");
  check_strangers (&check, "aside");
  return g_steal_pointer (&out);
}
