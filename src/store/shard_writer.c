/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shard_writer.c: the public face of writing one object: checks and conversions in the caller, HDF5 on the store's thread. */
#include "store/shard.h"

#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "store/case_private.h"
#include "store/file.h"
#include "store/io_thread.h"
#include "store/shard_file.h"
#include "store/shard_writer_private.h"

struct _AssayShardWriter {
  AssayCase      *cas;          /* NULL: a file outside any case */
  AssayShardFile *file;
  char           *kind, *name, *label;
  json_t         *meta;
  gint64          rows;         /* -1: not known yet */
  gboolean        ended;        /* committed or failed */
};

/* --- beginning ------------------------------------------------------------------------------------------------------- */

/* A kind is one plain word, a name any printable text: both become part of the logical path. */
gboolean
assay_object_name_check (const char *kind, const char *name, GError **error)
{
  gboolean ok = kind != NULL && *kind != '\0' && strspn (kind, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen (kind)
                && strlen (kind) <= 64 && name != NULL && *name != '\0' && strlen (name) <= 1024
                && g_utf8_validate (name, -1, NULL);

  for (const char *p = name; ok && *p != '\0'; p++)
    ok = (guchar) *p >= 0x20 && *p != 0x7f;
  if (!ok)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE,
                 "object \"%s\" of kind \"%s\": a kind is one word of a-z, 0-9, - and _, a name is printable UTF-8 of at most 1024 bytes",
                 name != NULL ? name : "", kind != NULL ? kind : "");
  return ok;
}

gboolean
assay_case_check_writable (AssayCase *cas, GError **error)
{
  if (assay_case_is_writable (cas))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: was opened for reading; nothing can be written", assay_case_get_path (cas));
  return FALSE;
}

static gboolean
begin (gpointer data, GError **error)
{
  AssayShardWriter *self = data;

  self->file = assay_shard_file_new (self->label, error);
  return self->file != NULL;
}

static AssayShardWriter *
writer_new (AssayCase *cas, const char *kind, const char *name, json_t *meta, GError **error)
{
  AssayShardWriter *self;

  if (!assay_object_name_check (kind, name, error))
    return NULL;
  self = g_new0 (AssayShardWriter, 1);
  self->cas = cas;
  self->kind = g_strdup (kind);
  self->name = g_strdup (name);
  self->label = g_strdup_printf ("%s/%s", kind, name);
  self->meta = meta != NULL ? json_deep_copy (meta) : json_object ();
  self->rows = -1;
  if (!assay_store_call (begin, self, error))
    {
      assay_shard_writer_free (self);
      return NULL;
    }
  return self;
}

AssayShardWriter *
assay_shard_writer_new (AssayCase *cas, const char *kind, const char *name, json_t *meta, GError **error)
{
  return assay_case_check_writable (cas, error) ? writer_new (cas, kind, name, meta, error) : NULL;
}

AssayShardWriter *
assay_shard_writer_new_file (const char *kind, const char *name, json_t *meta, GError **error)
{
  return writer_new (NULL, kind, name, meta, error);
}

static gboolean
drop_file (gpointer data, GError **error)
{
  (void) error;
  assay_shard_file_free (data);
  return TRUE;
}

void
assay_shard_writer_free (AssayShardWriter *self)
{
  if (self == NULL)
    return;
  if (self->file != NULL)
    assay_store_call (drop_file, self->file, NULL);
  g_free (self->kind);
  g_free (self->name);
  g_free (self->label);
  json_decref (self->meta);
  g_free (self);
}

/* --- putting --------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayShardWriter     *self;
  const AssayArraySpec *spec;
  const void           *values;         /* of spec->type */
  gboolean              axis;
} Put;

static gboolean
put (gpointer data, GError **error)
{
  Put *p = data;

  return p->axis ? assay_shard_file_put_axis (p->self->file, p->spec, p->values, error)
                 : assay_shard_file_put (p->self->file, p->spec, p->values, error);
}

static gboolean
check_alive (AssayShardWriter *self, GError **error)
{
  if (!self->ended)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: this object has been committed or has failed; begin another",
               self->label);
  return FALSE;
}

static gint64
count (const AssayArraySpec *spec)
{
  gint64 n = 1;

  for (guint k = 0; k < spec->rank; k++)
    n *= spec->dims[k];
  return n;
}

static gboolean
put_any (AssayShardWriter *self, const AssayArraySpec *spec, const void *values, gboolean axis, GError **error)
{
  Put p = { self, spec, values, axis };

  if (!assay_store_call (put, &p, error))
    {
      self->ended = TRUE;
      return FALSE;
    }
  if (!axis && self->rows < 0)
    self->rows = spec->rank > 0 ? spec->dims[0] : 0;
  return TRUE;
}

static gboolean
put_numbers (AssayShardWriter *self, const AssayArraySpec *spec, AssayStoreType from, const void *values, gboolean axis,
             GError **error)
{
  g_autoptr (AssayBuffer) converted = NULL;

  if (!check_alive (self, error) || !assay_array_spec_check (spec, self->label, error))
    return FALSE;
  if (spec->type == ASSAY_STORE_TEXT || from == ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: texts are put by the functions for text", self->label,
                   spec->path);
      return FALSE;
    }
  if (from != spec->type)
    {
      converted = assay_mem_alloc_array ((guint64) MAX (count (spec), 1), assay_store_type_width (spec->type), error);
      if (converted == NULL || !assay_store_convert (spec->type, converted, from, values, (gsize) count (spec), error))
        return FALSE;
      values = converted;
    }
  return put_any (self, spec, values, axis, error);
}

static gboolean
put_texts (AssayShardWriter *self, const AssayArraySpec *spec, const char *const *values, gboolean axis, GError **error)
{
  if (!check_alive (self, error) || !assay_array_spec_check (spec, self->label, error))
    return FALSE;
  if (spec->type != ASSAY_STORE_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s %s: is declared as %s, not as text", self->label, spec->path,
                   assay_store_type_word (spec->type));
      return FALSE;
    }
  for (gint64 i = 0; i < count (spec); i++)
    {
      const char *end;

      if (!g_utf8_validate (values[i], -1, &end))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT,
                       "%s %s: text %" G_GINT64_FORMAT " is not UTF-8 at byte %td", self->label, spec->path, i,
                       end - values[i]);
          return FALSE;
        }
    }
  return put_any (self, spec, values, axis, error);
}

gboolean
assay_shard_writer_put (AssayShardWriter *self, const AssayArraySpec *spec, AssayStoreType from, const void *values,
                        GError **error)
{
  return put_numbers (self, spec, from, values, FALSE, error);
}

gboolean
assay_shard_writer_put_text (AssayShardWriter *self, const AssayArraySpec *spec, const char *const *values, GError **error)
{
  return put_texts (self, spec, values, FALSE, error);
}

gboolean
assay_shard_writer_put_axis (AssayShardWriter *self, const AssayArraySpec *spec, AssayStoreType from, const void *values,
                             GError **error)
{
  return put_numbers (self, spec, from, values, TRUE, error);
}

gboolean
assay_shard_writer_put_axis_text (AssayShardWriter *self, const AssayArraySpec *spec, const char *const *values, GError **error)
{
  return put_texts (self, spec, values, TRUE, error);
}

typedef struct {
  AssayShardWriter *self;
  const char       *path, *name, *text;
  double            number;
} SetAttribute;

static gboolean
set_attribute (gpointer data, GError **error)
{
  SetAttribute *s = data;

  return s->text != NULL ? assay_shard_file_set_text (s->self->file, s->path, s->name, s->text, error)
                         : assay_shard_file_set_number (s->self->file, s->path, s->name, s->number, error);
}

gboolean
assay_shard_writer_set_text (AssayShardWriter *self, const char *path, const char *name, const char *value, GError **error)
{
  SetAttribute s = { self, path, name, value, 0 };

  return check_alive (self, error) && assay_store_call (set_attribute, &s, error);
}

gboolean
assay_shard_writer_set_number (AssayShardWriter *self, const char *path, const char *name, double value, GError **error)
{
  SetAttribute s = { self, path, name, NULL, value };

  return check_alive (self, error) && assay_store_call (set_attribute, &s, error);
}

void
assay_shard_writer_set_rows (AssayShardWriter *self, gint64 rows)
{
  self->rows = rows;
}

/* --- committing ------------------------------------------------------------------------------------------------------ */

gboolean
assay_shard_file_publish (AssayShardFile *file, AssayCase *cas, const AssayShardIdentity *identity, guint64 object,
                          AssayObject **out, GError **error)
{
  AssayPublication p = { .kind = identity->kind, .name = identity->name, .rows = identity->rows,
                         .row_start = identity->row_start, .object = object, .layout = identity->layout,
                         .complete = identity->layout == NULL, .meta = identity->meta };

  return assay_shard_file_finish (file, identity, cas->has_salt_key ? cas->salt_key : NULL, &p.content_root, &p.bytes, &p.n,
                                  error)
         && assay_case_publish (cas, &p, out, error);
}

typedef struct {
  AssayShardWriter *self;
  AssayObject      *object;
} Commit;

static gboolean
commit (gpointer data, GError **error)
{
  Commit *c = data;
  AssayShardWriter *self = c->self;
  AssayShardIdentity identity = { .kind = self->kind, .name = self->name, .rows = MAX (self->rows, 0), .meta = self->meta };
  gboolean ok = assay_shard_file_publish (self->file, self->cas, &identity, 0, &c->object, error);

  g_clear_pointer (&self->file, assay_shard_file_free);
  return ok;
}

AssayObject *
assay_shard_writer_commit (AssayShardWriter *self, GError **error)
{
  Commit c = { self, NULL };

  g_return_val_if_fail (self->cas != NULL, NULL);
  if (!check_alive (self, error))
    return NULL;
  self->ended = TRUE;
  assay_store_call (commit, &c, error);
  return c.object;
}

typedef struct {
  AssayShardWriter *self;
  const char       *path;       /* NULL: into memory */
  GBytes           *out;
} WriteFile;

static gboolean
write_file (gpointer data, GError **error)
{
  WriteFile *w = data;
  AssayShardWriter *self = w->self;
  AssayShardIdentity identity = { .kind = self->kind, .name = self->name, .rows = MAX (self->rows, 0), .meta = self->meta };
  AssayDigest content_root;
  const void *bytes;
  gsize n;
  gboolean ok = assay_shard_file_finish (self->file, &identity, NULL, &content_root, &bytes, &n, error)
                && (w->path == NULL || assay_file_write (w->path, bytes, n, error));

  if (ok && w->path == NULL)
    w->out = g_bytes_new (bytes, n);
  g_clear_pointer (&self->file, assay_shard_file_free);
  return ok;
}

static gboolean
end_outside (WriteFile *w, GError **error)
{
  g_return_val_if_fail (w->self->cas == NULL, FALSE);
  if (!check_alive (w->self, error))
    return FALSE;
  w->self->ended = TRUE;
  return assay_store_call (write_file, w, error);
}

gboolean
assay_shard_writer_write_file (AssayShardWriter *self, const char *path, GError **error)
{
  return end_outside (&(WriteFile) { self, path, NULL }, error);
}

GBytes *
assay_shard_writer_write_bytes (AssayShardWriter *self, GError **error)
{
  WriteFile w = { self, NULL, NULL };

  return end_outside (&w, error) ? w.out : NULL;
}
