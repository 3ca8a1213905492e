/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-retrain.c: what scores say to leave out, what they predict of it, and random groups made up alike. */
#include "fixtures.h"

#include "base/error.h"
#include "store/npy.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define COUNT 3

static double
number_of (const json_t *object, const char *key)
{
  g_assert_true (json_is_number (json_object_get (object, key)));
  return json_number_value (json_object_get (object, key));
}

/* How many members of a set are of each group: 5 k % 3 of the row's number. */
static void
count_groups (const json_t *set, guint *count)
{
  gsize k;
  json_t *member;

  memset (count, 0, 3 * sizeof *count);
  json_array_foreach (json_object_get (set, "without"), k, member)
    count[json_integer_value (json_object_get (member, "index")) * 5 % 3]++;
}

/* All scores of one question, by example. */
static void
read_scores (const json_t *influence, double *score, double *width)
{
  gsize k;
  json_t *entry;

  json_array_foreach (json_object_get (influence, "scores"), k, entry)
    {
      gint64 example = json_integer_value (json_object_get (entry, "example"));

      score[example] = number_of (entry, "score");
      *width = fmax (*width, number_of (entry, "hi") - number_of (entry, "lo"));
    }
}

static void
check_set (const json_t *set, const double *score)
{
  double sum = 0, size = 0, change = 0;
  gsize k;
  json_t *member;

  json_array_foreach (json_object_get (set, "without"), k, member)
    {
      double one = score[json_integer_value (json_object_get (member, "index"))];

      sum += one;
      size += fabs (one);
    }
  for (k = 0; k < 2; k++)                                         /* the scores were asked about the first two */
    change += json_number_value (json_array_get (json_object_get (set, "change"), k)) / 2;
  g_assert_cmpfloat_with_epsilon (number_of (set, "predicted"), sum, 2 * COUNT * DBL_EPSILON * size);
  g_assert_cmpfloat (number_of (set, "predicted_lo"), <=, sum);
  g_assert_cmpfloat (number_of (set, "predicted_hi"), >=, sum);
  g_assert_cmpfloat_with_epsilon (number_of (set, "measured"), change, 4 * DBL_EPSILON * fabs (change));
}

static void
test_predicted (Folder *folder, gconstpointer unused)
{
  json_t *influence, *retraining, *chosen;
  double score[40], width = 0, last = INFINITY;
  const char *scores;
  guint wanted[3], found[3];
  gsize k;
  json_t *set;

  (void) unused;
  folder_train (folder, "m");
  influence = folder_answer (folder, "influence", "query", "train:4", "query", "train:9", "mean", "yes", "method", "exact", "top", "0", NULL);
  scores = json_string_value (json_object_get (influence, "scores_object"));
  g_assert_cmpuint (json_array_size (json_object_get (influence, "query_examples")), ==, 2);
  read_scores (influence, score, &width);
  retraining = folder_answer (folder, "retrain", "scores", scores, "count", G_STRINGIFY (COUNT), "those", "harmful", "controls", "4", "match", "group",
                              "query", "train:20", NULL);
  g_assert_cmpint (json_integer_value (json_object_get (retraining, "asked")), ==, 2);
  g_assert_cmpuint (json_array_size (json_object_get (retraining, "queries")), ==, 3);
  g_assert_cmpuint (json_array_size (json_object_get (retraining, "sets")), ==, 5);
  chosen = json_array_get (json_object_get (retraining, "sets"), 0);
  count_groups (chosen, wanted);
  json_array_foreach (json_object_get (retraining, "sets"), k, set)
    {
      g_assert_cmpuint (json_array_size (json_object_get (set, "without")), ==, COUNT);
      check_set (set, score);
      count_groups (set, found);
      g_assert_cmpmem (found, sizeof found, wanted, sizeof wanted);
    }
  /* No example outside the chosen ones is lower than one of them. */
  json_array_foreach (json_object_get (chosen, "without"), k, set)
    score[json_integer_value (json_object_get (set, "index"))] -= 1e6;
  for (k = 0; k < 40; k++)
    last = score[k] > -1e5 ? fmin (last, score[k]) : last;
  json_array_foreach (json_object_get (chosen, "without"), k, set)
    g_assert_cmpfloat (score[json_integer_value (json_object_get (set, "index"))] + 1e6, <=, last + 1e-9);    /* 1e6 costs ten digits */
  json_decref (influence);
  json_decref (retraining);
}

static void
test_named_twice (Folder *folder, gconstpointer unused)
{
  json_t *retraining, *once;

  (void) unused;
  folder_train (folder, "m");
  retraining = folder_answer (folder, "retrain", "without", "train:3", "without", "train:2-3", "query", "train:4", NULL);
  once = folder_answer (folder, "retrain", "without", "train:3", "without", "train:2", "query", "train:4", NULL);
  g_assert_cmpuint (json_array_size (json_object_get (json_array_get (json_object_get (retraining, "sets"), 0), "without")), ==, 2);
  g_assert_cmpstr (json_string_value (json_object_get (retraining, "retraining_object")), ==,
                   json_string_value (json_object_get (once, "retraining_object")));
  json_decref (retraining);
  json_decref (once);
}

static void
assert_same_set (const Folder *folder, const char *file, const json_t *wanted)
{
  json_t *answer = folder_answer (folder, "retrain", "without", file, "query", "train:4-6", "method", "exact", NULL);

  g_assert_true (json_equal (json_object_get (answer, "sets"), json_object_get (wanted, "sets")));
  json_decref (answer);
}

/* Without scores the method predicts, query by query: each is the sum of the examples' scores. The examples may stand in a file. */
static void
test_files (Folder *folder, gconstpointer unused)
{
  static const gint64 three[] = { 3 };
  static const double numbers[] = { 2, 8, 30 };
  g_autofree char *lines = g_build_filename (folder->folder, "left out.txt", NULL), *array = g_build_filename (folder->folder, "left-out.npy", NULL);
  g_autofree char *broken = g_build_filename (folder->folder, "broken.txt", NULL);
  json_t *named, *usual;
  gsize q;

  (void) unused;
  folder_train (folder, "m");
  g_assert_true (g_file_set_contents (lines, "# three of them\n30\n\n train:2 \nid:108\n", -1, NULL));
  g_assert_true (g_file_set_contents (broken, "train:2\n40\n", -1, NULL));
  g_assert_true (assay_npy_write (array, ASSAY_STORE_F64, 1, three, numbers, NULL));
  named = folder_answer (folder, "retrain", "without", "train:30", "without", "train:2", "without", "train:8", "query", "train:4-6", "method", "exact", NULL);
  assert_same_set (folder, lines, named);
  assert_same_set (folder, array, named);
  for (q = 0; q < 3; q++)
    {
      g_autofree char *reference = g_strdup_printf ("train:%d", (int) q + 4);
      json_t *influence = folder_answer (folder, "influence", "query", reference, "method", "exact", "top", "0", NULL);
      const json_t *query = json_array_get (json_object_get (named, "queries"), q);
      double score[40], width = 0;

      read_scores (influence, score, &width);
      g_assert_cmpfloat_with_epsilon (number_of (query, "predicted"), score[2] + score[8] + score[30], 1e-14);
      g_assert_cmpfloat (number_of (query, "predicted_lo"), <=, number_of (query, "predicted"));
      g_assert_cmpfloat (number_of (query, "measured"), ==,
                         json_number_value (json_array_get (json_object_get (json_array_get (json_object_get (named, "sets"), 0), "change"), q)));
      json_decref (influence);
    }
  usual = folder_answer (folder, "retrain", "without", lines, NULL);      /* queries and method of its own choice */
  g_assert_cmpuint (json_array_size (json_object_get (usual, "queries")), ==, 20);
  number_of (json_array_get (json_object_get (usual, "queries"), 19), "predicted");
  {
    g_autoptr (AssayJob) job = folder_job (folder, "retrain", "without", broken, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (folder_run (job, FALSE, &error));
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "line 2: "));
  }
  json_decref (named);
  json_decref (usual);
}

/* A method that cannot be asked of the model predicts nothing, and says why; what happened is measured all the same. */
static void
test_unpredicted (Folder *folder, gconstpointer unused)
{
  json_t *refused, *none;

  (void) unused;
  folder_train (folder, "m");
  refused = folder_answer (folder, "retrain", "without", "train:3", "query", "train:4", "method", "tracin", NULL);
  none = folder_answer (folder, "retrain", "without", "train:3", "query", "train:4", "method", "none", NULL);
  g_assert_nonnull (strstr (json_string_value (json_array_get (json_object_get (refused, "notes"), 0)), "nothing is predicted: "));
  g_assert_true (json_is_null (json_object_get (json_array_get (json_object_get (refused, "queries"), 0), "predicted")));
  g_assert_true (json_is_null (json_object_get (json_array_get (json_object_get (none, "queries"), 0), "predicted")));
  g_assert_cmpfloat (number_of (json_array_get (json_object_get (none, "queries"), 0), "measured"), ==,
                     number_of (json_array_get (json_object_get (refused, "queries"), 0), "measured"));
  json_decref (refused);
  json_decref (none);
}

static void
expect_refusal (AssayJob *taken, const char *words)
{
  g_autoptr (AssayJob) job = taken;
  g_autoptr (GError) error = NULL;

  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_refusals (Folder *folder, gconstpointer unused)
{
  json_t *influence;
  g_autofree char *scores = NULL;

  (void) unused;
  folder_train (folder, "m");
  influence = folder_answer (folder, "influence", "query", "train:4", "method", "exact", NULL);
  scores = g_strdup (json_string_value (json_object_get (influence, "scores_object")));
  json_decref (influence);
  expect_refusal (folder_job (folder, "retrain", "query", "train:4", NULL), "what to leave out is needed");
  expect_refusal (folder_job (folder, "retrain", "without", "train:3", "method", "exakt", NULL), "exakt");
  expect_refusal (folder_job (folder, "retrain", "count", "3", "query", "train:4", NULL), "--count needs --scores");
  expect_refusal (folder_job (folder, "retrain", "scores", scores, "count", "3", "without", "train:3", NULL), "either --without, or");
  expect_refusal (folder_job (folder, "retrain", "without", "train:3", "measure", "margin", NULL), "without --measure");
  expect_refusal (folder_job (folder, "mislabel", "measure", "margin", NULL), "without --measure");
  expect_refusal (folder_job (folder, "retrain", "scores", "m/exact/nothing", "count", "3", NULL), "m/exact/nothing");
  expect_refusal (folder_job (folder, "retrain", "scores", scores, "count", "40", NULL), "examples are helpful");
  expect_refusal (folder_job (folder, "retrain", "scores", scores, "count", "3", "controls", "1", "match", "grup", NULL), "group");
  json_decref (folder_answer (folder, "train", "name", "m", "target", "score", "terms", "age", "l2", "0.01", NULL));
  expect_refusal (folder_job (folder, "retrain", "scores", scores, "count", "3", NULL), "as it is now");    /* of the model before */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(sentence, test) g_test_add ("/retrain/" sentence, Folder, NULL, folder_set_up, test, folder_tear_down)
  ADD ("scores choose what is left out and predict what happens; random groups are made up alike", test_predicted);
  ADD ("an example that is named twice is left out once", test_named_twice);
  g_test_add ("/retrain/examples stand in a file and a method predicts, query by query", Folder, NULL, folder_set_up, test_files, folder_tear_down);
  g_test_add ("/retrain/what cannot be predicted is measured all the same", Folder, NULL, folder_set_up, test_unpredicted, folder_tear_down);
  ADD ("what makes no sense is refused in words", test_refusals);
#undef ADD
  return g_test_run ();
}
