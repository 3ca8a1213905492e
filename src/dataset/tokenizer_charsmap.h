/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_charsmap.h: SentencePiece's compiled table of what strings of characters become before a text is cut. Internal to the tokenizer.
 *
 * The table is a trie in a double array, and the texts that its strings become, each with a zero byte behind it.
 * Ownership: the bytes are copied. Thread rule: finding from any thread.
 */
#pragma once

#include <glib.h>

typedef struct _AssayTokenCharsmap AssayTokenCharsmap;

/* Errors: INPUT. Whatever the bytes are, finding stays within them and gives UTF-8. */
AssayTokenCharsmap *assay_token_charsmap_new  (const guint8 *bytes, gsize n, GError **error);
void                assay_token_charsmap_free (AssayTokenCharsmap *self);
/* The longest string that n bytes of UTF-8 begin with: *used bytes become *text. FALSE: none. Owns: the table. */
gboolean            assay_token_charsmap_find (const AssayTokenCharsmap *self, const char *bytes, gsize n, gsize *used, const char **text);
/* What the shortest of them becomes; NULL: none. Owns: the table. */
const char         *assay_token_charsmap_find_shortest (const AssayTokenCharsmap *self, const char *bytes, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTokenCharsmap, assay_token_charsmap_free)
