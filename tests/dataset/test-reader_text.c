/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reader_text.c: plain text as windows of tokens. */
#include "fixture.h"

#include "base/error.h"

#include <string.h>

/* The text of a window, from its tokens. */
static char *
window_text (const AssayColumn *column, const gint32 *token)
{
  GString *text = g_string_new (NULL);

  for (gint64 t = 0; t < column->length; t++)
    g_string_append (text, column->levels->pdata[token[t]]);
  return g_string_free (text, FALSE);
}

static void
test_characters (void)
{
  g_autofree char *path = fixture_write ("a.txt", "b\xc3\xa9" "abcab", -1);   /* b e-acute a b c a b: 7 characters, 8 bytes */
  g_autoptr (AssayTable) table = fixture_import (path, "context", "3", "stride", "2", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  g_autofree char *first = NULL, *second = NULL, *target = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 2);        /* characters 0-2 and 2-4, each with one more */
  g_assert_cmpint (column->levels->len, ==, 4);
  g_assert_cmpstr (column->levels->pdata[0], ==, "a");            /* in code-point order */
  g_assert_cmpstr (column->levels->pdata[3], ==, "\xc3\xa9");
  first = window_text (column, column->token);
  second = window_text (column, column->token + 3);
  target = window_text (column, column->target + 3);
  g_assert_cmpstr (first, ==, "b\xc3\xa9" "a");
  g_assert_cmpstr (second, ==, "abc");
  g_assert_cmpstr (target, ==, "bca");
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 4); /* the fourth byte */
  g_assert_cmpint (assay_table_get_notes (table)->len, ==, 1);    /* one character is left over */
}

static void
test_bytes (void)
{
  static const char bytes[] = { 'x', 0, (char) 0xff, 'y', 'z' };
  g_autofree char *path = fixture_write ("b.txt", bytes, sizeof bytes);
  g_autoptr (AssayTable) table = fixture_import (path, "tokens", "byte", "context", "4", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 1);
  g_assert_cmpint (column->levels->len, ==, 256);
  g_assert_cmpint (column->token[2], ==, 255);
  g_assert_cmpint (column->target[3], ==, 'z');
  g_assert_cmpstr (column->levels->pdata[0], ==, "\\x00");
  g_assert_cmpint (assay_table_get_notes (table)->len, ==, 0);
  g_assert_null (fixture_try (&error, path, "context", "4", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "NUL", "byte offset 1", NULL);
}

static void
test_files (void)
{
  g_autofree char *one = fixture_write ("one.txt", "aaaa", -1), *two = fixture_write ("two.txt", "bbbb", -1);
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  const char *paths[] = { one, two, NULL };
  GError *error = NULL;
  g_autoptr (AssayTable) table = NULL;
  const AssayColumn *column;

  g_assert_true (assay_values_set_text (options, "context", "3", NULL));
  table = assay_import (paths, options, &error);
  g_assert_no_error (error);
  column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 2);        /* no window crosses from one file into the other */
  for (guint t = 0; t < 3; t++)
    g_assert_true (column->token[t] == 0 && column->target[t] == 0 && column->token[3 + t] == 1 && column->target[3 + t] == 1);
}

static void
test_short (void)
{
  g_autofree char *path = fixture_write ("short.txt", "abc", -1);
  GError *error = NULL;

  g_assert_null (fixture_try (&error, path, "context", "3", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "short.txt", "3 tokens found, at least 4", "--context", NULL);
  g_assert_null (fixture_try (&error, path, "context", "2", "id", "x", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "no key column", NULL);
}

static void
test_shakespeare (void)
{
  g_autofree char *path = fixture_data ("text/tinyshakespeare.txt");
  g_autoptr (AssayTable) table = path ? fixture_import (path, NULL) : NULL;

  if (table == NULL)
    return;
  g_assert_cmpint (assay_table_first_of (table, ASSAY_COLUMN_TOKENS)->levels->len, ==, 65);
  g_assert_cmpint (assay_table_get_n_rows (table), ==, (1115394 - 1) / 64);
}

/* A tokenizer of words that puts <s> before a text. */
static char *
write_tokenizer (gboolean begins)
{
  static const char model[] = "\"pre_tokenizer\": {\"type\": \"WhitespaceSplit\"}, \"model\": {\"type\": \"WordPiece\", \"unk_token\": \"?\", "
                              "\"vocab\": {\"?\": 0, \"<s>\": 1, \"a\": 2, \"b\": 3, \"c\": 4}}";
  static const char template[] = ", \"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"<s>\", \"type_id\": 0}}, "
                                 "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"special_tokens\": {\"<s>\": {\"id\": \"<s>\", \"ids\": [1], \"tokens\": [\"<s>\"]}}}";
  g_autofree char *text = g_strdup_printf ("{%s%s}", model, begins ? template : "");

  return fixture_write (begins ? "begins.json" : "plain.json", text, -1);
}

static void
test_tokenizer (void)
{
  g_autofree char *path = fixture_write ("t.txt", "a b c a b\nc c", -1), *begins = write_tokenizer (TRUE), *plain = write_tokenizer (FALSE);
  g_autoptr (AssayTable) with = fixture_import (path, "context", "3", "tokenizer", begins, NULL), without = fixture_import (path, "context", "3", "tokenizer", plain, NULL);
  const AssayColumn *a = assay_table_first_of (with, ASSAY_COLUMN_TOKENS), *b = assay_table_first_of (without, ASSAY_COLUMN_TOKENS);
  const gint32 inputs[] = { 1, 2, 3, 1, 2, 3 }, targets[] = { 2, 3, 4, 2, 3, 4 };

  g_assert_cmpint (assay_table_get_n_rows (with), ==, 2);         /* <s> a b -> a b c, and <s> a b -> a b c */
  g_assert_cmpmem (a->token, sizeof inputs, inputs, sizeof inputs);
  g_assert_cmpmem (a->target, sizeof targets, targets, sizeof targets);
  g_assert_cmpstr (a->levels->pdata[4], ==, " c");          /* as it stands in a text */
  g_assert_cmpint (assay_table_get_source_row (with, 1), ==, 7);
  g_assert_cmpint (assay_table_get_n_rows (without), ==, 2);      /* a b c -> b c a, and a b c -> b c c */
  g_assert_cmpint (b->token[3], ==, 2);
  g_assert_cmpint (b->target[5], ==, 4);
}

static void
test_documents (void)
{
  g_autofree char *path = fixture_write ("d.txt", "a b c a b||  c || ||b", -1), *begins = write_tokenizer (TRUE), *plain = write_tokenizer (FALSE);
  g_autoptr (AssayTable) with = fixture_import (path, "context", "4", "tokenizer", begins, "separator", "||", NULL);
  g_autoptr (AssayTable) without = fixture_import (path, "context", "4", "tokenizer", plain, "separator", "||", NULL);
  const AssayColumn *a = assay_table_first_of (with, ASSAY_COLUMN_TOKENS);
  const gint32 targets[] = { 2, 3, 4, 2, 4, 0, 0, 0, 3, 0, 0, 0 };
  const float weights[] = { 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0 };
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (with), ==, 3);
  g_assert_cmpmem (a->target, sizeof targets, targets, sizeof targets);
  g_assert_cmpmem (a->weight, sizeof weights, weights, sizeof weights);
  g_assert_cmpint (assay_table_get_source_row (with, 1), ==, 14);
  g_assert_cmpint (assay_table_get_notes (with)->len, ==, 2);     /* one was cut; what share of the positions counts */
  g_assert_cmpint (assay_table_get_n_rows (without), ==, 1);      /* of one token there is nothing to predict */
  g_assert_null (fixture_try (&error, path, "separator", "", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "separator", NULL);
}

static void
test_packed (void)
{
  g_autofree char *path = fixture_write ("k.txt", "a b||c||a b c a b||c", -1), *begins = write_tokenizer (TRUE);
  g_autoptr (AssayTable) table = fixture_import (path, "context", "5", "tokenizer", begins, "separator", "||", "pack", "true", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  const gint32 tokens[] = { 1, 2, 3, 1, 4, 1, 2, 3, 4, 2, 1, 4, 0, 0, 0 }, targets[] = { 2, 3, 1, 4, 0, 2, 3, 4, 2, 3, 4, 0, 0, 0, 0 };
  const float weights[] = { 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0 };        /* none across a border */
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);        /* <s> a b <s> c, <s> a b c a b, <s> c */
  g_assert_cmpmem (column->token, sizeof tokens, tokens, sizeof tokens);
  g_assert_cmpmem (column->target, sizeof targets, targets, sizeof targets);
  g_assert_cmpmem (column->weight, sizeof weights, weights, sizeof weights);
  g_assert_null (fixture_try (&error, path, "context", "5", "pack", "true", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "pack", "--separator", NULL);
  g_assert_null (fixture_try (&error, path, "context", "5", "tokenizer", begins, "separator", "||", "end-token", "yes", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "end-token", NULL);
}

static void
test_numbers (void)
{
  static const guint8 bytes[] = { 1, 0, 0, 1, 2, 0, 3, 0, 4, 0, 5, 0 }, more[] = { 7, 0, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0 };
  g_autofree char *long_numbers = fixture_write ("n.bin", more, sizeof more);
  g_autofree char *path = fixture_write ("n.uint16", bytes, sizeof bytes), *odd = fixture_write ("odd.uint16", bytes, 11), *begins = write_tokenizer (TRUE);
  g_autoptr (AssayTable) table = fixture_import (path, "context", "2", NULL), wide = fixture_import (long_numbers, "format", "uint32", "context", "1", "stride", "2", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  const gint32 tokens[] = { 1, 256, 2, 3 }, targets[] = { 256, 2, 3, 4 };
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 2);
  g_assert_cmpmem (column->token, sizeof tokens, tokens, sizeof tokens);
  g_assert_cmpmem (column->target, sizeof targets, targets, sizeof targets);
  g_assert_cmpint (column->levels->len, ==, 257);
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 5);
  g_assert_cmpint (assay_table_get_n_rows (wide), ==, 1);
  g_assert_null (fixture_try (&error, odd, "context", "2", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "odd.uint16", "at byte 10", NULL);
  g_assert_null (fixture_try (&error, path, "context", "2", "tokenizer", begins, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "byte 2", "0 to 4 expected, 256 found", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_text/characters are numbered in code-point order and windows are shifted by one", test_characters);
  g_test_add_func ("/reader_text/bytes may be any", test_bytes);
  g_test_add_func ("/reader_text/windows stay inside their file", test_files);
  g_test_add_func ("/reader_text/a tokenizer's tokens, with the one that begins texts", test_tokenizer);
  g_test_add_func ("/reader_text/documents by themselves", test_documents);
  g_test_add_func ("/reader_text/documents are packed, and nothing is predicted across a border", test_packed);
  g_test_add_func ("/reader_text/bare token numbers", test_numbers);
  g_test_add_func ("/reader_text/a text shorter than a window is refused", test_short);
  g_test_add_func ("/reader_text/tinyshakespeare has its 65 characters", test_shakespeare);
  return g_test_run ();
}
