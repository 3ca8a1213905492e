/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-reader_npy.c: token numbers from NumPy arrays, and their names from a tokenizer.json. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/vocabulary.h"
#include "store/npy.h"

#include <string.h>

static const gint32 ids[2][3] = { { 4, 0, 2 }, { 1, 1, 3 } };

static char *
write_array (const char *name, AssayStoreType type, guint rank, const gint64 *dims, const void *data)
{
  g_autofree char *empty = fixture_write (name, "", 0);
  GError *error = NULL;

  assay_npy_write (empty, type, rank, dims, data, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&empty);
}

static void
test_rows (void)
{
  g_autofree char *path = write_array ("ids.npy", ASSAY_STORE_I32, 2, (const gint64[]) { 2, 3 }, ids);
  g_autoptr (AssayTable) table = fixture_import (path, NULL);
  const AssayColumn *tokens = assay_table_first_of (table, ASSAY_COLUMN_TOKENS);

  g_assert_cmpint (assay_table_get_n_rows (table), ==, 2);
  g_assert_cmpint (tokens->length, ==, 3);
  g_assert_cmpmem (tokens->token, sizeof ids, ids, sizeof ids);
  for (gint64 n = 0; n < 2; n++)
    {
      g_assert_cmpint (tokens->target[n * 3], ==, ids[n][1]);
      g_assert_cmpint (tokens->target[n * 3 + 1], ==, ids[n][2]);
      g_assert_cmpfloat (tokens->weight[n * 3 + 1], ==, 1);
      g_assert_cmpfloat (tokens->weight[n * 3 + 2], ==, 0);       /* nothing follows */
    }
  g_assert_cmpint (tokens->levels->len, ==, 5);
  g_assert_cmpstr (tokens->levels->pdata[4], ==, "4");
  g_assert_cmpint (assay_table_get_source_row (table, 1), ==, 2);
}

static void
test_types (void)
{
  static const guint16 small[2] = { 7, 65535 };
  static const gint64 wide[2] = { 7, 65535 };
  g_autofree char *a = write_array ("u16.npy", ASSAY_STORE_U16, 2, (const gint64[]) { 1, 2 }, small);
  g_autofree char *b = write_array ("i64.npy", ASSAY_STORE_I64, 2, (const gint64[]) { 1, 2 }, wide);
  g_autoptr (AssayTable) one = fixture_import (a, NULL), other = fixture_import (b, NULL);

  g_assert_cmpmem (assay_table_first_of (one, ASSAY_COLUMN_TOKENS)->token, 8, assay_table_first_of (other, ASSAY_COLUMN_TOKENS)->token, 8);
}

static void
test_refused (void)
{
  static const gint32 negative[1][2] = { { 3, -1 } };
  static const double real[1][2] = { { 1, 2 } };
  const struct { const char *name; AssayStoreType type; guint rank; gint64 dims[2]; const void *data; const char *says; } cases[] = {
    { "negative.npy", ASSAY_STORE_I32, 2, { 1, 2 }, negative, "sequence 0, position 1: a token number from 0" },
    { "real.npy", ASSAY_STORE_F64, 2, { 1, 2 }, real, "integer token numbers" },
    { "flat.npy", ASSAY_STORE_I32, 1, { 2 }, negative, "of rank 1 found" },
    { "short.npy", ASSAY_STORE_I32, 2, { 2, 1 }, negative, "two positions or more" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *path = write_array (cases[k].name, cases[k].type, cases[k].rank, cases[k].dims, cases[k].data);
      GError *error = NULL;

      g_assert_null (fixture_try (&error, path, NULL));
      fixture_refused (&error, ASSAY_ERROR_INPUT, cases[k].name, cases[k].says, NULL);
    }
}

static void
test_names (void)
{
  static const char document[] =
    "{\"decoder\": {\"type\": \"ByteLevel\"}, \"added_tokens\": [{\"id\": 3, \"content\": \"<end>\"}],"
    " \"model\": {\"vocab\": {\"\\u0120the\": 0, \"\\u00c3\\u00a9\": 1, \"\\u00c3\": 2, \"\\u010a\": 5}}}";
  static const char *const expected[] = { " the", "\303\251", "\\xc3", "<end>", "<4>", "\n", "<6>" };
  g_autofree char *path = fixture_write ("tokenizer.json", document, strlen (document));
  g_autoptr (GPtrArray) names = assay_vocabulary_read (path, 7, NULL);

  g_assert_cmpint (names->len, ==, 7);
  for (guint k = 0; k < 7; k++)
    g_assert_cmpstr (names->pdata[k], ==, expected[k]);
}

static void
test_bad_names (void)
{
  static const struct { const char *document, *says; } cases[] = {
    { "{\"model\": {}}", "model.vocab expected" },
    { "{\"model\": {\"vocab\": {\"a\": -1}}}", "a token number from 0" },
    { "{\"model\": {\"vocab\": {\"a\": 99999999999}}}", "99999999999 found for \"a\"" },
    { "{", "line 1" },
  };

  for (gsize k = 0; k < G_N_ELEMENTS (cases); k++)
    {
      g_autofree char *path = fixture_write ("bad.json", cases[k].document, strlen (cases[k].document));
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_vocabulary_read (path, 0, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
      g_assert_nonnull (strstr (error->message, cases[k].says));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader_npy/each row predicts its next token, and its last position nothing", test_rows);
  g_test_add_func ("/reader_npy/any integer type holds the same tokens", test_types);
  g_test_add_func ("/reader_npy/what is no array of token numbers is refused", test_refused);
  g_test_add_func ("/reader_npy/a byte-level tokenizer names the tokens as they read in the text", test_names);
  g_test_add_func ("/reader_npy/a malformed tokenizer is refused with its fault", test_bad_names);
  return g_test_run ();
}
