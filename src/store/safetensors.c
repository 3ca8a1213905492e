/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors.c: where the tensors lie, and access to them. The writer is in safetensors_write.c. */
#include "store/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/num.h"
#include "store/file.h"
#include "store/safetensors_header.h"

#define MAX_HEADER 100000000

struct _AssaySafetensors {
  GBytes          *bytes;
  gboolean         is_mapped;   /* bytes are a file's */
  GArray          *tensors;     /* of AssaySafetensor, by offset */
  AssaySafetensor **by_name;
  GArray          *metadata;    /* of AssaySafetensorsPair, by key */
};

static void
clear_pair (gpointer data)
{
  AssaySafetensorsPair *pair = data;

  g_free (pair->key);
  g_free (pair->value);
}

static void
clear_entry (gpointer data)
{
  g_free (((AssaySafetensorsEntry *) data)->name);
}

static void
clear_tensor (gpointer data)
{
  g_free ((char *) ((AssaySafetensor *) data)->name);
}

void
assay_safetensors_free (AssaySafetensors *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_array_unref (self->tensors);
  g_array_unref (self->metadata);
  g_free (self->by_name);
  g_free (self);
}

/* --- how the tensors lie --------------------------------------------------------------------------------------------- */

static int
compare_offsets (gconstpointer a, gconstpointer b)
{
  const AssaySafetensorsEntry *x = a, *y = b;

  if (x->begin != y->begin)
    return x->begin < y->begin ? -1 : 1;
  return (x->end > y->end) - (x->end < y->end);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(AssaySafetensor *const *) a)->name, (*(AssaySafetensor *const *) b)->name);
}

/* Elements and bytes that the shape and the type ask for. */
static gboolean
measure (const AssaySafetensorsEntry *entry, const char *file, guint64 *elements, guint64 *bytes, GError **error)
{
  guint64 bits;

  *elements = 1;
  for (guint k = 0; k < entry->rank; k++)
    if (!assay_size_mul (*elements, (guint64) entry->dims[k], elements))
      return assay_file_refuse (file, entry->at, error, "the shape of %s has more elements than 64 bits can count", entry->name);
  if (!assay_size_mul (*elements, 8 * assay_store_type_width (entry->type), &bits))
    return assay_file_refuse (file, entry->at, error, "the shape of %s has more bits than 64 bits can count", entry->name);
  *bytes = bits / 8;
  return TRUE;
}

/* Contiguous from 0, no gap, no overlap, sizes exact, nothing behind the last. */
static gboolean
lay_out (AssaySafetensors *self, GArray *entries, const guint8 *data, guint64 data_bytes, guint64 base, const char *file,
         GError **error)
{
  guint64 end = 0;

  g_array_sort (entries, compare_offsets);
  for (guint i = 0; i < entries->len; i++)
    {
      AssaySafetensorsEntry *entry = &g_array_index (entries, AssaySafetensorsEntry, i);
      AssaySafetensor tensor = { .type = entry->type, .rank = entry->rank };
      guint64 elements, bytes = 0;

      if (entry->end < entry->begin)
        return assay_file_refuse (file, entry->at, error, "%s ends at %" G_GUINT64_FORMAT ", before it begins at %" G_GUINT64_FORMAT,
                                  entry->name, entry->end, entry->begin);
      if (entry->begin != end)
        return assay_file_refuse (file, entry->at, error, "%s begins at %" G_GUINT64_FORMAT " of the data, but %" G_GUINT64_FORMAT
                                  " is expected: tensors %s", entry->name, entry->begin, end,
                                  entry->begin < end ? "overlap" : "leave a gap");
      if (!measure (entry, file, &elements, &bytes, error))
        return FALSE;
      if (entry->end - entry->begin != bytes)
        return assay_file_refuse (file, entry->at, error, "%s spans %" G_GUINT64_FORMAT " bytes, its shape and type need %" G_GUINT64_FORMAT,
                                  entry->name, entry->end - entry->begin, bytes);
      if (entry->end > data_bytes)
        return assay_file_refuse (file, entry->at, error, "%s ends at %" G_GUINT64_FORMAT " of the data, but the file holds %"
                                  G_GUINT64_FORMAT, entry->name, entry->end, data_bytes);
      end = entry->end;
      memcpy (tensor.dims, entry->dims, sizeof tensor.dims);
      tensor.name = g_steal_pointer (&entry->name);
      tensor.n_elements = elements;
      tensor.bytes = (gsize) bytes;
      tensor.data = data + entry->begin;
      g_array_append_val (self->tensors, tensor);
    }
  return end == data_bytes
         || assay_file_refuse (file, base + end, error, "%" G_GUINT64_FORMAT " bytes follow the last tensor", data_bytes - end);
}

static void
index_names (AssaySafetensors *self)
{
  guint n = self->tensors->len;

  self->by_name = g_new (AssaySafetensor *, n + 1);
  for (guint i = 0; i < n; i++)
    self->by_name[i] = &g_array_index (self->tensors, AssaySafetensor, i);
  qsort (self->by_name, n, sizeof *self->by_name, compare_names);
}

AssaySafetensors *
assay_safetensors_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (AssaySafetensors) self = g_new0 (AssaySafetensors, 1);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (AssaySafetensorsEntry));
  gsize n;
  const guint8 *p = g_bytes_get_data (bytes, &n);
  guint64 header, base;

  self->bytes = g_bytes_ref (bytes);
  self->tensors = g_array_new (FALSE, FALSE, sizeof (AssaySafetensor));
  self->metadata = g_array_new (FALSE, FALSE, sizeof (AssaySafetensorsPair));
  g_array_set_clear_func (self->tensors, clear_tensor);
  g_array_set_clear_func (self->metadata, clear_pair);
  g_array_set_clear_func (entries, clear_entry);
  if (n < 8)
    {
      assay_file_refuse (name, n, error, "a safetensors file has at least 8 bytes");
      return NULL;
    }
  memcpy (&header, p, 8);
  header = GUINT64_FROM_LE (header);
  if (header > MAX_HEADER || !assay_size_add (header, 8, &base) || base > n)
    {
      assay_file_refuse (name, 0, error, "the header has %" G_GUINT64_FORMAT " bytes, at most %" G_GUINT64_FORMAT " are possible here", header,
                         (guint64) MIN ((guint64) MAX_HEADER, n - 8));
      return NULL;
    }
  if (!assay_safetensors_parse_header ((const char *) p + 8, (gsize) header, 8, name, entries, self->metadata, error)
      || !lay_out (self, entries, p + base, n - base, base, name, error))
    return NULL;
  index_names (self);
  return g_steal_pointer (&self);
}

AssaySafetensors *
assay_safetensors_open (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_map (path, error);
  AssaySafetensors *self = bytes != NULL ? assay_safetensors_parse (bytes, path, error) : NULL;

  if (self != NULL)
    self->is_mapped = TRUE;
  return self;
}

/* --- access ---------------------------------------------------------------------------------------------------------- */

gsize
assay_safetensors_get_n (const AssaySafetensors *self)
{
  return self->tensors->len;
}

const AssaySafetensor *
assay_safetensors_get (const AssaySafetensors *self, gsize index)
{
  return &g_array_index (self->tensors, AssaySafetensor, index);
}

const AssaySafetensor *
assay_safetensors_find (const AssaySafetensors *self, const char *name)
{
  AssaySafetensor key = { .name = name }, *wanted = &key;
  AssaySafetensor **found = bsearch (&wanted, self->by_name, self->tensors->len, sizeof *found, compare_names);

  return found != NULL ? *found : NULL;
}

const char *
assay_safetensors_get_metadata (const AssaySafetensors *self, const char *key)
{
  for (guint i = 0; i < self->metadata->len; i++)
    if (strcmp (g_array_index (self->metadata, AssaySafetensorsPair, i).key, key) == 0)
      return g_array_index (self->metadata, AssaySafetensorsPair, i).value;
  return NULL;
}

gboolean
assay_safetensors_read (const AssaySafetensor *tensor, AssayStoreType as, void *out, GError **error)
{
  return assay_store_convert (as, out, tensor->type, tensor->data, (gsize) tensor->n_elements, error);
}

void
assay_safetensors_forget (const AssaySafetensors *self, const AssaySafetensor *tensor)
{
  const guintptr page = (guintptr) sysconf (_SC_PAGESIZE), first = ((guintptr) tensor->data + page - 1) / page * page;
  const guintptr end = ((guintptr) tensor->data + tensor->bytes) / page * page;

  if (self->is_mapped && end > first)
    (void) madvise ((void *) first, end - first, MADV_DONTNEED);          /* a wish; whoever reads them again gets them from the file */
}
