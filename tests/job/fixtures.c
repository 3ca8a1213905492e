/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixtures.c: folders and jobs for tests. */
#include "fixtures.h"

#include <glib/gstdio.h>

void
folder_set_up (Folder *folder, gconstpointer unused)
{
  g_autoptr (GString) text = g_string_new ("id,age,group,score\n");
  GError *error = NULL;

  (void) unused;
  folder->folder = g_dir_make_tmp ("assay-test-XXXXXX", &error);
  g_assert_no_error (error);
  folder->table = g_build_filename (folder->folder, "people.csv", NULL);
  folder->cas = g_build_filename (folder->folder, "people.assay", NULL);
  for (int k = 0; k < 40; k++)
    g_string_append_printf (text, "%d,%d,%c,%s\n", 100 + k, 20 + k * 7 % 50, 'a' + k * 5 % 3, (k * 11 + k * 7 % 50) % 9 > 4 ? "high" : "low");
  g_assert_true (g_file_set_contents (folder->table, text->str, text->len, NULL));
}

static void
remove_all (const char *path)
{
  GDir *dir = g_file_test (path, G_FILE_TEST_IS_DIR) ? g_dir_open (path, 0, NULL) : NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_all (child);
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_remove (path);
}

void
folder_tear_down (Folder *folder, gconstpointer unused)
{
  (void) unused;
  remove_all (folder->folder);
  g_free (folder->folder);
  g_free (folder->table);
  g_free (folder->cas);
}

static AssayJob *
make_job (const Folder *folder, const char *kind, va_list args)
{
  GError *error = NULL;
  AssayJob *job = assay_job_new (assay_job_kind_find (kind, &error));
  const char *name;

  g_assert_no_error (error);
  assay_job_set_case (job, folder->cas);
  while ((name = va_arg (args, const char *)) != NULL)
    {
      assay_job_set_text (job, name, va_arg (args, const char *), &error);
      g_assert_no_error (error);
    }
  return job;
}

AssayJob *
folder_job (const Folder *folder, const char *kind, ...)
{
  AssayJob *job;
  va_list args;

  va_start (args, kind);
  job = make_job (folder, kind, args);
  va_end (args);
  return job;
}

AssayJobOutcome *
folder_run (AssayJob *job, gboolean force, GError **error)
{
  AssayJobOptions options = { .threads = 1, .force = force, .command_line = "a test" };

  return assay_job_freeze (job, error) ? assay_job_run (job, &options, error) : NULL;
}

json_t *
folder_answer (const Folder *folder, const char *kind, ...)
{
  g_autoptr (AssayJob) job = NULL;
  g_autoptr (AssayJobOutcome) outcome = NULL;
  GError *error = NULL;
  va_list args;

  va_start (args, kind);
  job = make_job (folder, kind, args);
  va_end (args);
  outcome = folder_run (job, FALSE, &error);
  g_assert_no_error (error);
  return json_incref (outcome->document);
}

void
folder_train (const Folder *folder, const char *name)
{
  json_decref (folder_answer (folder, "new", NULL));
  json_decref (folder_answer (folder, "import", "what", "data", "file", folder->table, "id", "id", NULL));
  json_decref (folder_answer (folder, "train", "name", name, "target", "score", "terms", "age,group", "l2", "0.01", NULL));
}
