/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_wordlevel.c: a piece is a token or unknown, and never a part of one. */
#include "dataset/tokenizer_model.h"

#include "base/json.h"

#include <string.h>

typedef struct {
  const AssayTokenVocabulary *vocabulary;
  gint32 unknown;               /* -1: what is no token is left out */
} WordLevel;

static void
encode (gpointer data, const char *piece, gsize n, GArray *tokens)
{
  const WordLevel *self = data;
  gint32 id = assay_token_table_find (&self->vocabulary->table, piece, n);
  AssayPieceToken token = { id >= 0 ? id : self->unknown, 0, (guint32) n };

  if (token.id >= 0)
    g_array_append_val (tokens, token);
}

static gpointer
load (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error)
{
  const char *unknown = assay_json_get_text (model, "unk_token");
  WordLevel *self = g_new0 (WordLevel, 1);

  (void) error;
  self->vocabulary = vocabulary;
  self->unknown = assay_token_table_find (&vocabulary->table, unknown, strlen (unknown));
  return self;
}

ASSAY_TOKEN_MODEL_DEFINE (wordlevel) = { .name = "WordLevel", .load = load, .free = g_free, .encode = encode };
