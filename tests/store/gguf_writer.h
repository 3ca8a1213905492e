/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_writer.h: GGUF files as tests need them, right or wrong: a header of pairs and entries, and the data of the tensors behind it.
 *
 * Ownership: the writer's parts are freed by gguf_end or gguf_clear.
 */
#pragma once

#include <glib.h>
#include <string.h>

enum { GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_TEXT, GGUF_LIST, GGUF_U64, GGUF_I64, GGUF_F64 };

typedef struct {
  GByteArray *pairs, *entries, *data;
  guint64     n_pairs, n_entries;
  guint32     version;
  gsize       alignment;
} GgufWriter;

/* The lower bytes of a number. */
static inline void
gguf_put (GByteArray *to, guint64 value, guint bytes)
{
  guint64 le = GUINT64_TO_LE (value);

  g_byte_array_append (to, (const guint8 *) &le, bytes);
}

static inline void
gguf_put_text (GByteArray *to, const char *text)
{
  gguf_put (to, strlen (text), 8);
  g_byte_array_append (to, (const guint8 *) text, (guint) strlen (text));
}

static inline GgufWriter
gguf_begin (void)
{
  return (GgufWriter) { g_byte_array_new (), g_byte_array_new (), g_byte_array_new (), 0, 0, 3, 32 };
}

static inline void
gguf_clear (GgufWriter *w)
{
  g_byte_array_unref (w->pairs);
  g_byte_array_unref (w->entries);
  g_byte_array_unref (w->data);
}

/* Key and type; the value is put behind it. */
static inline GByteArray *
gguf_add_key (GgufWriter *w, const char *key, guint32 type)
{
  gguf_put_text (w->pairs, key);
  gguf_put (w->pairs, type, 4);
  w->n_pairs++;
  return w->pairs;
}

static inline void
gguf_add_whole (GgufWriter *w, const char *key, guint32 type, gint64 value)
{
  const guint bytes[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

  gguf_put (gguf_add_key (w, key, type), (guint64) value, bytes[type]);
}

static inline void
gguf_add_float (GgufWriter *w, const char *key, float value)
{
  guint32 bits;

  memcpy (&bits, &value, 4);
  gguf_put (gguf_add_key (w, key, GGUF_F32), bits, 4);
}

static inline void
gguf_add_text (GgufWriter *w, const char *key, const char *value)
{
  gguf_put_text (gguf_add_key (w, key, GGUF_TEXT), value);
}

/* n elements follow. */
static inline GByteArray *
gguf_add_list (GgufWriter *w, const char *key, guint32 element, guint64 n)
{
  GByteArray *to = gguf_add_key (w, key, GGUF_LIST);

  gguf_put (to, element, 4);
  gguf_put (to, n, 8);
  return to;
}

/* An entry of any content. */
static inline void
gguf_add_entry (GgufWriter *w, const char *name, guint rank, const guint64 *dims, guint32 type, guint64 offset)
{
  gguf_put_text (w->entries, name);
  gguf_put (w->entries, rank, 4);
  for (guint k = 0; k < rank; k++)
    gguf_put (w->entries, dims[k], 8);
  gguf_put (w->entries, type, 4);
  gguf_put (w->entries, offset, 8);
  w->n_entries++;
}

static inline void
gguf_pad (GByteArray *to, gsize alignment)
{
  while (to->len % alignment != 0)
    gguf_put (to, 0, 1);
}

/* An entry and its data, at the next place. */
static inline void
gguf_add_tensor (GgufWriter *w, const char *name, guint rank, const guint64 *dims, guint32 type, const void *data, gsize bytes)
{
  gguf_pad (w->data, w->alignment);
  gguf_add_entry (w, name, rank, dims, type, w->data->len);
  g_byte_array_append (w->data, data, (guint) bytes);
}

/* The whole file. */
static inline GBytes *
gguf_end (GgufWriter *w)
{
  GByteArray *file = g_byte_array_new ();

  g_byte_array_append (file, (const guint8 *) "GGUF", 4);
  gguf_put (file, w->version, 4);
  gguf_put (file, w->n_entries, 8);
  gguf_put (file, w->n_pairs, 8);
  g_byte_array_append (file, w->pairs->data, w->pairs->len);
  g_byte_array_append (file, w->entries->data, w->entries->len);
  if (w->data->len > 0)
    gguf_pad (file, w->alignment);
  g_byte_array_append (file, w->data->data, w->data->len);
  gguf_clear (w);
  return g_byte_array_free_to_bytes (file);
}
