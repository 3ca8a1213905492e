/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_table.c: open addressing, at most half full. */
#include "dataset/tokenizer_table.h"

#include <string.h>

#define FIRST_CAPACITY 1024
#define MULTIPLIER G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

guint64
assay_token_hash (const char *bytes, gsize n)
{
  guint64 hash = n * MULTIPLIER, word;

  for (; n >= 8; n -= 8, bytes += 8)
    {
      memcpy (&word, bytes, 8);
      hash = (hash ^ word) * MULTIPLIER;
      hash ^= hash >> 32;
    }
  word = 0;
  memcpy (&word, bytes, n);
  hash = (hash ^ word) * MULTIPLIER;
  return hash ^ hash >> 29;
}

void
assay_token_table_clear (AssayTokenTable *table)
{
  g_clear_pointer (&table->entry, g_free);
  table->capacity = table->n = 0;
}

static AssayTokenEntry *
look (const AssayTokenTable *table, const char *bytes, gsize n)
{
  gsize mask = table->capacity - 1, at = assay_token_hash (bytes, n) & mask;

  while (table->entry[at].bytes != NULL && (table->entry[at].length != n || memcmp (table->entry[at].bytes, bytes, n) != 0))
    at = (at + 1) & mask;
  return &table->entry[at];
}

static void
grow (AssayTokenTable *table)
{
  AssayTokenTable larger = { .capacity = table->capacity ? 2 * table->capacity : FIRST_CAPACITY, .n = table->n };

  larger.entry = g_new0 (AssayTokenEntry, larger.capacity);
  for (gsize i = 0; i < table->capacity; i++)
    if (table->entry[i].bytes != NULL)
      *look (&larger, table->entry[i].bytes, table->entry[i].length) = table->entry[i];
  g_free (table->entry);
  *table = larger;
}

void
assay_token_table_add (AssayTokenTable *table, const char *bytes, gsize n, gint32 id)
{
  AssayTokenEntry *entry;

  if (2 * (table->n + 1) > table->capacity)
    grow (table);
  entry = look (table, bytes, n);
  if (entry->bytes != NULL)
    return;
  *entry = (AssayTokenEntry) { bytes, (guint32) n, id };
  table->n++;
}

gint32
assay_token_table_find (const AssayTokenTable *table, const char *bytes, gsize n)
{
  const AssayTokenEntry *entry = table->capacity > 0 ? look (table, bytes, n) : NULL;

  return entry && entry->bytes ? entry->id : -1;
}
