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
  return g_test_run ();
}
