/* SPDX-License-Identifier: GPL-3.0-or-later */
/* safetensors_header.c: a recursive descent over {"name": {"dtype": "F32", "shape": [..], "data_offsets": [b, e]}, ...}. */
#include "store/safetensors_header.h"

#include <stdlib.h>
#include <string.h>

#include "store/file.h"

#define MAX_NAME 1024
#define MAX_TENSORS 1000000

static const struct { AssayStoreType type; const char *word; } words[] = {
  { ASSAY_STORE_BOOL, "BOOL" }, { ASSAY_STORE_U8, "U8" },   { ASSAY_STORE_I8, "I8" },   { ASSAY_STORE_U16, "U16" },
  { ASSAY_STORE_I16, "I16" },   { ASSAY_STORE_U32, "U32" }, { ASSAY_STORE_I32, "I32" }, { ASSAY_STORE_U64, "U64" },
  { ASSAY_STORE_I64, "I64" },   { ASSAY_STORE_F16, "F16" }, { ASSAY_STORE_BF16, "BF16" }, { ASSAY_STORE_F32, "F32" },
  { ASSAY_STORE_F64, "F64" },
};

typedef struct {
  const char *text, *file;
  gsize       n, at;
  guint64     base;
  GError    **error;
} Parser;

const char *
assay_safetensors_type_word (AssayStoreType type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (words[i].type == type)
      return words[i].word;
  return NULL;
}

#define refuse(p, place, ...) assay_file_refuse ((p)->file, (p)->base + (place), (p)->error, __VA_ARGS__)

/* --- tokens ---------------------------------------------------------------------------------------------------------- */

static void
skip_spaces (Parser *p)
{
  while (p->at < p->n && memchr (" \t\r\n", p->text[p->at], 4) != NULL)
    p->at++;
}

/* The next character that means something, or 0 at the end. */
static char
peek (Parser *p)
{
  skip_spaces (p);
  return p->at < p->n ? p->text[p->at] : '\0';
}

static gboolean
expect (Parser *p, char token)
{
  if (peek (p) != token)
    return refuse (p, p->at, "'%c' is expected", token);
  p->at++;
  return TRUE;
}

static gboolean
read_hex (Parser *p, guint *value)
{
  *value = 0;
  for (int i = 0; i < 4; i++, p->at++)
    {
      int digit = p->at < p->n ? g_ascii_xdigit_value (p->text[p->at]) : -1;

      if (digit < 0)
        return refuse (p, p->at, "four hexadecimal digits are expected after \\u");
      *value = *value << 4 | (guint) digit;
    }
  return TRUE;
}

/* \uXXXX, or two of them that form a surrogate pair. */
static gboolean
read_unicode_escape (Parser *p, GString *out)
{
  gsize begin = p->at - 2;
  guint high, low;

  if (!read_hex (p, &high))
    return FALSE;
  if (high >= 0xdc00 && high <= 0xdfff)
    return refuse (p, begin, "a surrogate without its first half");
  if (high >= 0xd800 && high <= 0xdbff)
    {
      if (p->n - p->at < 2 || p->text[p->at] != '\\' || p->text[p->at + 1] != 'u')
        return refuse (p, begin, "a surrogate without its second half");
      p->at += 2;
      if (!read_hex (p, &low))
        return FALSE;
      if (low < 0xdc00 || low > 0xdfff)
        return refuse (p, begin, "a surrogate without its second half");
      high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
  if (high == 0)
    return refuse (p, begin, "a NUL character is not accepted");
  g_string_append_unichar (out, high);
  return TRUE;
}

static gboolean
read_escape (Parser *p, GString *out)
{
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *letter;

  if (p->at == p->n)
    return refuse (p, p->at, "the header ends inside a string");
  if (p->text[p->at] == 'u')
    {
      p->at++;
      return read_unicode_escape (p, out);
    }
  letter = memchr (letters, p->text[p->at], sizeof letters - 1);
  if (letter == NULL)
    return refuse (p, p->at, "an unknown escape");
  g_string_append_c (out, meanings[letter - letters]);
  p->at++;
  return TRUE;
}

/* A JSON string. name: control characters and more than MAX_NAME bytes are refused. Owns: the caller. */
static char *
read_string (Parser *p, gboolean name)
{
  GString *out;
  gsize begin;

  if (!expect (p, '"'))
    return NULL;
  begin = p->at;
  out = g_string_new (NULL);
  while (p->at < p->n && p->text[p->at] != '"')
    {
      guchar c = (guchar) p->text[p->at++];

      if (c < 0x20)
        {
          refuse (p, p->at - 1, "a control character inside a string");
          break;
        }
      if (c != '\\')
        g_string_append_c (out, (char) c);
      else if (!read_escape (p, out))
        break;
      if (name && (out->len > MAX_NAME || (out->len > 0 && ((guchar) out->str[out->len - 1] < 0x20
                                                            || out->str[out->len - 1] == 0x7f))))
        {
          refuse (p, begin, "a name has no control characters and at most %d bytes", MAX_NAME);
          break;
        }
      if (p->at < p->n)
        continue;
      refuse (p, begin, "the header ends inside a string");
      break;
    }
  if (p->at < p->n && p->text[p->at] == '"' && *p->error == NULL)
    {
      p->at++;
      return g_string_free (out, FALSE);
    }
  if (*p->error == NULL)
    refuse (p, begin, "the header ends inside a string");
  g_string_free (out, TRUE);
  return NULL;
}

/* Plain decimal, no sign, fraction, exponent or leading zero, at most 2^63-1. */
static gboolean
read_integer (Parser *p, gint64 *value)
{
  gint64 v = 0;
  gsize begin;

  peek (p);
  begin = p->at;
  for (; p->at < p->n && g_ascii_isdigit (p->text[p->at]); p->at++)
    if (__builtin_mul_overflow (v, 10, &v) || __builtin_add_overflow (v, p->text[p->at] - '0', &v))
      return refuse (p, begin, "a number above 2^63-1");
  if (p->at == begin)
    return refuse (p, begin, "a plain decimal number is expected");
  if (p->text[begin] == '0' && p->at > begin + 1)
    return refuse (p, begin, "a number with a leading zero");
  if (p->at < p->n && memchr (".eE", p->text[p->at], 3) != NULL)
    return refuse (p, begin, "a number with a fraction or an exponent");
  *value = v;
  return TRUE;
}

/* After an element: TRUE when another follows. *ok turns FALSE on anything but , and close. */
static gboolean
another (Parser *p, char close, gboolean *ok)
{
  char c = peek (p);

  if (c == ',' || c == close)
    p->at++;
  else
    *ok = refuse (p, p->at, "',' or '%c' is expected", close);
  return *ok && c == ',';
}

/* --- entries --------------------------------------------------------------------------------------------------------- */

/* At most max integers between [ and ]. */
static gboolean
read_integers (Parser *p, gint64 *values, guint max, guint *count)
{
  gsize begin;
  gboolean ok = expect (p, '[');

  *count = 0;
  if (!ok)
    return FALSE;
  begin = p->at;
  if (peek (p) == ']')
    {
      p->at++;
      return TRUE;
    }
  do
    {
      if (*count == max)
        return refuse (p, begin, "at most %u numbers are accepted here", max);
      if (!read_integer (p, &values[*count]))
        return FALSE;
      (*count)++;
    }
  while (another (p, ']', &ok));
  return ok;
}

static gboolean
read_type (Parser *p, AssayStoreType *type)
{
  gsize begin = p->at;
  g_autofree char *word = read_string (p, TRUE);

  for (gsize i = 0; word != NULL && i < G_N_ELEMENTS (words); i++)
    if (strcmp (words[i].word, word) == 0)
      {
        *type = words[i].type;
        return TRUE;
      }
  return word != NULL && refuse (p, begin, "the data type %s is not known here", word);
}

static gboolean
read_offsets (Parser *p, AssaySafetensorsEntry *entry)
{
  gint64 offsets[2];
  gsize begin = p->at;
  guint n;

  if (!read_integers (p, offsets, 2, &n))
    return FALSE;
  if (n != 2)
    return refuse (p, begin, "data_offsets holds two numbers");
  entry->begin = (guint64) offsets[0];
  entry->end = (guint64) offsets[1];
  return TRUE;
}

static gboolean
read_entry (Parser *p, AssaySafetensorsEntry *entry)
{
  static const char *const keys[] = { "dtype", "shape", "data_offsets" };
  gboolean seen[3] = { FALSE }, ok = expect (p, '{');
  gsize begin = p->at;

  if (!ok)
    return FALSE;
  do
    {
      gsize at = p->at;
      g_autofree char *key = read_string (p, TRUE);
      guint which = 0;

      if (key == NULL)
        return FALSE;
      while (which < 3 && strcmp (key, keys[which]) != 0)
        which++;
      if (which == 3)
        return refuse (p, at, "the keys dtype, shape and data_offsets are expected, found \"%s\"", key);
      if (seen[which])
        return refuse (p, at, "the key %s is there twice", key);
      seen[which] = TRUE;
      if (!expect (p, ':'))
        return FALSE;
      if (!(which == 0   ? read_type (p, &entry->type)
            : which == 1 ? read_integers (p, entry->dims, ASSAY_SAFETENSORS_MAX_RANK, &entry->rank)
                         : read_offsets (p, entry)))
        return FALSE;
    }
  while (another (p, '}', &ok));
  for (guint k = 0; ok && k < 3; k++)
    if (!seen[k])
      ok = refuse (p, begin, "the key %s is missing", keys[k]);
  return ok;
}

static gboolean
read_metadata (Parser *p, GArray *metadata)
{
  gboolean ok = expect (p, '{');

  if (!ok)
    return FALSE;
  if (peek (p) == '}')
    {
      p->at++;
      return TRUE;
    }
  do
    {
      AssaySafetensorsPair pair = { read_string (p, FALSE), NULL };

      if (pair.key != NULL && expect (p, ':'))
        pair.value = read_string (p, FALSE);
      if (pair.value == NULL)
        {
          g_free (pair.key);
          return FALSE;
        }
      g_array_append_val (metadata, pair);
    }
  while (another (p, '}', &ok));
  return ok;
}

/* --- duplicates ------------------------------------------------------------------------------------------------------ */

static int
compare_pairs (gconstpointer a, gconstpointer b)
{
  return strcmp (((const AssaySafetensorsPair *) a)->key, ((const AssaySafetensorsPair *) b)->key);
}

static int
compare_entry_names (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(const AssaySafetensorsEntry *const *) a)->name, (*(const AssaySafetensorsEntry *const *) b)->name);
}

/* By sorting: a hash table can be made slow by its input. */
static gboolean
check_unique (Parser *p, GArray *entries, GArray *metadata)
{
  g_autofree const AssaySafetensorsEntry **sorted = g_new (const AssaySafetensorsEntry *, entries->len + 1);

  for (guint i = 0; i < entries->len; i++)
    sorted[i] = &g_array_index (entries, AssaySafetensorsEntry, i);
  qsort (sorted, entries->len, sizeof *sorted, compare_entry_names);
  for (guint i = 1; i < entries->len; i++)
    if (strcmp (sorted[i - 1]->name, sorted[i]->name) == 0)
      return refuse (p, (gsize) (MAX (sorted[i - 1]->at, sorted[i]->at) - p->base), "the tensor %s is there twice",
                     sorted[i]->name);
  g_array_sort (metadata, compare_pairs);
  for (guint i = 1; i < metadata->len; i++)
    if (strcmp (g_array_index (metadata, AssaySafetensorsPair, i - 1).key,
                g_array_index (metadata, AssaySafetensorsPair, i).key) == 0)
      return refuse (p, 0, "the metadata key %s is there twice", g_array_index (metadata, AssaySafetensorsPair, i).key);
  return TRUE;
}

/* --- the header ------------------------------------------------------------------------------------------------------ */

static gboolean
read_member (Parser *p, GArray *entries, GArray *metadata, gboolean *have_metadata)
{
  AssaySafetensorsEntry entry = { 0 };
  gboolean ok;

  peek (p);
  entry.at = p->base + p->at;
  entry.name = read_string (p, TRUE);
  if (entry.name == NULL || !expect (p, ':'))
    {
      g_free (entry.name);
      return FALSE;
    }
  if (strcmp (entry.name, "__metadata__") == 0)
    {
      g_free (entry.name);
      if (*have_metadata)
        return refuse (p, (gsize) (entry.at - p->base), "the key __metadata__ is there twice");
      *have_metadata = TRUE;
      return read_metadata (p, metadata);
    }
  ok = read_entry (p, &entry);
  if (ok && entries->len == MAX_TENSORS)
    ok = refuse (p, (gsize) (entry.at - p->base), "at most %d tensors are accepted", MAX_TENSORS);
  if (ok)
    g_array_append_val (entries, entry);
  else
    g_free (entry.name);
  return ok;
}

static gboolean
read_members (Parser *p, GArray *entries, GArray *metadata)
{
  gboolean ok = TRUE, have_metadata = FALSE;

  p->at = 1;
  if (peek (p) == '}')
    {
      p->at++;
      return TRUE;
    }
  do
    if (!read_member (p, entries, metadata, &have_metadata))
      return FALSE;
  while (another (p, '}', &ok));
  return ok;
}

gboolean
assay_safetensors_parse_header (const char *text, gsize n, guint64 base, const char *file, GArray *entries, GArray *metadata,
                                GError **error)
{
  GError *cause = NULL;
  Parser p = { .text = text, .file = file, .n = n, .base = base, .error = &cause };
  const char *bad;
  gboolean ok;

  if (n == 0 || text[0] != '{')
    ok = refuse (&p, 0, "'{' is expected as the first byte of the header");
  else if (!g_utf8_validate_len (text, n, &bad))
    ok = refuse (&p, (gsize) (bad - text), *bad == '\0' ? "a NUL byte; only spaces may follow the header's last brace"
                                                       : "the header is not UTF-8");
  else
    ok = read_members (&p, entries, metadata);
  for (; ok && p.at < n; p.at++)
    if (text[p.at] != ' ')
      ok = refuse (&p, p.at, "only spaces may follow the header's last brace");
  ok = ok && check_unique (&p, entries, metadata);
  if (!ok)
    g_propagate_error (error, cause);
  return ok;
}
