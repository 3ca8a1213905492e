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

static void
test_refused (void)
{
  static const struct { const char *document, *says; } cases[] = {
    { "{\"model\": {\"type\": \"Magic\", \"vocab\": {\"a\": 0}}}", "model.type: one of BPE, Unigram, WordPiece expected, \"Magic\" found" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}", "model.merges: number 0: two tokens of the vocabulary" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "model.vocab: tokens and their numbers expected" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": -1}, \"merges\": []}}", "a number from 0 to" },
    { "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": \"x\"}, \"merges\": []}}", "model.vocab: token \"a\": a number expected" },
    { "{\"normalizer\": {\"type\": \"Precompiled\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}", "\"Precompiled\" found" },
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
