/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_strings.c: strings in their order; those that share a beginning are neighbours, and every byte of the text narrows the stretch. */
#include "dataset/tokenizer_strings.h"

#include <string.h>

typedef struct { char *bytes; gsize n; gint32 value; } String;

struct _AssayTokenStrings {
  GArray *strings;              /* String */
  guint first[257];             /* those that begin with byte c: first[c] .. first[c + 1] - 1 */
};

static void
clear_string (gpointer data)
{
  g_free (((String *) data)->bytes);
}

AssayTokenStrings *
assay_token_strings_new (void)
{
  AssayTokenStrings *self = g_new0 (AssayTokenStrings, 1);

  self->strings = g_array_new (FALSE, FALSE, sizeof (String));
  g_array_set_clear_func (self->strings, clear_string);
  return self;
}

void
assay_token_strings_free (AssayTokenStrings *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->strings);
  g_free (self);
}

void
assay_token_strings_add (AssayTokenStrings *self, const char *bytes, gsize n, gint32 value)
{
  String string = { g_memdup2 (bytes, n), n, value };

  if (n > 0)
    g_array_append_val (self->strings, string);
}

static int
compare (gconstpointer x, gconstpointer y)
{
  const String *a = x, *b = y;
  int order = memcmp (a->bytes, b->bytes, MIN (a->n, b->n));

  return order != 0 ? order : (a->n > b->n) - (a->n < b->n);
}

void
assay_token_strings_sort (AssayTokenStrings *self)
{
  guint at = 0;

  g_array_sort (self->strings, compare);                          /* stable: the first of equal ones stays first */
  for (guint c = 0; c < 257; c++)
    {
      while (at < self->strings->len && (guchar) g_array_index (self->strings, String, at).bytes[0] < c)
        at++;
      self->first[c] = at;
    }
}

gboolean
assay_token_strings_is_empty (const AssayTokenStrings *self)
{
  return self->strings->len == 0;
}

/* Of the strings low .. high - 1, which are longer than depth, the first whose byte there is c or more. */
static guint
narrow (const String *s, guint low, guint high, gsize depth, guint c)
{
  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if ((guchar) s[middle].bytes[depth] < c)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

gint32
assay_token_strings_find (const AssayTokenStrings *self, const char *bytes, gsize n, gsize *length)
{
  const String *s = (const String *) (void *) self->strings->data;
  guint low = n > 0 ? self->first[(guchar) bytes[0]] : 0, high = n > 0 ? self->first[(guchar) bytes[0] + 1] : 0;
  gint32 best = -1;

  for (gsize depth = 1; low < high; depth++)
    {
      if (s[low].n == depth)
        {
          best = s[low].value;
          *length = depth;
        }
      while (low < high && s[low].n == depth)
        low++;
      if (depth == n)
        break;
      high = narrow (s, low, high, depth, (guint) (guchar) bytes[depth] + 1);
      low = narrow (s, low, high, depth, (guchar) bytes[depth]);
    }
  return best;
}
