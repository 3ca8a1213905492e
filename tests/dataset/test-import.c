/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-import.c: choosing the reader, the missing-value policy, the record of the import. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/format_reader.h"

#include <string.h>

static void
test_guess (void)
{
  static const struct { const char *name, *content; gsize n; const char *reader; } known[] = {
    { "a.csv", "a\n1\n", 4, "csv" }, { "a.tsv", "a\n1\n", 4, "csv" }, { "a.JSONL", "x", 1, "jsonl" }, { "a", "{\"a\":1}", 7, "jsonl" },
    { "a.txt", "abc", 3, "text" }, { "train-images-idx3-ubyte", "x", 1, "idx" }, { "a.csv", "\0\0\x08\x01", 4, "idx" },
  };
  AssaySource unknown = { .name = (char *) "a.xyz", .bytes = (guint8 *) "abc", .size = 3 };
  GError *error = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
    {
      AssaySource source = { .name = (char *) known[k].name, .bytes = (guint8 *) known[k].content, .size = known[k].n };
      const AssayFormatReader *reader = assay_format_reader_guess (&source, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (reader->name, ==, known[k].reader);
    }
  g_assert_null (assay_format_reader_guess (&unknown, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "a.xyz", "--format", "csv, idx, jsonl, npy, text", NULL);
}

static void
test_format (void)
{
  g_autofree char *path = fixture_write ("odd.name", "a,b\n1,2\n", -1), *text = fixture_write ("t.txt", "abc", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "format", "csv", NULL);
  g_autoptr (AssayValues) options = assay_values_new (assay_import_params);
  g_autofree char *csv = fixture_write ("t.csv", "a\n1\n", -1);
  const char *mixed[] = { csv, text, NULL }, *none[] = { NULL };
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 1);
  g_assert_null (assay_import (mixed, options, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "t.csv is csv", "t.txt is text", NULL);
  g_assert_null (assay_import (none, options, &error));
  fixture_refused (&error, ASSAY_ERROR_USAGE, "at least one file", NULL);
}

static void
test_policy (void)
{
  g_autofree char *path = fixture_write ("gaps.csv", "a,b\n1,x\n?,y\n3,\n", -1);
  g_autoptr (AssayTable) drop = fixture_import (path, NULL), level = fixture_import (path, "missing", "level", NULL);
  GError *error = NULL;

  g_assert_cmpint (assay_table_get_n_rows (drop), ==, 3);         /* nothing is dropped before a filter has seen it */
  g_assert_cmpint (assay_table_get_missing_policy (drop), ==, ASSAY_MISSING_DROP);
  g_assert_cmpint (assay_table_get_missing_policy (level), ==, ASSAY_MISSING_LEVEL);
  g_assert_null (fixture_try (&error, path, "missing", "refuse", NULL));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "gaps.csv line 3", "column \"a\" is missing", "refuse", NULL);
}

static void
test_record (void)
{
  g_autofree char *path = fixture_write ("r.csv", "a,b\n1,x\n,y\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, NULL);
  const json_t *options = assay_table_get_options (table), *marks = json_object_get (options, "missing-mark");
  json_t *report = assay_table_report (table), *column = json_array_get (json_object_get (report, "columns"), 0);

  g_assert_cmpstr (json_string_value (json_object_get (options, "missing")), ==, "drop");
  g_assert_cmpint (json_array_size (marks), ==, 4);               /* the default marks are written down, not implied */
  g_assert_cmpint (json_integer_value (json_object_get (report, "rows")), ==, 2);
  g_assert_cmpint (json_integer_value (json_object_get (column, "missing")), ==, 1);
  g_assert_cmpint (json_integer_value (json_object_get (json_object_get (report, "splits"), "train")), ==, 2);
  g_assert_cmpint (strlen (json_string_value (json_object_get (json_array_get (json_object_get (report, "files"), 0), "sha256"))), ==, 64);
  json_decref (report);
}

static void
test_repeated_ids (void)
{
  g_autofree char *path = fixture_write ("rep.csv", "k,x\na,1\nb,2\na,3\na,4\n", -1);
  g_autoptr (AssayTable) table = fixture_import (path, "id", "k", NULL);
  const GPtrArray *notes = assay_table_get_notes (table);

  g_assert_cmpint (notes->len, ==, 1);
  g_assert_nonnull (strstr (notes->pdata[0], "repeats a value in 2 rows"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/import/content speaks before the name", test_guess);
  g_test_add_func ("/import/the format may be given and must be one", test_format);
  g_test_add_func ("/import/only the policy refuse acts at the import", test_policy);
  g_test_add_func ("/import/options, marks and counts are recorded", test_record);
  g_test_add_func ("/import/repeated keys are noted", test_repeated_ids);
  return g_test_run ();
}
