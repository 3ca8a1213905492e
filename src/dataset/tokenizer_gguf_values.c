/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_gguf_values.c: every key and value is walked once, within the file, before any is asked for; nothing is allocated but what is there. */
#include "dataset/tokenizer_gguf_values.h"

#include "base/error.h"
#include "base/num.h"
#include "store/file.h"

#include <string.h>
#include <unistd.h>

#define DEEPEST 4               /* arrays in arrays */

enum { TYPE_FLOAT = 6, TYPE_BOOLEAN = 7, TYPE_TEXT = 8, TYPE_ARRAY = 9, TYPE_DOUBLE = 12 };

static const struct { const char *name; gsize size; } types[] = {
  { "u8", 1 }, { "i8", 1 }, { "u16", 2 }, { "i16", 2 }, { "u32", 4 }, { "i32", 4 }, { "f32", 4 }, { "boolean", 1 }, { "string", 0 }, { "array", 0 }, { "u64", 8 }, { "i64", 8 },
  { "f64", 8 },
};

struct _AssayTokenValues {
  GMappedFile *map;
  const guint8 *bytes;
  gsize n, at;
  GHashTable *values;           /* AssayTokenValue by key */
};

static gboolean
fail (const AssayTokenValues *self, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte %" G_GSIZE_FORMAT ": %s expected", self->at, expected);
  return FALSE;
}

static guint64
unsigned_of (const guint8 *bytes, gsize size)
{
  guint64 value = 0;

  for (gsize k = 0; k < size; k++)
    value |= (guint64) bytes[k] << 8 * k;
  return value;
}

static gboolean
take (AssayTokenValues *self, gsize size, guint64 *value, const char *what, GError **error)
{
  if (self->n - self->at < size)
    return fail (self, what, error);
  *value = unsigned_of (self->bytes + self->at, size);
  self->at += size;
  return TRUE;
}

/* --- walking ------------------------------------------------------------------------------------------------------------------------ */

static gboolean
walk_text (AssayTokenValues *self, GError **error)
{
  guint64 length;

  if (!take (self, 8, &length, "the length of a string", error))
    return FALSE;
  if (length > self->n - self->at)
    return fail (self, "a string that ends within the file", error);
  self->at += (gsize) length;
  return TRUE;
}

static gboolean walk_elements (AssayTokenValues *self, guint32 type, guint64 n, guint depth, GError **error);

static gboolean
walk_array (AssayTokenValues *self, guint depth, guint32 *type, guint64 *n, GError **error)
{
  guint64 element;

  if (depth > DEEPEST)
    return fail (self, "arrays at most four deep", error);
  if (!take (self, 4, &element, "the type of an array", error) || !take (self, 8, n, "the length of an array", error))
    return FALSE;
  *type = (guint32) element;
  return TRUE;
}

static gboolean
walk_elements (AssayTokenValues *self, guint32 type, guint64 n, guint depth, GError **error)
{
  guint64 size;

  if (type >= G_N_ELEMENTS (types))
    return fail (self, "a type from 0 to 12 before this", error);
  if (type != TYPE_TEXT && type != TYPE_ARRAY)
    {
      if (!assay_size_mul (n, types[type].size, &size) || size > self->n - self->at)
        return fail (self, "a value that ends within the file", error);
      self->at += (gsize) size;
      return TRUE;
    }
  for (guint64 k = 0; k < n; k++)
    {
      guint32 element = 0;
      guint64 count = 0;

      if (type == TYPE_TEXT ? !walk_text (self, error) : (!walk_array (self, depth, &element, &count, error) || !walk_elements (self, element, count, depth + 1, error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
walk_pair (AssayTokenValues *self, GError **error)
{
  gsize start = self->at + 8;
  AssayTokenValue value = { .n = 1 };
  guint64 type;
  char *key;

  if (!walk_text (self, error))
    return FALSE;
  key = g_strndup ((const char *) self->bytes + start, self->at - start);
  if (strlen (key) != self->at - start || !g_utf8_validate (key, -1, NULL) || g_hash_table_contains (self->values, key))
    {
      g_free (key);
      self->at = start;
      return fail (self, "a key in UTF-8 that was not met before", error);
    }
  if (!take (self, 4, &type, "the type of a value", error))
    {
      g_free (key);
      return FALSE;
    }
  value.type = (guint32) type;
  value.is_array = type == TYPE_ARRAY;
  if (value.is_array && !walk_array (self, 1, &value.type, &value.n, error))
    {
      g_free (key);
      return FALSE;
    }
  value.bytes = self->bytes + self->at;
  g_hash_table_insert (self->values, key, g_memdup2 (&value, sizeof value));
  return walk_elements (self, value.type, value.n, 2, error);
}

static gboolean
walk (AssayTokenValues *self, GError **error)
{
  guint64 magic, version, tensors, pairs;

  if (!take (self, 4, &magic, "GGUF", error) || !take (self, 4, &version, "a version", error))
    return FALSE;
  if (version != 2 && version != 3)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_VERSION, "byte 4: version 2 or 3, little-endian, expected, %" G_GUINT64_FORMAT " found; convert the model again", version);
      return FALSE;
    }
  if (!take (self, 8, &tensors, "the number of tensors", error) || !take (self, 8, &pairs, "the number of values", error))
    return FALSE;
  for (guint64 k = 0; k < pairs; k++)
    if (!walk_pair (self, error))
      return FALSE;
  return TRUE;
}

AssayTokenValues *
assay_token_values_open (const char *path, GError **error)
{
  g_autoptr (AssayTokenValues) self = g_new0 (AssayTokenValues, 1);
  int fd = assay_file_open_regular (path, NULL, error);
  GError *fault = NULL;

  if (fd < 0)
    return NULL;
  self->map = g_mapped_file_new_from_fd (fd, FALSE, &fault);
  close (fd);
  if (self->map == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_IO, "%s: cannot be mapped: %s", path, fault->message);
      g_error_free (fault);
      return NULL;
    }
  self->bytes = (const guint8 *) g_mapped_file_get_contents (self->map);
  self->n = g_mapped_file_get_length (self->map);
  self->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (walk (self, error))
    return g_steal_pointer (&self);
  g_prefix_error (error, "%s: ", path);
  return NULL;
}

void
assay_token_values_free (AssayTokenValues *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->values, g_hash_table_unref);
  g_clear_pointer (&self->map, g_mapped_file_unref);
  g_free (self);
}

/* --- asking ------------------------------------------------------------------------------------------------------------------------- */

static gboolean
refuse (const AssayTokenValue *value, const char *key, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: %s expected, %s%s found", key, expected, value->is_array ? "an array of " : "", types[value->type].name);
  return FALSE;
}

static gboolean
is_integer (guint32 type)
{
  return type < TYPE_FLOAT || type == 10 || type == 11;
}

double
assay_token_value_get_number (const AssayTokenValue *array, guint64 place)
{
  gsize size = types[array->type].size;
  guint64 raw = unsigned_of (array->bytes + place * size, size);
  guint32 half = (guint32) raw;
  float single;
  double number;

  if (array->type == TYPE_FLOAT)
    {
      memcpy (&single, &half, 4);
      return (double) single;
    }
  if (array->type == TYPE_DOUBLE)
    {
      memcpy (&number, &raw, 8);
      return number;
    }
  if (array->type % 2 == 0)                                       /* u8, u16, u32, u64 */
    return (double) raw;
  return (double) ((gint64) (raw << (64 - 8 * size)) >> (64 - 8 * size));
}

gboolean
assay_token_values_get_integer (const AssayTokenValues *self, const char *key, gint64 otherwise, gint64 *value, GError **error)
{
  const AssayTokenValue *found = g_hash_table_lookup (self->values, key);

  if (found != NULL && (found->is_array || !is_integer (found->type)))
    return refuse (found, key, "an integer", error);
  *value = found ? (gint64) CLAMP (assay_token_value_get_number (found, 0), -9e15, 9e15) : otherwise;
  return TRUE;
}

gboolean
assay_token_values_get_switch (const AssayTokenValues *self, const char *key, gboolean otherwise, gboolean *value, GError **error)
{
  const AssayTokenValue *found = g_hash_table_lookup (self->values, key);

  if (found != NULL && (found->is_array || found->type != TYPE_BOOLEAN))
    return refuse (found, key, "a boolean", error);
  *value = found ? found->bytes[0] != 0 : otherwise;
  return TRUE;
}

gboolean
assay_token_values_dup_text (const AssayTokenValues *self, const char *key, char **value, GError **error)
{
  const AssayTokenValue *found = g_hash_table_lookup (self->values, key);
  gsize at = 0, n = 0;
  const char *text = "";

  if (found != NULL && (found->is_array || found->type != TYPE_TEXT))
    return refuse (found, key, "a string", error);
  if (found != NULL)
    text = assay_token_value_next_text (found, &at, &n);
  if (!g_utf8_validate_len (text, n, NULL))
    return refuse (found, key, "UTF-8", error);
  *value = g_strndup (text, n);
  return TRUE;
}

static gboolean
find_array (const AssayTokenValues *self, const char *key, gboolean of_texts, const AssayTokenValue **array, GError **error)
{
  const AssayTokenValue *found = g_hash_table_lookup (self->values, key);

  if (found != NULL && (!found->is_array || (of_texts ? found->type != TYPE_TEXT : found->type == TYPE_TEXT || found->type == TYPE_ARRAY || found->type == TYPE_BOOLEAN)))
    return refuse (found, key, of_texts ? "an array of strings" : "an array of numbers", error);
  *array = found;
  return TRUE;
}

gboolean
assay_token_values_get_texts (const AssayTokenValues *self, const char *key, const AssayTokenValue **array, GError **error)
{
  return find_array (self, key, TRUE, array, error);
}

gboolean
assay_token_values_get_numbers (const AssayTokenValues *self, const char *key, const AssayTokenValue **array, GError **error)
{
  return find_array (self, key, FALSE, array, error);
}

const char *
assay_token_value_next_text (const AssayTokenValue *array, gsize *at, gsize *n)
{
  const guint8 *bytes = array->bytes + *at;

  *n = (gsize) unsigned_of (bytes, 8);
  *at += 8 + *n;
  return (const char *) bytes + 8;
}
