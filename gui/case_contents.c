/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_contents.c: a snapshot of a case's catalogue. */
#include "gui/case_contents.h"

#include "base/text.h"

#include <glib/gstdio.h>
#include <string.h>

#define MARKER "assay-case.json"
#define SUFFIX ".assay"

char *
assay_case_display_name (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  if (g_str_has_suffix (base, SUFFIX) && strlen (base) > strlen (SUFFIX))
    base[strlen (base) - strlen (SUFFIX)] = '\0';
  return assay_text_escape (base, FALSE);
}

static char *
read_uuid (const char *path)
{
  g_autofree char *file = g_build_filename (path, MARKER, NULL);
  json_t *marker = json_load_file (file, JSON_REJECT_DUPLICATES, NULL);
  char *uuid = g_strdup (json_string_value (json_object_get (marker, "uuid")));

  json_decref (marker);
  return uuid;
}

static guint64
measure_files (const char *path, const AssayObject *object)
{
  guint64 bytes = 0;

  for (guint k = 0; k < object->n_parts; k++)
    {
      g_autofree char *file = g_build_filename (path, object->parts[k]->file, NULL);
      GStatBuf status;

      if (g_stat (file, &status) == 0)
        bytes += (guint64) status.st_size;
    }
  return bytes;
}

gpointer
assay_case_contents_read (AssayCase *cas, gconstpointer nothing, GCancellable *cancellable, GError **error)
{
  AssayCaseContents *self = g_new0 (AssayCaseContents, 1);

  (void) nothing;
  (void) cancellable;
  (void) error;
  g_atomic_ref_count_init (&self->count);
  self->path = g_strdup (assay_case_get_path (cas));
  self->name = assay_case_display_name (self->path);
  self->uuid = read_uuid (self->path);
  self->objects = assay_case_list (cas, NULL, NULL);
  self->notes = g_ptr_array_new_with_free_func (g_free);
  for (const char *const *note = assay_case_get_notes (cas); note != NULL && *note != NULL; note++)
    g_ptr_array_add (self->notes, g_strdup (*note));
  for (guint k = 0; k < self->objects->len; k++)
    {
      const AssayObject *object = self->objects->pdata[k];

      self->bytes += object->bytes;
      self->on_disk += measure_files (self->path, object);
      self->last_sequence = MAX (self->last_sequence, object->n_parts > 0 ? object->parts[object->n_parts - 1]->sequence : object->sequence);
    }
  return self;
}

AssayCaseContents *
assay_case_contents_ref (AssayCaseContents *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
assay_case_contents_unref (AssayCaseContents *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->count))
    return;
  g_ptr_array_unref (self->objects);
  g_ptr_array_unref (self->notes);
  g_free (self->path);
  g_free (self->name);
  g_free (self->uuid);
  g_free (self);
}

guint
assay_case_contents_count (const AssayCaseContents *self, const char *kind)
{
  guint n = 0;

  for (guint k = 0; k < self->objects->len; k++)
    n += strcmp (((const AssayObject *) self->objects->pdata[k])->kind, kind) == 0;
  return n;
}

const AssayObject *
assay_case_contents_find (const AssayCaseContents *self, const char *kind, const char *name)
{
  const AssayObject *found = NULL;

  for (guint k = 0; k < self->objects->len; k++)
    {
      const AssayObject *object = self->objects->pdata[k];

      if (strcmp (object->kind, kind) == 0 && (name == NULL || strcmp (object->name, name) == 0)
          && (found == NULL || object->sequence > found->sequence))
        found = object;
    }
  return found;
}
