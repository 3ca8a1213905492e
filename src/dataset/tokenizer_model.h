/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_model.h: what makes tokens of a piece. One tokenizer_MODEL.c and one line in local.mk each. Internal to the tokenizer.
 *
 * Ownership: a model owns what it loaded, and borrows the vocabulary, which outlives it. Thread rule: one thread at a time.
 */
#pragma once

#include "dataset/tokenizer_table.h"

#include <jansson.h>

/* What SentencePiece and GGUF say of a token; the numbers are those of both. Only normal and defined ones are found in a text. */
typedef enum {
  ASSAY_TOKEN_NORMAL = 1, ASSAY_TOKEN_UNKNOWN, ASSAY_TOKEN_CONTROL, ASSAY_TOKEN_DEFINED /* by a user: never cut, never joined */, ASSAY_TOKEN_UNUSED, ASSAY_TOKEN_BYTE
} AssayTokenKind;

/* A vocabulary: spellings by number, numbers by spelling. Spellings are raw bytes where is_bytes. */
typedef struct {
  GPtrArray *spelling;          /* (size) GString, NULL: no token of that number */
  AssayTokenTable table;        /* of what the model makes; added tokens are not in it unless the model has them */
  guint8 *kind;                 /* (n_kinds) AssayTokenKind; NULL: all are normal */
  gsize n_kinds;
  gboolean is_bytes;
} AssayTokenVocabulary;

typedef struct { gint32 id; guint32 start, end; } AssayPieceToken;     /* bytes of the piece */

typedef struct {
  const char *name;             /* "type" in tokenizer.json */
  /* model: its member of tokenizer.json. Errors: INPUT, UNSUPPORTED, with the member. */
  gpointer (*load)   (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error);
  void     (*free)   (gpointer data);
  /* Appends the tokens (AssayPieceToken) of n bytes, which are UTF-8. */
  void     (*encode) (gpointer data, const char *piece, gsize n, GArray *tokens);
} AssayTokenModel;

#define ASSAY_TOKEN_MODEL_DEFINE(symbol)                                                                                \
  extern const AssayTokenModel assay_token_model_##symbol;                                                              \
  const AssayTokenModel assay_token_model_##symbol

/* Errors: UNSUPPORTED with the names there are. */
const AssayTokenModel *assay_token_model_find (const char *name, GError **error);

AssayTokenKind assay_token_get_kind (const AssayTokenVocabulary *vocabulary, gint32 id);
/* The tokens <0x00> ... <0xFF> that stand for bytes, -1 where there is none. */
void assay_token_find_bytes (const AssayTokenVocabulary *vocabulary, gint32 id[256]);
