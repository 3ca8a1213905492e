/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-examples.c: rows are shown under the names that a model counts them by, filtered and sorted by the case's own columns. */
#include "fixtures.h"

#include "base/error.h"
#include "base/json.h"
#include "dataset/cell_value.h"
#include "job/example_index.h"

#include <math.h>
#include <string.h>

static const json_t *
row_at (const json_t *document, gsize k)
{
  return json_array_get (json_object_get (document, "examples"), k);
}

static void
test_filtered (Folder *folder, gconstpointer unused)
{
  json_t *document;

  (void) unused;
  folder_train (folder, "m");
  document = folder_answer (folder, "examples", "filter", "age > 30 and group != 'a'", "sort", "age", "descending", "yes", "count", "1000", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (document, "rows")), ==, 40);
  g_assert_cmpuint (json_array_size (json_object_get (document, "examples")), ==, json_integer_value (json_object_get (document, "kept")));
  for (gsize k = 0; k < json_array_size (json_object_get (document, "examples")); k++)
    {
      const json_t *values = json_object_get (row_at (document, k), "values");
      double age = assay_json_get_number (values, "age");

      g_assert_cmpfloat (age, >, 30);
      g_assert_cmpstr (assay_json_get_text (values, "group"), !=, "a");
      if (k > 0)
        g_assert_cmpfloat (age, <=, assay_json_get_number (json_object_get (row_at (document, k - 1), "values"), "age"));
    }
  json_decref (document);
}

/* A model that keeps fewer rows counts those, and the others have no name. */
static void
test_counted (Folder *folder, gconstpointer unused)
{
  json_t *document;
  g_autoptr (AssayCase) cas = NULL;
  g_autoptr (AssayExampleIndex) index = NULL, plain = NULL;
  guint named = 0;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  json_decref (folder_answer (folder, "train", "target", "score", "terms", "age", "filter", "age > 30", "l2", "0.1", NULL));
  document = folder_answer (folder, "examples", "count", "1000", NULL);
  for (gsize k = 0; k < 40; k++)
    {
      const json_t *row = row_at (document, k);
      gboolean is_kept = assay_json_get_number (json_object_get (row, "values"), "age") > 30;
      g_autofree char *expected = g_strdup_printf ("train:%u", named);

      g_assert_true (json_is_null (json_object_get (row, "example")) == !is_kept);
      if (is_kept)
        g_assert_cmpstr (assay_json_get_text (row, "example"), ==, expected);
      named += is_kept;
    }
  json_decref (document);
  cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
  index = assay_example_index_new (cas, NULL, "", NULL);
  plain = assay_example_index_new (cas, NULL, NULL, NULL);
  for (gint64 row = 0; row < 40; row++)
    {
      g_autofree char *reference = assay_example_index_dup_reference (index, row), *id = g_strconcat ("id:", assay_table_get_id (index->table, row), NULL);
      g_autofree char *counted = assay_example_index_dup_reference (plain, row);

      g_assert_cmpint (assay_example_index_find (index, id), ==, row);
      g_assert_cmpint (assay_example_index_find (plain, counted), ==, row);
      if (reference != NULL)
        g_assert_cmpint (assay_example_index_find (index, reference), ==, row);
    }
  g_assert_cmpint (assay_example_index_find (index, "train:39"), ==, -1);
  g_assert_cmpint (assay_example_index_find (index, "nothing"), ==, -1);
  g_assert_cmpint (assay_example_index_find (index, "test:0"), ==, -1);
}

/* What the model makes of the rows is what its training said of the whole split; rows that are no example have nothing. */
static void
test_answered (Folder *folder, gconstpointer unused)
{
  json_t *document, *trained, *split;
  double right = 0, loss = 0;
  guint named = 0;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  trained = folder_answer (folder, "train", "target", "score", "terms", "age", "filter", "age > 30", "l2", "0.1", NULL);
  document = folder_answer (folder, "examples", "answers", "yes", "count", "1000", NULL);
  for (gsize k = 0; k < 40; k++)
    {
      const json_t *row = row_at (document, k), *values = json_object_get (row, "values");

      if (json_is_null (json_object_get (row, "example")))
        {
          g_assert_false (json_is_number (json_object_get (values, "model_loss")));
          continue;
        }
      right += assay_json_get_number (values, "model_right");
      loss += assay_json_get_number (values, "model_loss");
      g_assert_true ((strcmp (assay_json_get_text (values, "model_answer"), assay_json_get_text (values, "score")) == 0)
                     == (assay_json_get_number (values, "model_right") == 1));
      named++;
    }
  split = json_array_get (json_object_get (trained, "splits"), 0);
  g_assert_cmpint (json_integer_value (json_object_get (split, "examples")), ==, named);
  g_assert_cmpfloat_with_epsilon (assay_json_get_number (split, "accuracy"), right / named, 1e-15 * named);
  g_assert_cmpfloat_with_epsilon (assay_json_get_number (split, "loss"), loss / named, 1e-15 * loss);          /* sums of forty in the same order */
  json_decref (document);
  document = folder_answer (folder, "examples", "answers", "yes", "filter", "model_right < 1", "sort", "model_loss", "count", "1000", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (document, "kept")), ==, named - (guint) right);
  json_decref (document);
  json_decref (trained);
}

static void
assert_refused (const Folder *folder, const char *name, const char *value, int code, const char *fragment)
{
  g_autoptr (AssayJob) job = folder_job (folder, "examples", name, value, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  g_assert_nonnull (strstr (error->message, fragment));
}

static void
test_refused (Folder *folder, gconstpointer unused)
{
  (void) unused;
  folder_train (folder, "m");
  assert_refused (folder, "filter", "agee > 3", ASSAY_ERROR_NOT_FOUND, "age");
  assert_refused (folder, "sort", "agee", ASSAY_ERROR_NOT_FOUND, "age");
  assert_refused (folder, "model-name", "n", ASSAY_ERROR_NOT_FOUND, "n");
  assert_refused (folder, "data", "other", ASSAY_ERROR_NOT_FOUND, "other");
}

static void
assert_text (const AssayColumn *column, gint64 row, gsize limit, const char *expected)
{
  g_autofree char *found = assay_cell_dup_text (column, row, limit);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_cells (void)
{
  double numbers[] = { 3, -0.1, 1e300, NAN, 0.1 + 0.2 };
  guint8 missing[] = { 0, 0, 0, 1, 0 };
  gint32 tokens[] = { 0, 1, 2, 9 }, targets[] = { 1, 2, 0, 0 };
  g_autoptr (GPtrArray) words = g_ptr_array_new (), letters = g_ptr_array_new ();
  AssayColumn number = { .name = (char *) "x", .type = ASSAY_COLUMN_NUMBER, .number = numbers, .missing = missing, .n_missing = 1 };
  AssayColumn token = { .name = (char *) "t", .type = ASSAY_COLUMN_TOKENS, .token = tokens, .target = targets, .length = 2, .levels = words };
  json_t *value;

  assert_text (&number, 0, 0, "3");
  assert_text (&number, 1, 0, "-0.1");
  assert_text (&number, 2, 0, "1e+300");
  assert_text (&number, 3, 0, "");
  assert_text (&number, 4, 0, "0.30000000000000004");           /* not the same number as 0.3 */
  value = assay_cell_to_json (&number, 3);
  g_assert_true (json_is_null (value));
  json_decref (value);
  g_ptr_array_add (words, (gpointer) "BOS");
  g_ptr_array_add (words, (gpointer) "one");
  g_ptr_array_add (words, (gpointer) "ä");
  assert_text (&token, 0, 0, "BOS one ä");
  assert_text (&token, 1, 0, "ä 9 BOS");                        /* a token without a word */
  assert_text (&token, 0, 5, "BOS o…");
  g_ptr_array_add (letters, (gpointer) "a");
  g_ptr_array_add (letters, (gpointer) "\n");
  g_ptr_array_add (letters, (gpointer) "\\x07");
  token.levels = letters;
  assert_text (&token, 0, 0, "a\n\\x07");
}

#define ADD(name, func) g_test_add (name, Folder, NULL, folder_set_up, func, folder_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/examples/rows are filtered and sorted", test_filtered);
  ADD ("/examples/examples are called as the model counts them", test_counted);
  ADD ("/examples/what the model makes of them is that of its training", test_answered);
  ADD ("/examples/what is not there is refused", test_refused);
  g_test_add_func ("/cells/a cell reads as it was read", test_cells);
  return g_test_run ();
}
