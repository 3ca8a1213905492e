/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_recover.c: what the next writer puts in order after a crash.
 *
 * The writer's lock is held, so every temporary file belongs to a dead writer. A shard without a record was finished but not
 * acknowledged: it is adopted when its hash, its content and its place in the sequence fit; otherwise it is set aside, never deleted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "store/case_private.h"
#include "store/file.h"
#include "store/io_thread.h"
#include "store/shard_digest.h"
#include "store/shard_writer_private.h"

gboolean
assay_is_temporary_name (const char *name)
{
  return g_str_has_prefix (name, ".tmp-");
}

gboolean
assay_shard_name_parse (const char *name, guint64 *sequence, char hash[17])
{
  gsize digits = strspn (name, "0123456789");

  if (digits < 8 || digits > 19 || name[digits] != '-' || strspn (name + digits + 1, "0123456789abcdef") != 16
      || strcmp (name + digits + 17, ".h5") != 0)
    return FALSE;
  *sequence = strtoull (name, NULL, 10);
  memcpy (hash, name + digits + 1, 16);
  hash[16] = '\0';
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* Names in a directory of the case, sorted. */
static GPtrArray *
list_names (AssayCase *self, const char *directory, GError **error)
{
  g_autofree char *path = g_build_filename (self->path, directory, NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  GPtrArray *names;
  const char *name;

  if (dir == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: the directory is missing or cannot be read", path);
      return NULL;
    }
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_dir_close (dir);
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean
remove_temporaries (AssayCase *self, const char *directory, GError **error)
{
  g_autoptr (GPtrArray) names = list_names (self, directory, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *path = g_build_filename (self->path, directory, name, NULL);

      if (!assay_is_temporary_name (name))
        continue;
      if (unlink (path) < 0)
        {
          assay_error_set_errno (error, errno, "%s: left by a dead writer, and cannot be removed", path);
          return FALSE;
        }
      assay_case_add_note (self, "removed %s/%s, left by a writer that ended early", directory, name);
    }
  return TRUE;
}

static gboolean
set_aside (AssayCase *self, const char *name, const char *why, GError **error)
{
  g_autofree char *directory = g_build_filename (self->path, "aside", NULL);
  g_autofree char *from = g_build_filename (self->path, "shards", name, NULL), *to = g_build_filename (directory, name, NULL);

  for (int k = 1; g_file_test (to, G_FILE_TEST_EXISTS); k++)
    {
      g_free (to);
      to = g_strdup_printf ("%s/%s.%d", directory, name, k);
    }
  if (mkdir (directory, 0777) < 0 && errno != EEXIST)
    {
      assay_error_set_errno (error, errno, "%s: directory cannot be made", directory);
      return FALSE;
    }
  if (rename (from, to) < 0)
    {
      assay_error_set_errno (error, errno, "%s: has no record, and cannot be set aside", from);
      return FALSE;
    }
  assay_case_add_note (self, "shards/%s has no record (%s): set aside in aside/", name, why);
  return TRUE;
}

/* --- adopting -------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayCase       *self;
  const char      *path;
  AssayPublication publication;
  char            *kind, *name, *layout;
} Orphan;

static void
orphan_clear (Orphan *orphan)
{
  g_free (orphan->kind);
  g_free (orphan->name);
  g_free (orphan->layout);
  json_decref (orphan->publication.meta);
}

/* On the store's thread: what the shard says about itself, and its content root. */
static gboolean
read_orphan (gpointer data, GError **error)
{
  Orphan *orphan = data;
  AssayPublication *p = &orphan->publication;
  g_auto (AssayHid) file = assay_hdf5_open_file (orphan->path, error);
  g_auto (AssayHid) root = H5I_INVALID_HID;
  g_autofree char *meta = NULL, *prefix = NULL;

  if (file < 0)
    return FALSE;
  root = H5Gopen2 (file, "/", H5P_DEFAULT);
  orphan->kind = assay_hdf5_dup_text (root, "kind");
  orphan->name = assay_hdf5_dup_text (root, "name");
  orphan->layout = assay_hdf5_dup_text (root, "layout");
  meta = assay_hdf5_dup_text (root, "meta");
  p->meta = meta != NULL ? json_loads (meta, JSON_REJECT_DUPLICATES, NULL) : NULL;
  /* What a commit would have refused must not reach the journal either: the catalogue could not read it. */
  if (!assay_object_name_check (orphan->kind, orphan->name, NULL) || !json_is_object (p->meta)
      || !assay_hdf5_get_i64 (root, "rows", &p->rows) || !assay_hdf5_get_i64 (root, "row_start", &p->row_start) || p->rows < 0
      || p->row_start < 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_DAMAGED, "%s: lacks an attribute that every shard has", orphan->path);
      return FALSE;
    }
  prefix = g_strdup_printf ("%s/%s", orphan->kind, orphan->name);
  return assay_shard_digest (file, prefix, orphan->self->has_salt_key ? orphan->self->salt_key : NULL, orphan->path,
                             &p->content_root, error);
}

/* The object it continues; FALSE when its rows do not fit to what is there. */
static gboolean
find_place (AssayCase *self, Orphan *orphan)
{
  AssayPublication *p = &orphan->publication;
  AssayObject *object = assay_catalogue_find (self->catalogue, orphan->kind, orphan->name);

  p->kind = orphan->kind;
  p->name = orphan->name;
  p->layout = orphan->layout;
  p->complete = orphan->layout == NULL;
  if (!assay_case_continues (object, p))
    return p->row_start == 0;
  p->object = object->sequence;
  return assay_case_has_room (object, p);
}

/* TRUE with *why set when it cannot be adopted. */
static gboolean
adopt (AssayCase *self, const char *name, guint64 sequence, const char *hash, const char **why, GError **error)
{
  g_autofree char *directory = g_build_filename (self->path, "shards", NULL);
  g_autofree char *path = g_build_filename (directory, name, NULL), *sha256 = NULL;
  g_autofree char *file = g_build_filename ("shards", name, NULL);
  Orphan orphan = { .self = self, .path = path };
  guint64 bytes;
  gboolean ok = TRUE, undone;

  *why = NULL;
  sha256 = assay_file_sha256 (path, &bytes, NULL);
  if (sequence != assay_catalogue_get_last_sequence (self->catalogue) + 1)
    *why = "its sequence number does not fit";
  else if (sha256 == NULL || strncmp (sha256, hash, 16) != 0)
    *why = "its bytes do not fit its name";
  else if (!assay_store_call (read_orphan, &orphan, NULL))
    *why = "its content cannot be read";
  else if (!find_place (self, &orphan))
    *why = "its rows do not fit to those that are there";
  else
    {
      json_t *body;

      orphan.publication.n = (gsize) bytes;
      body = json_pack ("{s:[o]}", "outputs", assay_case_part_json (&orphan.publication, sequence, file, sha256));
      g_mutex_lock (&self->writing);
      ok = assay_file_sync_directory (directory, error) && assay_case_append (self, "adopt", body, &undone, error);
      g_mutex_unlock (&self->writing);
      json_decref (body);
      if (ok)
        assay_case_add_note (self, "adopted %s: %s \"%s\" was finished, but its writer ended before recording it", file,
                             orphan.kind, orphan.name);
    }
  orphan_clear (&orphan);
  return ok;
}

static gboolean
settle_shards (AssayCase *self, GError **error)
{
  g_autoptr (GPtrArray) names = list_names (self, "shards", error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i), *why = "it is not a shard's name";
      g_autofree char *file = g_build_filename ("shards", name, NULL);
      guint64 sequence;
      char hash[17];

      if (assay_catalogue_has_file (self->catalogue, file))
        continue;
      if (assay_shard_name_parse (name, &sequence, hash) && !adopt (self, name, sequence, hash, &why, error))
        return FALSE;
      if (why != NULL && !set_aside (self, name, why, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
assay_case_recover (AssayCase *self, GError **error)
{
  return remove_temporaries (self, "shards", error) && remove_temporaries (self, "journal", error)
         && remove_temporaries (self, ".", error) && settle_shards (self, error);
}
