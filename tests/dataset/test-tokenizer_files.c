/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-tokenizer_files.c: tokenizers in other files than tokenizer.json: made here, with answers worked out by hand, and real ones where they are; and what
 * the configurations beside a tokenizer say of what is put around a text.
 */
#include "base/error.h"
#include "dataset/tokenizer.h"

#include "../store/rwkvcpp_writer.h"
#include "../store/store_test.h"
#include "fixture.h"

#include <math.h>
#include <string.h>

#define MARK "\xe2\x96\x81"

static char *scratch;           /* a directory, emptied by who uses it */

static char *
put_file (const char *name, const void *bytes, gsize n)
{
  char *path = g_build_filename (scratch, name, NULL);
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (bytes, 1, n, file), ==, n);
  g_assert_cmpint (fclose (file), ==, 0);
  return path;
}

static AssayTokenizer *
open_bytes (const char *name, const GByteArray *bytes, GError **error)
{
  g_autofree char *path = put_file (name, bytes->data, bytes->len);

  return assay_tokenizer_open (path, error);
}

/* "id[start,end) ...", the places left out where they say nothing. */
static char *
describe (AssayTokenizer *tokenizer, const char *text, gsize n, gboolean with_special, gboolean with_places)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  GString *words = g_string_new (NULL);
  GError *error = NULL;

  assay_tokenizer_encode (tokenizer, text, n, with_special, tokens, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < tokens->len; k++)
    {
      const AssayToken *t = &g_array_index (tokens, AssayToken, k);

      g_string_append_printf (words, "%s%d", k > 0 ? " " : "", t->id);
      if (with_places)
        g_string_append_printf (words, "[%d,%d)", (int) t->start, (int) t->end);
    }
  return g_string_free (words, FALSE);
}

static void
assert_encodes (AssayTokenizer *tokenizer, const char *text, const char *expected)
{
  g_autofree char *found = describe (tokenizer, text, strlen (text), FALSE, TRUE);

  if (strcmp (found, expected) != 0)
    g_error ("\"%s\": expected %s, found %s", text, expected, found);
}

static void
assert_decodes (const AssayTokenizer *tokenizer, const gint32 *ids, gsize n, const char *expected)
{
  gsize length;
  g_autofree char *text = assay_tokenizer_decode (tokenizer, ids, n, &length);

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpuint (length, ==, strlen (expected));
}

/* Whatever stands there, an error or a tokenizer comes of it, and a tokenizer cuts texts. */
static void
try_bytes (const char *name, const GByteArray *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes (name, bytes, &error);
  g_autofree char *some = NULL;

  if (tokenizer == NULL)
    {
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, scratch));
      g_assert_null (strchr (error->message, '\n'));
      return;
    }
  some = describe (tokenizer, "ab \xef\xbc\xa1 b\xc3\xa9<u>", 13, TRUE, TRUE);
}

/* Cut off behind every byte, and with one of `step` bytes changed. */
static void
try_hostile (const char *name, const GByteArray *bytes, guint step)
{
  static const guint8 changes[] = { 0x01, 0x80, 0xff, 0x08 };

  for (guint n = 0; n < bytes->len; n++)
    {
      GByteArray part = { bytes->data, n };

      try_bytes (name, &part);
    }
  for (guint i = 0; i < bytes->len; i += step)
    for (gsize k = 0; k < G_N_ELEMENTS (changes); k++)
      {
        bytes->data[i] ^= changes[k];
        try_bytes (name, bytes);
        bytes->data[i] ^= changes[k];
      }
}

/* --- llama2.c ------------------------------------------------------------------------------------------------------------------ */

static void
put_u32 (GByteArray *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, 4);
}

static void
put_f32 (GByteArray *bytes, float value)
{
  guint32 coded;

  memcpy (&coded, &value, 4);
  put_u32 (bytes, coded);
}

static void
put_scored (GByteArray *bytes, const char *piece, float score)
{
  put_f32 (bytes, score);
  put_u32 (bytes, (guint32) strlen (piece));
  g_byte_array_append (bytes, (const guint8 *) piece, (guint) strlen (piece));
}

static GByteArray *
make_llama2 (void)
{
  GByteArray *bytes = g_byte_array_new ();

  put_u32 (bytes, 7);
  put_scored (bytes, "<unk>", 0);
  put_scored (bytes, "\n<s>\n", 0);
  put_scored (bytes, "\n</s>\n", 0);
  for (guint byte = 0; byte < 256; byte++)
    {
      char spelling[8];

      g_snprintf (spelling, sizeof spelling, "<0x%02X>", byte);
      put_scored (bytes, spelling, 0);
    }
  put_scored (bytes, " ", -9);                                    /* 259 */
  put_scored (bytes, "a", -9);
  put_scored (bytes, "b", -9);
  put_scored (bytes, "ab", -1);
  put_scored (bytes, "ba", -1);
  put_scored (bytes, " a", -2);                                   /* 264 */
  return bytes;
}

static void
test_llama2 (void)
{
  g_autoptr (GByteArray) bytes = make_llama2 ();
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("tok.bin", bytes, &error);
  g_autofree char *with = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 265);
  g_assert_cmpstr (assay_tokenizer_get_model (tokenizer), ==, "BPE");
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, 1);
  g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, 2);
  assert_encodes (tokenizer, "", "");
  assert_encodes (tokenizer, "ab", "259[0,0) 262[0,2)");           /* -1 before -2 */
  assert_encodes (tokenizer, "aab", "264[0,1) 262[1,3)");
  assert_encodes (tokenizer, "bab", "259[0,0) 263[0,2) 261[2,3)"); /* of equals the first */
  assert_encodes (tokenizer, "a  \xc3\xa9", "264[0,1) 259[1,2) 259[2,3) 198[3,5) 172[3,5)");
  assert_encodes (tokenizer, "<s>", "259[0,0) 63[0,1) 118[1,2) 65[2,3)");         /* what reads like a special token is text */
  with = describe (tokenizer, "ab", 2, TRUE, TRUE);
  g_assert_cmpstr (with, ==, "1[0,0) 259[0,0) 262[0,2)");
  assert_decodes (tokenizer, (const gint32[]) { 1, 264, 264, 198, 172, 198, 2 }, 7, "a a\xc3\xa9\xef\xbf\xbd");
}

/* Scores of a text of a thousand words go by a heap or word by word, and give the same. */
static void
test_long_text (void)
{
  g_autoptr (GByteArray) bytes = make_llama2 ();
  g_autoptr (GString) text = g_string_new (NULL), expected = g_string_new (NULL);
  g_autoptr (AssayTokenizer) apart = NULL, together = NULL;
  g_autofree char *first = NULL, *second = NULL;
  GError *error = NULL;

  apart = open_bytes ("tok.bin", bytes, &error);
  g_assert_no_error (error);
  put_scored (bytes, "b z", -100);                                /* a token that goes on into a next word, which is not there */
  together = open_bytes ("tok.bin", bytes, &error);
  g_assert_no_error (error);
  for (guint k = 0; k < 1000; k++)
    {
      g_string_append (text, k % 3 == 0 ? "abab " : k % 3 == 1 ? "aab " : "baba  b ");
      g_string_append (expected, k % 3 == 0 ? (k == 0 ? "259 262 262" : " 259 262 262") : k % 3 == 1 ? " 264 262" : " 259 263 263 259 259 261");
    }
  g_string_append (expected, " 259");
  first = describe (apart, text->str, text->len, FALSE, FALSE);
  second = describe (together, text->str, text->len, FALSE, FALSE);
  g_assert_cmpstr (first, ==, expected->str);
  g_assert_cmpstr (second, ==, expected->str);
}

static void
test_llama2_refused (void)
{
  g_autoptr (GByteArray) bytes = make_llama2 ();
  GError *error = NULL;
  float bad = NAN;

  try_hostile ("tok.bin", bytes, 29);
  memcpy (bytes->data + 4, &bad, 4);
  g_assert_null (open_bytes ("tok.bin", bytes, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "tok.bin: tokenizer of llama2.c: piece 0: a finite score expected", NULL);
  memset (bytes->data + 4, 0, 4);
  g_byte_array_set_size (bytes, 29);
  g_assert_null (open_bytes ("tok.bin", bytes, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "byte 17: a score and 1 to 7 bytes of piece 1 expected, a length of 5 and 12 bytes to the end found", NULL);
  bytes->data[12] = 0xff;
  g_assert_null (open_bytes ("tok.bin", bytes, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "piece 0: UTF-8 expected", NULL);
}

/* The tokenizer of a real model, with what llama2.c's own algorithm, the plainest, gives. */
static void
test_real_llama2 (void)
{
  static const struct { const char *text, *ids; } cases[] = {
    { "Once upon a time, there was a little girl named Lily.", "1 403 407 261 378 432 383 286 261 376 298 315 421 395 317 426" },
    { "", "1" },
    { " ", "1 410 410" },
    { "  two  spaces\n\ttab \xc3\xa9 \xf0\x9f\xa6\x99", "1 410 410 259 424 414 410 262 427 412 331 419 13 12 413 412 430 410 485 410 243 162 169 156" },
    { "<s>\n<0x41>", "1 410 504 419 505 13 504 477 444 484 475 505" },
  };
  g_autofree char *path = fixture_data ("stories260K/tok512.bin");
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = path ? assay_tokenizer_open (path, &error) : NULL;

  if (path == NULL)
    return;
  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 512);
  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *found = describe (tokenizer, cases[k].text, strlen (cases[k].text), TRUE, FALSE);
      g_auto (GStrv) words = g_strsplit (cases[k].ids, " ", -1);
      gint32 ids[64];
      guint n = g_strv_length (words);

      g_assert_cmpstr (found, ==, cases[k].ids);
      for (guint i = 0; i < n; i++)
        ids[i] = atoi (words[i]);
      assert_decodes (tokenizer, ids, n, cases[k].text);
    }
}

/* --- rwkv.cpp ------------------------------------------------------------------------------------------------------------------------ */

/* The first numbers of a model's file say how many tokens there are, and 256 of them are bytes. */
static void
test_rwkvcpp (void)
{
  static const char text[] = "\"in \xc3\xa9\n";
  g_autoptr (GByteArray) bytes = rwkvcpp_begin (101, 256, 8, 1), more = rwkvcpp_begin (101, 257, 8, 1);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("model.bin", bytes, &error);
  g_autofree char *found = NULL;
  const gint32 ids[] = { 34, 105, 110, 32, 195, 169, 10 };

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 256);
  found = describe (tokenizer, text, strlen (text), TRUE, FALSE);
  g_assert_cmpstr (found, ==, "34 105 110 32 195 169 10");
  assert_decodes (tokenizer, ids, G_N_ELEMENTS (ids), text);
  g_assert_null (open_bytes ("model.bin", more, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "a file of rwkv.cpp holds no tokenizer", "257 found", NULL);
}

/* --- SentencePiece ---------------------------------------------------------------------------------------------------------------- */

static void
put_number (GByteArray *bytes, guint64 value)
{
  for (; value >= 0x80; value >>= 7)
    {
      guint8 byte = (guint8) (value | 0x80);

      g_byte_array_append (bytes, &byte, 1);
    }
  g_byte_array_append (bytes, (const guint8 *) &(guint8) { (guint8) value }, 1);
}

static void
put_flag (GByteArray *bytes, guint number, guint64 value)
{
  put_number (bytes, number << 3);
  put_number (bytes, value);
}

static void
put_part (GByteArray *bytes, guint number, const void *part, gsize n)
{
  put_number (bytes, number << 3 | 2);
  put_number (bytes, n);
  g_byte_array_append (bytes, part, (guint) n);
}

enum { NORMAL = 1, UNKNOWN, CONTROL, DEFINED, UNUSED, BYTE };

static void
put_piece (GByteArray *bytes, const char *piece, float score, guint kind)
{
  g_autoptr (GByteArray) part = g_byte_array_new ();

  put_part (part, 1, piece, strlen (piece));
  put_number (part, 2 << 3 | 5);
  put_f32 (part, score);
  if (kind != NORMAL)
    put_flag (part, 3, kind);
  put_part (bytes, 1, part->data, part->len);
}

static void
put_trainer (GByteArray *bytes, guint model, gboolean falls_back)
{
  g_autoptr (GByteArray) part = g_byte_array_new ();

  put_flag (part, 3, model);
  put_flag (part, 35, falls_back);
  put_flag (part, 43, (guint64) -1);                              /* no padding: a negative number has ten bytes */
  put_part (bytes, 2, part->data, part->len);
}

static void
put_normaliser (GByteArray *bytes, const GByteArray *charsmap, gboolean adds_space, gboolean trims)
{
  g_autoptr (GByteArray) part = g_byte_array_new ();

  put_part (part, 1, "hand", 4);
  if (charsmap != NULL)
    put_part (part, 2, charsmap->data, charsmap->len);
  put_flag (part, 3, adds_space);
  put_flag (part, 4, trims);
  put_part (bytes, 3, part->data, part->len);
}

/* 0 to 2 special, 3 to 258 bytes, then pieces. */
static GByteArray *
make_bpe (gboolean trims)
{
  GByteArray *bytes = g_byte_array_new ();

  put_piece (bytes, "<unk>", 0, UNKNOWN);
  put_piece (bytes, "<s>", 0, CONTROL);
  put_piece (bytes, "</s>", 0, CONTROL);
  for (guint byte = 0; byte < 256; byte++)
    {
      char spelling[8];

      g_snprintf (spelling, sizeof spelling, "<0x%02X>", byte);
      put_piece (bytes, spelling, 0, BYTE);
    }
  put_piece (bytes, MARK, -10, NORMAL);                           /* 259 */
  put_piece (bytes, "a", -11, NORMAL);
  put_piece (bytes, "b", -12, NORMAL);
  put_piece (bytes, "ab", -1, NORMAL);
  put_piece (bytes, MARK "a", -2, NORMAL);
  put_piece (bytes, MARK "ab", -3, NORMAL);
  put_piece (bytes, "<u>", 0, DEFINED);                           /* 265 */
  put_piece (bytes, "ba", -1, NORMAL);
  put_piece (bytes, "a\xc3\xa9", -4, NORMAL);                     /* 267: of a character that is no piece by itself */
  put_trainer (bytes, 2, TRUE);
  put_normaliser (bytes, NULL, TRUE, trims);
  return bytes;
}

static void
test_bpe_by_scores (void)
{
  g_autoptr (GByteArray) bytes = make_bpe (FALSE);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("some.model", bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 268);
  g_assert_cmpstr (assay_tokenizer_get_model (tokenizer), ==, "BPE");
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, -1);         /* the file does not say that any is put there */
  g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, 2);
  assert_encodes (tokenizer, "ab", "264[0,2)");
  assert_encodes (tokenizer, "aab", "263[0,1) 262[1,3)");
  assert_encodes (tokenizer, "bab", "259[0,0) 266[0,2) 261[2,3)");
  assert_encodes (tokenizer, "a<u>b", "263[0,1) 265[1,4) 261[4,5)");
  assert_encodes (tokenizer, "ba\xc3\xa9", "259[0,0) 266[0,2) 198[2,4) 172[2,4)");
  assert_encodes (tokenizer, "ba\xc3\xa9", "259[0,0) 266[0,2) 198[2,4) 172[2,4)");      /* from memory */
  assert_encodes (tokenizer, "ba a\xc3\xa9", "259[0,0) 266[0,2) 263[2,4) 198[4,6) 172[4,6)");
  assert_encodes (tokenizer, "bb" "a\xc3\xa9 ", "259[0,0) 261[0,1) 266[1,3) 198[3,5) 172[3,5) 259[5,6)");
  assert_encodes (tokenizer, "<u>a\xc3\xa9", "259[0,0) 265[0,3) 267[3,6)");
  assert_encodes (tokenizer, "<s>", "259[0,0) 63[0,1) 118[1,2) 65[2,3)");
  assert_encodes (tokenizer, "  a", "259[0,0) 259[0,1) 263[1,3)");
  assert_decodes (tokenizer, (const gint32[]) { 1, 264, 263, 265, 198, 172, 198, 261, 2 }, 9, "ab a<u>\xc3\xa9\xef\xbf\xbd" "b");
  assert_decodes (tokenizer, (const gint32[]) { 259, 259, 263, 0 }, 4, "  a \xe2\x81\x87 ");
}

static void
test_trimmed (void)
{
  g_autoptr (GByteArray) bytes = make_bpe (TRUE);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("some.model", bytes, &error);

  g_assert_no_error (error);
  assert_encodes (tokenizer, "  a   b ", "263[2,3) 259[3,4) 261[6,7)");
  assert_encodes (tokenizer, "   ", "");
  assert_decodes (tokenizer, (const gint32[]) { 259, 259, 263, 263 }, 4, "a a");
}

/* A table of characters: every node of its trie has a block of 256 units of its own. */
static void
put_rule (GArray *units, GByteArray *texts, const char *from, const char *becomes)
{
  guint block = 0, place = texts->len;
  guint32 end;

  g_byte_array_append (texts, (const guint8 *) becomes, (guint) strlen (becomes) + 1);
  for (const char *c = from; *c != '\0'; c++)
    {
      guint at = block * 256 + (guchar) *c, next = units->len / 256;

      if (g_array_index (units, guint32, at) == 0)
        {
          g_array_set_size (units, units->len + 256);
          g_array_index (units, guint32, at) = (guchar) *c | (at ^ next * 256) << 10;
        }
      block = (at ^ g_array_index (units, guint32, at) >> 10) / 256;
      if (c[1] == '\0')
        g_array_index (units, guint32, at) |= 1u << 8;
    }
  end = 0x80000000u | place;
  g_array_index (units, guint32, block * 256) = end;
}

static GByteArray *
make_charsmap (void)
{
  g_autoptr (GArray) units = g_array_new (FALSE, TRUE, sizeof (guint32));
  g_autoptr (GByteArray) texts = g_byte_array_new ();
  GByteArray *bytes = g_byte_array_new ();

  g_array_set_size (units, 256);
  g_array_index (units, guint32, 0) = 0;                          /* the root is the first block */
  put_rule (units, texts, "\xef\xbc\xa1", "a");                   /* wide A */
  put_rule (units, texts, "\t", " ");
  put_rule (units, texts, "a\xcc\x81", "ab");                     /* two characters that become two others */
  put_rule (units, texts, "\xc2\xad", "");                        /* one that goes */
  put_u32 (bytes, units->len * 4);
  for (guint k = 0; k < units->len; k++)
    put_u32 (bytes, g_array_index (units, guint32, k));
  g_byte_array_append (bytes, texts->data, texts->len);
  return bytes;
}

static GByteArray *
make_unigram (void)
{
  g_autoptr (GByteArray) charsmap = make_charsmap ();
  GByteArray *bytes = g_byte_array_new ();

  put_piece (bytes, "<pad>", 0, CONTROL);
  put_piece (bytes, "</s>", 0, CONTROL);
  put_piece (bytes, "<unk>", 0, UNKNOWN);
  put_piece (bytes, MARK, -2, NORMAL);
  put_piece (bytes, "a", -3, NORMAL);
  put_piece (bytes, "b", -3, NORMAL);
  put_piece (bytes, "ab", -5, NORMAL);
  put_piece (bytes, MARK "a", -4.5f, NORMAL);
  put_piece (bytes, "<u>", 0, DEFINED);
  put_piece (bytes, "bb", -.1f, UNUSED);
  put_trainer (bytes, 1, FALSE);
  put_normaliser (bytes, charsmap, TRUE, TRUE);
  return bytes;
}

static void
test_unigram (void)
{
  g_autoptr (GByteArray) bytes = make_unigram ();
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("some.model", bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (assay_tokenizer_get_model (tokenizer), ==, "Unigram");
  g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, -1);   /* 2 is not one of those that end a text */
  assert_encodes (tokenizer, "ab", "3[0,0) 6[0,2)");
  assert_encodes (tokenizer, "\xef\xbc\xa1\t b", "7[0,3) 3[3,4) 5[5,6)");
  assert_encodes (tokenizer, "ba\xcc\x81", "3[0,0) 5[0,1) 6[1,4)");
  assert_encodes (tokenizer, "a\xc2\xad" "b\xc2\xad", "3[0,0) 6[0,4)");
  assert_encodes (tokenizer, "bb", "3[0,0) 5[0,1) 5[1,2)");        /* a piece that is not used */
  assert_encodes (tokenizer, "b<u>\t", "3[0,0) 5[0,1) 8[1,4)");
  assert_encodes (tokenizer, "b?!</s>", "3[0,0) 5[0,1) 2[1,7)");
  assert_decodes (tokenizer, (const gint32[]) { 0, 3, 6, 2, 1 }, 5, "ab \xe2\x81\x87 ");
}

/* The same table in a tokenizer.json, where it is applied as the tokenizers library does: cluster by cluster, by the shortest string. */
static void
test_precompiled (void)
{
  g_autoptr (GByteArray) charsmap = make_charsmap (), bytes = g_byte_array_new ();
  g_autofree char *coded = g_base64_encode (charsmap->data, charsmap->len), *path = g_build_filename (scratch, "tokenizer.json", NULL);
  g_autofree char *document = g_strdup_printf ("{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"%s\"}, \"model\": {\"type\": \"WordLevel\", "
                                               "\"vocab\": {\"a\": 0, \"bab\": 1, \"a \": 2, \"a\\u0301\\u0301\\u0301\": 3, \"?\": 9}, \"unk_token\": \"?\"}}", coded);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = NULL;

  g_byte_array_append (bytes, (const guint8 *) document, (guint) strlen (document));
  tokenizer = open_bytes ("tokenizer.json", bytes, &error);
  g_assert_no_error (error);
  assert_encodes (tokenizer, "\xef\xbc\xa1", "0[0,3)");
  assert_encodes (tokenizer, "\xef\xbc\xa1\xcc\x81", "0[0,5)");   /* the mark goes with what it is on */
  assert_encodes (tokenizer, "ba\xcc\x81", "1[0,4)");
  assert_encodes (tokenizer, "\xc2\xad" "a\t", "2[2,4)");
  assert_encodes (tokenizer, "a\xcc\x81\xcc\x81\xcc\x81", "3[0,7)");      /* too long to be looked up */
  g_remove (path);                                                /* other tests open the folder */
}

static void
test_model_refused (void)
{
  g_autoptr (GByteArray) small = g_byte_array_new (), bytes = make_unigram (), broken = g_byte_array_new ();
  GError *error = NULL;

  put_piece (small, "<unk>", 0, UNKNOWN);
  put_piece (small, "a", -1, NORMAL);
  put_piece (small, "<u>", -1, DEFINED);
  put_piece (small, "<0x41>", -1, BYTE);
  put_trainer (small, 2, TRUE);
  put_normaliser (small, NULL, TRUE, FALSE);
  try_hostile ("some.model", small, 1);
  for (guint n = 0; n < bytes->len; n += 41)
    {
      GByteArray part = { bytes->data, n };

      try_bytes ("some.model", &part);
      bytes->data[n] ^= 0x41;
      try_bytes ("some.model", bytes);
      bytes->data[n] ^= 0x41;
    }

#define REFUSED(code, ...) \
  g_assert_null (open_bytes ("some.model", broken, &error)); \
  fixture_refused (&error, code, "some.model: model of SentencePiece: ", __VA_ARGS__, NULL); \
  g_byte_array_set_size (broken, 0)

  put_piece (broken, "<unk>", 0, UNKNOWN);
  REFUSED (ASSAY_ERROR_INPUT, "a trainer_spec (field 2) expected");
  put_piece (broken, "a", 0, NORMAL);
  put_piece (broken, "a", 0, NORMAL);
  REFUSED (ASSAY_ERROR_INPUT, "byte 12: a piece that is spelt like no other expected");
  put_piece (broken, "a", INFINITY, NORMAL);
  REFUSED (ASSAY_ERROR_INPUT, "piece 0: a finite score expected");
  put_piece (broken, "a", 0, 7);
  REFUSED (ASSAY_ERROR_INPUT, "piece 0: a type from 1 to 6 expected, 7 found");
  put_piece (broken, "\xff\xfe", 0, NORMAL);
  REFUSED (ASSAY_ERROR_INPUT, "piece 0: UTF-8 expected");
  put_piece (broken, "a", 0, NORMAL);
  put_number (broken, 9 << 3 | 3);
  REFUSED (ASSAY_ERROR_INPUT, "byte 10: a field that is a number");
  put_piece (broken, "a", 0, NORMAL);
  put_flag (broken, 2, 5);
  REFUSED (ASSAY_ERROR_INPUT, "byte 10: bytes and their length expected");
  put_piece (broken, "a", 0, NORMAL);
  put_trainer (broken, 3, FALSE);
  REFUSED (ASSAY_ERROR_UNSUPPORTED, "unigram or BPE");
  put_piece (broken, "a", 0, NORMAL);
  put_piece (broken, "b", 0, UNUSED);
  put_trainer (broken, 2, FALSE);
  REFUSED (ASSAY_ERROR_UNSUPPORTED, "no pieces of type UNUSED");
  put_piece (broken, "a", 0, NORMAL);
  put_part (broken, 2, "\xc0\x01\x01", 3);
  REFUSED (ASSAY_ERROR_UNSUPPORTED, "treat_whitespace_as_suffix");
  put_piece (broken, "a", 0, NORMAL);
  put_trainer (broken, 2, FALSE);
  put_part (broken, 5, "\x12\x01z", 3);
  REFUSED (ASSAY_ERROR_UNSUPPORTED, "no denormalizer_spec expected");
#undef REFUSED
  put_piece (broken, "<unk>", 0, UNKNOWN);
  put_trainer (broken, 2, FALSE);
  put_part (broken, 3, "\x12\x04zzzz", 6);
  g_assert_null (open_bytes ("some.model", broken, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "some.model: precompiled_charsmap: ", NULL);
}

/* --- GGUF --------------------------------------------------------------------------------------------------------------------------- */

enum { U32 = 4, F32 = 6, BOOLEAN = 7, STRING = 8, ARRAY = 9, U64 = 10 };

static void
put_u64 (GByteArray *bytes, guint64 value)
{
  put_u32 (bytes, (guint32) value);
  put_u32 (bytes, (guint32) (value >> 32));
}

static void
put_text (GByteArray *bytes, const char *text)
{
  put_u64 (bytes, strlen (text));
  g_byte_array_append (bytes, (const guint8 *) text, (guint) strlen (text));
}

/* A key of the tokenizer, and the type of what follows; the count of pairs goes up. */
static void
put_key (GByteArray *bytes, const char *key, guint32 type)
{
  g_autofree char *whole = g_strconcat ("tokenizer.ggml.", key, NULL);

  put_text (bytes, whole);
  put_u32 (bytes, type);
  bytes->data[16]++;
}

static void
put_string (GByteArray *bytes, const char *key, const char *text)
{
  put_key (bytes, key, STRING);
  put_text (bytes, text);
}

static void
put_integer (GByteArray *bytes, const char *key, guint32 value)
{
  put_key (bytes, key, U32);
  put_u32 (bytes, value);
}

static void
put_boolean (GByteArray *bytes, const char *key, gboolean value)
{
  put_key (bytes, key, BOOLEAN);
  g_byte_array_append (bytes, (const guint8 *) (value ? "\1" : "\0"), 1);
}

static void
put_texts (GByteArray *bytes, const char *key, const char *const *texts, guint n)
{
  put_key (bytes, key, ARRAY);
  put_u32 (bytes, STRING);
  put_u64 (bytes, n);
  for (guint k = 0; k < n; k++)
    put_text (bytes, texts[k]);
}

static void
put_kinds (GByteArray *bytes, const guint32 *kinds, guint n)
{
  put_key (bytes, "token_type", ARRAY);
  put_u32 (bytes, U32);
  put_u64 (bytes, n);
  for (guint k = 0; k < n; k++)
    put_u32 (bytes, kinds[k]);
}

static GByteArray *
begin_gguf (const char *model)
{
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) "GGUF", 4);
  put_u32 (bytes, 3);
  put_u64 (bytes, 0);
  put_u64 (bytes, 0);
  put_string (bytes, "model", model);
  return bytes;
}

static GByteArray *
make_gguf_llama (gboolean adds_space)
{
  static const char *const tokens[] = { "<unk>", "<s>", "</s>", MARK, "a", "b", "ab", MARK "a", "[I]", "<0x41>" };
  static const guint32 kinds[] = { UNKNOWN, CONTROL, CONTROL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, DEFINED, BYTE };
  static const float scores[] = { 0, 0, 0, -9, -9, -9, -1, -2, 0, 0 };
  GByteArray *bytes = begin_gguf ("llama");

  put_texts (bytes, "tokens", tokens, G_N_ELEMENTS (tokens));
  put_kinds (bytes, kinds, G_N_ELEMENTS (kinds));
  put_key (bytes, "scores", ARRAY);
  put_u32 (bytes, F32);
  put_u64 (bytes, G_N_ELEMENTS (scores));
  for (gsize k = 0; k < G_N_ELEMENTS (scores); k++)
    put_f32 (bytes, scores[k]);
  put_boolean (bytes, "add_space_prefix", adds_space);
  return bytes;
}

static void
test_gguf_llama (void)
{
  g_autoptr (GByteArray) bytes = make_gguf_llama (TRUE), bare = make_gguf_llama (FALSE);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_bytes ("some.gguf", bytes, &error), other = NULL;
  g_autofree char *with = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, 1);
  g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, 2);
  assert_encodes (tokenizer, "ab a", "3[0,0) 6[0,2) 7[2,4)");
  assert_encodes (tokenizer, "a[I]a</s>A", "7[0,1) 8[1,4) 7[4,5) 2[5,9) 3[9,9) 9[9,10)");     /* special tokens, with a space behind each */
  with = describe (tokenizer, "", 0, TRUE, FALSE);
  g_assert_cmpstr (with, ==, "1");
  assert_decodes (tokenizer, (const gint32[]) { 1, 7, 8, 9, 2 }, 5, "a[I]A");
  other = open_bytes ("some.gguf", bare, &error);
  g_assert_no_error (error);
  assert_encodes (other, "ab a", "6[0,2) 7[2,4)");
}

static GByteArray *
make_gguf_gpt2 (const char *pre)
{
  static const char *const tokens[] = { "1", "2", "11", "a", "\xc4\xa0", "\xc4\xa0" "a", "<|end|>", "12a", "  " };
  static const char *const merges[] = { "1 1", "\xc4\xa0 a" };
  static const guint32 kinds[] = { NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, NORMAL, CONTROL, NORMAL, DEFINED };
  GByteArray *bytes = begin_gguf ("gpt2");

  if (pre != NULL)
    put_string (bytes, "pre", pre);
  put_texts (bytes, "tokens", tokens, G_N_ELEMENTS (tokens));
  put_kinds (bytes, kinds, G_N_ELEMENTS (kinds));
  put_texts (bytes, "merges", merges, G_N_ELEMENTS (merges));
  put_integer (bytes, "bos_token_id", 6);
  put_integer (bytes, "eos_token_id", 6);
  return bytes;
}

static void
test_gguf_gpt2 (void)
{
  static const struct { const char *pre; gint32 begin; const char *ids; } cases[] = {
    { "gpt-2", -1, "2 2 5 6 8 3" }, { "llama-bpe", 6, "2 0 0 5 6 8 3" }, { "qwen2", -1, "0 0 0 0 5 6 8 3" }, { "starcoder", -1, "0 0 0 0 5 6 8 3" }, { NULL, -1, "2 0 0 5 6 8 3" },
    { "tekken", 6, "0 0 0 0 5 6 8 3" }, { "gpt-4o", -1, "2 0 0 5 6 8 3" }, { "deepseek-v3", -1, "2 0 0 5 6 8 3" },
  };
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GByteArray) bytes = make_gguf_gpt2 (cases[k].pre);
      g_autoptr (AssayTokenizer) tokenizer = open_bytes ("some.gguf", bytes, &error);
      g_autofree char *found = NULL;

      g_assert_no_error (error);
      g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, cases[k].begin);
      g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, 6);
      found = describe (tokenizer, "1111 a<|end|>  a", 16, FALSE, FALSE);
      if (strcmp (found, cases[k].ids) != 0)
        g_error ("%s: expected %s, found %s", cases[k].pre, cases[k].ids, found);
      assert_decodes (tokenizer, (const gint32[]) { 2, 5, 6 }, 3, "11 a<|end|>");
    }
}

static void
test_gguf_bert (void)
{
  static const char *const tokens[] = { "[PAD]", "[UNK]", "[CLS]", "[SEP]", MARK "un", "able", MARK "!" };
  static const guint32 kinds[] = { CONTROL, CONTROL, CONTROL, CONTROL, NORMAL, NORMAL, NORMAL };
  g_autoptr (GByteArray) bytes = begin_gguf ("bert");
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  g_autofree char *with = NULL;
  GError *error = NULL;

  put_texts (bytes, "tokens", tokens, G_N_ELEMENTS (tokens));
  put_kinds (bytes, kinds, G_N_ELEMENTS (kinds));
  put_integer (bytes, "cls_token_id", 2);
  put_integer (bytes, "seperator_token_id", 3);
  put_integer (bytes, "unknown_token_id", 1);
  tokenizer = open_bytes ("some.gguf", bytes, &error);
  g_assert_no_error (error);
  assert_encodes (tokenizer, "UNable! able", "4[0,2) 5[2,6) 6[6,7) 1[8,12)");
  with = describe (tokenizer, "un", 2, TRUE, FALSE);
  g_assert_cmpstr (with, ==, "2 4 3");
}

static void
test_gguf_refused (void)
{
  g_autoptr (GByteArray) llama = make_gguf_llama (TRUE), gpt2 = make_gguf_gpt2 ("gpt-2");
  GByteArray *broken = make_gguf_gpt2 ("my-own");
  GError *error = NULL;

  try_hostile ("some.gguf", llama, 1);
  try_hostile ("some.gguf", gpt2, 1);
  for (guint i = 0; i < gpt2->len; i++)                           /* lengths and counts of exabytes */
    {
      guint8 before = gpt2->data[i];

      gpt2->data[i] = 0x7f;
      try_bytes ("some.gguf", gpt2);
      gpt2->data[i] = before;
    }

#define REFUSED(code, ...) \
  g_assert_null (open_bytes ("some.gguf", broken, &error)); \
  fixture_refused (&error, code, "some.gguf", __VA_ARGS__, NULL); \
  g_byte_array_unref (broken)

  REFUSED (ASSAY_ERROR_UNSUPPORTED, "tokenizer.ggml.pre: one of default, gpt-2, ", "\"my-own\" found; the tokenizer.json");
  broken = begin_gguf ("rwkv");
  REFUSED (ASSAY_ERROR_UNSUPPORTED, "tokenizer.ggml.model: llama, gpt2, bert or t5 expected, \"rwkv\" found");
  broken = begin_gguf ("llama");
  REFUSED (ASSAY_ERROR_INPUT, "tokenizer.ggml.tokens: 1 to 16777216 tokens expected, 0 found");
  broken = begin_gguf ("llama");
  put_integer (broken, "tokens", 3);
  REFUSED (ASSAY_ERROR_INPUT, "key tokenizer.ggml.tokens: an array of strings expected, type u32 found");
  broken = begin_gguf ("llama");
  put_string (broken, "model", "again");
  REFUSED (ASSAY_ERROR_INPUT, "the key tokenizer.ggml.model is there twice");
  broken = make_gguf_llama (TRUE);
  put_integer (broken, "bos_token_id", 10);
  REFUSED (ASSAY_ERROR_INPUT, "tokens to put around a text expected, 10 and 2 of 10 found");
  broken = make_gguf_llama (TRUE);
  broken->data[4] = 1;
  REFUSED (ASSAY_ERROR_VERSION, "byte 4: version 2 or 3");
  broken = begin_gguf ("gpt2");
  put_key (broken, "merges", ARRAY);
  for (guint k = 0; k < 6; k++)
    {
      put_u32 (broken, ARRAY);
      put_u64 (broken, 1);
    }
  REFUSED (ASSAY_ERROR_INPUT, "arrays at most 4 deep expected");
  broken = begin_gguf ("gpt2");
  put_key (broken, "merges", ARRAY);
  put_u32 (broken, U64);
  put_u64 (broken, G_GUINT64_CONSTANT (1) << 61);
  REFUSED (ASSAY_ERROR_INPUT, "an array of 2305843009213693952 elements (u64) does not fit");
#undef REFUSED
}

/* The awkward texts of real vocabularies, with the numbers that were published with them. */
static void
test_gguf_real (gconstpointer name)
{
  g_autofree char *path = fixture_data (name), *texts = g_strconcat (path ? path : "", ".inp", NULL), *numbers = g_strconcat (path ? path : "", ".out", NULL);
  g_autofree char *given = NULL, *expected = NULL;
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  g_auto (GStrv) cases = NULL, lines = NULL;
  GError *error = NULL;

  if (path == NULL)
    return;
  g_assert_true (g_file_get_contents (texts, &given, NULL, NULL) && g_file_get_contents (numbers, &expected, NULL, NULL));
  tokenizer = assay_tokenizer_open (path, &error);
  g_assert_no_error (error);
  cases = g_strsplit (given, "\n__ggml_vocab_test__\n", -1);
  lines = g_strsplit (expected, "\n", -1);
  g_assert_cmpuint (g_strv_length (cases), ==, 47);
  for (guint k = 0; k < 47; k++)
    {
      g_autofree char *found = describe (tokenizer, cases[k], strlen (cases[k]), FALSE, FALSE);

      g_assert_cmpstr (found, ==, g_strstrip (lines[k]));
    }
}

/* --- what is put around a text ------------------------------------------------------------------------------------------------ */

static const char plain[] = "{\"added_tokens\": [{\"id\": 3, \"content\": \"<e>\"}], \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"<s>\": 1, \"</s>\": 2}, \"merges\": []}%s}";
#define BYTE_LEVEL ", \"post_processor\": {\"type\": \"Sequence\", \"processors\": [{\"type\": \"ByteLevel\"}]}"
#define NOTHING ", \"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {}}"

static void
test_around (void)
{
  static const struct { const char *processor, *config, *generation; gint32 begin, end; const char *ids; } cases[] = {
    { "", NULL, NULL, -1, -1, "0" },
    { "", "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"}", NULL, -1, 2, "0" },
    { "", "{\"add_bos_token\": true, \"bos_token\": \"<s>\"}", NULL, 1, -1, "1 0" },
    { BYTE_LEVEL, "{\"add_bos_token\": true, \"bos_token\": {\"content\": \"<e>\"}, \"add_eos_token\": true, \"eos_token\": \"</s>\"}", NULL, 3, 2, "3 0 2" },
    { NOTHING, "{\"add_bos_token\": true, \"bos_token\": \"<s>\"}", "{\"eos_token_id\": 3}", -1, 3, "0" },
    { "", "{\"tokenizer_class\": \"LlamaTokenizerFast\"}", "{\"eos_token_id\": [2, 3]}", 1, 2, "1 0" },
    { "", "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": false, \"eos_token\": \"<e>\"}", "{\"eos_token_id\": [2, 3]}", -1, 3, "0" },
    { "", "{\"tokenizer_class\": \"T5Tokenizer\"}", "{\"eos_token_id\": null}", -1, -1, "0 2" },
  };
  g_autofree char *config = g_build_filename (scratch, "tokenizer_config.json", NULL), *generation = g_build_filename (scratch, "generation_config.json", NULL);
  g_autofree char *whole = g_build_filename (scratch, "tokenizer.json", NULL);
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *document = g_strdup_printf (plain, cases[k].processor), *found = NULL;
      g_autoptr (AssayTokenizer) tokenizer = NULL;

      g_assert_true (g_file_set_contents (whole, document, -1, NULL));
      g_assert_true (g_file_set_contents (config, cases[k].config ? cases[k].config : "{}", -1, NULL));
      g_assert_true (g_file_set_contents (generation, cases[k].generation ? cases[k].generation : "{}", -1, NULL));
      tokenizer = assay_tokenizer_open (k % 2 ? whole : scratch, &error);
      g_assert_no_error (error);
      g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, cases[k].begin);
      g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, cases[k].end);
      found = describe (tokenizer, "a", 1, TRUE, FALSE);
      g_assert_cmpstr (found, ==, cases[k].ids);
    }
  g_assert_true (g_file_set_contents (config, "{\"add_bos_token\": true, \"bos_token\": \"<z>\"}", -1, NULL));
  g_assert_null (assay_tokenizer_open (scratch, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "tokenizer_config.json: bos_token: a token of the vocabulary expected, as add_bos_token is true, \"<z>\" found", NULL);
  g_remove (whole);
  g_remove (config);
  g_remove (generation);
}

/* A model of SentencePiece in a directory: the configuration beside it has more tokens, and says what is put around. */
static void
test_model_directory (void)
{
  g_autoptr (GByteArray) bytes = make_bpe (FALSE);
  g_autofree char *model = put_file ("tokenizer.model", bytes->data, bytes->len), *config = NULL, *with = NULL;
  g_autoptr (AssayTokenizer) bare = NULL, tokenizer = NULL;
  GError *error = NULL;
  static const char words[] = "{\"tokenizer_class\": \"LlamaTokenizer\", \"added_tokens_decoder\": {\"1\": {\"content\": \"<s>\"}, \"268\": {\"content\": \"<more>\", \"normalized\": true}}, "
                              "\"eos_token\": \"<more>\"}";

  bare = assay_tokenizer_open (scratch, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_begin (bare), ==, -1);
  g_assert_cmpint (assay_tokenizer_get_end (bare), ==, 2);
  config = put_file ("tokenizer_config.json", words, strlen (words));
  tokenizer = assay_tokenizer_open (scratch, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, 1);
  g_assert_cmpint (assay_tokenizer_get_end (tokenizer), ==, 268);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 269);
  with = describe (tokenizer, "a<more><s>", 10, TRUE, FALSE);
  g_assert_cmpstr (with, ==, "1 263 268 1");
  g_remove (model);
  g_remove (config);
}

static void
take_token (const AssayToken *token, gpointer data)
{
  g_array_append_vals (data, token, 1);
}

/* A text in overlapping parts is cut as the whole is. */
static void
check_parts (AssayTokenizer *tokenizer, const char *text, gsize n)
{
  g_autoptr (GArray) whole = g_array_new (FALSE, FALSE, sizeof (AssayToken)), parts = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  GError *error = NULL;

  g_assert_true (assay_tokenizer_encode (tokenizer, text, n, FALSE, whole, &error));
  g_assert_true (assay_tokenizer_encode_each (tokenizer, text, n, take_token, parts, &error));
  g_assert_no_error (error);
  g_assert_cmpint (whole->len, ==, parts->len);
  for (guint k = 0; k < whole->len; k++)
    {
      const AssayToken *a = &g_array_index (whole, AssayToken, k), *b = &g_array_index (parts, AssayToken, k);

      g_assert_true (a->id == b->id && a->start == b->start && a->end == b->end);
    }
}

static void
test_parts (gconstpointer name)
{
  g_autofree char *path = fixture_data (name), *file = path ? fixture_data ("text/tinyshakespeare.txt") : NULL, *text = NULL, *same = NULL;
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  GError *error = NULL;
  gsize n;

  if (file == NULL)
    return;
  tokenizer = assay_tokenizer_open (path, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (file, &text, &n, NULL));
  check_parts (tokenizer, text, n);
  for (gsize i = 0; i < n; i++)                                   /* no line ends anywhere */
    text[i] = text[i] == '\n' ? ' ' : text[i];
  check_parts (tokenizer, text, n);
  same = g_strnfill (600001, 'a');                                /* nothing tells one place from another */
  check_parts (tokenizer, same, 600001);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-tokenizer-files-XXXXXX", NULL);
  g_test_add_data_func ("/tokenizer_files/long texts in parts, by GPT-2", "gpt2_tokenizer", test_parts);
  g_test_add_data_func ("/tokenizer_files/long texts in parts, by GPT-NeoX", "gpt2_tokenizer/gpt_neox_20B_tokenizer.json", test_parts);
  g_test_add_data_func ("/tokenizer_files/long texts in parts, by scores and without pieces", "stories260K/tok512.bin", test_parts);
  g_test_add_func ("/tokenizer_files/llama2.c: pairs by scores, a space in front, bytes", test_llama2);
  g_test_add_func ("/tokenizer_files/llama2.c: a long text goes the same way whole and word by word", test_long_text);
  g_test_add_func ("/tokenizer_files/llama2.c: what is cut off or changed is refused or read", test_llama2_refused);
  g_test_add_func ("/tokenizer_files/llama2.c: the tokenizer of a real model", test_real_llama2);
  g_test_add_func ("/tokenizer_files/SentencePiece: pairs by scores", test_bpe_by_scores);
  g_test_add_func ("/tokenizer_files/SentencePiece: spaces that are too many", test_trimmed);
  g_test_add_func ("/tokenizer_files/SentencePiece: unigrams and a table of characters", test_unigram);
  g_test_add_func ("/tokenizer_files/a table of characters in tokenizer.json", test_precompiled);
  g_test_add_func ("/tokenizer_files/SentencePiece: what is cut off, changed or not known is refused by name", test_model_refused);
  g_test_add_func ("/tokenizer_files/GGUF: a vocabulary of SentencePiece", test_gguf_llama);
  g_test_add_func ("/tokenizer_files/GGUF: byte-level vocabularies cut a text by the name of its pattern", test_gguf_gpt2);
  g_test_add_func ("/tokenizer_files/GGUF: words", test_gguf_bert);
  g_test_add_func ("/tokenizer_files/GGUF: what is cut off, changed or not known is refused by name", test_gguf_refused);
  g_test_add_func ("/tokenizer_files/a model of rwkv.cpp with 256 tokens reads bytes", test_rwkvcpp);
  g_test_add_data_func ("/tokenizer_files/GGUF: awkward texts by GPT-2's vocabulary", "ggml_vocab/ggml-vocab-gpt-2.gguf", test_gguf_real);
  g_test_add_data_func ("/tokenizer_files/GGUF: awkward texts by Llama's vocabulary", "ggml_vocab/ggml-vocab-llama-spm.gguf", test_gguf_real);
  g_test_add_func ("/tokenizer_files/a model of SentencePiece and the configuration beside it", test_model_directory);
  g_test_add_func ("/tokenizer_files/what is put around a text is what the files say", test_around);
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
