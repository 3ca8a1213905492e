/* SPDX-License-Identifier: GPL-3.0-or-later */
/* blocks.c: digests of blocks, written, read and compared. */
#include "report/blocks.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

typedef struct {
  guint64 bytes;
  GArray *blocks;               /* of AssayDigest */
} File;

struct _AssayBlocks {
  GHashTable *files;            /* path -> File */
};

static void
file_free (gpointer data)
{
  File *file = data;

  g_array_unref (file->blocks);
  g_free (file);
}

static json_t *
blocks_of (GBytes *contents)
{
  gsize n;
  const guint8 *bytes = g_bytes_get_data (contents, &n);
  json_t *list = json_array ();

  for (gsize at = 0; at < n; at += ASSAY_BLOCK_BYTES)
    {
      AssayDigest digest = assay_digest_of_bytes (bytes + at, MIN ((gsize) ASSAY_BLOCK_BYTES, n - at));
      g_autofree char *hex = assay_digest_to_hex (&digest);

      json_array_append_new (list, json_string (hex));
    }
  return list;
}

char *
assay_blocks_of_bundle (const AssayBundle *bundle)
{
  GString *text = g_string_new (NULL);

  for (guint k = 0; k < assay_bundle_get_n (bundle); k++)
    {
      const char *path = assay_bundle_get_path (bundle, k);
      GBytes *contents = assay_bundle_get_bytes (bundle, path);
      json_t *row = json_pack ("{s:s, s:I, s:i, s:o}", "path", path, "bytes", (json_int_t) g_bytes_get_size (contents), "block_bytes", ASSAY_BLOCK_BYTES,
                               "sha256", blocks_of (contents));
      char *line = json_dumps (row, JSON_SORT_KEYS | JSON_COMPACT);

      json_decref (row);
      g_string_append (text, line);
      g_string_append_c (text, '\n');
      free (line);
    }
  return g_string_free (text, FALSE);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static gboolean
take_row (AssayBlocks *self, const json_t *row)
{
  const json_t *list = json_object_get (row, "sha256"), *bytes = json_object_get (row, "bytes"), *width = json_object_get (row, "block_bytes");
  const char *path = json_string_value (json_object_get (row, "path"));
  File *file;
  gsize k;
  json_t *value;

  if (path == NULL || !json_is_integer (bytes) || json_integer_value (bytes) < 0 || !json_is_array (list) || json_integer_value (width) != ASSAY_BLOCK_BYTES
      || g_hash_table_contains (self->files, path)
      || json_array_size (list) != (gsize) ((json_integer_value (bytes) + ASSAY_BLOCK_BYTES - 1) / ASSAY_BLOCK_BYTES))
    return FALSE;
  file = g_new0 (File, 1);
  file->bytes = (guint64) json_integer_value (bytes);
  file->blocks = g_array_new (FALSE, FALSE, sizeof (AssayDigest));
  g_hash_table_insert (self->files, g_strdup (path), file);
  json_array_foreach (list, k, value)
    {
      AssayDigest digest;

      if (!json_is_string (value) || !assay_digest_from_hex (json_string_value (value), &digest))
        return FALSE;
      g_array_append_val (file->blocks, digest);
    }
  return TRUE;
}

AssayBlocks *
assay_blocks_parse (GBytes *text, const char *label, GError **error)
{
  g_autoptr (AssayBlocks) self = g_new0 (AssayBlocks, 1);
  gsize n;
  const char *at = g_bytes_get_data (text, &n), *end = at + n;
  guint line = 0;

  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, file_free);
  for (; at < end; at++)
    {
      const char *stop = memchr (at, '\n', (gsize) (end - at));
      json_t *row = stop != NULL ? json_loadb (at, (gsize) (stop - at), JSON_REJECT_DUPLICATES, NULL) : NULL;
      gboolean ok = row != NULL && take_row (self, row);

      line++;
      json_decref (row);
      if (!ok)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s line %u: the block digests of a file are expected", label, line);
          return NULL;
        }
      at = stop;
    }
  return g_steal_pointer (&self);
}

void
assay_blocks_free (AssayBlocks *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->files);
  g_free (self);
}

/* --- comparing ------------------------------------------------------------------------------------------------------- */

/* Blocks of zeros lie in every HDF5 file at many places and say nothing about where the rest went. */
static AssayDigest
zeros (gsize n)
{
  static const guint8 block[ASSAY_BLOCK_BYTES];

  return assay_digest_of_bytes (block, n);
}

gboolean
assay_blocks_compare (const AssayBlocks *self, const AssayBundleDirectory *directory, const char *path, AssayBlockDifference *difference, GError **error)
{
  const File *file = g_hash_table_lookup (self->files, path);
  g_autoptr (GArray) now = g_array_new (FALSE, FALSE, sizeof (AssayDigest));
  AssayDigest digest, empty = zeros (ASSAY_BLOCK_BYTES);
  guint counted = 0, kept = 0;

  if (file == NULL)
    return FALSE;
  *difference = (AssayBlockDifference) { .first = G_MAXUINT64, .expected_bytes = file->bytes };
  if (!assay_bundle_directory_digest (directory, path, ASSAY_BLOCK_BYTES, now, &digest, &difference->bytes, error))
    return FALSE;
  for (guint i = 0; i < MAX (now->len, file->blocks->len); i++)
    {
      const AssayDigest *before = i < file->blocks->len ? &g_array_index (file->blocks, AssayDigest, i) : NULL;
      gboolean same = before != NULL && i < now->len && assay_digest_equal (before, &g_array_index (now, AssayDigest, i));
      gboolean counts = before != NULL && !assay_digest_equal (before, &empty);

      counted += counts;
      kept += counts && same;
      if (same)
        continue;
      difference->n_altered++;
      difference->first = MIN (difference->first, (guint64) i * ASSAY_BLOCK_BYTES);
      difference->last = (guint64) (i + 1) * ASSAY_BLOCK_BYTES - 1;
    }
  if (difference->n_altered > 0)
    difference->last = MIN (difference->last, MAX (difference->bytes, difference->expected_bytes) - 1);
  difference->is_rewritten = kept * 2 < counted;
  return TRUE;
}
