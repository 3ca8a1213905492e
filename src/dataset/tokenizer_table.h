/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_table.h: numbers of byte strings, found in one look. Internal to the tokenizer.
 *
 * Ownership: the table borrows the strings, which must outlive it. Thread rule: reading from any thread.
 */
#pragma once

#include <glib.h>

typedef struct { const char *bytes; guint32 length; gint32 id; } AssayTokenEntry;

typedef struct {
  AssayTokenEntry *entry;       /* capacity, a power of two; bytes NULL: free */
  gsize capacity, n;
} AssayTokenTable;

guint64  assay_token_hash         (const char *bytes, gsize n);
void     assay_token_table_clear  (AssayTokenTable *table);
/* The first number given for a string stays. */
void     assay_token_table_add    (AssayTokenTable *table, const char *bytes, gsize n, gint32 id);
/* -1: not there. */
gint32   assay_token_table_find   (const AssayTokenTable *table, const char *bytes, gsize n);
