/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reader_jsonl.c: JSON lines. */
#include "fixture.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

static void
test_columns (void)
{
  g_autofree char *path = fixture_write ("a.jsonl", "{\"q\": \"caf\\u00e9\", \"n\": 1, \"ok\": true, \"in\": {\"x\": 1.5}, \"l\": [1, 2]}\n"
                                         "{\"n\": -2e3, \"q\": \"?\", \"in\": {\"x\": null}, \"ok\": false}\r\n\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, NULL);

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 2);
  g_assert_cmpint (assay_table_get_n_columns (table), ==, 5);
  g_assert_cmpstr (fixture_text (table, "q", 0), ==, "caf\xc3\xa9");
  g_assert_true (assay_column_is_missing (assay_table_peek_column (table, "q"), 1));
  g_assert_cmpfloat (fixture_number (table, "n", 1), ==, -2000);
  g_assert_cmpfloat (fixture_number (table, "ok", 0), ==, 1);
  g_assert_cmpfloat (fixture_number (table, "in.x", 0), ==, 1.5);
  g_assert_true (isnan (fixture_number (table, "in.x", 1)));
  g_assert_cmpstr (fixture_text (table, "l", 0), ==, "[1,2]");
  g_assert_true (assay_column_is_missing (assay_table_peek_column (table, "l"), 1));
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 2);
}

static void
test_ids (void)
{
  g_autofree char *path = fixture_write ("ids.jsonl", "{\"k\": \"a-1\", \"x\": 1}\n{\"x\": 2, \"k\": \"b\"}\n", -1);
  g_autofree char *gap = fixture_write ("gap.jsonl", "{\"k\": 1}\n{\"x\": 2}\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "id", "k", NULL);
  GError *error = NULL;

  g_assert_cmpstr (assay_table_get_id (table, 0), ==, "a-1");
  g_assert_null (fixture_try (&error, gap, "id", "k", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "gap.jsonl line 2", "key member \"k\"", NULL);
  g_assert_null (fixture_try (&error, path, "id", "z", NULL));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "\"z\"", NULL);
}

static const struct { const char *sentence, *text, *fragments[3]; } refusals[] = {
  { "a line that is no JSON", "{\"a\": 1}\n{\"a\": }\n", { "bad.jsonl line 2", "a JSON object expected" } },
  { "a list on a line", "[1]\n", { "line 1", "another value found" } },
  { "two objects on a line", "{\"a\": 1} {\"a\": 2}\n", { "line 1", "end of file expected" } },
  { "an object over two lines", "{\"a\":\n1}\n", { "line 1" } },
  { "a member twice", "{\"a\": 1, \"a\": 2}\n", { "line 1", "duplicate" } },
  { "a member twice by nesting", "{\"a.b\": 1, \"a\": {\"b\": 2}}\n", { "line 1", "\"a.b\" comes twice" } },
  { "a member of two types", "{\"a\": 1}\n{\"a\": \"x\"}\n", { "line 2", "a number expected as in bad.jsonl line 1", "a string found" } },
  { "NaN", "{\"a\": NaN}\n", { "line 1", "NaN" } },
  { "a number beyond a double", "{\"a\": 1e400}\n", { "line 1", "real number overflow" } },
  { "a whole number that a double would change", "{\"a\": 9007199254740993}\n", { "line 1", "9007199254740993", "write it as a string" } },
  { "an empty line inside", "{\"a\": 1}\n\n{\"a\": 2}\n", { "line 2", "an empty line" } },
  { "an escaped NUL", "{\"a\": \"x\\u0000\"}\n", { "line 1", "\\u0000" } },
  { "a lone surrogate", "{\"a\": \"\\ud800\"}\n", { "line 1" } },
  { "blank lines only", "\n\n", { "empty lines only" } },
};

static void
test_refusal (gconstpointer data)
{
  const guint k = GPOINTER_TO_UINT (data);
  g_autofree char *path = fixture_write ("bad.jsonl", refusals[k].text, -1);
  GError *error = NULL;

  g_assert_null (fixture_try (&error, path, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, refusals[k].fragments[0], refusals[k].fragments[1], refusals[k].fragments[2], NULL);
}

static void
test_depth (void)
{
  GString *deep = g_string_new (NULL), *bomb = g_string_new (NULL);
  g_autofree char *path = NULL, *bomb_path = NULL, *sparse_path = NULL;
  GString *sparse = g_string_new (NULL);
  GError *error = NULL;

  for (guint k = 0; k < 20; k++)
    g_string_append (deep, "{\"a\":");
  g_string_append (deep, "1");
  for (guint k = 0; k < 20; k++)
    g_string_append (deep, "}");
  for (guint k = 0; k < 100000; k++)
    g_string_append (bomb, "{\"a\":");
  for (guint k = 0; k < 4000; k++)                                /* each line another member: 16 million cells in 60 KB */
    g_string_append_printf (sparse, "{\"m%u\": 1}\n", k);
  path = fixture_write ("deep.jsonl", deep->str, deep->len);
  bomb_path = fixture_write ("bomb.jsonl", bomb->str, bomb->len);
  sparse_path = fixture_write ("sparse.jsonl", sparse->str, sparse->len);
  g_assert_null (fixture_try (&error, path, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "more than 16 deep", NULL);
  g_assert_null (fixture_try (&error, bomb_path, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "line 1", "depth", NULL);
  g_assert_null (fixture_try (&error, sparse_path, NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "4000 different members in 4000 lines", NULL);
  g_string_free (deep, TRUE);
  g_string_free (bomb, TRUE);
  g_string_free (sparse, TRUE);
}

static void
test_real (void)
{
  g_autofree char *path = fixture_data ("gsm8k/example_model_solutions_first660.jsonl");
  g_autoptr (AssayTable) table = path ? fixture_import (path, NULL) : NULL;

  if (table == NULL)
    return;
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 660);
  g_assert_cmpint (assay_table_peek_column (table, "175b_verification.is_correct")->type, ==, ASSAY_COLUMN_NUMBER);
  g_assert_cmpint (assay_table_peek_column (table, "question")->type, ==, ASSAY_COLUMN_TEXT);
}

static void
test_completions (void)
{
  static const char lines[] = "{\"prompt\": \"ab\", \"completion\": \"cd\", \"source\": \"x\"}\n{\"prompt\": \"abcdef\", \"completion\": \"NA\", \"source\": \"y\"}\n"
                              "{\"prompt\": null, \"completion\": \"?\", \"source\": \"x\"}\n";
  g_autofree char *path = fixture_write ("c.jsonl", lines, -1);
  g_autoptr (AssayTable) table = fixture_import (path, "tokens", "byte", "context", "4", "split", "column:source", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  const gint32 tokens[] = { 'a', 'b', 'c', 'd', 'a', 'b', 'c', 'd', '?', 0, 0, 0 }, targets[] = { 'b', 'c', 'd', 0, 'b', 'c', 'd', 'e', 0, 0, 0, 0 };
  const float weights[] = { 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 };  /* of the prompt nothing is predicted, of the second line nothing fits, of the third nothing is before it */

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 3);
  g_assert_cmpint (assay_table_get_n_columns (table), ==, 2);     /* what became tokens is no column */
  g_assert_cmpint (assay_table_get_n_splits (table), ==, 2);
  g_assert_cmpmem (column->token, sizeof tokens, tokens, sizeof tokens);
  g_assert_cmpmem (column->target, sizeof targets, targets, sizeof targets);
  g_assert_cmpmem (column->weight, sizeof weights, weights, sizeof weights);
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 2);
  g_assert_cmpint (assay_table_get_notes (table)->len, ==, 3);
}

static void
test_text_members (void)
{
  g_autofree char *path = fixture_write ("t.jsonl", "{\"body\": \"ab\", \"n\": 1}\n{\"body\": \"c\", \"n\": 2}\n{\"body\": \"de\", \"n\": 3}\n", -1);
  g_autofree char *absent = fixture_write ("absent.jsonl", "{\"text\": \"ab\"}\n{\"text\": null}\n", -1), *number = fixture_write ("number.jsonl", "{\"text\": 3}\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "tokens", "byte", "context", "4", "text-field", "body", "pack", "true", NULL);
  const AssayColumn *column = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);
  const gint32 tokens[] = { 'a', 'b', 'd', 'e' };
  const float weights[] = { 1, 0, 1, 0 };
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 1);        /* of one token there is nothing to predict */
  g_assert_cmpint (assay_table_get_n_columns (table), ==, 1);
  g_assert_cmpmem (column->token, sizeof tokens, tokens, sizeof tokens);
  g_assert_cmpmem (column->weight, sizeof weights, weights, sizeof weights);
  g_assert_null (fixture_try (&error, path, "tokens", "byte", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "t.jsonl", "\"completion\"", "--text-field", NULL);
  g_assert_null (fixture_try (&error, absent, "tokens", "byte", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "absent.jsonl line 2", "\"text\" is missing", NULL);
  g_assert_null (fixture_try (&error, number, "tokens", "byte", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "number.jsonl line 1", "a string expected, a number found", NULL);
  g_assert_null (fixture_try (&error, path, "tokens", "character", "text-field", "body", NULL));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "--tokenizer", NULL);
}

/* A line of 16 MB is read, or refused where it goes wrong, in time that grows with its length. */
static void
test_long_line (void)
{
  const gsize n = 16u << 20;
  g_autofree char *line = g_malloc (n + 32), *path = NULL, *bad = NULL;
  g_autoptr (AssayTable) table = NULL;
  GError *error = NULL;
  int head = g_snprintf (line, 32, "{\"text\": \"");

  memset (line + head, 'x', n);
  memcpy (line + head + n, "\"}\n", 3);
  path = fixture_write ("long.jsonl", line, (gssize) (head + n + 3));
  table = fixture_import (path, "tokens", "byte", "context", "8", NULL);
  g_assert_cmpint (assay_table_get_n_rows (table), ==, 1);
  line[head + n / 2] = '\0';
  bad = fixture_write ("bad.jsonl", line, (gssize) (head + n + 3));
  g_assert_null (fixture_try (&error, bad, "tokens", "byte", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "bad.jsonl line 1", "a NUL byte at byte offset 8388618", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_jsonl/members become columns by their type", test_columns);
  g_test_add_func ("/reader_jsonl/keys are found by member name", test_ids);
  for (guint k = 0; k < G_N_ELEMENTS (refusals); k++)
    {
      g_autofree char *name = g_strdup_printf ("/reader_jsonl/%s is refused by line", refusals[k].sentence);

      g_test_add_data_func (name, GUINT_TO_POINTER (k), test_refusal);
    }
  g_test_add_func ("/reader_jsonl/depth and sparseness are bounded", test_depth);
  g_test_add_func ("/reader_jsonl/real model solutions load with inner members", test_real);
  g_test_add_func ("/reader_jsonl/completions behind prompts that are not predicted", test_completions);
  g_test_add_func ("/reader_jsonl/texts as documents, packed", test_text_members);
  g_test_add_func ("/reader_jsonl/a line of 16 MB", test_long_line);
  return g_test_run ();
}
