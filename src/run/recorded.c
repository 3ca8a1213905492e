/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorded.c: boxes of the store. */
#include "run/recorded.h"

#include "base/error.h"
#include "base/mem.h"

struct _AssayRecorded {
  AssayReader *reader;
  gint64 R;
  gint64 *example;              /* (R) */
  gint32 *position;             /* (R) */
  GHashTable *first;            /* example + 1 -> its first row + 1 */
};

/* An example's rows come together; where it begins is remembered. */
static void
find_firsts (AssayRecorded *self)
{
  for (gint64 r = 0; r < self->R; r++)
    if (r == 0 || self->example[r] != self->example[r - 1])
      g_hash_table_insert (self->first, GSIZE_TO_POINTER (self->example[r] + 1), GSIZE_TO_POINTER (r + 1));
}

AssayRecorded *
assay_recorded_open (AssayReader *reader, GError **error)
{
  g_autoptr (AssayRecorded) self = g_new0 (AssayRecorded, 1);

  self->reader = reader;
  self->R = assay_reader_get_object (reader)->rows;
  self->first = g_hash_table_new (NULL, NULL);
  self->example = assay_mem_new (gint64, MAX (self->R, 1), error);
  self->position = self->example ? assay_mem_new (gint32, MAX (self->R, 1), error) : NULL;
  if (self->position == NULL || !assay_reader_read (reader, "/index/example", ASSAY_STORE_I64, self->example, error)
      || !assay_reader_read (reader, "/index/position", ASSAY_STORE_I32, self->position, error))
    return NULL;
  find_firsts (self);
  return g_steal_pointer (&self);
}

void
assay_recorded_free (AssayRecorded *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->first);
  assay_mem_free (self->example);
  assay_mem_free (self->position);
  g_free (self);
}

gint64
assay_recorded_get_rows (const AssayRecorded *self)
{
  return self->R;
}

const gint64 *
assay_recorded_get_example (const AssayRecorded *self)
{
  return self->example;
}

const gint32 *
assay_recorded_get_position (const AssayRecorded *self)
{
  return self->position;
}

gboolean
assay_recorded_find_example (const AssayRecorded *self, gint64 example, gint64 *first, gint64 *n, GError **error)
{
  gsize found = GPOINTER_TO_SIZE (g_hash_table_lookup (self->first, GSIZE_TO_POINTER (example + 1)));
  gint64 end = (gint64) found;

  if (found == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "recording %s: example %" G_GINT64_FORMAT " has no row in it",
                   assay_reader_get_object (self->reader)->name, example);
      return FALSE;
    }
  while (end < self->R && self->example[end] == example)
    end++;
  *first = (gint64) found - 1;
  *n = end - *first;
  return TRUE;
}

static gboolean
read_box (AssayRecorded *self, const char *tap, const gint64 *start, const gint64 *count, AssayStoreType as, void *out, GError **error)
{
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);

  return assay_reader_read_box (self->reader, path, start, count, as, out, error);
}

gboolean
assay_recorded_read_unit (AssayRecorded *self, const char *tap, gint64 unit, AssayStoreType as, void *out, GError **error)
{
  const gint64 start[] = { 0, unit }, count[] = { self->R, 1 };

  return read_box (self, tap, start, count, as, out, error);
}

gboolean
assay_recorded_read_rows (AssayRecorded *self, const char *tap, gint64 first, gint64 n, AssayStoreType as, void *out, GError **error)
{
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  AssayArrayInfo info;
  gint64 start[] = { first, 0 }, count[] = { n, 0 };

  if (!assay_reader_describe (self->reader, path, &info, error))
    return FALSE;
  count[1] = info.dims[1];
  return read_box (self, tap, start, count, as, out, error);
}
