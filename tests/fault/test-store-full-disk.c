/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-store-full-disk.c: no room for a shard, a record, a journal: the error says so, nothing half-written stays, what was committed
 * stays whole, and with room again the same work succeeds.
 *
 * Where a private mount is permitted, a small tmpfs is the disk; a limit on the size of files stands in for it elsewhere, and is tested
 * everywhere.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "store/verify.h"
#include "../store/store_test.h"

static gboolean may_mount;

static void
limit_files (rlim_t bytes)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = MIN (bytes, limit.rlim_max);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* No file but what belongs to a sound case, and all of it verifies. */
static void
assert_sound (const char *path, guint objects)
{
  GError *error = NULL;
  g_autoptr (AssayVerification) verification = assay_case_verify (path, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < verification->findings->len; i++)
    g_test_message ("%s", ((AssayFinding *) g_ptr_array_index (verification->findings, i))->text);
  g_assert_cmpuint (verification->findings->len, ==, 0);
  g_assert_cmpuint (verification->n_objects, ==, objects);
}

/* TRUE when it was committed, FALSE when there was no room. */
static gboolean
try_put (AssayCase *cas, gint64 k, gint64 n)
{
  g_autofree char *name = g_strdup_printf ("object-%d", (int) k);
  g_autofree double *values = g_new0 (double, n);
  GError *error = NULL;
  g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "data", name, NULL, &error);
  g_autoptr (AssayObject) object = NULL;

  g_assert_no_error (error);
  assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/data/value", .type = ASSAY_STORE_F64, .rank = 1, .dims = { n } },
                          ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  object = assay_shard_writer_commit (w, &error);
  if (object != NULL)
    return TRUE;
  g_test_message ("%s", error->message);
  expect_error (&error, ASSAY_ERROR_NO_SPACE, "bytes", NULL);
  g_assert_false (assay_case_has (cas, "data", name));
  return FALSE;
}

static void
test_limit (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);

  (void) unused;
  g_assert_true (try_put (cas, 0, 10));
  limit_files (100000);
  g_assert_false (try_put (cas, 1, 100000));
  g_assert_true (try_put (cas, 2, 10));                 /* a small one still fits */
  assert_sound (room->path, 2);
  limit_files (RLIM_INFINITY);
  g_assert_true (try_put (cas, 1, 100000));
  assert_sound (room->path, 3);
}

/* The journal's record does not fit: the shard, already in place, goes too. */
static void
test_record (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  json_t *body = json_object ();
  g_autofree char *long_text = g_strnfill (100000, 'x');
  GError *error = NULL;

  (void) unused;
  json_object_set_new (body, "text", json_string (long_text));
  g_assert_true (assay_case_log (cas, "note", body, &error));
  limit_files (90000);                                  /* the journal has more than that; a shard has less */
  g_assert_false (try_put (cas, 0, 10));
  assert_sound (room->path, 0);
  limit_files (RLIM_INFINITY);
  g_assert_true (try_put (cas, 0, 10));
  json_decref (body);
  assert_sound (room->path, 1);
}

static void
test_recorder (Room *room, gconstpointer unused)
{
  AssayArraySpec spec = { .path = "/r/x", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 0, 64 }, .axes = { "row", "column" },
                          .bulk = TRUE };
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree float *rows = g_new0 (float, 64 * 1024);
  GError *error = NULL;
  gint64 committed;

  (void) unused;
  {
    g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "metrics", "m", NULL, &spec, 1, &error);

    assay_recorder_set_limits (recorder, 1 << 20, 1 << 18);
    for (int i = 0; i < 6; i++)
      g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 1024, &error));
    g_assert_true (assay_recorder_flush (recorder, &error));
    limit_files (100000);
    for (int i = 0; error == NULL && i < 1000; i++)
      assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 1024, &error);
    expect_error (&error, ASSAY_ERROR_NO_SPACE, "bytes", NULL);
    g_assert_null (assay_recorder_finish (recorder, &error));
    g_clear_error (&error);
    committed = assay_recorder_get_committed (recorder);
    g_assert_cmpint (committed, ==, 6 * 1024);
  }
  assert_sound (room->path, 1);
  limit_files (RLIM_INFINITY);
  {
    g_autoptr (AssayRecorder) recorder = assay_recorder_new (cas, "metrics", "m", NULL, &spec, 1, &error);
    g_autoptr (AssayObject) object = NULL;

    g_assert_cmpint (assay_recorder_get_committed (recorder), ==, committed);
    g_assert_true (assay_recorder_append (recorder, 0, ASSAY_STORE_F32, rows, 1024, &error));
    object = assay_recorder_finish (recorder, &error);
    g_assert_no_error (error);
    g_assert_cmpint (object->rows, ==, committed + 1024);
  }
  assert_sound (room->path, 1);
}

static void
mount_tmpfs (const char *path, guint kib, unsigned long flags)
{
  g_autofree char *size = g_strdup_printf ("size=%uk,mode=0755", kib);

  g_assert_cmpint (mount ("tmpfs", path, "tmpfs", flags, size), ==, 0);
}

/* Every size of a small disk: filled up, it stays sound; with more room the work goes on. */
static void
test_small_disks (Room *room, gconstpointer unused)
{
  (void) unused;
  if (!may_mount)
    {
      g_test_skip ("a private mount is not permitted here");
      return;
    }
  for (guint kib = 16; kib <= 1024; kib += kib < 128 ? 8 : 128)
    {
      g_autoptr (AssayCase) cas = NULL;
      GError *error = NULL;
      gint64 k = 0;

      mount_tmpfs (room->directory, kib, 0);
      cas = assay_case_create (room->path, &error);
      g_assert_no_error (error);
      while (try_put (cas, k, 1000))
        k++;
      assert_sound (room->path, (guint) k);
      mount_tmpfs (room->directory, 2 * kib + 256, MS_REMOUNT);
      g_assert_true (try_put (cas, k, 1000));
      assert_sound (room->path, (guint) k + 1);
      g_clear_pointer (&cas, assay_case_free);
      cas = open_case (room, ASSAY_CASE_WRITE);
      g_assert_cmpstr (assay_case_get_notes (cas)[0], ==, NULL);
      g_clear_pointer (&cas, assay_case_free);
      g_assert_cmpint (umount (room->directory), ==, 0);
    }
}

/* Too small even for the case itself. */
static void
test_tiny_disk (Room *room, gconstpointer unused)
{
  (void) unused;
  if (!may_mount)
    {
      g_test_skip ("a private mount is not permitted here");
      return;
    }
  for (guint kib = 4; kib <= 12; kib += 4)
    {
      g_autoptr (AssayCase) cas = NULL;
      GError *error = NULL;

      mount_tmpfs (room->directory, kib, 0);
      cas = assay_case_create (room->path, &error);
      if (cas == NULL)
        {
          g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_SPACE);
          g_clear_error (&error);
          mount_tmpfs (room->directory, 1024, MS_REMOUNT);
          cas = assay_case_create (room->path, &error);
          g_assert_no_error (error);
        }
      g_clear_pointer (&cas, assay_case_free);
      assert_sound (room->path, 0);
      g_assert_cmpint (umount (room->directory), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  /* Before any thread: the mounts are this process' own and end with it. */
  may_mount = unshare (CLONE_NEWNS) == 0 && mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
  signal (SIGXFSZ, SIG_IGN);            /* then a write beyond the limit fails with EFBIG */
  g_test_init (&argc, &argv, NULL);
  ADD ("/full-disk/a shard without room leaves nothing and harms nothing", test_limit);
  ADD ("/full-disk/a record without room takes its shard with it", test_record);
  ADD ("/full-disk/a recorder reports it and goes on later", test_recorder);
  ADD ("/full-disk/small disks of many sizes stay sound", test_small_disks);
  ADD ("/full-disk/a disk too small for a case says so", test_tiny_disk);
  return g_test_run ();
}
