/* SPDX-License-Identifier: GPL-3.0-or-later */
/* language_model.h: a checkpoint with its tokenizer, asked in words.
 *
 * A text's tokens begin with the token that the tokenizer puts before texts, where it puts one.
 * Ownership: a language model owns its parts. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/tokenizer.h"
#include "model/checkpoint.h"
#include "model/decoder.h"

typedef struct {
  AssayModel *model;
  AssayTokenizer *tokenizer;
} AssayLanguageModel;

/* path: what assay_checkpoint_load_path and assay_tokenizer_open take; tokenizer: a path of its own, or NULL. Errors: theirs; INPUT for a
 * tokenizer that has numbers which the model does not know; USAGE for a model that reads no tokens. */
AssayLanguageModel *assay_language_model_open   (const char *path, const char *tokenizer, const AssayCheckpointOptions *options, GError **error);
/* Of parts, which are taken, whether it succeeds or not. where: what messages call them. Errors: the last two. */
AssayLanguageModel *assay_language_model_new    (AssayModel *model, AssayTokenizer *tokenizer, const char *where, GError **error);
void                assay_language_model_free   (AssayLanguageModel *self);

/* Whether a tokenizer has no numbers beyond a vocabulary of V. where: what messages call it. Errors: INPUT. */
gboolean            assay_language_model_check_tokenizer (const AssayTokenizer *tokenizer, gint64 V, const char *where, GError **error);

/* sum and count of -log p of n tokens, window after window: the token that begins texts (begin, -1: none) and as many tokens as the decoder has room for.
 * Each is predicted from those before it in its window; without `begin` the first of a window is not predicted. nats: NULL, or (n) the loss of each, NaN
 * where it is not predicted. Cost: a walk of all windows. Errors: INPUT for a token outside the vocabulary; USAGE for a context of one token. */
gboolean            assay_language_model_score  (AssayDecoder *decoder, gint32 begin, const gint32 *tokens, gint64 n, double *sum, gint64 *count, double *nats, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayLanguageModel, assay_language_model_free)

typedef struct _AssayTextStream AssayTextStream;

/* Text of tokens that come one by one, whole characters at a time. n tokens of context are there already: their text is not given out. */
AssayTextStream *assay_text_stream_new  (const AssayTokenizer *tokenizer, const gint32 *context, gsize n);
void             assay_text_stream_free (AssayTextStream *self);
/* What a token more adds, maybe nothing yet. Owns: the caller. */
char            *assay_text_stream_add  (AssayTextStream *self, gint32 token, gsize *length);
/* Whatever is left: incomplete characters as U+FFFD. Owns: the caller. */
char            *assay_text_stream_end  (AssayTextStream *self, gsize *length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayTextStream, assay_text_stream_free)
