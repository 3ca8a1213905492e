/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_charsmap.c: a walk of the double array. A unit of it has the byte that led to it, whether a string ends there, and how far away its
 * children are; the unit of an end has the place of the text.
 * Source: Aoe, An efficient digital search algorithm by using a double-array structure, 1989, in the layout of the darts-clone library.
 */
#include "dataset/tokenizer_charsmap.h"

#include "base/error.h"

#include <string.h>

#define VALUE 0x7fffffffu
#define IS_END 0x80000000u      /* the unit holds a value */
#define HAS_END (1u << 8)       /* a child holds a value */

struct _AssayTokenCharsmap {
  guint32 *unit;                /* (n_units) */
  gsize n_units;
  char *texts;
  gsize n_texts;
};

/* Zero bytes are ends; between them there is UTF-8. */
static gboolean
is_valid (const char *texts, gsize n)
{
  for (gsize i = 0, length; i < n; i += length + 1)
    {
      const char *end = memchr (texts + i, '\0', n - i);

      if (end == NULL)
        return FALSE;
      length = (gsize) (end - texts) - i;
      if (!g_utf8_validate_len (texts + i, length, NULL))
        return FALSE;
    }
  return n > 0;
}

AssayTokenCharsmap *
assay_token_charsmap_new (const guint8 *bytes, gsize n, GError **error)
{
  AssayTokenCharsmap *self;
  guint32 size = 0;

  if (n >= 4)
    memcpy (&size, bytes, 4);
  size = GUINT32_FROM_LE (size);
  if (size < 4 || size % 4 != 0 || size > n - 4 || !is_valid ((const char *) bytes + 4 + size, n - 4 - size))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "precompiled_charsmap: the bytes of an array, that array, and texts in UTF-8 with a zero byte behind each expected, "
                   "%" G_GSIZE_FORMAT " bytes with %u for the array found", n, size);
      return NULL;
    }
  self = g_new0 (AssayTokenCharsmap, 1);
  self->n_units = size / 4;
  self->unit = g_new (guint32, self->n_units);
  memcpy (self->unit, bytes + 4, size);
  for (gsize i = 0; i < self->n_units; i++)
    self->unit[i] = GUINT32_FROM_LE (self->unit[i]);
  self->n_texts = n - 4 - size;
  self->texts = g_memdup2 (bytes + 4 + size, self->n_texts);
  return self;
}

void
assay_token_charsmap_free (AssayTokenCharsmap *self)
{
  if (self == NULL)
    return;
  g_free (self->unit);
  g_free (self->texts);
  g_free (self);
}

static gsize
offset_of (guint32 unit)
{
  return (gsize) (unit >> 10) << ((unit & 1u << 9) >> 6);
}

/* The text of an end, where there is one, and it begins with a character. */
static const char *
get_text (const AssayTokenCharsmap *self, gsize at)
{
  gsize place;

  if (at >= self->n_units || !(self->unit[at] & IS_END))
    return NULL;
  place = self->unit[at] & VALUE;
  return place < self->n_texts && ((guchar) self->texts[place] & 0xc0) != 0x80 ? self->texts + place : NULL;
}

/* The longest string, or the shortest. */
static gboolean
find (const AssayTokenCharsmap *self, const char *bytes, gsize n, gboolean is_shortest, gsize *used, const char **text)
{
  gsize at = offset_of (self->unit[0]);
  gboolean found = FALSE;

  for (gsize i = 0; i < n && !(found && is_shortest); i++)
    {
      const char *become;

      at ^= (guchar) bytes[i];
      if (at >= self->n_units || (self->unit[at] & (IS_END | 0xff)) != (guchar) bytes[i])
        break;
      become = self->unit[at] & HAS_END ? get_text (self, at ^ offset_of (self->unit[at])) : NULL;
      at ^= offset_of (self->unit[at]);
      if (become == NULL || (i + 1 < n && ((guchar) bytes[i + 1] & 0xc0) == 0x80))
        continue;
      found = TRUE;
      *used = i + 1;
      *text = become;
    }
  return found;
}

gboolean
assay_token_charsmap_find (const AssayTokenCharsmap *self, const char *bytes, gsize n, gsize *used, const char **text)
{
  return find (self, bytes, n, FALSE, used, text);
}

const char *
assay_token_charsmap_find_shortest (const AssayTokenCharsmap *self, const char *bytes, gsize n)
{
  const char *text;
  gsize used;

  return find (self, bytes, n, TRUE, &used, &text) ? text : NULL;
}
