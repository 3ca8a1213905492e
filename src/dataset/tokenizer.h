/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer.h: text to token numbers and back, as the tokenizer of a checkpoint does it, with the place in the text of every token.
 *
 *   text  ->  added tokens cut out  ->  normalised  ->  cut into pieces  ->  model (BPE, WordPiece, unigram)  ->  numbers
 *
 * Read from a tokenizer.json of the tokenizers library, from vocab.json and merges.txt beside each other, from vocab.txt, from a model of
 * SentencePiece, from the vocabulary of a GGUF file, or from a tokenizer of llama2.c. Every step keeps where its bytes came from, so that a token's
 * place is exact in the text that was given. What is put around a text is what the files say: the step of tokenizer.json for that, else
 * add_bos_token and add_eos_token of tokenizer_config.json beside it, else what the format says.
 * Ownership: a tokenizer owns everything in it. Thread rule: one thread at a time (it remembers the pieces that it has met).
 * Source: the formats are those that Hugging Face's tokenizers library, SentencePiece, llama.cpp's converter and llama2.c write.
 */
#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct _AssayTokenizer AssayTokenizer;

typedef struct {
  gint32 id;
  gint64 start, end;            /* bytes of the text; both 0 for what was added around it */
} AssayToken;

/* path: a directory of a checkpoint, or one of the files above, which are known by their names or, others, by what they begin with. Errors: NOT_FOUND, INPUT, UNSUPPORTED, naming the file and the member. */
AssayTokenizer *assay_tokenizer_open         (const char *path, GError **error);
/* What the files of such a path say, as one document in the form of tokenizer.json. *source: the file that messages name, the caller's. New reference. */
json_t         *assay_tokenizer_read         (const char *path, char **source, GError **error);
/* From such a document; source: what messages name. Errors: INPUT, UNSUPPORTED. */
AssayTokenizer *assay_tokenizer_new          (const json_t *document, const char *source, GError **error);
/* Documents of tokenizers whose tokens are the 256 bytes, or characters: UTF-8 strings, numbered in their order. New references. */
json_t         *assay_tokenizer_describe_bytes      (void);
json_t         *assay_tokenizer_describe_characters (const GPtrArray *characters);
void            assay_tokenizer_free         (AssayTokenizer *self);
/* Paths of the files that such a path is read from: what the tokenizer hangs on. NULL-terminated, the caller's (g_strfreev). */
char          **assay_tokenizer_list_files   (const char *path);

/* Appends the tokens (AssayToken) of n bytes of UTF-8. with_special: also those that the tokenizer puts around a text.
 * Cost: linear in the text but for a model without pieces, n log n. Errors: INPUT with the byte that is no UTF-8; INPUT
 * where a pattern that cuts or changes the text gives up on it. */
gboolean        assay_tokenizer_encode       (AssayTokenizer *self, const char *text, gsize n, gboolean with_special, GArray *tokens, GError **error);
/* gint32 numbers of n bytes of UTF-8, behind the token that begins texts where there is one. Owns: the caller. Errors: those of encode. */
GArray         *assay_tokenizer_encode_numbers (AssayTokenizer *self, const char *text, gsize n, GError **error);
/* The same of a text and what goes on from it; *first: the first token that ends behind the text, so that one across the border belongs to what goes on, as in an
 * import of prompts and completions. Owns: the caller. Errors: those of encode; INPUT for a character that no token holds. */
GArray         *assay_tokenizer_encode_continuation (AssayTokenizer *self, const char *text, const char *continuation, gint64 *first, GError **error);
typedef void (*AssayTokenFunc) (const AssayToken *token, gpointer data);
/* The same tokens one by one, in order, without those around the text; memory does not grow with the text. Where neighbouring parts of a text do not agree on how what they share is
 * cut, longer parts are tried, in the end the whole. Errors: as above; of no UTF-8 before the first token. */
gboolean        assay_tokenizer_encode_each  (AssayTokenizer *self, const char *text, gsize n, AssayTokenFunc func, gpointer data, GError **error);
/* The text of token numbers; what is no UTF-8 becomes U+FFFD. *length bytes. Owns: the caller. Unknown numbers are left out. */
char           *assay_tokenizer_decode       (const AssayTokenizer *self, const gint32 *ids, gsize n, gsize *length);

/* One more than the largest number. */
gint64          assay_tokenizer_get_size     (const AssayTokenizer *self);
/* What a token is spelt like in the vocabulary, NULL for a number without a token; raw bytes where the vocabulary is one of bytes. */
const char     *assay_tokenizer_get_spelling (const AssayTokenizer *self, gint32 id, gsize *length);
/* What a token adds to a text that it stands in: " upon" for a spelling that marks a word's beginning; what is no text by itself as its bytes, and
 * "<7>" for a number without a token. Owns: the caller. */
char           *assay_tokenizer_dup_name     (const AssayTokenizer *self, gint32 id);
/* The token that is put before a text, or -1. */
gint32          assay_tokenizer_get_begin    (const AssayTokenizer *self);
/* The token that ends a text which a model writes, or -1 where the files do not name it. */
gint32          assay_tokenizer_get_end      (const AssayTokenizer *self);
/* "BPE", "WordPiece", "Unigram". */
const char     *assay_tokenizer_get_model    (const AssayTokenizer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTokenizer, assay_tokenizer_free)
