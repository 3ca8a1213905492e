/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-units.c: what `assay units` answers for a table and for generated sums, and what it refuses. */
#include "fixtures.h"

#include "base/error.h"
#include "job/view.h"
#include "store/reader.h"

#include <math.h>
#include <string.h>

#define PEOPLE 40
#define HIDDEN 6

static void
make_case (const Folder *folder)
{
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  json_decref (folder_answer (folder, "train", "model", "mlp", "name", "m", "target", "score", "terms", "age,group", "hidden", "6", "steps", "60", NULL));
}

static void
record (const Folder *folder)
{
  make_case (folder);
  json_decref (folder_answer (folder, "record", "taps", "*", "name", "rec", NULL));
}

static double
number_at (const json_t *object, const char *key)
{
  g_assert_true (json_is_number (json_object_get (object, key)));
  return json_number_value (json_object_get (object, key));
}

static gint64
count_at (const json_t *object, const char *key)
{
  g_assert_true (json_is_integer (json_object_get (object, key)));
  return json_integer_value (json_object_get (object, key));
}

/* Every unit against the recording itself. */
static void
check_units (const Folder *folder, const json_t *document, const char *tap, gint64 C)
{
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, NULL);
  g_autoptr (AssayReader) reader = assay_reader_open (cas, "activations", "rec", NULL);
  g_autofree char *path = g_strconcat ("/activations/", tap, NULL);
  g_autofree double *value = g_new (double, PEOPLE * C);
  gsize u, k;
  json_t *unit, *row, *count;

  g_assert_true (assay_reader_read (reader, path, ASSAY_STORE_F64, value, NULL));
  g_assert_cmpuint (json_array_size (json_object_get (document, "units")), ==, (gsize) C);
  json_array_foreach (json_object_get (document, "units"), u, unit)
    {
      double mean = 0, before = INFINITY;
      gint64 nonzero = 0, counted = 0, of_bands = 0;

      for (gint64 i = 0; i < PEOPLE; i++)
        {
          mean += value[i * C + u] / PEOPLE;
          nonzero += value[i * C + u] != 0;
        }
      g_assert_cmpstr (json_string_value (json_object_get (unit, "tap")), ==, tap);
      g_assert_cmpint (count_at (unit, "unit"), ==, (gint64) u);
      g_assert_cmpfloat (fabs (number_at (unit, "mean") - mean), <=, 1e-12);
      g_assert_cmpfloat (number_at (unit, "density"), ==, (double) nonzero / PEOPLE);
      json_array_foreach (json_object_get (unit, "histogram"), k, count)
        counted += json_integer_value (count);
      g_assert_cmpint (counted, ==, PEOPLE);
      g_assert_cmpuint (json_array_size (json_object_get (unit, "top")), ==, 20);
      json_array_foreach (json_object_get (unit, "top"), k, row)
        {
          gint64 example = count_at (row, "example");

          g_assert_cmpfloat (number_at (row, "value"), ==, value[example * C + u]);     /* one split: examples are rows */
          g_assert_cmpfloat (number_at (row, "value"), <=, before);
          g_assert_nonnull (json_string_value (json_object_get (row, "id")));
          before = number_at (row, "value");
        }
      json_array_foreach (json_object_get (unit, "bands"), k, row)
        of_bands += count_at (row, "count");
      g_assert_cmpint (of_bands, ==, nonzero);
    }
}

static void
test_table (Folder *folder, gconstpointer unused)
{
  json_t *document;
  const json_t *unit;

  (void) unused;
  record (folder);
  document = folder_answer (folder, "units", "tap", "act1", "ablate", "all", NULL);
  check_units (folder, document, "act1", HIDDEN);
  unit = json_array_get (json_object_get (document, "units"), 0);
  g_assert_cmpstr (json_string_value (json_object_get (json_array_get (json_object_get (unit, "reads"), 0), "kind")), ==, "input");
  g_assert_cmpstr (json_string_value (json_object_get (json_object_get (unit, "writes"), "kind")), ==, "output");
  g_assert_cmpuint (json_array_size (json_object_get (document, "histogram_edges")), ==, 257);
  g_assert_cmpuint (json_array_size (json_object_get (document, "quantile_probabilities")), ==, json_array_size (json_object_get (unit, "quantiles")));
  for (gsize u = 0; u < HIDDEN; u++)
    {
      unit = json_array_get (json_object_get (document, "units"), u);
      if (json_is_true (json_object_get (unit, "dead")))
        continue;
      g_assert_cmpstr (json_string_value (json_object_get (unit, "basis")), ==, "ablation");
      number_at (json_object_get (json_object_get (unit, "ablation"), "loss_change"), "value");
      number_at (json_object_get (json_object_get (unit, "ablation"), "control"), "p");
    }
  json_decref (document);
}

/* The names in the answer are the data's: columns that are read, classes that are written. */
static void
test_names (Folder *folder, gconstpointer unused)
{
  static const char *const columns[] = { "age", "group = b", "group = c", NULL }, *const classes[] = { "high", "low", NULL };
  json_t *document, *unit, *effect;
  gsize u, k;

  (void) unused;
  record (folder);
  document = folder_answer (folder, "units", "tap", "act1", "ablate", "none", NULL);
  json_array_foreach (json_object_get (document, "units"), u, unit)
    {
      json_array_foreach (json_object_get (json_array_get (json_object_get (unit, "reads"), 0), "positive"), k, effect)
        g_assert_true (g_strv_contains (columns, json_string_value (json_object_get (effect, "name"))));
      json_array_foreach (json_object_get (json_object_get (unit, "writes"), "negative"), k, effect)
        g_assert_true (g_strv_contains (classes, json_string_value (json_object_get (effect, "name"))));
      g_assert_true (json_is_null (json_object_get (unit, "ablation")));
      g_assert_cmpstr (json_string_value (json_object_get (unit, "basis")), ==, "description only: no ablation was run");
    }
  json_decref (document);
}

static void
test_all_taps (Folder *folder, gconstpointer unused)
{
  json_t *document, *again;

  (void) unused;
  record (folder);
  document = folder_answer (folder, "units", NULL);
  g_assert_cmpuint (json_array_size (json_object_get (document, "taps")), ==, 3);       /* fc1, act1, fc2 */
  g_assert_cmpuint (json_array_size (json_object_get (document, "units")), ==, 2 * HIDDEN + 2);
  again = folder_answer (folder, "units", "tap", "act*", "tap", "fc1", NULL);
  g_assert_cmpuint (json_array_size (json_object_get (again, "taps")), ==, 2);
  json_decref (document);
  json_decref (again);
}

/* --- for people -------------------------------------------------------------------------------------------------------- */

static char *
text_of_view (const json_t *document)
{
  g_autoptr (AssayView) view = assay_view_new ();
  g_autoptr (GString) text = g_string_new (NULL);

  assay_job_kind_find ("units", NULL)->view (document, view);
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);

      g_string_append_printf (text, "%s: %s\n", block->name ? block->name : "", block->text ? block->text : "");
      for (guint c = 0; block->cells != NULL && c < block->cells->len; c++)
        g_string_append_printf (text, "%s|", (const char *) block->cells->pdata[c]);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
assert_told (const json_t *document, const char *const *told)
{
  g_autofree char *text = text_of_view (document);

  for (; *told != NULL; told++)
    if (strstr (text, *told) == NULL)
      {
        g_test_message ("\"%s\" is not in: %s", *told, text);
        g_test_fail ();
      }
}

static void
test_view (Folder *folder, gconstpointer unused)
{
  json_t *tap, *page, *plain;

  (void) unused;
  record (folder);
  tap = folder_answer (folder, "units", "tap", "act1", "ablate", "all", NULL);
  assert_told (tap, (const char *const[]) { "act1: 6 units over 40 rows", "each replaced by its mean, over 40 of 40", "loss without it, nats", "train:", "--unit ",
                                            NULL });
  page = folder_answer (folder, "units", "tap", "act1", "unit", "2", "ablate", "all", NULL);
  assert_told (page, (const char *const[]) { "Unit 2 of act1", "reads: columns by fc1.weight", "writes: outputs of fc2 by fc2.weight", "Largest activations",
                                             "equal shares", "Histogram", NULL });
  plain = folder_answer (folder, "units", "tap", "act1", "unit", "2", "ablate", "none", NULL);
  assert_told (plain, (const char *const[]) { "Description only: no ablation was run. --ablate 2 runs it.", NULL });
  json_decref (tap);
  json_decref (page);
  json_decref (plain);
}

/* Which unit is shown is no other question. */
static void
test_answered_from_store (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) shown = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  GError *error = NULL;

  (void) unused;
  record (folder);
  json_decref (folder_answer (folder, "units", "tap", "act1", NULL));
  shown = folder_job (folder, "units", "tap", "act1", "unit", "1", NULL);
  outcome = folder_run (shown, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (outcome->from_store);
  g_assert_cmpint (count_at (json_object_get (outcome->document, "page"), "unit"), ==, 1);
}

static void
test_dry_run (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  AssayJobOptions options = { .threads = 1 };
  GError *error = NULL;
  const json_t *steps;

  (void) unused;
  record (folder);
  job = folder_job (folder, "units", "tap", "act1", "ablate", "2", "controls", "3", NULL);
  g_assert_true (assay_job_freeze (job, &error));
  outcome = assay_job_dry_run (job, &options, &error);
  g_assert_no_error (error);
  steps = json_object_get (json_object_get (outcome->document, "plan"), "steps");
  g_assert_cmpuint (json_array_size (steps), ==, 2);
  g_assert_nonnull (strstr (json_string_value (json_object_get (json_array_get (steps, 0), "what")), "measure 6 units of act1 over 40 rows"));
  g_assert_nonnull (strstr (json_string_value (json_object_get (json_array_get (steps, 1), "what")), "walk 40 examples at most 5 times"));
}

/* --- what is refused --------------------------------------------------------------------------------------------------- */

static void
refuse (const Folder *folder, const char *name, const char *value, int code, const char *text)
{
  g_autoptr (AssayJob) job = name ? folder_job (folder, "units", "tap", "act1", name, value, NULL) : folder_job (folder, "units", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, code);
  g_assert_null (strchr (error->message, '\n'));
  if (strstr (error->message, text) == NULL)
    {
      g_test_message ("\"%s\" is not in: %s", text, error->message);
      g_test_fail ();
    }
}

static void
test_refusals (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) which = NULL;
  g_autoptr (GError) error = NULL;

  (void) unused;
  make_case (folder);
  refuse (folder, NULL, NULL, ASSAY_ERROR_NOT_FOUND, "next: assay record ");
  refuse (folder, NULL, NULL, ASSAY_ERROR_NOT_FOUND, "--taps act1");
  json_decref (folder_answer (folder, "record", "taps", "*", "name", "rec", NULL));
  refuse (folder, "recording", "wreck", ASSAY_ERROR_NOT_FOUND, "rec");
  refuse (folder, "tap", "act2", ASSAY_ERROR_NOT_FOUND, "did you mean act1?");
  refuse (folder, "unit", "6", ASSAY_ERROR_NOT_FOUND, "tap act1 has units 0 to 5, 6 asked for");
  refuse (folder, "ablate", "7", ASSAY_ERROR_USAGE, "tap act1 has units 0 to 5");
  refuse (folder, "ablate", "most", ASSAY_ERROR_USAGE, "none, top, all or numbers");
  which = folder_job (folder, "units", "unit", "1", NULL);
  g_assert_null (folder_run (which, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "Give --tap, one of: act1, fc1, fc2"));
}

/* The newest is taken, and the others are named. */
static void
test_several_recordings (Folder *folder, gconstpointer unused)
{
  json_t *document;

  (void) unused;
  record (folder);
  json_decref (folder_answer (folder, "record", "taps", "act1", "name", "later", NULL));
  document = folder_answer (folder, "units", NULL);
  g_assert_cmpstr (json_string_value (json_object_get (document, "recording")), ==, "later");
  g_assert_nonnull (strstr (json_string_value (json_array_get (json_object_get (document, "notes"), 0)), "--recording chooses another: rec"));
  json_decref (document);
}

#define ADD(sentence, func) g_test_add ("/units/" sentence, Folder, NULL, folder_set_up, func, folder_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("every field is the recording's own number", test_table);
  ADD ("columns and classes are called by their names", test_names);
  ADD ("all taps are measured, or those that are named", test_all_taps);
  ADD ("a person reads tables, pages, and that a description is only that", test_view);
  ADD ("which unit is shown does not ask again", test_answered_from_store);
  ADD ("a dry run counts units and walks", test_dry_run);
  ADD ("what cannot be asked is refused with what to do", test_refusals);
  ADD ("of several recordings the newest is taken and the others are named", test_several_recordings);
  return g_test_run ();
}
