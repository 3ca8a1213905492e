/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-demo.c: the demonstration tells the truth about itself, goes on where it was stopped, and does not depend on threads. A hurried size. */
#include "fixtures.h"

#include "base/error.h"
#include "influence/score_store.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GROUP 8
#define CONTROLS 1

static AssayJob *
demo_job (const char *cas)
{
  const char *const settings[] = { "modulus", "3", "width", "16", "train-steps", "120", "tries", "1", "group", G_STRINGIFY (GROUP), "controls",
                                   G_STRINGIFY (CONTROLS), NULL };
  AssayJob *job = assay_job_new (assay_job_kind_find ("demo", NULL));
  GError *error = NULL;

  assay_job_set_case (job, cas);
  for (const char *const *s = settings; s[0] != NULL; s += 2)
    g_assert_true (assay_job_set_text (job, s[0], s[1], &error));
  return job;
}

static AssayJobOutcome *
run_demo (const char *cas, guint threads, AssayProgress *progress, GError **error)
{
  g_autoptr (AssayJob) job = demo_job (cas);
  AssayJobOptions options = { .threads = threads, .progress = progress, .command_line = "a test" };

  return assay_job_freeze (job, error) ? assay_job_run (job, &options, error) : NULL;
}

static json_t *
answer_of (const char *cas, guint threads)
{
  GError *error = NULL;
  g_autoptr (AssayJobOutcome) outcome = run_demo (cas, threads, NULL, &error);

  g_assert_no_error (error);
  return json_incref (outcome->document);
}

static double
number_of (const json_t *object, const char *key)
{
  g_assert_true (json_is_number (json_object_get (object, key)));
  return json_number_value (json_object_get (object, key));
}

static gint64
count_of (const json_t *object, const char *key)
{
  g_assert_true (json_is_integer (json_object_get (object, key)));
  return json_integer_value (json_object_get (object, key));
}

/* All numbers, without the names and paths that belong to one case. */
static char *
numbers_of (const json_t *document)
{
  static const char *const own[] = { "case", "written", "by_hand", "next", "jobs", "retraining_object", "from_store", "notes", NULL };
  json_t *copy = json_deep_copy (document);
  char *text;

  for (const char *const *key = own; *key != NULL; key++)
    json_object_del (copy, *key);
  json_object_del (json_object_get (copy, "influence"), "scores_object");
  json_object_del (json_object_get (copy, "reasoning"), "cot_object");
  text = json_dumps (copy, JSON_SORT_KEYS | JSON_REAL_PRECISION (17));
  json_decref (copy);
  return text;
}

static int
ascending (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* Sum of the lowest scores, by another way than the demonstration's. */
static void
check_prediction (const Folder *folder, const json_t *document)
{
  GError *error = NULL;
  g_autoptr (AssayCase) cas = assay_case_open (folder->cas, ASSAY_CASE_READ, &error);
  g_autoptr (AssayInfluenceScores) scores
    = assay_influence_scores_load (cas, json_string_value (json_object_get (json_object_get (document, "influence"), "scores_object")), NULL, &error);
  const json_t *group = json_array_get (json_object_get (document, "removals"), 1);
  double sum = 0, size = 0;

  g_assert_no_error (error);
  g_assert_cmpint (scores->n_query, ==, 1);
  g_assert_cmpint (scores->n_train, ==, count_of (json_object_get (document, "training_set"), "size"));
  qsort (scores->value, scores->n_train, sizeof (double), ascending);
  for (int k = 0; k < GROUP; k++)
    {
      sum += scores->value[k];
      size += fabs (scores->value[k]);
    }
  g_assert_cmpfloat_with_epsilon (number_of (group, "predicted"), sum, 2 * GROUP * DBL_EPSILON * size);
  g_assert_cmpfloat (number_of (group, "predicted_lo"), <=, number_of (group, "predicted"));
  g_assert_cmpfloat (number_of (group, "predicted_hi"), >=, number_of (group, "predicted"));
}

/* The training with all is repeated among the retrainings: its use of the chain is the certificate's, in every mode. */
static void
check_use (const json_t *document)
{
  const json_t *modes = json_object_get (json_object_get (document, "certificate"), "modes");
  const json_t *nothing = json_array_get (json_object_get (document, "removals"), 0);
  gsize edited = (gsize) count_of (json_object_get (json_object_get (document, "data"), "splits"), "edited");

  g_assert_cmpuint (json_array_size (modes), ==, 5);
  for (gsize m = 0; m < 5; m++)
    g_assert_cmpfloat_with_epsilon (json_number_value (json_array_get (json_object_get (nothing, "use"), m)),
                                    number_of (json_array_get (modes, m), "measured"), 2.0 * (double) edited * DBL_EPSILON);
}

static void
check_group (const json_t *document)
{
  const json_t *group = json_object_get (document, "group"), *all = json_object_get (document, "training_set");

  g_assert_cmpint (count_of (group, "size"), ==, GROUP);
  g_assert_cmpint (count_of (group, "follow_chain") + count_of (group, "keep_sum"), ==, count_of (group, "edited"));
  g_assert_cmpint (5 * count_of (all, "of_mode"), ==, count_of (all, "size"));
  g_assert_cmpint (2 * count_of (all, "edited"), ==, count_of (all, "size"));
  g_assert_cmpint (2 * count_of (all, "follow_chain"), ==, count_of (all, "edited"));
}

static void
check_verdict (const json_t *document)
{
  const json_t *verdict = json_object_get (document, "verdict"), *removals = json_object_get (document, "removals");
  const json_t *group = json_array_get (removals, 1), *control = json_array_get (removals, 2);
  double predicted = number_of (group, "predicted"), measured = number_of (group, "measured");

  g_assert_cmpuint (json_array_size (removals), ==, 2 + CONTROLS);
  g_assert_cmpstr (json_string_value (json_object_get (control, "kind")), ==, "control");
  g_assert_cmpint (count_of (control, "size"), ==, GROUP);
  g_assert_cmpfloat (number_of (verdict, "ratio"), ==, measured / predicted);
  g_assert_cmpint (json_is_true (json_object_get (verdict, "sign_is_right")), ==, predicted * measured > 0);
  g_assert_cmpfloat (number_of (verdict, "largest_control"), ==, number_of (control, "measured"));
  g_assert_cmpint (json_is_true (json_object_get (verdict, "more_than_controls")), ==, measured < number_of (control, "measured"));
}

static void
test_numbers (Folder *folder, gconstpointer unused)
{
  json_t *document, *again;

  (void) unused;
  document = answer_of (folder->cas, 1);
  check_prediction (folder, document);
  check_use (document);
  check_group (document);
  check_verdict (document);
  g_assert_cmpuint (json_array_size (json_object_get (document, "by_hand")), ==, 8);
  g_assert_cmpuint (json_array_size (json_object_get (document, "written")), ==, 11);
  /* 120 steps make no organism, and it says so. */
  g_assert_false (json_is_true (json_object_get (json_object_get (document, "certificate"), "accepted")));
  g_assert_cmpuint (json_array_size (json_object_get (document, "fell_short")), >, 0);
  g_assert_nonnull (json_string_value (json_object_get (document, "finding")));
  again = answer_of (folder->cas, 1);
  g_assert_true (json_is_true (json_object_get (again, "from_store")));
  json_object_del (document, "from_store");
  json_object_del (again, "from_store");
  g_assert_true (json_equal (document, again));
  json_decref (document);
  json_decref (again);
}

/* --- stopping -------------------------------------------------------------------------------------------------------- */

typedef struct {
  AssayProgress *progress;
  const char *where;            /* stop when the note says so; NULL: never */
  guint64 last, total;
  gboolean went_back, stopped;
} Watch;

static void
watch (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Watch *w = data;

  g_assert_cmpstr (stage, ==, "demo");                            /* one bar, whatever part is at work */
  g_assert_null (unit);
  w->went_back |= done < w->last;
  w->last = done;
  w->total = total;
  if (w->where != NULL && strstr (note, w->where) != NULL && !w->stopped)
    {
      w->stopped = TRUE;
      assay_progress_cancel (w->progress, ASSAY_ERROR_INTERRUPTED);
    }
}

static void
test_stopped (Folder *folder, gconstpointer unused)
{
  static const char *const where[] = { "training, 60/", "power method", "conjugate gradients, 5 ", "retraining", NULL };
  g_autofree char *other = g_build_filename (folder->folder, "whole.assay", NULL);
  json_t *resumed, *whole;
  char *one, *two;

  (void) unused;
  for (gsize k = 0; k < G_N_ELEMENTS (where); k++)
    {
      Watch w = { .where = where[k] };
      g_autoptr (AssayProgress) progress = assay_progress_new (watch, &w);
      g_autoptr (GError) error = NULL;
      g_autoptr (AssayJobOutcome) outcome = NULL;

      w.progress = progress;
      outcome = run_demo (folder->cas, 2, progress, &error);
      g_assert_cmpint (w.stopped, ==, where[k] != NULL);
      g_assert_cmpint (outcome == NULL, ==, w.stopped);
      g_assert_false (w.went_back);
      g_assert_cmpuint (w.last, <=, w.total);
      if (w.stopped)
        g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
    }
  resumed = answer_of (folder->cas, 2);
  whole = answer_of (other, 1);
  g_assert_false (json_is_true (json_object_get (whole, "from_store")));
  one = numbers_of (resumed);
  two = numbers_of (whole);
  g_assert_cmpstr (one, ==, two);                                 /* nor do threads matter */
  free (one);
  free (two);
  json_decref (resumed);
  json_decref (whole);
}

/* --- where it does not go -------------------------------------------------------------------------------------------- */

static void
expect_refusal (const char *cas, const char *words)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AssayJobOutcome) outcome = run_demo (cas, 1, NULL, &error);

  g_assert_null (outcome);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, words));
  g_assert_null (strchr (error->message, '\n'));
}

static void
test_refusals (Folder *folder, gconstpointer unused)
{
  g_autofree char *other = g_build_filename (folder->folder, "other.assay", NULL);
  g_autoptr (AssayCase) made = NULL;

  (void) unused;
  expect_refusal (folder->folder, "people.csv");                  /* a directory of something else */
  expect_refusal (folder->table, "not a directory");
  folder_train (folder, "m");
  expect_refusal (folder->cas, "case of something else");
  made = assay_case_create (other, NULL);
  g_clear_pointer (&made, assay_case_free);
  {
    Folder there = { .folder = folder->folder, .cas = other };

    json_decref (folder_answer (&there, "import", "what", "dose", "modulus", "4", NULL));
  }
  expect_refusal (other, "--modulus 4");
}

static void
test_dry_run (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = demo_job (folder->cas);
  g_autoptr (AssayJobOutcome) outcome = NULL;
  AssayJobOptions options = { .threads = 1 };
  GError *error = NULL;
  const json_t *plan;

  (void) unused;
  g_assert_true (assay_job_freeze (job, &error));
  outcome = assay_job_dry_run (job, &options, &error);
  g_assert_no_error (error);
  plan = json_object_get (outcome->document, "plan");
  g_assert_cmpuint (json_array_size (json_object_get (plan, "steps")), ==, 5);
  g_assert_cmpfloat (number_of (plan, "flops"), >, 0);
  g_assert_cmpfloat (number_of (plan, "seconds"), >, 0);
  g_assert_false (g_file_test (folder->cas, G_FILE_TEST_EXISTS));
}

static void
test_default_case (void)
{
  g_autoptr (AssayJob) job = assay_job_new (assay_job_kind_find ("demo", NULL));
  GError *error = NULL;

  g_assert_true (assay_job_freeze (job, &error));
  g_assert_cmpstr (assay_job_get_case (job), ==, "demo.assay");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, test) g_test_add (name, Folder, NULL, folder_set_up, test, folder_tear_down)
  ADD ("/job/demo/its numbers agree with each other and with what is stored", test_numbers);
  ADD ("/job/demo/stopped four times it ends with the same numbers as in one go", test_stopped);
  ADD ("/job/demo/it takes no directory that is not its own", test_refusals);
  ADD ("/job/demo/a dry run plans its parts and makes nothing", test_dry_run);
#undef ADD
  g_test_add_func ("/job/demo/without a directory it works in demo.assay", test_default_case);
  return g_test_run ();
}
