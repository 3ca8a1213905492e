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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_text/characters are numbered in code-point order and windows are shifted by one", test_characters);
  g_test_add_func ("/reader_text/bytes may be any", test_bytes);
  g_test_add_func ("/reader_text/windows stay inside their file", test_files);
  g_test_add_func ("/reader_text/a text shorter than a window is refused", test_short);
  g_test_add_func ("/reader_text/tinyshakespeare has its 65 characters", test_shakespeare);
  return g_test_run ();
}
