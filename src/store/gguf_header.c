/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gguf_header.c: magic, version, counts; then key, type, value; then name, axes, type, offset. Each step asks whether the bytes are there. */
#include "store/gguf_header.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/file.h"

#define MAX_NAME 65535
#define MAX_DEPTH 4             /* of lists in lists */
#define MAX_COUNT (1 << 20)     /* of keys, of tensors: no file has nearly as many, and each is noted in memory */
#define MAX_STRINGS (1 << 24)   /* of a list; likewise */

typedef struct {
  const guint8 *bytes;
  gsize         n, at;          /* at <= n always */
  const char   *file;
  GError      **error;
} Parser;

static const struct { gsize width; const char *word; } kinds[ASSAY_GGUF_N_KINDS] = {
  { 1, "u8" }, { 1, "i8" }, { 2, "u16" }, { 2, "i16" }, { 4, "u32" }, { 4, "i32" }, { 4, "f32" }, { 1, "bool" }, { 0, "string" }, { 0, "array" },
  { 8, "u64" }, { 8, "i64" }, { 8, "f64" },
};

gsize
assay_gguf_kind_width (AssayGgufKind kind)
{
  return kinds[kind].width;
}

const char *
assay_gguf_kind_word (AssayGgufKind kind)
{
  return kinds[kind].word;
}

/* --- numbers ----------------------------------------------------------------------------------------------------------- */

static guint64
load (const guint8 *data, gsize width)
{
  guint64 value = 0;

  for (gsize k = 0; k < width; k++)
    value |= (guint64) data[k] << (8 * k);
  return value;
}

/* As it is where kind is unsigned, else with its sign carried to 64 bits. */
static guint64
load_whole (AssayGgufKind kind, const guint8 *data)
{
  guint64 value = load (data, kinds[kind].width);

  switch (kind)
    {
    case ASSAY_GGUF_I8:  return (guint64) (gint64) (gint8) (guint8) value;
    case ASSAY_GGUF_I16: return (guint64) (gint64) (gint16) (guint16) value;
    case ASSAY_GGUF_I32: return (guint64) (gint64) (gint32) (guint32) value;
    default:             return value;
    }
}

gboolean
assay_gguf_load_integer (AssayGgufKind kind, const guint8 *data, gint64 *value)
{
  guint64 whole = load_whole (kind, data);

  if (kind == ASSAY_GGUF_U64 && whole > G_MAXINT64)
    return FALSE;
  *value = (gint64) whole;
  return TRUE;
}

double
assay_gguf_load_number (AssayGgufKind kind, const guint8 *data)
{
  guint64 whole = load_whole (kind, data);
  guint32 low = (guint32) whole;
  double wide;
  float narrow;

  if (kind == ASSAY_GGUF_F32)
    {
      memcpy (&narrow, &low, sizeof narrow);
      return (double) narrow;
    }
  if (kind == ASSAY_GGUF_F64)
    {
      memcpy (&wide, &whole, sizeof wide);
      return wide;
    }
  return kind == ASSAY_GGUF_U64 ? (double) whole : (double) (gint64) whole;
}

/* --- tokens ------------------------------------------------------------------------------------------------------------ */

static gboolean
need (Parser *p, guint64 bytes, const char *what)
{
  return bytes <= p->n - p->at
         || assay_file_refuse (p->file, p->at, p->error, "%s of %" G_GUINT64_FORMAT " bytes expected, the file has %" G_GSIZE_FORMAT " more", what, bytes,
                               p->n - p->at);
}

static gboolean
read_whole (Parser *p, gsize width, const char *what, guint64 *value)
{
  if (!need (p, width, what))
    return FALSE;
  *value = load (p->bytes + p->at, width);
  p->at += width;
  return TRUE;
}

/* A string of `length` bytes of UTF-8, which stays where it is. A token may have a NUL in it, what is kept as a text may not. */
static const char *
read_string (Parser *p, const char *what, gboolean may_have_nul, gsize *length)
{
  const char *text, *bad, *end;
  guint64 n;

  if (!read_whole (p, 8, what, &n) || !need (p, n, what))
    return NULL;
  text = bad = (const char *) p->bytes + p->at;
  end = text + n;
  while (!g_utf8_validate_len (bad, (gsize) (end - bad), &bad))
    {
      if (*bad != '\0' || !may_have_nul)
        {
          assay_file_refuse (p->file, p->at + (gsize) (bad - text), p->error, may_have_nul ? "%s: UTF-8 expected" : "%s: UTF-8 without NUL expected", what);
          return NULL;
        }
      bad++;
    }
  p->at += (gsize) n;
  *length = (gsize) n;
  return text;
}

/* A key or the name of a tensor. Owns: the caller. */
static char *
read_name (Parser *p, const char *what)
{
  gsize begin = p->at, length;
  const char *text = read_string (p, what, FALSE, &length);

  if (text == NULL)
    return NULL;
  if (length == 0 || length > MAX_NAME)
    {
      assay_file_refuse (p->file, begin, p->error, "%s of 1 to %d bytes expected, %" G_GSIZE_FORMAT " found", what, MAX_NAME, length);
      return NULL;
    }
  return g_strndup (text, length);
}

static gboolean
read_kind (Parser *p, AssayGgufKind *kind)
{
  guint64 number;

  if (!read_whole (p, 4, "the type of a value", &number))
    return FALSE;
  if (number >= ASSAY_GGUF_N_KINDS)
    return assay_file_refuse (p->file, p->at - 4, p->error, "a type of values from 0 to %d expected, %" G_GUINT64_FORMAT " found", ASSAY_GGUF_N_KINDS - 1, number);
  *kind = (AssayGgufKind) number;
  return TRUE;
}

/* --- values ------------------------------------------------------------------------------------------------------------ */

static gboolean
check_switches (Parser *p, gsize begin, guint64 n)
{
  for (guint64 k = 0; k < n; k++)
    if (p->bytes[begin + k] > 1)
      return assay_file_refuse (p->file, begin + k, p->error, "a bool of 0 or 1 expected, %u found", p->bytes[begin + k]);
  return TRUE;
}

/* Type and count of a list; p->at is then its first element. */
static gboolean
read_list_head (Parser *p, AssayGgufKind *element, guint64 *n)
{
  gsize begin = p->at, least;

  if (!read_kind (p, element) || !read_whole (p, 8, "the length of an array", n))
    return FALSE;
  least = *element == ASSAY_GGUF_TEXT ? 8 : *element == ASSAY_GGUF_LIST ? 12 : kinds[*element].width;
  return *n <= (p->n - p->at) / least
         || assay_file_refuse (p->file, begin, p->error, "an array of %" G_GUINT64_FORMAT " elements (%s) does not fit the %" G_GSIZE_FORMAT
                               " bytes that the file has more", *n, kinds[*element].word, p->n - p->at);
}

static gboolean
skip_numbers (Parser *p, AssayGgufKind element, guint64 n)
{
  gsize begin = p->at;

  p->at += (gsize) n * kinds[element].width;                    /* read_list_head saw that they are there */
  return element != ASSAY_GGUF_SWITCH || check_switches (p, begin, n);
}

static gboolean
skip_strings (Parser *p, guint64 n, GArray *offsets)
{
  gsize length;

  for (guint64 k = 0; k < n; k++)
    {
      guint64 at = p->at;

      if (read_string (p, "a string of an array", TRUE, &length) == NULL)
        return FALSE;
      if (offsets != NULL)
        g_array_append_val (offsets, at);
    }
  return TRUE;
}

/* offsets: NULL, or where to note the places of strings. depth: lists that these elements are in. */
static gboolean
skip_elements (Parser *p, AssayGgufKind element, guint64 n, guint depth, GArray *offsets)
{
  if (element == ASSAY_GGUF_TEXT)
    return skip_strings (p, n, offsets);
  if (element != ASSAY_GGUF_LIST)
    return skip_numbers (p, element, n);
  if (depth == MAX_DEPTH)
    return assay_file_refuse (p->file, p->at, p->error, "arrays at most %d deep expected", MAX_DEPTH);
  for (guint64 k = 0; k < n; k++)
    {
      AssayGgufKind inner;
      guint64 inner_n;

      if (!read_list_head (p, &inner, &inner_n) || !skip_elements (p, inner, inner_n, depth + 1, NULL))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_list (Parser *p, AssayGgufValue *value)
{
  if (!read_list_head (p, &value->element, &value->n))
    return FALSE;
  value->data = p->bytes + p->at;
  value->base = p->bytes;
  if (value->element == ASSAY_GGUF_TEXT && value->n > MAX_STRINGS)
    return assay_file_refuse (p->file, p->at - 8, p->error, "an array of at most %d strings expected, %" G_GUINT64_FORMAT " found", MAX_STRINGS, value->n);
  if (value->element == ASSAY_GGUF_TEXT)
    value->offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
  return skip_elements (p, value->element, value->n, 1, value->offsets);
}

static gboolean
read_value (Parser *p, AssayGgufValue *value)
{
  gsize begin, length;
  const char *text;

  if (!read_kind (p, &value->kind))
    return FALSE;
  if (value->kind == ASSAY_GGUF_LIST)
    return read_list (p, value);
  if (value->kind == ASSAY_GGUF_TEXT)
    {
      text = read_string (p, "a string", FALSE, &length);
      value->text = text != NULL ? g_strndup (text, length) : NULL;
      return text != NULL;
    }
  begin = p->at;
  if (!need (p, kinds[value->kind].width, "a value"))
    return FALSE;
  value->data = p->bytes + begin;
  p->at += kinds[value->kind].width;
  return value->kind != ASSAY_GGUF_SWITCH || check_switches (p, begin, 1);
}

static gboolean
read_pair (Parser *p, GArray *values)
{
  AssayGgufValue value = { .at = p->at };
  gboolean ok;

  value.key = read_name (p, "a key");
  ok = value.key != NULL && read_value (p, &value);
  g_array_append_val (values, value);                           /* freed with the others, whole or not */
  return ok;
}

/* --- tensors ----------------------------------------------------------------------------------------------------------- */

static gboolean
read_axes (Parser *p, AssayGgufEntry *entry)
{
  guint64 rank, size;

  if (!read_whole (p, 4, "the number of axes", &rank))
    return FALSE;
  if (rank > ASSAY_GGUF_MAX_RANK)
    return assay_file_refuse (p->file, p->at - 4, p->error, "%s: at most %d axes expected, %" G_GUINT64_FORMAT " found", entry->name, ASSAY_GGUF_MAX_RANK, rank);
  entry->rank = (guint) rank;
  for (guint k = 0; k < ASSAY_GGUF_MAX_RANK; k++)
    entry->dims[k] = 1;
  for (guint k = 0; k < entry->rank; k++)
    {
      if (!read_whole (p, 8, "the size of an axis", &size))
        return FALSE;
      if (size == 0 || size > G_MAXINT64)
        return assay_file_refuse (p->file, p->at - 8, p->error, "%s: an axis of 1 to 2^63-1 elements expected, %" G_GUINT64_FORMAT " found", entry->name, size);
      entry->dims[k] = (gint64) size;
    }
  return TRUE;
}

static gboolean
read_entry (Parser *p, GArray *entries)
{
  AssayGgufEntry entry = { .at = p->at };
  guint64 type = 0;
  gboolean ok;

  entry.name = read_name (p, "the name of a tensor");
  ok = entry.name != NULL && read_axes (p, &entry) && read_whole (p, 4, "the type of a tensor", &type) && read_whole (p, 8, "the offset of a tensor", &entry.offset);
  entry.type = (guint32) type;
  g_array_append_val (entries, entry);
  return ok;
}

/* --- duplicates -------------------------------------------------------------------------------------------------------- */

static int
compare_values (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AssayGgufValue *) a)->key, ((const AssayGgufValue *) b)->key);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const AssayGgufEntry *const *) a)->name, (*(const AssayGgufEntry *const *) b)->name);
}

/* By sorting: a hash table can be made slow by its input. */
static gboolean
check_unique (Parser *p, GArray *values, GArray *entries)
{
  g_autofree const AssayGgufEntry **sorted = g_new (const AssayGgufEntry *, entries->len + 1);

  g_array_sort (values, compare_values);
  for (guint i = 1; i < values->len; i++)
    {
      const AssayGgufValue *a = &g_array_index (values, AssayGgufValue, i - 1), *b = a + 1;

      if (strcmp (a->key, b->key) == 0)
        return assay_file_refuse (p->file, MAX (a->at, b->at), p->error, "the key %s is there twice", b->key);
    }
  for (guint i = 0; i < entries->len; i++)
    sorted[i] = &g_array_index (entries, AssayGgufEntry, i);
  qsort (sorted, entries->len, sizeof *sorted, compare_names);
  for (guint i = 1; i < entries->len; i++)
    if (strcmp (sorted[i - 1]->name, sorted[i]->name) == 0)
      return assay_file_refuse (p->file, MAX (sorted[i - 1]->at, sorted[i]->at), p->error, "the tensor %s is there twice", sorted[i]->name);
  return TRUE;
}

/* --- the header -------------------------------------------------------------------------------------------------------- */

static gboolean
read_version (Parser *p)
{
  guint64 version;

  if (!need (p, 4, "the magic \"GGUF\""))
    return FALSE;
  if (memcmp (p->bytes, ASSAY_GGUF_MAGIC, 4) != 0)
    return assay_file_refuse (p->file, 0, p->error, "the magic \"GGUF\" expected");
  p->at = 4;
  if (!read_whole (p, 4, "a version", &version))
    return FALSE;
  if (version == 2 || version == 3)
    return TRUE;
  if (version != 0 && (version & 0xffff) == 0)
    return assay_file_refuse (p->file, 4, p->error, "little-endian numbers expected, big-endian ones found; convert the model again for this kind of machine");
  g_set_error (p->error, ASSAY_ERROR, ASSAY_ERROR_VERSION, "%s, byte 4: version 2 or 3 of GGUF expected, %" G_GUINT64_FORMAT " found", p->file, version);
  return FALSE;
}

static gboolean
read_count (Parser *p, const char *what, guint64 *n)
{
  return read_whole (p, 8, what, n)
         && (*n <= MAX_COUNT || assay_file_refuse (p->file, p->at - 8, p->error, "%s: at most %d expected, %" G_GUINT64_FORMAT " found", what, MAX_COUNT, *n));
}

gboolean
assay_gguf_parse_header (const guint8 *bytes, gsize n, const char *file, GArray *values, GArray *entries, guint64 *end, GError **error)
{
  Parser p = { .bytes = bytes, .n = n, .file = file, .error = error };
  guint64 n_tensors, n_values;

  if (!read_version (&p) || !read_count (&p, "the number of tensors", &n_tensors) || !read_count (&p, "the number of key/value pairs", &n_values))
    return FALSE;
  for (guint64 k = 0; k < n_values; k++)
    if (!read_pair (&p, values))
      return FALSE;
  for (guint64 k = 0; k < n_tensors; k++)
    if (!read_entry (&p, entries))
      return FALSE;
  *end = p.at;
  return check_unique (&p, values, entries);
}
