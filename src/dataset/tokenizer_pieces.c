/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_pieces.c: see tokenizer_pieces.h. */
#include "dataset/tokenizer_pieces.h"

#include "base/error.h"
#include "dataset/tokenizer_model.h"

#include <math.h>

#define MAX_PIECES (1 << 24)

gboolean
assay_token_pieces_add (AssayTokenPieces *self, const char *bytes, gsize n, double score, gint64 kind, GError **error)
{
  gsize place = self->pieces ? json_array_size (self->pieces) : 0;
  json_t *spelling = json_stringn (bytes, n);

  if (place >= MAX_PIECES)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "piece %" G_GSIZE_FORMAT ": at most %d pieces expected", place, MAX_PIECES);
  else if (spelling == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "piece %" G_GSIZE_FORMAT ": UTF-8 expected, other bytes found", place);
  else if (!isfinite (score))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "piece %" G_GSIZE_FORMAT ": a finite score expected, %g found", place, score);
  else if (kind < ASSAY_TOKEN_NORMAL || kind > ASSAY_TOKEN_BYTE)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "piece %" G_GSIZE_FORMAT ": a type from %d to %d expected, %" G_GINT64_FORMAT " found", place, ASSAY_TOKEN_NORMAL,
                 ASSAY_TOKEN_BYTE, kind);
  else
    {
      if (self->pieces == NULL)
        {
          self->pieces = json_array ();
          self->kinds = json_array ();
        }
      json_array_append_new (self->pieces, json_pack ("[o, f]", spelling, score));
      json_array_append_new (self->kinds, json_integer (kind));
      return TRUE;
    }
  json_decref (spelling);
  return FALSE;
}

void
assay_token_pieces_clear (AssayTokenPieces *self)
{
  json_decref (self->pieces);
  json_decref (self->kinds);
  *self = (AssayTokenPieces) { 0 };
}

json_t *
assay_token_describe_around (gint64 before, gint64 behind)
{
  json_t *single = json_array (), *special = json_object ();

  if (before >= 0)
    {
      json_array_append_new (single, json_pack ("{s:{s:s}}", "SpecialToken", "id", "begin"));
      json_object_set_new (special, "begin", json_pack ("{s:[I]}", "ids", (json_int_t) before));
    }
  json_array_append_new (single, json_pack ("{s:{s:s}}", "Sequence", "id", "A"));
  if (behind >= 0)
    {
      json_array_append_new (single, json_pack ("{s:{s:s}}", "SpecialToken", "id", "end"));
      json_object_set_new (special, "end", json_pack ("{s:[I]}", "ids", (json_int_t) behind));
    }
  return json_pack ("{s:s, s:o, s:o}", "type", "TemplateProcessing", "single", single, "special_tokens", special);
}

json_t *
assay_token_describe_added (gint64 id, const char *bytes, gsize n)
{
  json_t *content = json_stringn (bytes, n);

  return content ? json_pack ("{s:I, s:o, s:b, s:b}", "id", (json_int_t) id, "content", content, "special", 1, "normalized", 0) : NULL;
}

static gint64
get_kind (const AssayTokenPieces *self, gsize place)
{
  return json_integer_value (json_array_get (self->kinds, place));
}

static const json_t *
get_spelling (const AssayTokenPieces *self, gsize place)
{
  return json_array_get (json_array_get (self->pieces, place), 0);
}

static json_t *
describe_added (const AssayTokenPieces *self)
{
  json_t *list = json_array ();

  for (gsize k = 0; self->finds_special && k < json_array_size (self->pieces); k++)
    if (get_kind (self, k) == ASSAY_TOKEN_CONTROL || get_kind (self, k) == ASSAY_TOKEN_DEFINED || get_kind (self, k) == ASSAY_TOKEN_UNKNOWN)
      json_array_append_new (list, assay_token_describe_added ((gint64) k, json_string_value (get_spelling (self, k)), json_string_length (get_spelling (self, k))));
  return list;
}

static json_t *
describe_normaliser (const AssayTokenPieces *self)
{
  json_t *kept = json_array (), *step = json_pack ("{s:s, s:b, s:b, s:b}", "type", "SentencePiece", "add_dummy_prefix", self->adds_space, "remove_extra_whitespaces", self->trims,
                                                   "escape_whitespaces", self->marks_spaces);

  for (gsize k = 0; !self->finds_special && k < json_array_size (self->pieces); k++)
    if (get_kind (self, k) == ASSAY_TOKEN_DEFINED)
      json_array_append (kept, (json_t *) get_spelling (self, k));
  json_object_set_new (step, "kept", kept);
  if (self->charsmap != NULL)
    {
      g_autofree char *coded = g_base64_encode (self->charsmap, self->n_charsmap);

      json_object_set_new (step, "precompiled_charsmap", json_string (coded));
    }
  return step;
}

/* Control pieces leave no text. */
static json_t *
describe_decoder (const AssayTokenPieces *self)
{
  json_t *reads = json_object ();

  for (gsize k = 0; k < json_array_size (self->pieces); k++)
    if (get_kind (self, k) == ASSAY_TOKEN_CONTROL)
      json_object_set_new (reads, json_string_value (get_spelling (self, k)), json_string (""));
    else if (get_kind (self, k) == ASSAY_TOKEN_UNKNOWN && self->unknown_text != NULL)
      json_object_set_new (reads, json_string_value (get_spelling (self, k)), json_string (self->unknown_text));
  return json_pack ("{s:s, s:s, s:b, s:o}", "type", "SentencePiece", "strip", self->trims ? "all" : self->adds_space ? "one" : "none", "escape_whitespaces", self->marks_spaces,
                    "reads", reads);
}

json_t *
assay_token_pieces_describe (const AssayTokenPieces *self, GError **error)
{
  gint64 n = self->pieces ? (gint64) json_array_size (self->pieces) : 0;
  json_t *model;

  if (n == 0 || self->begin >= n || self->end >= n || self->unknown >= n || (self->adds_begin && self->begin < 0) || (self->adds_end && self->end < 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%" G_GINT64_FORMAT " pieces: numbers of these expected for the unknown, the beginning and the end, %" G_GINT64_FORMAT
                   ", %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " found", n, self->unknown, self->begin, self->end);
      return NULL;
    }
  model = json_pack ("{s:s, s:O, s:O, s:b, s:b}", "type", self->model, "vocab", self->pieces, "kinds", self->kinds, "byte_fallback", self->falls_back, "fuse_unk", 1);
  if (self->unknown >= 0)
    json_object_set_new (model, "unk_id", json_integer (self->unknown));
  return json_pack ("{s:o, s:o, s:o, s:o, s:I, s:o}", "added_tokens", describe_added (self), "normalizer", describe_normaliser (self), "decoder", describe_decoder (self),
                    "post_processor", assay_token_describe_around (self->adds_begin ? self->begin : -1, self->adds_end ? self->end : -1), "end_token", (json_int_t) self->end, "model", model);
}
