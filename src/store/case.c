/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case.c: making, opening and looking into a case. */
#include "store/case.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"

#define NAMES_SHOWN 8
#define TURN_PATIENCE 60        /* seconds that one of several writers waits for the case at first */

/* --- making and opening ---------------------------------------------------------------------------------------------- */

static AssayCase *
case_new (const char *path, AssayCaseMode mode)
{
  AssayCase *self = g_new0 (AssayCase, 1);

  self->path = g_strdup (path);
  self->mode = mode;
  self->lock = -1;
  self->catalogue = assay_catalogue_new ();
  self->verified = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->notes, NULL);
  g_mutex_init (&self->writing);
  g_mutex_init (&self->mutex);
  return self;
}

void
assay_case_free (AssayCase *self)
{
  if (self == NULL)
    return;
  assay_journal_writer_free (self->journal);
  assay_case_unlock (self);
  assay_catalogue_free (self->catalogue);
  g_hash_table_unref (self->verified);
  g_ptr_array_unref (self->notes);
  g_mutex_clear (&self->writing);
  g_mutex_clear (&self->mutex);
  g_free (self->command_line);
  g_free (self->path);
  g_free (self);
}

void
assay_case_add_note (AssayCase *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_insert (self->notes, (int) self->notes->len - 1, g_strdup_vprintf (format, args));
  va_end (args);
}

/* What a creation that was interrupted leaves; anything else belongs to somebody. */
static gboolean
is_leftover (const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);

  if (strcmp (name, "shards") == 0 || strcmp (name, "journal") == 0)
    {
      GDir *dir = g_dir_open (path, 0, NULL);
      gboolean empty = dir != NULL && g_dir_read_name (dir) == NULL;

      if (dir != NULL)
        g_dir_close (dir);
      return empty;
    }
  return strcmp (name, "lock") == 0 || strcmp (name, ASSAY_CASE_SALT) == 0 || assay_is_temporary_name (name);
}

static gboolean
check_free_to_take (const char *path, GError **error)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;
  gboolean ok = TRUE;

  if (dir == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: exists and is not a directory that can be read", path);
      return FALSE;
    }
  while (ok && (name = g_dir_read_name (dir)) != NULL)
    if (strcmp (name, ASSAY_CASE_MARKER) == 0)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: is a case already; choose another name", path);
        ok = FALSE;
      }
    else if (!is_leftover (path, name))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                     "%s: is not empty (it holds %s); a new case wants a directory of its own", path, name);
        ok = FALSE;
      }
  g_dir_close (dir);
  return ok;
}

static gboolean
make_directory (const char *path, GError **error)
{
  if (mkdir (path, 0777) == 0 || errno == EEXIST)
    return TRUE;
  assay_error_set_errno (error, errno, "%s: directory cannot be made", path);
  return FALSE;
}

AssayCase *
assay_case_create (const char *path, GError **error)
{
  g_autofree char *shards = g_build_filename (path, "shards", NULL), *journal = g_build_filename (path, "journal", NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  int lock;
  gboolean ok;

  if (mkdir (path, 0777) < 0)
    {
      if (errno != EEXIST)
        {
          assay_error_set_errno (error, errno, "%s: case cannot be made", path);
          return NULL;
        }
      if (!check_free_to_take (path, error))
        return NULL;
    }
  lock = assay_case_lock (path, 0, error);
  if (lock < 0)
    return NULL;
  ok = check_free_to_take (path, error) /* once more: another process may have made it before the lock was ours */
       && make_directory (shards, error) && make_directory (journal, error) && assay_case_write_marker (path, error)
       && assay_file_sync_directory (parent, error);
  close (lock);
  return ok ? assay_case_open (path, ASSAY_CASE_WRITE, error) : NULL;
}

static gboolean
apply_record (const AssayJournalRecord *record, gpointer data, GError **error)
{
  AssayCase *self = data;
  g_autofree char *name = assay_journal_dup_name (record->file);
  g_autofree char *where = g_strdup_printf ("%s/journal/%s, byte %" G_GUINT64_FORMAT, self->path, name, record->offset);

  return assay_catalogue_apply (self->catalogue, record->payload, where, error);
}

gboolean
assay_case_read_journal (AssayCase *self, GError **error)
{
  g_autofree char *directory = g_build_filename (self->path, "journal", NULL);
  AssayJournalEnd from = self->end;

  return assay_journal_walk (directory, from.file > 0 ? &from : NULL, apply_record, self, &self->end, NULL, error);
}

static void
note_torn_tail (AssayCase *self)
{
  g_autofree char *name = assay_journal_dup_name (self->end.file);

  if (self->end.torn_bytes > 0)
    assay_case_add_note (self, "journal/%s ends with %" G_GUINT64_FORMAT
                         " bytes of a record that was never completed; they are ignored", name, self->end.torn_bytes);
}

AssayCase *
assay_case_open (const char *path, AssayCaseMode mode, GError **error)
{
  g_autoptr (AssayCase) self = NULL;

  if (!assay_case_check_marker (path, error))
    return NULL;
  self = case_new (path, mode);
  if (mode != ASSAY_CASE_READ && (self->lock = assay_case_lock (path, mode == ASSAY_CASE_SHARE ? TURN_PATIENCE : 0, error)) < 0)
    return NULL;
  self->has_salt_key = assay_case_read_salt (path, self->salt_key);
  if (!assay_case_read_journal (self, error))
    return NULL;
  note_torn_tail (self);
  if (mode != ASSAY_CASE_READ && !assay_case_recover (self, error))
    return NULL;
  assay_case_end_turn (self);
  return g_steal_pointer (&self);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

const char *
assay_case_get_path (AssayCase *self)
{
  return self->path;
}

gboolean
assay_case_is_writable (AssayCase *self)
{
  return self->mode != ASSAY_CASE_READ;
}

const char *const *
assay_case_get_notes (AssayCase *self)
{
  return (const char *const *) self->notes->pdata;
}

gboolean
assay_case_refresh (AssayCase *self, GError **error)
{
  gboolean ok = TRUE;

  if (self->mode == ASSAY_CASE_WRITE)
    return TRUE;
  g_mutex_lock (&self->writing);        /* an own record that is on its way to the catalogue must not be read twice */
  g_mutex_lock (&self->mutex);
  ok = assay_case_read_journal (self, error);
  g_mutex_unlock (&self->mutex);
  g_mutex_unlock (&self->writing);
  return ok;
}

static int
compare_objects (gconstpointer a, gconstpointer b)
{
  const AssayObject *x = *(AssayObject *const *) a, *y = *(AssayObject *const *) b;
  int kinds = strcmp (x->kind, y->kind);

  return kinds != 0 ? kinds : strcmp (x->name, y->name);
}

GPtrArray *
assay_case_list (AssayCase *self, const char *kind, const char *prefix)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  const GPtrArray *history;

  g_mutex_lock (&self->mutex);
  history = assay_catalogue_get_history (self->catalogue);
  for (guint i = 0; i < history->len; i++)
    {
      AssayObject *object = g_ptr_array_index (history, i);

      if ((kind == NULL || strcmp (object->kind, kind) == 0) && (prefix == NULL || g_str_has_prefix (object->name, prefix))
          && assay_catalogue_find (self->catalogue, object->kind, object->name) == object)
        g_ptr_array_add (list, assay_object_ref (object));
    }
  g_mutex_unlock (&self->mutex);
  g_ptr_array_sort (list, compare_objects);
  return list;
}

GPtrArray *
assay_case_list_history (AssayCase *self)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  const GPtrArray *history;

  g_mutex_lock (&self->mutex);
  history = assay_catalogue_get_history (self->catalogue);
  for (guint i = 0; i < history->len; i++)
    g_ptr_array_add (list, assay_object_ref (g_ptr_array_index (history, i)));
  g_mutex_unlock (&self->mutex);
  return list;
}

/* Names that a mistaken look-up can be corrected with. */
static char *
describe_names (AssayCase *self, const char *kind)
{
  g_autoptr (GPtrArray) list = assay_case_list (self, kind, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->len && i < NAMES_SHOWN; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", ((AssayObject *) g_ptr_array_index (list, i))->name);
  if (list->len > NAMES_SHOWN)
    g_string_append_printf (text, " and %u more", list->len - NAMES_SHOWN);
  if (list->len == 0)
    g_string_append (text, "nothing of that kind");
  return g_string_free (text, FALSE);
}

AssayObject *
assay_case_lookup (AssayCase *self, const char *kind, const char *name, GError **error)
{
  AssayObject *object;

  g_mutex_lock (&self->mutex);
  object = assay_catalogue_find (self->catalogue, kind, name);
  if (object != NULL)
    assay_object_ref (object);
  g_mutex_unlock (&self->mutex);
  if (object == NULL && error != NULL)
    {
      g_autofree char *names = describe_names (self, kind);

      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: has no %s named \"%s\"; it has: %s", self->path, kind, name,
                   names);
    }
  return object;
}

gboolean
assay_case_has (AssayCase *self, const char *kind, const char *name)
{
  g_autoptr (AssayObject) object = assay_case_lookup (self, kind, name, NULL);

  return object != NULL;
}

AssayObject *
assay_case_lookup_sequence (AssayCase *self, guint64 sequence, GError **error)
{
  AssayObject *object;

  g_mutex_lock (&self->mutex);
  object = assay_catalogue_find_sequence (self->catalogue, sequence);
  if (object != NULL)
    assay_object_ref (object);
  g_mutex_unlock (&self->mutex);
  if (object == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: has no object number %" G_GUINT64_FORMAT, self->path, sequence);
  return object;
}

/* --- words of the writer --------------------------------------------------------------------------------------------- */

char *
assay_case_dup_pseudonym (AssayCase *self, const char *text)
{
  /* The word keeps these apart from the salts of digests, which are made with the same key. */
  g_autofree char *message = g_strconcat ("assay-pseudonym:", text, NULL), *digits = NULL;

  if (!self->has_salt_key)
    return NULL;
  digits = g_compute_hmac_for_string (G_CHECKSUM_SHA256, self->salt_key, sizeof self->salt_key, message, -1);
  return g_strndup (digits, 16);
}

void
assay_case_set_command_line (AssayCase *self, const char *command_line)
{
  g_mutex_lock (&self->writing);
  g_free (self->command_line);
  self->command_line = g_strdup (command_line);
  g_mutex_unlock (&self->writing);
}

gboolean
assay_case_log (AssayCase *self, const char *action, json_t *body, GError **error)
{
  gboolean undone, ok;

  if (!assay_case_is_writable (self))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: was opened for reading; nothing can be recorded", self->path);
      return FALSE;
    }
  g_mutex_lock (&self->writing);
  ok = assay_case_begin_turn (self, error) && assay_case_append (self, action, body, &undone, error);
  assay_case_end_turn (self);
  g_mutex_unlock (&self->writing);
  return ok;
}
