/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_pieces.h: a vocabulary of SentencePiece, from whatever file, as a document in the form of tokenizer.json. Internal to the tokenizer.
 *
 * What the tokenizers library has no word for is said by steps "SentencePiece" (tokenizer_sentencepiece.h) and by two members of the model: "vocab" is a list of
 * [piece, score] for BPE, too, and "kinds" has what each piece is.
 * Ownership: the caller clears the pieces. Thread rule: pure functions.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

/* What Qwen2 cuts a text by, where no tokenizer.json says it. */
#define ASSAY_TOKEN_PATTERN_QWEN2 "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

typedef struct {
  const char *model;            /* "BPE", "Unigram" */
  json_t *pieces, *kinds;       /* arrays; NULL before the first piece */
  gint64 unknown, begin, end;   /* -1: none */
  gboolean adds_begin, adds_end;
  gboolean adds_space, trims, marks_spaces;     /* of the text: one in front; those around and beside others go; they are seen */
  gboolean falls_back;          /* to pieces that stand for bytes */
  gboolean finds_special;       /* what is not normal is looked for in a text, before it is changed; else only what the user defined, behind that */
  const guint8 *charsmap;       /* NULL: none */
  gsize n_charsmap;
  const char *unknown_text;     /* what the unknown piece reads as; NULL: as it is spelt */
} AssayTokenPieces;

/* Errors: INPUT with the number of the piece: more of them than can be, no UTF-8, a score that is not finite, an unknown kind (AssayTokenKind). */
gboolean assay_token_pieces_add      (AssayTokenPieces *self, const char *bytes, gsize n, double score, gint64 kind, GError **error);
void     assay_token_pieces_clear    (AssayTokenPieces *self);
/* New reference. Errors: INPUT. */
json_t  *assay_token_pieces_describe (const AssayTokenPieces *self, GError **error);

/* "post_processor" for one token on either side of a text, -1: none there. New reference. */
json_t  *assay_token_describe_around (gint64 before, gint64 behind);
/* A member of "added_tokens" that is found as it is. New reference; NULL: no UTF-8. */
json_t  *assay_token_describe_added  (gint64 id, const char *bytes, gsize n);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayTokenPieces, assay_token_pieces_clear)
