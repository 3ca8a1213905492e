/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf.c: where the tensors lie, and access to them and to the metadata. The header is read in gguf_header.c, numbers in gguf_type.c. */
#include "store/gguf.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/num.h"
#include "store/file.h"
#include "store/gguf_header.h"
#include "store/gguf_type.h"

#define ALIGNMENT_KEY "general.alignment"
#define ALIGNMENT 32            /* where the file does not say another */

struct _AssayGguf {
  GBytes           *bytes;
  char             *name;       /* of the file, in messages */
  GArray           *values;     /* AssayGgufValue, by key */
  GArray           *tensors;    /* AssayGgufTensor, as the file lists them */
  AssayGgufTensor **by_name;
};

static void
clear_value (gpointer data)
{
  AssayGgufValue *value = data;

  g_free (value->key);
  g_free (value->text);
  g_clear_pointer (&value->offsets, g_array_unref);
}

static void
clear_entry (gpointer data)
{
  g_free (((AssayGgufEntry *) data)->name);
}

static void
clear_tensor (gpointer data)
{
  g_free ((char *) ((AssayGgufTensor *) data)->name);
}

void
assay_gguf_free (AssayGguf *self)
{
  if (self == NULL)
    return;
  g_bytes_unref (self->bytes);
  g_array_unref (self->values);
  g_array_unref (self->tensors);
  g_free (self->by_name);
  g_free (self->name);
  g_free (self);
}

/* --- metadata ----------------------------------------------------------------------------------------------------------- */

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AssayGgufValue *) a)->key, ((const AssayGgufValue *) b)->key);
}

static const AssayGgufValue *
find_value (const AssayGguf *self, const char *key)
{
  const AssayGgufValue wanted = { .key = (char *) key };

  return self->values->len > 0 ? bsearch (&wanted, self->values->data, self->values->len, sizeof wanted, compare_keys) : NULL;
}

static gboolean
refuse_value (const AssayGgufValue *value, const char *key, const char *expected, GError **error)
{
  if (value == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "key %s: %s expected, there is no such key", key, expected);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte %" G_GUINT64_FORMAT ": key %s: %s expected, %s%s found", value->at, key, expected,
                 value->kind == ASSAY_GGUF_LIST ? "an array of " : "type ", assay_gguf_kind_word (value->kind == ASSAY_GGUF_LIST ? value->element : value->kind));
  return FALSE;
}

static gboolean
is_number (AssayGgufKind kind)
{
  return kind != ASSAY_GGUF_TEXT && kind != ASSAY_GGUF_LIST && kind != ASSAY_GGUF_SWITCH;
}

gsize
assay_gguf_get_n_keys (const AssayGguf *self)
{
  return self->values->len;
}

const char *
assay_gguf_get_key (const AssayGguf *self, gsize index)
{
  return g_array_index (self->values, AssayGgufValue, index).key;
}

gboolean
assay_gguf_has (const AssayGguf *self, const char *key)
{
  return find_value (self, key) != NULL;
}

gboolean
assay_gguf_get_integer (const AssayGguf *self, const char *key, gint64 *value, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found == NULL || !is_number (found->kind) || found->kind == ASSAY_GGUF_F32 || found->kind == ASSAY_GGUF_F64)
    return refuse_value (found, key, "a whole number", error);
  return assay_gguf_load_integer (found->kind, found->data, value) || refuse_value (found, key, "a whole number of at most 2^63-1", error);
}

gboolean
assay_gguf_get_number (const AssayGguf *self, const char *key, double *value, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found == NULL || !is_number (found->kind))
    return refuse_value (found, key, "a number", error);
  *value = assay_gguf_load_number (found->kind, found->data);
  return TRUE;
}

gboolean
assay_gguf_get_switch (const AssayGguf *self, const char *key, gboolean *value, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found == NULL || found->kind != ASSAY_GGUF_SWITCH)
    return refuse_value (found, key, "a bool", error);
  *value = *found->data != 0;
  return TRUE;
}

const char *
assay_gguf_get_text (const AssayGguf *self, const char *key, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found != NULL && found->kind == ASSAY_GGUF_TEXT)
    return found->text;
  refuse_value (found, key, "a string", error);
  return NULL;
}

gboolean
assay_gguf_get_integer_or (const AssayGguf *self, const char *key, gint64 otherwise, gint64 *value, GError **error)
{
  if (assay_gguf_has (self, key))
    return assay_gguf_get_integer (self, key, value, error);
  *value = otherwise;
  return TRUE;
}

gboolean
assay_gguf_get_number_or (const AssayGguf *self, const char *key, double otherwise, double *value, GError **error)
{
  if (assay_gguf_has (self, key))
    return assay_gguf_get_number (self, key, value, error);
  *value = otherwise;
  return TRUE;
}

gboolean
assay_gguf_get_switch_or (const AssayGguf *self, const char *key, gboolean otherwise, gboolean *value, GError **error)
{
  if (assay_gguf_has (self, key))
    return assay_gguf_get_switch (self, key, value, error);
  *value = otherwise;
  return TRUE;
}

gboolean
assay_gguf_get_text_or (const AssayGguf *self, const char *key, const char *otherwise, const char **value, GError **error)
{
  const char *text = assay_gguf_has (self, key) ? assay_gguf_get_text (self, key, error) : otherwise;

  if (text != NULL)
    *value = text;
  return text != NULL;
}

const AssayGgufValue *
assay_gguf_get_texts (const AssayGguf *self, const char *key, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found != NULL && found->kind == ASSAY_GGUF_LIST && found->element == ASSAY_GGUF_TEXT)
    return found;
  refuse_value (found, key, "an array of strings", error);
  return NULL;
}

const AssayGgufValue *
assay_gguf_get_numbers (const AssayGguf *self, const char *key, GError **error)
{
  const AssayGgufValue *found = find_value (self, key);

  if (found != NULL && found->kind == ASSAY_GGUF_LIST && is_number (found->element))
    return found;
  refuse_value (found, key, "an array of numbers", error);
  return NULL;
}

gsize
assay_gguf_list_get_n (const AssayGgufValue *list)
{
  return (gsize) list->n;
}

const char *
assay_gguf_list_get_text (const AssayGgufValue *list, gsize i, gsize *length)
{
  const guint8 *at = list->base + g_array_index (list->offsets, guint64, i);
  gint64 n = 0;

  (void) assay_gguf_load_integer (ASSAY_GGUF_I64, at, &n);     /* it was read once and lies in the file */
  *length = (gsize) n;
  return (const char *) at + 8;
}

double
assay_gguf_list_get_number (const AssayGgufValue *list, gsize i)
{
  return assay_gguf_load_number (list->element, list->data + i * assay_gguf_kind_width (list->element));
}

const guint8 *
assay_gguf_list_get_bytes (const AssayGgufValue *list)
{
  return assay_gguf_kind_width (list->element) == 1 ? list->data : NULL;
}

/* --- how the tensors lie --------------------------------------------------------------------------------------------- */

static gboolean
read_alignment (const AssayGguf *self, guint64 *alignment, GError **error)
{
  gint64 value = ALIGNMENT;

  if (!assay_gguf_get_integer_or (self, ALIGNMENT_KEY, ALIGNMENT, &value, error))
    {
      g_prefix_error (error, "%s, ", self->name);
      return FALSE;
    }
  if (value < 1 || (value & (value - 1)) != 0)
    return assay_file_refuse (self->name, find_value (self, ALIGNMENT_KEY)->at, error, "key " ALIGNMENT_KEY ": a power of two expected, %" G_GINT64_FORMAT
                              " found", value);
  *alignment = (guint64) value;
  return TRUE;
}

static gboolean
find_type (const AssayGguf *self, const AssayGgufEntry *entry, AssayGgufTensor *tensor, GError **error)
{
  const char *word = assay_gguf_type_word (entry->type);
  g_autofree char *known = NULL;

  tensor->type = assay_gguf_type_find (entry->type);
  if (tensor->type != NULL)
    return TRUE;
  known = assay_gguf_type_list ();
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, "%s, byte %" G_GUINT64_FORMAT ": tensor %s is of type %u%s%s%s, which is not known here; %s are read: "
               "convert the model to one of these", self->name, entry->at, entry->name, entry->type, word ? " (" : "", word ? word : "", word ? ")" : "", known);
  return FALSE;
}

/* Elements and bytes that axes and type ask for. */
static gboolean
measure (const AssayGguf *self, const AssayGgufEntry *entry, AssayGgufTensor *tensor, GError **error)
{
  guint64 elements = 1, bytes;

  for (guint k = 0; k < entry->rank; k++)
    if (!assay_size_mul (elements, (guint64) entry->dims[k], &elements))
      return assay_file_refuse (self->name, entry->at, error, "the axes of %s have more elements than 64 bits can count", entry->name);
  if ((guint64) entry->dims[0] % tensor->type->block != 0)
    return assay_file_refuse (self->name, entry->at, error, "%s: %s comes in blocks of %" G_GSIZE_FORMAT ", the first axis has %" G_GINT64_FORMAT, entry->name,
                              tensor->type->word, tensor->type->block, entry->dims[0]);
  if (!assay_size_mul (elements / tensor->type->block, tensor->type->bytes, &bytes))
    return assay_file_refuse (self->name, entry->at, error, "the axes of %s have more bytes than 64 bits can count", entry->name);
  tensor->n_elements = elements;
  tensor->bytes = (gsize) bytes;
  return TRUE;
}

static gboolean
place (AssayGguf *self, AssayGgufEntry *entry, guint64 alignment, guint64 data, GError **error)
{
  AssayGgufTensor tensor = { .rank = entry->rank };
  gsize n;
  const guint8 *bytes = g_bytes_get_data (self->bytes, &n);
  guint64 end, room = n > data ? n - data : 0;

  if (!find_type (self, entry, &tensor, error) || !measure (self, entry, &tensor, error))
    return FALSE;
  if (entry->offset % alignment != 0)
    return assay_file_refuse (self->name, entry->at, error, "%s begins at %" G_GUINT64_FORMAT " of the data, a multiple of %" G_GUINT64_FORMAT " is expected",
                              entry->name, entry->offset, alignment);
  if (!assay_size_add (entry->offset, tensor.bytes, &end) || end > room)
    return assay_file_refuse (self->name, entry->at, error, "%s spans %" G_GSIZE_FORMAT " bytes from %" G_GUINT64_FORMAT " of the data, but the file holds %"
                              G_GUINT64_FORMAT " bytes of data", entry->name, tensor.bytes, entry->offset, room);
  memcpy (tensor.dims, entry->dims, sizeof tensor.dims);
  tensor.name = g_steal_pointer (&entry->name);
  tensor.data = bytes + data + entry->offset;
  g_array_append_val (self->tensors, tensor);
  return TRUE;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  const AssayGgufTensor *x = *(AssayGgufTensor *const *) a, *y = *(AssayGgufTensor *const *) b;

  return ((const guint8 *) x->data > (const guint8 *) y->data) - ((const guint8 *) x->data < (const guint8 *) y->data);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(AssayGgufTensor *const *) a)->name, (*(AssayGgufTensor *const *) b)->name);
}

/* self->by_name holds all tensors, in any order. entries: where the file lists them. */
static gboolean
check_apart (AssayGguf *self, GArray *entries, GError **error)
{
  guint n = self->tensors->len;

  qsort (self->by_name, n, sizeof *self->by_name, compare_places);
  for (guint i = 1; i < n; i++)
    {
      const AssayGgufTensor *a = self->by_name[i - 1], *b = self->by_name[i];
      gsize index = (gsize) (b - (const AssayGgufTensor *) (const void *) self->tensors->data);

      if ((const guint8 *) a->data + a->bytes > (const guint8 *) b->data)
        return assay_file_refuse (self->name, g_array_index (entries, AssayGgufEntry, index).at, error, "the tensors %s and %s overlap", a->name, b->name);
    }
  return TRUE;
}

static gboolean
lay_out (AssayGguf *self, GArray *entries, guint64 header, GError **error)
{
  guint64 alignment = ALIGNMENT, data;

  if (!read_alignment (self, &alignment, error))
    return FALSE;
  if (!assay_size_align (header, alignment, &data))
    return assay_file_refuse (self->name, header, error, "no data can begin at a multiple of %" G_GUINT64_FORMAT, alignment);
  for (guint i = 0; i < entries->len; i++)
    if (!place (self, &g_array_index (entries, AssayGgufEntry, i), alignment, data, error))
      return FALSE;
  self->by_name = g_new (AssayGgufTensor *, entries->len + 1);
  for (guint i = 0; i < entries->len; i++)
    self->by_name[i] = &g_array_index (self->tensors, AssayGgufTensor, i);
  if (!check_apart (self, entries, error))
    return FALSE;
  qsort (self->by_name, entries->len, sizeof *self->by_name, compare_names);
  return TRUE;
}

AssayGguf *
assay_gguf_parse (GBytes *bytes, const char *name, GError **error)
{
  g_autoptr (AssayGguf) self = g_new0 (AssayGguf, 1);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (AssayGgufEntry));
  gsize n;
  const guint8 *p = g_bytes_get_data (bytes, &n);
  guint64 end;

  self->bytes = g_bytes_ref (bytes);
  self->name = g_strdup (name);
  self->values = g_array_new (FALSE, FALSE, sizeof (AssayGgufValue));
  self->tensors = g_array_new (FALSE, FALSE, sizeof (AssayGgufTensor));
  g_array_set_clear_func (self->values, clear_value);
  g_array_set_clear_func (self->tensors, clear_tensor);
  g_array_set_clear_func (entries, clear_entry);
  if (!assay_gguf_parse_header (p, n, name, self->values, entries, &end, error) || !lay_out (self, entries, end, error))
    return NULL;
  return g_steal_pointer (&self);
}

AssayGguf *
assay_gguf_open (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = assay_file_map (path, error);

  return bytes != NULL ? assay_gguf_parse (bytes, path, error) : NULL;
}

/* --- tensors ------------------------------------------------------------------------------------------------------------ */

gsize
assay_gguf_get_n (const AssayGguf *self)
{
  return self->tensors->len;
}

const AssayGgufTensor *
assay_gguf_get (const AssayGguf *self, gsize index)
{
  return &g_array_index (self->tensors, AssayGgufTensor, index);
}

const AssayGgufTensor *
assay_gguf_find (const AssayGguf *self, const char *name)
{
  AssayGgufTensor key = { .name = name }, *wanted = &key;
  AssayGgufTensor **found = bsearch (&wanted, self->by_name, self->tensors->len, sizeof *found, compare_names);

  return found != NULL ? *found : NULL;
}

const char *
assay_gguf_tensor_get_type (const AssayGgufTensor *tensor)
{
  return tensor->type->word;
}
