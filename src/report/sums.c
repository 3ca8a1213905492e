/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sums.c: the list of digests, written and read. */
#include "report/sums.h"

#include <string.h>

#include "base/error.h"

struct _AssaySums {
  GArray *sums;                 /* of AssaySum, by path */
};

char *
assay_sums_of_bundle (const AssayBundle *bundle)
{
  GString *text = g_string_new (NULL);

  for (guint k = 0; k < assay_bundle_get_n (bundle); k++)
    {
      const char *path = assay_bundle_get_path (bundle, k);
      gsize n;
      const void *bytes = g_bytes_get_data (assay_bundle_get_bytes (bundle, path), &n);
      AssayDigest digest = assay_digest_of_bytes (bytes, n);
      g_autofree char *hex = assay_digest_to_hex (&digest);

      g_string_append_printf (text, "%s  %s\n", hex, path);
    }
  return g_string_free (text, FALSE);
}

static void
clear_sum (gpointer sum)
{
  g_free (((AssaySum *) sum)->path);
}

static gboolean
take_line (AssaySums *self, const char *line, gsize n)
{
  const AssaySum *last = self->sums->len > 0 ? &g_array_index (self->sums, AssaySum, self->sums->len - 1) : NULL;
  AssaySum sum = { .line = self->sums->len + 1 };
  g_autofree char *hex = NULL, *path = NULL;

  if (n < 2 * ASSAY_DIGEST_BYTES + 3 || memchr (line, '\0', n) != NULL || memcmp (line + 2 * ASSAY_DIGEST_BYTES, "  ", 2) != 0)
    return FALSE;
  hex = g_strndup (line, 2 * ASSAY_DIGEST_BYTES);
  path = g_strndup (line + 2 * ASSAY_DIGEST_BYTES + 2, n - 2 * ASSAY_DIGEST_BYTES - 2);
  if (!assay_digest_from_hex (hex, &sum.digest) || !assay_bundle_path_is_plain (path) || (last != NULL && strcmp (last->path, path) >= 0))
    return FALSE;
  sum.path = g_steal_pointer (&path);
  g_array_append_val (self->sums, sum);
  return TRUE;
}

AssaySums *
assay_sums_parse (GBytes *text, const char *label, GError **error)
{
  g_autoptr (AssaySums) self = g_new0 (AssaySums, 1);
  gsize n;
  const char *at = g_bytes_get_data (text, &n), *end = at + n;

  self->sums = g_array_new (FALSE, FALSE, sizeof (AssaySum));
  g_array_set_clear_func (self->sums, clear_sum);
  while (at < end || self->sums->len == 0)
    {
      const char *stop = at < end ? memchr (at, '\n', (gsize) (end - at)) : NULL;

      if (stop == NULL || !take_line (self, at, (gsize) (stop - at)))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %u: 64 hexadecimal digits, two spaces and the next path are expected", label,
                       self->sums->len + 1);
          return NULL;
        }
      at = stop + 1;
    }
  return g_steal_pointer (&self);
}

void
assay_sums_free (AssaySums *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->sums);
  g_free (self);
}

guint
assay_sums_get_n (const AssaySums *self)
{
  return self->sums->len;
}

const AssaySum *
assay_sums_get (const AssaySums *self, guint k)
{
  return &g_array_index (self->sums, AssaySum, k);
}

const AssaySum *
assay_sums_find (const AssaySums *self, const char *path)
{
  guint low = 0, high = self->sums->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const AssaySum *sum = &g_array_index (self->sums, AssaySum, middle);
      int order = strcmp (path, sum->path);

      if (order == 0)
        return sum;
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return NULL;
}
