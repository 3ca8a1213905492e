/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_parts.c: see tokenizer_parts.h. */
#include "dataset/tokenizer_parts.h"

#include <string.h>

#define PART ((gsize) 512 << 10)
#define OVERLAP ((gsize) 16 << 10)

static void
give_tokens (const GArray *tokens, guint first, guint end, AssayTokenFunc func, gpointer data)
{
  for (guint k = first; k < end; k++)
    func (&g_array_index (tokens, AssayToken, k), data);
}

/* A place to begin at or before `at`, but not before `least`: behind the last end of a line, or else between two characters. */
static gsize
find_beginning (const char *text, gsize least, gsize at)
{
  const char *line = memrchr (text + least, '\n', at - least);

  if (line != NULL)
    return (gsize) (line - text) + 1;
  while (at > least && ((guchar) text[at] & 0xc0) == 0x80)
    at--;
  return at;
}

/* The first token that starts at or behind a byte. */
static guint
find_token (const GArray *tokens, gint64 byte)
{
  guint low = 0, high = tokens->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (tokens, AssayToken, middle).start < byte)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

/* Do both cut bytes from .. to alike? Then *a and *b are their first tokens there. */
static gboolean
agree (const GArray *left, const GArray *right, gint64 from, gint64 to, guint *a, guint *b)
{
  guint n = 0;

  *a = find_token (left, from);
  *b = find_token (right, from);
  for (;; n++)
    {
      const AssayToken *x = *a + n < left->len ? &g_array_index (left, AssayToken, *a + n) : NULL, *y = *b + n < right->len ? &g_array_index (right, AssayToken, *b + n) : NULL;

      if (x == NULL || y == NULL || x->start >= to)
        return n > 0 && x != NULL && y != NULL && x->start == y->start;
      if (x->id != y->id || x->start != y->start || x->end != y->end)
        return FALSE;
    }
}

void
assay_token_parts_encode (const char *text, gsize n, AssayTokenRangeFunc encode, gpointer encoder, AssayTokenFunc func, gpointer data)
{
  g_autoptr (GArray) part = g_array_new (FALSE, FALSE, sizeof (AssayToken)), next = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  gsize from = 0, given = 0, to = n > PART + OVERLAP ? find_beginning (text, PART, PART + OVERLAP) : n;

  encode (encoder, text, from, to, part);
  while (to < n)
    {
      const gsize start = find_beginning (text, to - OVERLAP, to - OVERLAP + OVERLAP / 8);
      gsize end = n - start > PART + OVERLAP ? find_beginning (text, start + PART, start + PART + OVERLAP) : n;
      guint a, b;

      g_array_set_size (next, 0);
      encode (encoder, text, start, end, next);
      if (agree (part, next, (gint64) (to - 3 * OVERLAP / 4), (gint64) (to - OVERLAP / 4), &a, &b))
        {
          give_tokens (part, 0, a, func, data);
          g_array_remove_range (next, 0, b);
          g_array_set_size (part, 0);
          g_array_append_vals (part, next->data, next->len);
          given = (gsize) g_array_index (part, AssayToken, 0).start;
          from = start;
        }
      else
        {
          end = n - to > to - from ? to + (to - from) : n;
          end = end < n ? find_beginning (text, to, end) : n;
          g_array_set_size (part, 0);
          encode (encoder, text, from, end, part);
          g_array_remove_range (part, 0, find_token (part, (gint64) given));
        }
      to = end;
    }
  give_tokens (part, 0, part->len, func, data);
}
