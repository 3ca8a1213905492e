/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tokenizer_format_llama2.c: tokenizers of llama2.c.
 *
 *   int32 bytes of the longest piece, then for each piece: float32 score, int32 length, bytes; little-endian, to the end of the file
 *
 * Pieces 0, 1, 2 are the unknown, the beginning and the end; 3 to 258 stand for bytes; a space is a space. A text begins with piece 1, and has a space in front.
 * Source: karpathy/llama2.c, run.c and tokenizer.py.
 */
#include "dataset/tokenizer_format.h"

#include "base/error.h"
#include "dataset/tokenizer_model.h"
#include "dataset/tokenizer_pieces.h"
#include "store/file.h"

#include <string.h>

#define MAX_BYTES (1u << 30)
#define LONGEST 65535           /* bytes of a piece */
#define FIRST_BYTE 3

static guint32
read_u32 (const guint8 *bytes)
{
  guint32 value;

  memcpy (&value, bytes, 4);
  return GUINT32_FROM_LE (value);
}

static gboolean
knows (const guint8 *bytes, gsize n)
{
  return n > 4 && read_u32 (bytes) > 0 && read_u32 (bytes) <= LONGEST;
}

static AssayTokenKind
kind_of (gsize place)
{
  return place == 0 ? ASSAY_TOKEN_UNKNOWN : place < FIRST_BYTE ? ASSAY_TOKEN_CONTROL : place < FIRST_BYTE + 256 ? ASSAY_TOKEN_BYTE : ASSAY_TOKEN_NORMAL;
}

/* One piece; *at goes behind it. */
static gboolean
read_piece (const guint8 *bytes, gsize n, gsize *at, gsize place, AssayTokenPieces *pieces, GError **error)
{
  guint32 longest = read_u32 (bytes), length = n - *at >= 8 ? read_u32 (bytes + *at + 4) : 0, coded = n - *at >= 8 ? read_u32 (bytes + *at) : 0;
  char byte[8];
  float score;

  if (length == 0 || length > longest || length > n - *at - 8)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte %" G_GSIZE_FORMAT ": a score and 1 to %u bytes of piece %" G_GSIZE_FORMAT " expected, a length of %u and %" G_GSIZE_FORMAT
                   " bytes to the end found", *at, longest, place, length, n - *at);
      return FALSE;
    }
  g_snprintf (byte, sizeof byte, "<0x%02X>", (guint) (place - FIRST_BYTE) & 0xff);
  if (kind_of (place) == ASSAY_TOKEN_BYTE && (length != 6 || memcmp (bytes + *at + 8, byte, 6) != 0))
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "byte %" G_GSIZE_FORMAT ": piece %" G_GSIZE_FORMAT ": %s expected, which stands for a byte; another one found", *at, place, byte);
      return FALSE;
    }
  memcpy (&score, &coded, 4);
  if (!assay_token_pieces_add (pieces, (const char *) bytes + *at + 8, length, (double) score, kind_of (place), error))
    return FALSE;
  *at += 8 + (gsize) length;
  return TRUE;
}

static json_t *
load (const char *path, GError **error)
{
  g_autoptr (GBytes) contents = assay_file_read (path, MAX_BYTES, error);
  g_auto (AssayTokenPieces) pieces = { .model = "BPE", .unknown = 0, .begin = 1, .end = 2, .adds_begin = TRUE, .adds_space = TRUE, .falls_back = TRUE };
  gboolean is_good = contents != NULL;
  const guint8 *bytes = is_good ? g_bytes_get_data (contents, NULL) : NULL;
  gsize n = is_good ? g_bytes_get_size (contents) : 0, at = 4;
  json_t *document;

  for (gsize place = 0; is_good && at < n; place++)
    is_good = read_piece (bytes, n, &at, place, &pieces, error);
  document = is_good ? assay_token_pieces_describe (&pieces, error) : NULL;
  if (document == NULL && contents != NULL)
    g_prefix_error (error, "%s: tokenizer of llama2.c: ", path);
  return document;
}

ASSAY_TOKEN_FORMAT_DEFINE (llama2) = { .knows = knows, .load = load };
