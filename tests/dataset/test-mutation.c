/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-mutation.c: thousands of damaged inputs and failing allocations: each ends in a sound table or in one line of error.
 *
 * The damage is drawn from fixed seeds, so a failure repeats. Under the sanitizers this is where reading past an end shows.
 */
#include "fixture.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/rng.h"
#include "dataset/derive.h"
#include "dataset/expression.h"
#include "dataset/organism.h"

#include <math.h>
#include <string.h>

#define ROUNDS 1500

static void
check_error (GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == ASSAY_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strpbrk (error->message, "\n\r\033"));
  g_error_free (error);
}

/* Every value of a table lies where its column says it may. */
static void
check_table (AssayTable *table)
{
  gint64 n = assay_table_get_n_rows (table);
  json_t *report = assay_table_report (table);

  g_assert_cmpint (n, >, 0);
  g_assert_nonnull (report);
  json_decref (report);
  for (guint k = 0; k < assay_table_get_n_columns (table); k++)
    {
      const AssayColumn *column = assay_table_get_column (table, k);

      for (gint64 row = 0; row < n; row++)
        {
          if (column->type == ASSAY_COLUMN_NUMBER)
            g_assert_true (assay_column_is_missing (column, row) ? isnan (column->number[row]) : isfinite (column->number[row]));
          if (column->type == ASSAY_COLUMN_TEXT)
            g_assert_true (column->code[row] >= 0 && column->code[row] < (gint64) column->levels->len);
          if (column->type == ASSAY_COLUMN_LABEL)
            g_assert_true (column->code[row] >= 0 && column->code[row] < column->n_classes);
        }
    }
}

/* One to four edits: flip, cut out, double, or put in something that means something. */
static GByteArray *
mutate (const void *bytes, gsize n, AssayRng *rng)
{
  static const char *const pieces[] = { "\"", "\r", "\n", ",", "{", "}", "[", "\\", "\xff", "\xe2\x80", "NaN", "1e999", "-", "''", "\"\"", "\t", "\xef\xbb\xbf", ":", "null" };
  GByteArray *out = g_byte_array_new ();

  g_byte_array_append (out, bytes, n);
  for (guint64 edits = 1 + assay_rng_below (rng, 4); edits > 0 && out->len > 0; edits--)
    {
      gsize at = assay_rng_below (rng, out->len), length = 1 + assay_rng_below (rng, MIN (out->len - at, 20));
      GByteArray *tail = g_byte_array_new ();

      switch (assay_rng_below (rng, 5))
        {
        case 0:
          out->data[at] ^= 1 << assay_rng_below (rng, 8);
          break;
        case 1:
          g_byte_array_remove_range (out, at, length);
          break;
        case 2:
          g_byte_array_set_size (out, at);                        /* cut off */
          break;
        case 3:
          g_byte_array_append (tail, out->data + at, out->len - at);
          g_byte_array_set_size (out, at + length);
          g_byte_array_append (out, tail->data, tail->len);
          break;
        default:
          {
            const char *piece = pieces[assay_rng_below (rng, G_N_ELEMENTS (pieces))];

            g_byte_array_append (tail, out->data + at, out->len - at);
            g_byte_array_set_size (out, at);
            g_byte_array_append (out, (const guint8 *) piece, strlen (piece));
            g_byte_array_append (out, tail->data, tail->len);
          }
          break;
        }
      g_byte_array_unref (tail);
    }
  return out;
}

typedef struct {
  const char *name;
  const char *bytes;
  gsize n;
  const char *option, *value;   /* option NULL: none */
} Seed;

static const char csv_seed[] = "key,a,\"b c\",d\r\n1,2.5,\"x, y\",N/A\r\n2,,\"say \"\"z\"\"\",3\r\n3,-1e3,plain,4\r\n4,7,\"two\nlines\",5\r\n";
static const char jsonl_seed[] = "{\"k\": \"a\", \"n\": 1, \"in\": {\"x\": [1, 2], \"y\": null}}\n{\"k\": \"\\u00e9\", \"n\": -2.5e3, \"ok\": true}\n";
static const char blank_seed[] = "A11   6 A34\nA12 48 \"A 32\" \n";
static const char idx_seed[] = "\0\0\x08\3\0\0\0\3\0\0\0\2\0\0\0\2abcdefghijkl";
static const char text_seed[] = "To be, or not to be: that is the question. \xc3\xa9\xe2\x82\xac";

static const Seed seeds[] = {
  { "m.csv", csv_seed, sizeof csv_seed - 1, "id", "key" },
  { "m.data", blank_seed, sizeof blank_seed - 1, "header", "no" },
  { "m.jsonl", jsonl_seed, sizeof jsonl_seed - 1, "id", "k" },
  { "m.idx", idx_seed, sizeof idx_seed - 1, NULL, NULL },
  { "m.txt", text_seed, sizeof text_seed - 1, "context", "4" },
  { "m2.txt", text_seed, sizeof text_seed - 1, "tokens", "byte" },
};

static void
try_import (const char *path, const Seed *seed)
{
  GError *error = NULL;
  g_autoptr (AssayTable) table = seed->option ? fixture_try (&error, path, seed->option, seed->value, NULL) : fixture_try (&error, path, NULL);

  if (table != NULL)
    check_table (table);
  else
    check_error (error);
}

static void
test_mutants (gconstpointer data)
{
  const Seed *seed = data;
  AssayRng rng = assay_rng_new (1, assay_rng_stream (seed->name, 0));

  for (guint round = 0; round < ROUNDS; round++)
    {
      GByteArray *bytes = mutate (seed->bytes, seed->n, &rng);
      g_autofree char *path = fixture_write (seed->name, bytes->data, bytes->len);

      try_import (path, seed);
      g_byte_array_unref (bytes);
    }
}

static void
test_gzip_mutants (void)
{
  AssayRng rng = assay_rng_new (2, 0);
  g_autofree char *bytes = NULL, *path = fixture_gzip ("seed.csv.gz", csv_seed, sizeof csv_seed - 1, NULL);
  gsize n;

  g_assert_true (g_file_get_contents (path, &bytes, &n, NULL));
  for (guint round = 0; round < ROUNDS; round++)
    {
      GByteArray *mutant = mutate (bytes, n, &rng);
      g_autofree char *bad = fixture_write ("m.csv.gz", mutant->data, mutant->len);

      try_import (bad, &seeds[0]);
      g_byte_array_unref (mutant);
    }
}

/* The k-th allocation fails, for every k that there is. */
static void
test_failing_allocations (gconstpointer data)
{
  const Seed *seed = data;
  g_autofree char *path = fixture_write (seed->name, seed->bytes, seed->n);
  gsize live = assay_mem_get_live ();
  guint64 k = 1;

  for (gboolean failed = TRUE; failed; k++)
    {
      GError *error = NULL;
      AssayTable *table;

      assay_mem_fail_at (k);
      table = seed->option ? fixture_try (&error, path, seed->option, seed->value, NULL) : fixture_try (&error, path, NULL);
      failed = table == NULL;
      assay_mem_fail_at (0);
      if (failed)
        {
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
          check_error (error);
        }
      assay_table_unref (table);
      g_assert_cmpint (assay_mem_get_live (), ==, live);
    }
  g_assert_cmpint (k, >, 3);                                      /* some did fail */
}

static void
test_failing_designs (void)
{
  g_autoptr (AssayTable) table = fixture_csv ("a,b,y\n1,u,0\n2,v,1\n3,u,1\n");
  g_autoptr (AssayValues) values = assay_values_new (assay_derive_params);
  guint64 k = 1;

  g_assert_true (assay_values_set_text (values, "target", "y", NULL) && assay_values_set_text (values, "standardise", "true", NULL)
                 && assay_values_set_text (values, "reference", "a=2", NULL));
  for (gboolean failed = TRUE; failed; k++)
    {
      GError *error = NULL;
      gsize live = assay_mem_get_live ();
      AssayDataset *dataset;

      assay_mem_fail_at (k);
      dataset = assay_dataset_derive (table, values, ASSAY_TARGET_AUTO, &error);
      failed = dataset == NULL;
      assay_mem_fail_at (0);
      if (failed)
        check_error (error);
      assay_dataset_unref (dataset);
      g_assert_cmpint (assay_mem_get_live (), ==, live);
    }
  g_assert_cmpint (k, >, 5);
}

static void
test_failing_organism (void)
{
  g_autoptr (AssayValues) values = assay_values_new (assay_organism_find ("dose")->params);
  AssayOrganism organism;
  guint64 k = 1;

  g_assert_true (assay_values_set_text (values, "modulus", "3", NULL));
  g_assert_true (assay_organism_init (&organism, assay_organism_find ("dose"), values, NULL));
  for (gboolean failed = TRUE; failed; k++)
    {
      GError *error = NULL;
      gsize live = assay_mem_get_live ();
      AssayTable *table;

      assay_mem_fail_at (k);
      table = assay_organism_generate (&organism, values, &error);
      failed = table == NULL;
      assay_mem_fail_at (0);
      if (failed)
        check_error (error);
      assay_table_unref (table);
      g_assert_cmpint (assay_mem_get_live (), ==, live);
    }
  g_assert_cmpint (k, >, 10);
}

/* Random words of the language, in random order. */
static void
test_random_expressions (void)
{
  static const char *const words[] = { "n", "s", "m", "1", "2.5", "-", "+", "*", "/", "(", ")", "==", "!=", "<", ">=", "=", "and", "or", "not", "!",
                                       "in", "{", "}", "[", "]", ",", "'x'", "\"N/A\"", "between", "is", "missing", "missing(n)", "true", "`m`", "`", "'", "&&", "|" };
  g_autoptr (AssayTable) table = fixture_csv ("n,s,m\n1,x,2\n,y,0\n-3,N/A,\n");
  AssayRng rng = assay_rng_new (3, 0);
  guint n_compiled = 0;

  for (guint round = 0; round < 20 * ROUNDS; round++)
    {
      GString *text = g_string_new (NULL);
      GError *error = NULL;
      g_autoptr (AssayExpression) e = NULL;

      for (guint64 n = 1 + assay_rng_below (&rng, 9); n > 0; n--)
        g_string_append_printf (text, "%s%s", words[assay_rng_below (&rng, G_N_ELEMENTS (words))], assay_rng_below (&rng, 4) ? " " : "");
      e = assay_expression_new (text->str, table, &error);
      if (e == NULL)
        check_error (error);
      for (gint64 row = 0; e != NULL && row < 3; row++)
        {
          AssayExpressionValue value;

          error = NULL;
          if (!assay_expression_eval (e, row, &value, &error))
            check_error (error);
          else
            g_assert_true (value.type == assay_expression_get_type (e) && (value.missing || value.type != ASSAY_EXPRESSION_NUMBER || isfinite (value.number)));
        }
      n_compiled += e != NULL;
      g_string_free (text, TRUE);
    }
  g_assert_cmpint (n_compiled, >, ROUNDS / 10);                   /* the walk reaches sound expressions too */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize k = 0; k < G_N_ELEMENTS (seeds); k++)
    {
      g_autofree char *mutants = g_strdup_printf ("/mutation/damaged %s is read or refused", seeds[k].name);
      g_autofree char *memory = g_strdup_printf ("/mutation/reading %s survives every failing allocation", seeds[k].name);

      g_test_add_data_func (mutants, &seeds[k], test_mutants);
      if (k != G_N_ELEMENTS (seeds) - 1)                          /* its default window is longer than the seed */
        g_test_add_data_func (memory, &seeds[k], test_failing_allocations);
    }
  g_test_add_func ("/mutation/damaged gzip is read or refused", test_gzip_mutants);
  g_test_add_func ("/mutation/deriving survives every failing allocation", test_failing_designs);
  g_test_add_func ("/mutation/generating survives every failing allocation", test_failing_organism);
  g_test_add_func ("/mutation/random expressions are compiled and evaluated or refused", test_random_expressions);
  return g_test_run ();
}
