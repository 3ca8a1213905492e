/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-runner.c: a job runs once, is answered from the case afterwards, and says the same both times. */
#include "fixtures.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

static const char *
text_of (const json_t *object, const char *key)
{
  return json_string_value (json_object_get (object, key));
}

/* The document without what belongs to one call. */
static char *
lasting (const json_t *document)
{
  json_t *copy = json_deep_copy (document);
  char *text;

  json_object_del (copy, "from_store");
  text = json_dumps (copy, JSON_SORT_KEYS | JSON_REAL_PRECISION (17));
  json_decref (copy);
  return text;
}

static void
test_twice (Folder *folder, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  (void) unused;
  folder_train (folder, "m");
  for (int round = 0; round < 3; round++)
    {
      g_autoptr (AssayJob) job = folder_job (folder, "influence", "query", "train:2", "query", "id:103", "method", "exact", "top", "4", NULL);
      g_autoptr (AssayJobOutcome) outcome = folder_run (job, round == 2, &error);
      static char *first;
      char *text;

      g_assert_no_error (error);
      g_assert_cmpint (outcome->from_store, ==, round == 1);
      text = lasting (outcome->document);
      if (round == 0)
        first = text;
      else
        {
          g_assert_cmpstr (text, ==, first);                      /* also when it is forced to run again */
          free (text);
        }
      if (round == 2)
        free (first);
    }
}

static void
test_more_shown (Folder *folder, gconstpointer unused)
{
  json_t *few, *all;

  (void) unused;
  folder_train (folder, "m");
  few = folder_answer (folder, "influence", "query", "train:2", "method", "dot", "top", "4", NULL);
  all = folder_answer (folder, "influence", "query", "train:2", "method", "dot", "top", "0", NULL);
  g_assert_false (json_is_true (json_object_get (few, "from_store")));
  g_assert_true (json_is_true (json_object_get (all, "from_store")));
  g_assert_cmpuint (json_array_size (json_object_get (few, "scores")), ==, 4);
  g_assert_cmpuint (json_array_size (json_object_get (all, "scores")), ==, 40);
  g_assert_true (json_equal (json_array_get (json_object_get (few, "scores"), 3), json_array_get (json_object_get (all, "scores"), 3)));
  json_decref (few);
  json_decref (all);
}

static void
test_superseded (Folder *folder, gconstpointer unused)
{
  json_t *first, *other, *again;

  (void) unused;
  folder_train (folder, "m");
  first = folder_answer (folder, "train", "name", "m", "target", "score", "terms", "age,group", "l2", "0.01", NULL);
  g_assert_true (json_is_true (json_object_get (first, "from_store")));
  other = folder_answer (folder, "train", "name", "m", "target", "score", "terms", "age", "l2", "0.01", NULL);
  g_assert_false (json_is_true (json_object_get (other, "from_store")));
  again = folder_answer (folder, "train", "name", "m", "target", "score", "terms", "age,group", "l2", "0.01", NULL);
  g_assert_false (json_is_true (json_object_get (again, "from_store")));       /* "m" is the other model now */
  g_assert_true (json_equal (json_object_get (first, "coefficients"), json_object_get (again, "coefficients")));
  json_decref (first);
  json_decref (other);
  json_decref (again);
}

static void
test_header (Folder *folder, gconstpointer unused)
{
  json_t *document = folder_answer (folder, "new", NULL), *info;

  (void) unused;
  g_assert_cmpstr (text_of (document, "schema"), ==, "assay.new");
  g_assert_cmpint (json_integer_value (json_object_get (document, "version")), ==, 1);
  g_assert_cmpint (json_integer_value (json_object_get (document, "exit_status")), ==, 0);
  g_assert_cmpuint (strlen (text_of (document, "identity")), ==, 64);
  info = folder_answer (folder, "info", NULL);
  g_assert_cmpstr (text_of (info, "schema"), ==, "assay.info");
  json_decref (document);
  json_decref (info);
}

/* How often a training saves its state is no part of what it is. */
static void
test_saved_more_often (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = folder_job (folder, "train", "name", "m", "target", "score", "terms", "age,group", "l2", "0.01", "checkpoint-every", "3",
                                         "checkpoint-seconds", "7", NULL);
  g_autoptr (AssayJobOutcome) outcome = NULL;
  g_autoptr (GError) error = NULL;

  (void) unused;
  folder_train (folder, "m");
  outcome = folder_run (job, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (outcome->from_store);
}

static void
test_finding (Folder *folder, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  (void) unused;
  folder_train (folder, "m");
  for (int round = 0; round < 2; round++)                         /* and the store does not forget it */
    {
      g_autoptr (AssayJob) job = folder_job (folder, "influence", "query", "train:2", "method", "cg", "max-iterations", "1", NULL);
      g_autoptr (AssayJobOutcome) outcome = folder_run (job, FALSE, &error);

      g_assert_no_error (error);
      g_assert_cmpint (outcome->from_store, ==, round == 1);
      g_assert_nonnull (outcome->finding);
      g_assert_cmpint (json_integer_value (json_object_get (outcome->document, "exit_status")), ==, 1);
      g_assert_false (json_is_true (json_object_get (outcome->document, "converged")));
    }
}

static void
test_dry_run (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL, again = NULL;
  g_autoptr (AssayJobOutcome) plan = NULL;
  AssayJobOptions options = { .threads = 1 };
  json_t *before, *after;
  GError *error = NULL;

  (void) unused;
  folder_train (folder, "m");
  before = folder_answer (folder, "info", "history", "true", NULL);
  job = folder_job (folder, "influence", "query", "train:2", "method", "cg", NULL);
  g_assert_true (assay_job_freeze (job, &error));
  plan = assay_job_dry_run (job, &options, &error);
  g_assert_no_error (error);
  after = folder_answer (folder, "info", "history", "true", NULL);
  g_assert_true (json_equal (json_object_get (before, "objects"), json_object_get (after, "objects")));
  g_assert_cmpfloat (json_number_value (json_object_get (json_object_get (plan->document, "plan"), "flops")), >, 0);
  g_assert_cmpfloat (json_number_value (json_object_get (json_object_get (plan->document, "plan"), "seconds")), >, 0);
  again = assay_job_from_json (plan->document, "plan", &error);   /* what it prints is a job file */
  g_assert_no_error (error);
  json_decref (before);
  json_decref (after);
}

static void
test_failed_job_leaves_nothing (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  g_autoptr (GError) error = NULL;
  json_t *before, *after;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  g_assert_true (g_file_set_contents (folder->table, "a,b\n1,2\n3\n", -1, NULL));
  before = folder_answer (folder, "info", "history", "true", NULL);
  job = folder_job (folder, "import", "what", "data", "file", folder->table, NULL);
  outcome = folder_run (job, FALSE, &error);
  g_assert_null (outcome);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
  after = folder_answer (folder, "info", "history", "true", NULL);
  g_assert_true (json_equal (json_object_get (before, "objects"), json_object_get (after, "objects")));
  json_decref (before);
  json_decref (after);
}

static void
test_name_taken (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) same = NULL, job = NULL;
  g_autoptr (AssayJobOutcome) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *copy = g_build_filename (folder->folder, "copy", "people.csv", NULL), *dir = g_path_get_dirname (copy);
  g_autofree char *text = NULL;

  (void) unused;
  folder_train (folder, "m");
  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_assert_true (g_file_get_contents (folder->table, &text, NULL, NULL));
  g_assert_true (g_file_set_contents (copy, text, -1, NULL));
  same = folder_job (folder, "import", "what", "data", "file", copy, "id", "id", NULL);
  answer = folder_run (same, FALSE, &error);
  g_assert_no_error (error);
  g_assert_true (answer->from_store);                             /* the same content at another place is the same import */
  g_assert_true (g_file_set_contents (folder->table, "a,b\n1,2\n", -1, NULL));
  job = folder_job (folder, "import", "what", "data", "file", folder->table, NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "choose another --name"));
}

#define ADD(sentence, func) g_test_add ("/runner/" sentence, Folder, NULL, folder_set_up, func, folder_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a job done before is answered from the case with the same words", test_twice);
  ADD ("showing more needs no second computation", test_more_shown);
  ADD ("a training that saves its state more often is the same job", test_saved_more_often);
  ADD ("a superseded answer is computed again", test_superseded);
  ADD ("every document says its schema, version and identity", test_header);
  ADD ("a solve that did not converge is a finding, also from the case", test_finding);
  ADD ("a dry run changes nothing and prints a job file", test_dry_run);
  ADD ("a job that fails leaves nothing behind", test_failed_job_leaves_nothing);
  ADD ("a name is taken once, and the same import is answered", test_name_taken);
  return g_test_run ();
}
