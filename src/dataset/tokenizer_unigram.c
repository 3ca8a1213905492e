/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_unigram.c: of all ways to spell a piece the one whose tokens' log-probabilities sum to most.
 * Source: Kudo, 1804.10959; unknown characters cost ten more than the least likely token, and neighbours of them are one, as in SentencePiece.
 */
#include "dataset/tokenizer_model.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

#define PENALTY 10
#define BONUS .1                /* of each byte but the first of what a user defined */

typedef struct {
  const AssayTokenVocabulary *vocabulary;
  double *score;                /* (size) */
  double least;
  gsize longest;                /* bytes of a token */
  gint32 unknown;
  gint32 byte[256];
  gboolean falls_back;
  GArray *best;                 /* Best of each end */
} Unigram;

typedef struct { double score; gsize start; gint32 id; } Best;

static gboolean
has_bytes (const Unigram *self, const char *piece, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (self->byte[(guchar) piece[i]] < 0)
      return FALSE;
  return self->falls_back;
}

/* The score of a token of n bytes; -inf: it is none that a text has. */
static double
score_of (const Unigram *self, gint32 id, gsize n)
{
  AssayTokenKind kind = assay_token_get_kind (self->vocabulary, id);

  if (kind == ASSAY_TOKEN_NORMAL)
    return self->score[id];
  return kind == ASSAY_TOKEN_DEFINED ? BONUS * ((double) n - 1) : -INFINITY;        /* more than nearly any way around it */
}

static void
find_best (Unigram *self, const char *piece, gsize n)
{
  const Best none = { -INFINITY, 0, -1 };
  Best *best;

  g_array_set_size (self->best, 0);
  for (gsize i = 0; i <= n; i++)
    g_array_append_val (self->best, none);
  best = (Best *) (void *) self->best->data;
  best[0].score = 0;
  for (gsize start = 0, character; start < n; start += character)
    {
      gboolean has_single = FALSE;
      double unknown = best[start].score + self->least - PENALTY;

      character = g_utf8_skip[(guchar) piece[start]];
      for (gsize end = start + character; end <= n && end - start <= self->longest; end += end < n ? g_utf8_skip[(guchar) piece[end]] : 1)
        {
          gint32 id = assay_token_table_find (&self->vocabulary->table, piece + start, end - start);
          double score = id >= 0 ? score_of (self, id, end - start) : -INFINITY;

          if (score == -INFINITY)
            continue;
          has_single |= end == start + character;
          if (best[start].score + score > best[end].score)
            best[end] = (Best) { best[start].score + score, start, id };
        }
      if (!has_single && unknown > best[start + character].score)
        best[start + character] = (Best) { unknown, start, self->unknown };
    }
}

static void
encode (gpointer data, const char *piece, gsize n, GArray *tokens)
{
  Unigram *self = data;
  g_autoptr (GArray) backwards = g_array_new (FALSE, FALSE, sizeof (AssayPieceToken));

  find_best (self, piece, n);
  for (gsize end = n; end > 0;)
    {
      const Best *best = &g_array_index (self->best, Best, end);
      AssayPieceToken token = { best->id, (guint32) best->start, (guint32) end }, *last = backwards->len > 0 ? &g_array_index (backwards, AssayPieceToken, backwards->len - 1) : NULL;

      if (token.id == self->unknown && last != NULL && last->id == self->unknown)
        last->start = token.start;
      else
        g_array_append_val (backwards, token);
      end = best->start;
    }
  for (guint k = backwards->len; k-- > 0;)
    {
      AssayPieceToken token = g_array_index (backwards, AssayPieceToken, k);

      if (token.id != self->unknown || !has_bytes (self, piece + token.start, token.end - token.start))
        {
          g_array_append_val (tokens, token);
          continue;
        }
      for (guint32 i = token.start; i < token.end; i++)
        {
          AssayPieceToken of_byte = { self->byte[(guchar) piece[i]], i, i + 1 };

          g_array_append_val (tokens, of_byte);
        }
    }
}

static void
unigram_free (gpointer data)
{
  Unigram *self = data;

  g_free (self->score);
  g_array_unref (self->best);
  g_free (self);
}

static gpointer
load (const json_t *model, const AssayTokenVocabulary *vocabulary, GError **error)
{
  const json_t *pieces = json_object_get (model, "vocab"), *unknown = json_object_get (model, "unk_id"), *item;
  Unigram *self = g_new0 (Unigram, 1);
  size_t k;

  self->vocabulary = vocabulary;
  self->best = g_array_new (FALSE, FALSE, sizeof (Best));
  self->score = g_new0 (double, MAX (1, json_array_size (pieces)));
  self->least = INFINITY;
  self->unknown = json_is_integer (unknown) ? (gint32) json_integer_value (unknown) : -1;
  self->falls_back = json_is_true (json_object_get (model, "byte_fallback"));
  assay_token_find_bytes (vocabulary, self->byte);
  json_array_foreach (pieces, k, item)
    {
      self->score[k] = json_number_value (json_array_get (item, 1));
      if (assay_token_get_kind (vocabulary, (gint32) k) == ASSAY_TOKEN_NORMAL)
        self->least = fmin (self->least, self->score[k]);
      self->longest = MAX (self->longest, json_string_length (json_array_get (item, 0)));
    }
  if (self->unknown >= 0 && (gsize) self->unknown < json_array_size (pieces))
    return self;
  g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "model.unk_id: the number of a token expected");
  unigram_free (self);
  return NULL;
}

ASSAY_TOKEN_MODEL_DEFINE (unigram) = { .name = "Unigram", .load = load, .free = unigram_free, .encode = encode };
