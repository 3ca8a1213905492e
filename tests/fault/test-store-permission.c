/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store-permission.c: directories that may not be written: one line that says so, reading still works.
 *
 * As root nothing is forbidden, so the checks run in a child that has become nobody. The parent itself starts no thread: it forks.
 */
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../store/store_test.h"

#define NOBODY 65534

/* func in a child, as nobody where asked; its assertions end it. */
static void
in_child (void (*func) (Room *room), Room *room, gboolean as_nobody)
{
  pid_t child = fork ();
  int status;

  if (child == 0)
    {
      if (as_nobody && geteuid () == 0
          && (setgroups (0, NULL) < 0 || setresgid (NOBODY, NOBODY, NOBODY) < 0 || setresuid (NOBODY, NOBODY, NOBODY) < 0))
        _exit (2);
      func (room);
      _exit (0);
    }
  waitpid (child, &status, 0);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static void
make_case (Room *room)
{
  AssayCase *cas = new_case (room);

  assay_object_unref (put_numbers (cas, "data", "a", 1, 4));
  assay_case_free (cas);
}

static void
use_forbidden (Room *room)
{
  g_autofree char *other = g_build_filename (room->directory, "other.assay", NULL);
  GError *error = NULL;
  AssayCase *cas;

  g_assert_null (assay_case_create (other, &error));
  expect_error (&error, ASSAY_ERROR_PERMISSION, other, NULL);
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_WRITE, &error));
  expect_error (&error, ASSAY_ERROR_PERMISSION, room->path, NULL);
  cas = open_case (room, ASSAY_CASE_READ);
  g_assert_cmpfloat (first_number (cas, "data", "a"), ==, 1);
  assay_case_free (cas);
}

static void
test_read_only (Room *room, gconstpointer unused)
{
  static const char *const files[] = { "", "shards", "journal", "lock" };

  (void) unused;
  in_child (make_case, room, FALSE);
  chmod (room->directory, 0555);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = path_in_case (room, files[i]);

      chmod (path, i == 3 ? 0444 : 0555);
    }
  in_child (use_forbidden, room, TRUE);
  chmod (room->directory, 0755);
  chmod (room->path, 0755);
  for (gsize i = 1; i < 3; i++)
    {
      g_autofree char *path = path_in_case (room, files[i]);

      chmod (path, 0755);
    }
}

static void
write_forbidden (Room *room)
{
  AssayCase *cas = open_case (room, ASSAY_CASE_WRITE);
  double value = 1;
  GError *error = NULL;
  AssayShardWriter *w = assay_shard_writer_new (cas, "data", "b", NULL, &error);

  g_assert_no_error (error);
  g_assert_true (assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/v", .type = ASSAY_STORE_F64, .rank = 0 }, ASSAY_STORE_F64,
                                         &value, &error));
  g_assert_null (assay_shard_writer_commit (w, &error));
  expect_error (&error, ASSAY_ERROR_PERMISSION, "shards/", NULL);
  assay_shard_writer_free (w);
  g_assert_false (assay_case_has (cas, "data", "b"));
  assay_case_free (cas);
}

/* Only the directory of the shards is closed: the commit fails, the journal stays as it was. */
static void
test_shards (Room *room, gconstpointer unused)
{
  static const char *const files[] = { "", "shards", "journal", "lock", "journal/00000001.journal", "salt.key" };
  g_autofree char *shards = path_in_case (room, "shards");

  (void) unused;
  in_child (make_case, room, FALSE);
  chmod (room->directory, 0755);
  for (gsize i = 0; geteuid () == 0 && i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = path_in_case (room, files[i]);

      g_assert_cmpint (chown (path, NOBODY, NOBODY), ==, 0);
    }
  chmod (shards, 0555);
  in_child (write_forbidden, room, TRUE);
  chmod (shards, 0755);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/permission/a directory that may not be written is named, and is still read", test_read_only);
  ADD ("/permission/a commit into a closed directory fails alone", test_shards);
  return g_test_run ();
}
