/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-retrain.c: what scores say to leave out, what they predict of it, and random groups made up alike. */
#include "fixtures.h"

#include "base/error.h"

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
  expect_refusal (folder_job (folder, "retrain", "without", "train:3", NULL), "--query is needed");
  expect_refusal (folder_job (folder, "retrain", "count", "3", "query", "train:4", NULL), "--count needs --scores");
  expect_refusal (folder_job (folder, "retrain", "scores", scores, "count", "3", "without", "train:3", NULL), "either --without, or");
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
  ADD ("what makes no sense is refused in words", test_refusals);
#undef ADD
  return g_test_run ();
}
