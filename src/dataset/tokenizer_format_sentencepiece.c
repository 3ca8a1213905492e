/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format_sentencepiece.c: models of SentencePiece (.model), by a reader of Protocol Buffers that knows four of their five ways to write a value.
 *
 *   ModelProto     1 piece (repeated), 2 trainer, 3 normaliser, 5 what undoes a normaliser
 *   piece          1 string, 2 score, 3 type
 *   trainer        3 model, 24 spaces behind words, 35 bytes, 41 and 42 numbers of the beginning and the end, 44 what the unknown reads as
 *   normaliser     2 table of characters, 3 space in front, 4 spaces removed, 5 spaces marked
 *
 * Source: google/sentencepiece, src/sentencepiece_model.proto; the wire format is documented at protobuf.dev.
 */
#include "dataset/tokenizer_format.h"

#include "base/error.h"
#include "dataset/tokenizer_model.h"
#include "dataset/tokenizer_pieces.h"
#include "store/file.h"

#include <string.h>

#define MAX_BYTES (1u << 30)

typedef enum { WIRE_NUMBER = 0, WIRE_EIGHT = 1, WIRE_BYTES = 2, WIRE_FOUR = 5 } Wire;

typedef struct { const guint8 *bytes; gsize at, end; } Message;  /* a part of the file */
typedef struct { guint64 number; Wire wire; guint64 value; Message part; gsize at; } Field;

typedef struct {
  AssayTokenPieces pieces;
  GHashTable *spelt;            /* spellings met */
  guint64 model;
  gboolean has_trainer, has_spaces_behind, changes_back;
  char *unknown_text;
} Model;

/* --- wire format ---------------------------------------------------------------------------------------------------------------- */

static gboolean
fail (gsize at, const char *expected, GError **error)
{
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte %" G_GSIZE_FORMAT ": %s expected", at, expected);
  return FALSE;
}

static gboolean
read_number (Message *message, guint64 *value, GError **error)
{
  gsize first = message->at;

  *value = 0;
  for (guint shift = 0; message->at < message->end && shift < 64; shift += 7)
    {
      guint8 byte = message->bytes[message->at++];

      if (shift == 63 && byte > 1)
        break;
      *value |= (guint64) (byte & 0x7f) << shift;
      if (byte < 0x80)
        return TRUE;
    }
  return fail (first, "a number of at most 64 bits", error);
}

/* A number of bytes that are there; *value is they, little-endian. */
static gboolean
read_fixed (Message *message, gsize n, guint64 *value, GError **error)
{
  if (message->end - message->at < n)
    return fail (message->at, n == 4 ? "four bytes of a value" : "eight bytes of a value", error);
  *value = 0;
  for (gsize k = 0; k < n; k++)
    *value |= (guint64) message->bytes[message->at++] << 8 * k;
  return TRUE;
}

static gboolean
read_field (Message *message, Field *field, GError **error)
{
  guint64 key, length;

  *field = (Field) { .at = message->at };
  if (!read_number (message, &key, error))
    return FALSE;
  field->number = key >> 3;
  field->wire = (Wire) (key & 7);
  if (field->number == 0 || field->number >= 1u << 29)
    return fail (field->at, "the number of a field", error);
  if (field->wire == WIRE_NUMBER)
    return read_number (message, &field->value, error);
  if (field->wire == WIRE_FOUR || field->wire == WIRE_EIGHT)
    return read_fixed (message, field->wire == WIRE_FOUR ? 4 : 8, &field->value, error);
  if (field->wire != WIRE_BYTES)
    return fail (field->at, "a field that is a number, four or eight bytes, or bytes and their length", error);
  if (!read_number (message, &length, error))
    return FALSE;
  if (length > message->end - message->at)
    return fail (field->at, "a length that fits what it is in", error);
  field->part = (Message) { message->bytes, message->at, message->at + (gsize) length };
  message->at += (gsize) length;
  return TRUE;
}

/* A field that is known is written in one way. */
static gboolean
is_written (const Field *field, Wire wire, GError **error)
{
  return field->wire == wire || fail (field->at, wire == WIRE_NUMBER ? "a number" : wire == WIRE_FOUR ? "a float" : "bytes and their length", error);
}

/* --- parts of a model ----------------------------------------------------------------------------------------------------------- */

static gboolean
add_piece (Model *model, Message piece, GError **error)
{
  Message spelling = { 0 };
  gsize at = piece.at;
  guint64 kind = ASSAY_TOKEN_NORMAL;
  guint32 coded = 0;
  float score;
  Field field;

  while (piece.at < piece.end)
    {
      if (!read_field (&piece, &field, error) || (field.number == 1 && !is_written (&field, WIRE_BYTES, error)) || (field.number == 2 && !is_written (&field, WIRE_FOUR, error))
          || (field.number == 3 && !is_written (&field, WIRE_NUMBER, error)))
        return FALSE;
      if (field.number == 1)
        spelling = field.part;
      else if (field.number == 2)
        coded = (guint32) field.value;
      else if (field.number == 3)
        kind = field.value;
    }
  if (spelling.at == spelling.end)
    return fail (at, "a piece that is spelt somehow", error);
  if (!g_hash_table_add (model->spelt, g_bytes_new (spelling.bytes + spelling.at, spelling.end - spelling.at)))
    return fail (at, "a piece that is spelt like no other", error);
  memcpy (&score, &coded, 4);
  return assay_token_pieces_add (&model->pieces, (const char *) spelling.bytes + spelling.at, spelling.end - spelling.at, (double) score, (gint64) MIN (kind, 100), error);
}

/* Numbers may be negative, of 32 bits. */
static gint64
signed_of (guint64 value)
{
  return (gint32) (guint32) value;
}

static gboolean
read_trainer (Model *model, Message trainer, GError **error)
{
  Field field;

  model->has_trainer = TRUE;
  while (trainer.at < trainer.end)
    {
      if (!read_field (&trainer, &field, error))
        return FALSE;
      if ((field.number == 3 || field.number == 24 || field.number == 35 || field.number == 41 || field.number == 42) && !is_written (&field, WIRE_NUMBER, error))
        return FALSE;
      if (field.number == 44 && !is_written (&field, WIRE_BYTES, error))
        return FALSE;
      if (field.number == 3)
        model->model = field.value;
      else if (field.number == 24)
        model->has_spaces_behind = field.value != 0;
      else if (field.number == 35)
        model->pieces.falls_back = field.value != 0;
      else if (field.number == 41)
        model->pieces.begin = signed_of (field.value);
      else if (field.number == 42)
        model->pieces.end = signed_of (field.value);
      else if (field.number == 44)
        {
          g_free (model->unknown_text);
          model->unknown_text = g_strndup ((const char *) field.part.bytes + field.part.at, field.part.end - field.part.at);
        }
    }
  return TRUE;
}

static gboolean
read_normaliser (Model *model, Message normaliser, GError **error)
{
  AssayTokenPieces *pieces = &model->pieces;
  Field field;

  while (normaliser.at < normaliser.end)
    {
      if (!read_field (&normaliser, &field, error) || (field.number == 2 && !is_written (&field, WIRE_BYTES, error))
          || (field.number >= 3 && field.number <= 5 && !is_written (&field, WIRE_NUMBER, error)))
        return FALSE;
      if (field.number == 2)
        {
          pieces->n_charsmap = field.part.end - field.part.at;
          pieces->charsmap = pieces->n_charsmap > 0 ? field.part.bytes + field.part.at : NULL;
        }
      else if (field.number == 3)
        pieces->adds_space = field.value != 0;
      else if (field.number == 4)
        pieces->trims = field.value != 0;
      else if (field.number == 5)
        pieces->marks_spaces = field.value != 0;
    }
  return TRUE;
}

static gboolean
read_back (Model *model, Message part, GError **error)
{
  Field field;

  while (part.at < part.end)
    {
      if (!read_field (&part, &field, error))
        return FALSE;
      model->changes_back |= field.number == 2 && field.part.end > field.part.at;
    }
  return TRUE;
}

static gboolean
read_model (Model *model, Message whole, GError **error)
{
  Field field;

  while (whole.at < whole.end)
    {
      if (!read_field (&whole, &field, error) || ((field.number <= 3 || field.number == 5) && !is_written (&field, WIRE_BYTES, error)))
        return FALSE;
      if ((field.number == 1 && !add_piece (model, field.part, error)) || (field.number == 2 && !read_trainer (model, field.part, error))
          || (field.number == 3 && !read_normaliser (model, field.part, error)) || (field.number == 5 && !read_back (model, field.part, error)))
        return FALSE;
    }
  return TRUE;
}

/* --- as a document ---------------------------------------------------------------------------------------------------------------- */

/* The first piece of a kind, -1: none. */
static gint64
find_kind (const AssayTokenPieces *pieces, AssayTokenKind kind)
{
  const json_t *item;
  size_t k;

  json_array_foreach (pieces->kinds, k, item)
    if (json_integer_value (item) == (json_int_t) kind)
      return (gint64) k;
  return -1;
}

/* What would be read differently than it was meant is refused. */
static gboolean
is_supported (const Model *model, GError **error)
{
  const char *what = NULL;

  if (model->model != 1 && model->model != 2)
    what = "a model of kind unigram or BPE (trainer_spec.model_type 1 or 2) expected, another one found";
  else if (model->has_spaces_behind)
    what = "spaces in front of words expected, treat_whitespace_as_suffix found; train without it";
  else if (model->changes_back)
    what = "no denormalizer_spec expected, a table of characters found there";
  else if (model->model == 2 && find_kind (&model->pieces, ASSAY_TOKEN_UNUSED) >= 0)
    what = "no pieces of type UNUSED in a BPE model expected, some found";
  if (what != NULL)
    g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED, what);
  return what == NULL;
}

/* A number counts where its piece is none of a text. */
static void
check_control (const AssayTokenPieces *pieces, gint64 *number)
{
  if (*number < 0 || json_integer_value (json_array_get (pieces->kinds, (gsize) *number)) != ASSAY_TOKEN_CONTROL)
    *number = -1;
}

static json_t *
describe (Model *model, GError **error)
{
  AssayTokenPieces *pieces = &model->pieces;

  if (!model->has_trainer)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "a trainer_spec (field 2) expected behind the pieces, none found: the file is cut off, or no model");
      return NULL;
    }
  if (!is_supported (model, error))
    return NULL;
  pieces->unknown = find_kind (pieces, ASSAY_TOKEN_UNKNOWN);
  check_control (pieces, &pieces->begin);
  check_control (pieces, &pieces->end);
  pieces->model = model->model == 1 ? "Unigram" : "BPE";
  pieces->unknown_text = model->unknown_text && g_utf8_validate (model->unknown_text, -1, NULL) ? model->unknown_text : " \xe2\x81\x87 ";
  return assay_token_pieces_describe (pieces, error);
}

static gboolean
knows (const guint8 *bytes, gsize n)
{
  return n > 2 && bytes[0] == (1 << 3 | WIRE_BYTES) && bytes[1] != 0 && bytes[2] != 0;
}

static json_t *
load (const char *path, GError **error)
{
  g_autoptr (GBytes) contents = assay_file_read (path, MAX_BYTES, error);
  Model model = { .pieces = { .begin = 1, .end = 2, .adds_space = TRUE, .trims = TRUE, .marks_spaces = TRUE }, .model = 1 };
  Message whole = { 0 };
  json_t *document;

  if (contents == NULL)
    return NULL;
  model.spelt = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  whole.bytes = g_bytes_get_data (contents, &whole.end);
  document = read_model (&model, whole, error) ? describe (&model, error) : NULL;
  if (document == NULL)
    g_prefix_error (error, "%s: model of SentencePiece: ", path);
  g_hash_table_unref (model.spelt);
  assay_token_pieces_clear (&model.pieces);
  g_free (model.unknown_text);
  return document;
}

ASSAY_TOKEN_FORMAT_DEFINE (sentencepiece) = { .knows = knows, .load = load };
