/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_encoding.h: how an import's text becomes tokens, as its options say: by the tokenizer of a checkpoint, by byte, or by the alphabet of the texts.
 *
 * Ownership: an encoding owns its parts. Thread rule: one thread at a time.
 */
#pragma once

#include "base/param.h"
#include "dataset/sequences.h"
#include "dataset/source.h"
#include "dataset/tokenizer.h"

typedef struct {
  AssayTokenizer *tokenizer;    /* NULL: by byte, or by character */
  gint32 *alphabet;             /* token numbers by code point, -1 where a character does not occur; NULL: by byte */
  GPtrArray *vocabulary;        /* what the tokens are called */
  json_t *document;             /* of the tokenizer, or of one that does the same */
} AssayTextEncoding;

/* sources: texts whose characters are the alphabet, where the options speak of characters. Errors: those of a tokenizer; INPUT for a source that is no text; NO_MEMORY. */
gboolean assay_text_encoding_open  (AssayTextEncoding *self, const GPtrArray *sources, const AssayValues *options, GError **error);
void     assay_text_encoding_clear (AssayTextEncoding *self);

/* What options say of rows: begin and end are those of the encoding's tokenizer. ends: whether a document gets the token that ends texts where nobody says so.
 * Errors: USAGE for a token that ends texts where there is none. */
gboolean assay_text_encoding_get_rows (const AssayTextEncoding *self, const AssayValues *options, AssaySequenceLayout layout, gboolean ends, AssaySequenceOptions *rows, GError **error);

/* Adds the tokens of n bytes to the present text of the rows. base: where they begin in their source; tokens that end at or before byte `first` (of the n) do not count.
 * Cost: linear; memory does not grow with the text. Errors: INPUT with the byte that is no UTF-8. */
gboolean assay_text_encoding_add   (AssayTextEncoding *self, const char *text, gsize n, gint64 base, gsize first, AssaySequences *rows, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayTextEncoding, assay_text_encoding_clear)
