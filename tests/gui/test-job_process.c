/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-job_process.c: a job is followed from its records to its outcome, stopped, and found again by a later window. */
#include "base/error.h"
#include "gui/job_list.h"

#include <math.h>
#include <string.h>

typedef struct {
  char *folder, *path;
} Fixture;

static void
setup (Fixture *fixture, gconstpointer data)
{
  (void) data;
  fixture->folder = g_dir_make_tmp ("assay-jobs-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "small.assay", NULL);
}

static void
teardown (Fixture *fixture, gconstpointer data)
{
  const char *argv[] = { "rm", "-rf", fixture->folder, NULL };

  (void) data;
  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static void
finish (AssayJobProcess *process)
{
  while (!assay_job_process_is_over (process))
    g_main_context_iteration (NULL, TRUE);
}

static AssayJobProcess *
start (Fixture *fixture, const char *rest)
{
  g_autofree char *command = g_strdup_printf (rest, fixture->path);
  g_autoptr (GError) error = NULL;
  AssayJobProcess *process = assay_job_process_start (command, 1, fixture->folder, &error);

  g_assert_no_error (error);
  return process;
}

static void
count (AssayJobProcess *process, guint *n)
{
  (void) process;
  ++*n;
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AssayJobProcess) made = start (fixture, "assay new '%s'"), info = NULL, again = NULL;
  guint ended = 0;

  (void) data;
  g_signal_connect (made, "ended", G_CALLBACK (count), &ended);
  finish (made);
  g_assert_cmpint (assay_job_process_get_state (made), ==, ASSAY_JOB_DONE);
  g_assert_cmpint (assay_job_process_get_exit_status (made), ==, 0);
  g_assert_cmpuint (ended, ==, 1);
  g_assert_cmpstr (assay_job_process_get_case (made), ==, fixture->path);
  info = start (fixture, "assay info '%s'");
  finish (info);
  g_assert_cmpstr (assay_job_process_get_kind (info), ==, "info");
  g_assert_nonnull (json_object_get (assay_job_process_get_document (info), "objects"));
  /* What a later window finds. */
  again = assay_job_process_adopt (assay_job_process_get_file (info));
  g_assert_cmpint (assay_job_process_get_state (again), ==, ASSAY_JOB_DONE);
  g_assert_cmpstr (assay_job_process_get_kind (again), ==, "info");
  g_assert_true (json_equal ((json_t *) assay_job_process_get_document (again), (json_t *) assay_job_process_get_document (info)));
}

static void
test_failed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AssayJobProcess) process = start (fixture, "assay info '%s'");

  (void) data;
  finish (process);
  g_assert_cmpint (assay_job_process_get_state (process), ==, ASSAY_JOB_FAILED);
  g_assert_cmpint (assay_job_process_get_exit_status (process), ==, 3);
  g_assert_nonnull (strstr (assay_job_process_get_words (process), "small.assay"));
}

static void
test_stopped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AssayJobProcess) process = start (fixture, "assay demo '%s' --modulus 3 --width 16 --train-steps 100000");

  (void) data;
  while (!assay_job_process_is_over (process) && !(assay_job_process_get_fraction (process) > 0))
    g_main_context_iteration (NULL, TRUE);
  assay_job_process_stop (process);
  g_assert_cmpint (assay_job_process_get_state (process), ==, ASSAY_JOB_STOPPING);
  finish (process);
  g_assert_cmpint (assay_job_process_get_state (process), ==, ASSAY_JOB_STOPPED);
  g_assert_cmpint (assay_job_process_get_exit_status (process), ==, 130);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const char *const commands[] = { "", "rm -rf /", "assay", "assay 'unclosed", NULL };

  (void) data;
  for (int k = 0; commands[k] != NULL; k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_job_process_start (commands[k], 0, fixture->folder, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT);
    }
}

/* Records of a job whose machine was switched off, and files that are none. */
static void
test_strange_files (Fixture *fixture, gconstpointer data)
{
  static const char begun[] = "{\"schema\":\"assay.record\",\"version\":1,\"type\":\"begin\",\"command_line\":\"assay --jsonl train x.assay\",\"pid\":999999999,"
                              "\"utc\":\"2024-01-01T00:00:00Z\"}\n{\"type\":\"progress\",\"stage\":\"training\",\"done\":1,\"total\":2,\"unit\":\"steps\",\"note\":null,\"seconds\":1}\n{\"cut";
  g_autofree char *file = g_build_filename (fixture->folder, "begun.jsonl", NULL);
  g_autoptr (AssayJobProcess) process = NULL;
  const GPtrArray *stages;

  (void) data;
  g_assert_true (g_file_set_contents (file, begun, -1, NULL));
  process = assay_job_process_adopt (file);
  g_assert_cmpstr (assay_job_process_get_command (process), ==, "assay train x.assay");
  g_assert_cmpfloat (assay_job_process_get_fraction (process), ==, 0.5);
  stages = assay_job_process_get_stages (process);
  g_assert_cmpuint (stages->len, ==, 1);
  g_assert_cmpstr (((const AssayJobStage *) stages->pdata[0])->name, ==, "training");
  g_assert_cmpstr (((const AssayJobStage *) stages->pdata[0])->reached, ==, "1 of 2 steps");
  finish (process);
  g_assert_cmpint (assay_job_process_get_state (process), ==, ASSAY_JOB_STOPPED);
  g_assert_true (g_file_set_contents (file, "\0\xff\n[]\n{}\n", 9, NULL));
  g_assert_null (assay_job_process_adopt (file));
  g_assert_null (assay_job_process_adopt ("/nowhere/at/all.jsonl"));
}

#define ADD(name, func) g_test_add (name, Fixture, NULL, setup, func, teardown)

int
main (int argc, char **argv)
{
  g_autofree char *path = g_strconcat (g_getenv ("ASSAY_BUILDDIR") ? g_getenv ("ASSAY_BUILDDIR") : ".", ":", g_getenv ("PATH"), NULL);

  g_setenv ("PATH", path, TRUE);                /* the program is beside the window, not beside this test */
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  ADD ("/job/a job that is done has its document, also for a later window", test_done);
  ADD ("/job/a job that fails says why", test_failed);
  ADD ("/job/a job that is stopped can go on", test_stopped);
  ADD ("/job/what is no command of the program is refused", test_refused);
  ADD ("/job/records that end early, and files that are none", test_strange_files);
  return g_test_run ();
}
