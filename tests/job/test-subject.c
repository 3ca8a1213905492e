/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-subject.c: a model finds its data again, and examples are found by index, range and key. */
#include "fixtures.h"

#include "base/error.h"
#include "dataset/derive.h"
#include "job/subject.h"

#include <string.h>

typedef struct {
  AssayJob *job;
  AssayJobContext context;
} Opened;

static AssaySubject *
open_subject (const Folder *folder, Opened *opened, GError **error)
{
  opened->job = folder_job (folder, "check", NULL);
  opened->context = (AssayJobContext) { .cas = assay_case_open (folder->cas, ASSAY_CASE_READ, error),
                                        .notes = g_ptr_array_new_with_free_func (g_free) };
  g_assert_nonnull (opened->context.cas);
  g_assert_true (assay_job_freeze (opened->job, NULL));
  return assay_subject_open (opened->job, &opened->context, error);
}

static void
close_subject (Opened *opened)
{
  assay_job_free (opened->job);
  assay_case_free (opened->context.cas);
  g_ptr_array_unref (opened->context.notes);
}

static void
test_same_indices (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssaySubject) subject = NULL;
  GError *error = NULL;
  Opened opened;

  (void) unused;
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  json_decref (folder_answer (folder, "train", "target", "score", "terms", "age", "filter", "age > 30", "l2", "0.1", NULL));
  subject = open_subject (folder, &opened, &error);
  g_assert_no_error (error);
  g_assert_cmpint (subject->n_train, <, 40);
  g_assert_cmpint (subject->n_train, >, 0);
  g_assert_cmpstr (assay_dataset_get_id (subject->dataset, subject->train[0]), ==, "102");     /* the first with age > 30: 20, 27, 34 */
  g_assert_cmpfloat (subject->l2, ==, 0.1);
  g_assert_nonnull (subject->training);
  g_assert_false (assay_values_is_set (subject->training, "batch"));          /* what was left open stays open */
  close_subject (&opened);
}

static void
test_references (Folder *folder, gconstpointer unused)
{
  static const char *const good[] = { "train:3", "train:5-7", "id:139", NULL };
  static const struct { const char *text; const char *fragment; } bad[] = {
    { "train:40", "examples 0 to 39" }, { "train:7-5", "FIRST not above LAST" }, { "train:5-40", "examples 0 to 39" }, { "test:0", "train" },
    { "id:7", "id:7" }, { "train", "train" } };
  g_autoptr (AssaySubject) subject = NULL;
  g_autoptr (GArray) found = NULL;
  GError *error = NULL;
  Opened opened;

  (void) unused;
  folder_train (folder, "m");
  subject = open_subject (folder, &opened, &error);
  g_assert_no_error (error);
  found = assay_subject_find_examples (subject->dataset, good, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->len, ==, 5);
  g_assert_cmpint (g_array_index (found, gint64, 0), ==, subject->train[3]);
  g_assert_cmpint (g_array_index (found, gint64, 3), ==, subject->train[7]);
  g_assert_cmpint (g_array_index (found, gint64, 4), ==, subject->train[39]);
  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      const char *const one[] = { bad[k].text, NULL };

      g_assert_null (assay_subject_find_examples (subject->dataset, one, &error));
      g_assert_nonnull (strstr (error->message, bad[k].fragment));
      g_clear_error (&error);
    }
  close_subject (&opened);
}

/* Ages are 20 + 7 k % 50 and groups 5 k % 3: the condition is checked on the table itself. */
static void
test_conditions (Folder *folder, gconstpointer unused)
{
  static const char *const good[] = { "train:where age > 30 and group == 'b'", NULL };
  static const struct { const char *text; const char *fragment; } bad[] = {
    { "train:where age > 300", "no row is left" }, { "train:where aeg > 30", "age" }, { "train:where age >", "train:where age >" },
    { "test:where age > 30", "train" } };
  g_autoptr (AssaySubject) subject = NULL;
  g_autoptr (GArray) found = NULL;
  GError *error = NULL;
  Opened opened;
  guint expected = 0;

  (void) unused;
  folder_train (folder, "m");
  subject = open_subject (folder, &opened, &error);
  g_assert_no_error (error);
  found = assay_subject_find_examples (subject->dataset, good, &error);
  g_assert_no_error (error);
  for (int k = 0; k < 40; k++)
    if (20 + k * 7 % 50 > 30 && k * 5 % 3 == 1)
      {
        g_assert_cmpuint (expected, <, found->len);
        g_assert_cmpint (g_array_index (found, gint64, expected), ==, subject->train[k]);
        expected++;
      }
  g_assert_cmpuint (found->len, ==, expected);
  g_assert_cmpuint (expected, >, 0);
  for (gsize k = 0; k < G_N_ELEMENTS (bad); k++)
    {
      const char *const one[] = { bad[k].text, NULL };

      g_assert_null (assay_subject_find_examples (subject->dataset, one, &error));
      g_assert_nonnull (strstr (error->message, bad[k].fragment));
      g_clear_error (&error);
    }
  close_subject (&opened);
}

static void
test_start (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssaySubject) subject = NULL;
  g_autoptr (AssayModel) start = NULL;
  GError *error = NULL;
  Opened opened;

  (void) unused;
  folder_train (folder, "m");
  subject = open_subject (folder, &opened, &error);
  start = assay_subject_make_start (subject, opened.context.cas, &error);
  g_assert_no_error (error);
  g_assert_cmpint (assay_model_get_n_params (start), ==, assay_model_get_n_params (subject->model));
  g_assert_cmpfloat (((double *) assay_model_get_theta (start))[0], ==, 0);     /* a regression starts at zero */
  g_assert_cmpfloat (((double *) assay_model_get_theta (subject->model))[0], !=, 0);
  close_subject (&opened);
}

static void
test_refused_choice (Folder *folder, gconstpointer unused)
{
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (GError) error = NULL;

  (void) unused;
  folder_train (folder, "m");
  job = folder_job (folder, "influence", "query", "train:0", "method", "dot", "filter", "age > 3", NULL);
  g_assert_null (folder_run (job, FALSE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_true (g_str_has_prefix (error->message, "filter: model m was trained in this case"));
}

#define ADD(sentence, func) g_test_add ("/subject/" sentence, Folder, NULL, folder_set_up, func, folder_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("a model's data are rebuilt with the indices of its training", test_same_indices);
  ADD ("examples are named by index, range and key, and nothing else", test_references);
  ADD ("examples are named by a condition on the data's columns", test_conditions);
  ADD ("the start of a training can be made again", test_start);
  ADD ("data cannot be chosen again for a model that keeps them in mind", test_refused_choice);
  return g_test_run ();
}
