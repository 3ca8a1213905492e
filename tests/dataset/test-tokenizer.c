/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-tokenizer.c: small tokenizers whose answers are worked out by hand, and those of real checkpoints with what their library answers, where
 * they are: ASSAY_TEST_DATA or ../shared/data.
 */
#include "base/error.h"
#include "dataset/tokenizer.h"

#include "../store/store_test.h"

#include <jansson.h>
#include <string.h>

static char *scratch;

static AssayTokenizer *
open_text (const char *document, GError **error)
{
  g_autofree char *path = g_build_filename (scratch, "tokenizer.json", NULL);

  g_assert_true (g_file_set_contents (path, document, -1, NULL));
  return assay_tokenizer_open (path, error);
}

static GArray *
encode (AssayTokenizer *tokenizer, const char *text, gsize n, gboolean with_special)
{
  GArray *tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  GError *error = NULL;

  assay_tokenizer_encode (tokenizer, text, n, with_special, tokens, &error);
  g_assert_no_error (error);
  return tokens;
}

/* "id[start,end) ..." */
static char *
describe (AssayTokenizer *tokenizer, const char *text)
{
  g_autoptr (GArray) tokens = encode (tokenizer, text, strlen (text), FALSE);
  GString *words = g_string_new (NULL);

  for (guint k = 0; k < tokens->len; k++)
    {
      const AssayToken *t = &g_array_index (tokens, AssayToken, k);

      g_string_append_printf (words, "%s%d[%d,%d)", k > 0 ? " " : "", t->id, (int) t->start, (int) t->end);
    }
  return g_string_free (words, FALSE);
}

static void
assert_encodes (AssayTokenizer *tokenizer, const char *text, const char *expected)
{
  g_autofree char *found = describe (tokenizer, text);

  if (strcmp (found, expected) != 0)
    g_error ("\"%s\": expected %s, found %s", text, expected, found);
}

/* --- by hand ------------------------------------------------------------------------------------------------------------------- */

static const char byte_level[] =
  "{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}, \"decoder\": {\"type\": \"ByteLevel\"}, "
  "\"added_tokens\": [{\"id\": 9, \"content\": \"<e>\", \"normalized\": false, \"rstrip\": true}],"
  "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"\xc4\xa0\": 2, \"\xc3\x83\": 3, \"\xc2\xa4\": 4, \"ab\": 5, \"\xc4\xa0""ab\": 6, \"aba\": 7}, "
  "\"merges\": [\"a b\", \"\xc4\xa0 ab\", [\"ab\", \"a\"]]}}";

static void
test_byte_level (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (byte_level, &error);
  g_autofree char *text = NULL;
  gsize length;

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_size (tokenizer), ==, 10);
  g_assert_cmpstr (assay_tokenizer_get_model (tokenizer), ==, "BPE");
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, -1);
  assert_encodes (tokenizer, "abab ab", "5[0,2) 5[2,4) 6[4,7)");       /* a b before ab a */
  assert_encodes (tokenizer, "aba", "7[0,3)");
  assert_encodes (tokenizer, "\xc3\xa4""a", "3[0,1) 4[1,2) 0[2,3)");  /* a character of two tokens */
  assert_encodes (tokenizer, "ab<e>  b", "5[0,2) 9[2,7) 1[7,8)");     /* takes the spaces behind it */
  assert_encodes (tokenizer, "", "");
  text = assay_tokenizer_decode (tokenizer, (const gint32[]) { 6, 3, 4, 3, 9, 77 }, 6, &length);
  g_assert_cmpstr (text, ==, " ab\xc3\xa4\xef\xbf\xbd<e>");           /* half a character becomes a mark; 77 is nothing */
  g_assert_cmpuint (length, ==, strlen (text));
}

static const char sentence_piece[] =
  "{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Prepend\", \"prepend\": \"\xe2\x96\x81\"}, "
  "{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"\xe2\x96\x81\"}]}, "
  "\"decoder\": {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Replace\", \"pattern\": {\"String\": \"\xe2\x96\x81\"}, \"content\": \" \"}, {\"type\": \"ByteFallback\"}, "
  "{\"type\": \"Fuse\"}, {\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]}, "
  "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\"}}, {\"Sequence\": {\"id\": \"A\"}}], "
  "\"special_tokens\": {\"<s>\": {\"ids\": [1]}}}, "
  "\"added_tokens\": [{\"id\": 0, \"content\": \"<unk>\", \"normalized\": false}, {\"id\": 1, \"content\": \"<s>\", \"normalized\": false}], "
  "\"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\", \"fuse_unk\": true, \"byte_fallback\": true, \"vocab\": {\"<unk>\": 0, \"<s>\": 1, \"\xe2\x96\x81\": 2, \"a\": 3, "
  "\"\xe2\x96\x81""a\": 4, \"<0xC3>\": 5, \"<0xA4>\": 6}, \"merges\": [\"\xe2\x96\x81 a\"]}}";

static void
test_sentence_piece (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (sentence_piece, &error);
  g_autoptr (GArray) with = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_assert_no_error (error);
  g_assert_cmpint (assay_tokenizer_get_begin (tokenizer), ==, 1);
  assert_encodes (tokenizer, "a aa", "4[0,1) 4[1,3) 3[3,4)");         /* the space in front came from nowhere */
  assert_encodes (tokenizer, "a\xc3\xa4", "4[0,1) 5[1,3) 6[1,3)");    /* a character by its bytes, both at its place */
  assert_encodes (tokenizer, "a\xe2\x82\xac\xe2\x82\xac", "4[0,1) 0[1,7)");   /* unknown ones are one */
  with = encode (tokenizer, "a", 1, TRUE);
  g_assert_cmpuint (with->len, ==, 2);
  g_assert_cmpint (g_array_index (with, AssayToken, 0).id, ==, 1);
  text = assay_tokenizer_decode (tokenizer, (const gint32[]) { 4, 4, 5, 6, 5 }, 5, &length);
  g_assert_cmpstr (text, ==, "a a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");      /* three bytes in a row that are no text together */
}

static const char word_piece[] =
  "{\"normalizer\": {\"type\": \"BertNormalizer\"}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"}, \"decoder\": {\"type\": \"WordPiece\"}, "
  "\"post_processor\": {\"type\": \"BertProcessing\", \"sep\": [\"[SEP]\", 2], \"cls\": [\"[CLS]\", 1]}, "
  "\"model\": {\"type\": \"WordPiece\", \"unk_token\": \"[UNK]\", \"vocab\": {\"[UNK]\": 0, \"[CLS]\": 1, \"[SEP]\": 2, \"un\": 3, \"##able\": 4, \"##ab\": 5, \"!\": 6, \"e\": 7}}}";

static void
test_word_piece (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (word_piece, &error);
  g_autoptr (GArray) with = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_assert_no_error (error);
  assert_encodes (tokenizer, "UNable!  unabx \xc3\x89", "3[0,2) 4[2,6) 6[6,7) 0[9,14) 7[15,17)");
  with = encode (tokenizer, "un", 2, TRUE);
  g_assert_cmpuint (with->len, ==, 3);
  g_assert_cmpint (g_array_index (with, AssayToken, 2).id, ==, 2);
  text = assay_tokenizer_decode (tokenizer, (const gint32[]) { 3, 4, 6, 7 }, 4, &length);
  g_assert_cmpstr (text, ==, "unable! e");
}

static const char unigram[] =
  "{\"pre_tokenizer\": {\"type\": \"Metaspace\", \"prepend_scheme\": \"always\"}, \"decoder\": {\"type\": \"Metaspace\"}, "
  "\"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [[\"<unk>\", 0], [\"\xe2\x96\x81\", -2], [\"a\", -3], [\"b\", -3], [\"ab\", -5], [\"\xe2\x96\x81""a\", -4.5], [\"abb\", -11]]}}";

static void
test_unigram (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (unigram, &error);

  g_assert_no_error (error);
  assert_encodes (tokenizer, "ab abb", "1[0,0) 4[0,2) 1[2,3) 4[3,5) 3[5,6)");   /* -2 - 5 before -4.5 - 3; -5 - 3 before -11 */
  assert_encodes (tokenizer, "a??", "5[0,1) 0[1,3)");
}

/* A piece of many symbols goes another way than a short one: the answer must be the same. */
static void
test_long_piece (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (byte_level, &error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) tokens = NULL;

  for (guint k = 0; k < 500; k++)
    g_string_append (text, k % 7 == 3 ? "aba" : "ab");
  tokens = encode (tokenizer, text->str, text->len, FALSE);
  for (guint k = 0, at = 0; k < tokens->len; k++)
    {
      const AssayToken *t = &g_array_index (tokens, AssayToken, k);
      gboolean joins = at + 2 < text->len && text->str[at + 2] == 'a' && (at + 3 >= text->len || text->str[at + 3] != 'b');

      g_assert_cmpint (t->start, ==, at);
      g_assert_cmpint (t->id, ==, text->str[at] != 'a' || at + 1 >= text->len || text->str[at + 1] != 'b' ? 0 : joins ? 7 : 5);
      at = (guint) t->end;
    }
  g_assert_cmpint (g_array_index (tokens, AssayToken, tokens->len - 1).end, ==, (gint64) text->len);
}

/* One step alone, before whole pieces as tokens: 9 is what is none. Expected is what the tokenizers library answers. */
static const struct { const char *name, *steps, *vocabulary, *text, *tokens; } steps[] = {
  { "a match of no length parts a word", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(?=[A-Z])\"}, \"behavior\": \"Isolated\", \"invert\": false}",
    "\"ab\": 0, \"Cd\": 1, \"E\": 2", "abCdE", "0[0,2) 1[2,4) 2[4,5)" },
  { "digits by threes from the right", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(?=(\\\\d{3})+(?!\\\\d))\"}, \"behavior\": \"Isolated\", \"invert\": false}",
    "\"1\": 0, \"234\": 1, \"567\": 2", "1234567", "0[0,1) 1[1,4) 2[4,7)" },
  { "a match of no length keeps what is removed apart", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"x*\"}, \"behavior\": \"Removed\", \"invert\": false}",
    "\"a\": 0, \"b\": 1", "axxb", "0[0,1) 1[3,4)" },
  { "marks and joiners are parts of words", "\"pre_tokenizer\": {\"type\": \"Whitespace\"}", "\"e\\u0301\\u200dx\": 0, \"\\u00b2\": 1, \"!\": 2", "e\xcc\x81\xe2\x80\x8dx\xc2\xb2!",
    "0[0,7) 9[7,10)" },
  { "what a pattern takes for a word", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"\\\\w+\"}, \"behavior\": \"Isolated\", \"invert\": false}",
    "\"e\\u0301\\u00b2\": 0, \"\\u2460\": 1", "e\xcc\x81\xc2\xb2\xe2\x91\xa0", "0[0,5) 1[5,8)" },
  { "and within a class", "\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"[^\\\\w\\\\s]+\"}, \"behavior\": \"Isolated\", \"invert\": false}",
    "\"e\\u0301\": 0, \"\\u00b2!\": 1", "e\xcc\x81\xc2\xb2!", "0[0,3) 1[3,6)" },
  { "a first word begins where the text does", "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, "
    "{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"first\", \"split\": true}]}", "\"ab\": 0, \"_ab\": 1", "ab ab", "1[0,2) 0[3,5)" },
  { "and not behind a space", "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"WhitespaceSplit\"}, "
    "{\"type\": \"Metaspace\", \"replacement\": \"_\", \"prepend_scheme\": \"first\", \"split\": true}]}", "\"ab\": 0, \"_ab\": 1", " ab", "0[1,3)" },
  { "bytes spelt as characters, before another step", "\"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
    "\"use_regex\": false}, {\"type\": \"Split\", \"pattern\": {\"String\": \"\\u0120\"}, \"behavior\": \"MergedWithNext\", \"invert\": false}]}",
    "\"a\": 0, \"\\u0120\\u00c3\\u00a9\": 1", "a \xc3\xa9", "0[0,1) 1[1,4)" },
  { "and by a normaliser", "\"normalizer\": {\"type\": \"ByteLevel\"}", "\"a\\u0120\\u00c3\\u00a9\": 0", "a \xc3\xa9", "0[0,4)" },
  { "all marks are accents", "\"normalizer\": {\"type\": \"StripAccents\"}", "\"\\u0915\": 0", "\xe0\xa4\x95\xe0\xa4\xbe", "0[0,3)" },
  { "for BERT those that take no room are", "\"normalizer\": {\"type\": \"BertNormalizer\", \"strip_accents\": true}", "\"\\u0915\\u093e\": 0", "\xe0\xa4\x95\xe0\xa4\xbe\xcc\x81",
    "0[0,6)" },
  { "a character that is none yet stays", "\"normalizer\": {\"type\": \"BertNormalizer\"}", "\"a\\u0378b\": 0", "a\xcd\xb8\xee\x80\x80" "b", "0[0,7)" },
  { "small numerals and circles", "\"normalizer\": {\"type\": \"Lowercase\"}", "\"\\u2177\\u24d0\": 0", "\xe2\x85\xa7\xe2\x92\xb6", "0[0,6)" },
  { "nothing is replaced too", "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"Regex\": \"x*\"}, \"content\": \"#\"}", "\"#a#b#\": 0", "axxb", "0[0,4)" },
};

static void
test_step (gconstpointer data)
{
  gsize k = GPOINTER_TO_SIZE (data);
  g_autofree char *document = g_strdup_printf ("{%s, \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": {%s, \"?\": 9}}}", steps[k].steps, steps[k].vocabulary);
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (document, &error);

  g_assert_no_error (error);
  assert_encodes (tokenizer, steps[k].text, steps[k].tokens);
}

/* What continues a word is spelt with a prefix, and so are its bytes; a decoder of bytes does not make the model one of bytes. */
static void
test_prefix (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text ("{\"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\", \"continuing_subword_prefix\": \"##\", \"byte_fallback\": true, "
                                                    "\"vocab\": {\"a\": 0, \"##a\": 1, \"aa\": 2, \"<0x23>\": 3, \"<0xC3>\": 4, \"<0xA9>\": 5, \"\\u0120\": 6}, \"merges\": [\"a ##a\"]}}", &error);
  gsize n;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  assert_encodes (tokenizer, "a\xc3\xa9" "aaa", "0[0,1) 3[1,3) 3[1,3) 4[1,3) 5[1,3) 1[3,4) 1[4,5) 1[5,6)");
  assert_encodes (tokenizer, "aaa", "2[0,2) 1[2,3)");
  text = assay_tokenizer_decode (tokenizer, (const gint32[]) { 6, 0 }, 2, &n);
  g_assert_cmpstr (text, ==, " a");
}

/* An added token within the white space that the one before it takes. */
static void
test_taken_space (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text ("{\"added_tokens\": [{\"id\": 1, \"content\": \"<e>\", \"rstrip\": true}, {\"id\": 2, \"content\": \"  \"}], "
                                                    "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": {\"a\": 0, \"?\": 9}}}", &error);

  g_assert_no_error (error);
  assert_encodes (tokenizer, "a<e> a", "0[0,1) 1[1,5) 0[5,6)");
  assert_encodes (tokenizer, "a<e>  a", "0[0,1) 1[1,6) 2[4,6) 0[6,7)");
}

/* One that takes white space on both sides takes the whole of it once. */
static void
test_shared_space (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text ("{\"added_tokens\": [{\"id\": 2, \"content\": \"  \", \"lstrip\": true, \"rstrip\": true}], "
                                                    "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": {\"a\": 0, \"?\": 9}}}", &error);

  g_assert_no_error (error);
  assert_encodes (tokenizer, "a\n  \n  a", "0[0,1) 2[1,7) 0[7,8)");
}

/* Where the decoder is not one of bytes, tokens read as they are spelt. */
static void
test_other_decoder (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text ("{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false}, "
                                                    "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"\\u0120\": 1, \"\\u0120a\": 2}, \"merges\": [\"\\u0120 a\"]}}", &error);
  gsize n;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  assert_encodes (tokenizer, "a a", "0[0,1) 2[1,3)");
  text = assay_tokenizer_decode (tokenizer, (const gint32[]) { 0, 2 }, 2, &n);
  g_assert_cmpstr (text, ==, "a \xc4\xa0" "a");
}

static void
test_refused (void)
{
  static const struct { const char *document, *says; } cases[] = {
    { "{\"model\": {\"type\": \"Magic\", \"vocab\": {\"a\": 0}}}", "model.type: one of BPE, Unigram, WordLevel, WordPiece expected, \"Magic\" found" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}", "model.merges: number 0: two tokens of the vocabulary" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "model.vocab: tokens and their numbers expected" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}", "a number from 0 to" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": \"x\"}, \"merges\": []}}", "model.vocab: token \"a\": a number expected" },
    { "{\"normalizer\": {\"type\": \"Nmt\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "\"Nmt\" found" },
    { "{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"AAAA\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
      "precompiled_charsmap: the bytes of an array" },
    { "{\"model\": {\"type\": \"BPE\", \"dropout\": 0.1, \"vocab\": {\"a\": 0}, \"merges\": []}}", "model.dropout: null or 0 expected" },
    { "{\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\"}}], \"special_tokens\": {\"<s>\": {\"ids\": [-7]}}}, "
      "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "post_processor: <s>: numbers of tokens from 0 to" },
    { "{\"post_processor\": {\"type\": \"BertProcessing\", \"cls\": [\"a\", \"0\"], \"sep\": [\"a\", 0]}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
      "post_processor: cls: numbers of tokens from 0 to" },
    { "{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"[a-z&&[^b]]\"}, \"behavior\": \"Isolated\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
      "classes without intersections expected, && found" },
    { "{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"(\"}, \"behavior\": \"Isolated\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}",
      "pattern (: at character 1: " },
    { "{\"added_tokens\": [{\"id\": 1}], \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "added_tokens: number 0: a content and an id expected" },
    { "{", "line 1 column 1" },
  };
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autoptr (GError) refused = NULL;

      g_assert_null (open_text (cases[k].document, &refused));
      if (strstr (refused->message, cases[k].says) == NULL || strstr (refused->message, "tokenizer.json") == NULL)
        g_error ("expected \"%s\" in: %s", cases[k].says, refused->message);
    }
  tokenizer = open_text (byte_level, &error);
  g_assert_no_error (error);
  g_assert_false (assay_tokenizer_encode (tokenizer, "ab\xff", 3, FALSE, tokens, &error));
  g_assert_cmpstr (error->message, ==, "text: UTF-8 expected, byte 2 is 0xff");
  g_clear_error (&error);
}

/* Bytes as tokens: pieces are what the pattern says, and a token knows its own place. */
#define CUT_BY(pattern) "{\"pre_tokenizer\": {\"type\": \"Split\", \"pattern\": {\"Regex\": \"" pattern "\"}, \"behavior\": \"Removed\"}, " \
  "\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"d\": 2}, \"merges\": []}}"

/* A pattern that has 2^40 ways to fail is an error with its name, never an answer as if it had found nothing. */
static void
test_pattern_gives_up (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (CUT_BY ("(?:a+)+[bc]"), &error);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AssayToken));
  g_autofree char *text = g_strnfill (40, 'a');

  g_assert_no_error (error);
  text[39] = 'd';
  assert_encodes (tokenizer, "daab", "2[0,1)");
  g_assert_false (assay_tokenizer_encode (tokenizer, text, 40, FALSE, tokens, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, "pattern (?:a+)+[bc] gave up on it"));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_cmpuint (tokens->len, ==, 0);
  g_clear_error (&error);
  assert_encodes (tokenizer, "daab", "2[0,1)");                    /* and it can be asked further */
}

/* Compiled patterns remember ways on a small stack: a match that needs more is found all the same. */
static void
test_pattern_long (void)
{
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (CUT_BY ("(?:a|b)+"), &error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GArray) tokens = NULL;

  g_assert_no_error (error);
  for (guint k = 0; k < 200000; k++)
    g_string_append (text, "ab");
  g_string_append_c (text, 'd');
  tokens = encode (tokenizer, text->str, text->len, FALSE);
  g_assert_cmpuint (tokens->len, ==, 1);                          /* all of it was cut away but the last */
}

/* Of a pair of characters that one token holds the border may go through. */
static void
test_continuation (void)
{
  static const char document[] = "{\"decoder\": {\"type\": \"Fuse\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"c\": 2, \"ab\": 3}, \"merges\": [\"a b\"]}}";
  GError *error = NULL;
  g_autoptr (AssayTokenizer) tokenizer = open_text (document, &error);
  g_autoptr (GArray) apart = NULL, across = NULL;
  gint64 first;

  g_assert_no_error (error);
  apart = assay_tokenizer_encode_continuation (tokenizer, "ca", "ca", &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first, ==, 2);
  g_assert_cmpint (apart->len, ==, 4);
  across = assay_tokenizer_encode_continuation (tokenizer, "ca", "bc", &first, &error);
  g_assert_no_error (error);
  g_assert_cmpint (first, ==, 1);                                 /* "ab" belongs to what goes on */
  g_assert_cmpint (across->len, ==, 3);
  g_assert_cmpint (g_array_index (across, gint32, 1), ==, 3);
  g_assert_null (assay_tokenizer_encode_continuation (tokenizer, "a", "dc", &first, &error));
  g_assert_cmpstr (error->message, ==, "text: characters of the vocabulary expected, \"d\" found at byte 1");
  g_clear_error (&error);
}

/* --- of real checkpoints ---------------------------------------------------------------------------------------------------------- */

static char *
find_data (const char *name)
{
  const char *given = g_getenv ("ASSAY_TEST_DATA");

  return given ? g_build_filename (given, name, NULL) : g_build_filename (g_test_get_dir (G_TEST_DIST), "..", "shared", "data", name, NULL);
}

static gboolean
agrees (const GArray *tokens, const json_t *ids)
{
  if (tokens->len != json_array_size (ids))
    return FALSE;
  for (guint k = 0; k < tokens->len; k++)
    if (g_array_index (tokens, AssayToken, k).id != json_integer_value (json_array_get (ids, k)))
      return FALSE;
  return TRUE;
}

/* Places go up, and lie within the text. */
static void
check_places (const GArray *tokens, gsize n)
{
  gint64 last = 0;

  for (guint k = 0; k < tokens->len; k++)
    {
      const AssayToken *t = &g_array_index (tokens, AssayToken, k);

      g_assert_cmpint (t->start, >=, last);
      g_assert_cmpint (t->end, >=, t->start);
      g_assert_cmpint (t->end, <=, (gint64) n);
      last = t->start;
    }
}

static void
check_text (AssayTokenizer *tokenizer, const json_t *item)
{
  const json_t *text = json_object_get (item, "text"), *ids = json_object_get (item, "ids");
  gsize n = json_string_length (text), length;
  g_autoptr (GArray) tokens = encode (tokenizer, json_string_value (text), n, FALSE), with = encode (tokenizer, json_string_value (text), n, TRUE);
  g_autofree gint32 *numbers = g_new (gint32, tokens->len + 1);
  g_autofree char *decoded = NULL;

  check_places (tokens, n);
  if (!agrees (tokens, ids) || !agrees (with, json_object_get (item, "ids_with_special")))
    {
      g_autofree char *expected = json_dumps (ids, 0), *found = describe (tokenizer, json_string_value (text));

      g_error ("\"%s\": expected %s, found %s", json_string_value (text), expected, found);
    }
  for (guint k = 0; k < tokens->len; k++)
    numbers[k] = g_array_index (tokens, AssayToken, k).id;
  decoded = assay_tokenizer_decode (tokenizer, numbers, tokens->len, &length);
  g_assert_cmpstr (decoded, ==, json_string_value (json_object_get (item, "decoded")));
}

static void
test_checkpoint (gconstpointer name)
{
  g_autofree char *folder = find_data ("hf_tiny"), *directory = g_build_filename (folder, name, NULL), *path = g_build_filename (directory, "expected.json", NULL);
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  GError *error = NULL;
  json_t *expected = json_load_file (path, JSON_ALLOW_NUL, NULL), *item;
  size_t k;

  if (expected == NULL)
    {
      g_autofree char *reason = g_strdup_printf ("%s is not here", path);

      g_test_skip (reason);
      return;
    }
  tokenizer = assay_tokenizer_open (directory, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (json_array_size (json_object_get (expected, "tokenizer")), >, 10);
  json_array_foreach (json_object_get (expected, "tokenizer"), k, item)
    check_text (tokenizer, item);
  json_decref (expected);
}

/* Lines "text => id,id,..." of a file beside a vocabulary. */
static void
test_prompts (gconstpointer data)
{
  const char *const *names = data;                                 /* the vocabulary, the lines */
  g_autofree char *folder = find_data ("gpt2_tokenizer"), *vocabulary = g_build_filename (folder, names[0], NULL), *path = g_build_filename (folder, names[1], NULL);
  g_autofree char *contents = NULL;
  g_autoptr (AssayTokenizer) tokenizer = NULL;
  g_auto (GStrv) lines = NULL;
  GError *error = NULL;
  guint n = 0;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    {
      g_autofree char *reason = g_strdup_printf ("%s is not here", path);

      g_test_skip (reason);
      return;
    }
  tokenizer = assay_tokenizer_open (vocabulary, &error);
  g_assert_no_error (error);
  lines = g_strsplit (contents, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      char *arrow = g_strrstr (*line, " => ");
      g_autoptr (GArray) tokens = NULL;
      g_autoptr (GString) found = g_string_new (NULL);

      if (arrow == NULL)
        continue;
      *arrow = '\0';
      tokens = encode (tokenizer, *line, strlen (*line), FALSE);
      for (guint k = 0; k < tokens->len; k++)
        g_string_append_printf (found, "%s%d", k > 0 ? "," : "", g_array_index (tokens, AssayToken, k).id);
      g_assert_cmpstr (found->str, ==, arrow + 4);
      n++;
    }
  g_assert_cmpuint (n, >=, 100);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "gpt2", "gpt_neox", "llama", "mistral", "qwen2", "mamba", "bert" };
  static const char *const prompts[][2] = { { "encoder.json", "ggml_prompts_gpt-2.txt" }, { "gpt_neox_20B_tokenizer.json", "ggml_prompts_gpt-neox.txt" } };
  int status;

  g_test_init (&argc, &argv, NULL);
  scratch = g_dir_make_tmp ("assay-tokenizer-XXXXXX", NULL);
  g_test_add_func ("/tokenizer/a text and what goes on from it", test_continuation);
  g_test_add_func ("/tokenizer/pairs of bytes, added tokens, and half a character", test_byte_level);
  g_test_add_func ("/tokenizer/pairs of characters, with a space in front and bytes for the rest", test_sentence_piece);
  g_test_add_func ("/tokenizer/the longest pieces of words", test_word_piece);
  g_test_add_func ("/tokenizer/the likeliest pieces", test_unigram);
  g_test_add_func ("/tokenizer/a piece of a thousand symbols", test_long_piece);
  for (gsize k = 0; k < G_N_ELEMENTS (steps); k++)
    {
      g_autofree char *path = g_strconcat ("/tokenizer/steps/", steps[k].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (k), test_step);
    }
  g_test_add_func ("/tokenizer/a prefix of what continues a word", test_prefix);
  g_test_add_func ("/tokenizer/an added token in the white space that another takes", test_taken_space);
  g_test_add_func ("/tokenizer/an added token that takes white space on both sides", test_shared_space);
  g_test_add_func ("/tokenizer/bytes spelt as characters without a decoder of bytes", test_other_decoder);
  g_test_add_func ("/tokenizer/a pattern that gives up is an error that says so", test_pattern_gives_up);
  g_test_add_func ("/tokenizer/a match of 400,000 characters is found", test_pattern_long);
  g_test_add_func ("/tokenizer/what cannot be read is refused by its member", test_refused);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = g_strdup_printf ("/tokenizer/%s as its library answers", names[k]);

      g_test_add_data_func (path, names[k], test_checkpoint);
    }
  for (gsize k = 0; k < G_N_ELEMENTS (prompts); k++)
    {
      g_autofree char *path = g_strdup_printf ("/tokenizer/%s", prompts[k][1]);

      g_test_add_data_func (path, prompts[k], test_prompts);
    }
  status = g_test_run ();
  remove_tree (scratch);
  g_free (scratch);
  return status;
}
