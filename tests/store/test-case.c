/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-case.c: making, opening, looking up, the lock, and what the next writer mends. */
#include "store/case.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_test.h"

static void
test_create (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree char *salt = path_in_case (room, "salt.key");
  GError *error = NULL;
  struct stat st;

  (void) unused;
  g_assert_true (assay_case_is_writable (cas));
  g_assert_cmpstr (assay_case_get_path (cas), ==, room->path);
  g_assert_null (assay_case_create (room->path, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, room->path, "is a case already");
  g_assert_cmpint (stat (salt, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
}

static void
test_create_refuses (Room *room, gconstpointer unused)
{
  g_autofree char *file = g_build_filename (room->directory, "letter.txt", NULL);
  g_autofree char *missing = g_build_filename (room->directory, "no", "where", NULL);
  g_autofree char *empty = g_build_filename (room->directory, "empty", NULL);
  g_autoptr (AssayCase) cas = NULL;
  GError *error = NULL;

  (void) unused;
  save (file, "x", 1);
  g_assert_null (assay_case_create (room->directory, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "letter.txt", "not empty");
  g_assert_null (assay_case_create (file, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "letter.txt", NULL);
  g_assert_null (assay_case_create (missing, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "where", NULL);
  g_assert_cmpint (g_mkdir (empty, 0777), ==, 0);
  cas = assay_case_create (empty, &error);
  g_assert_no_error (error);
}

/* A creation that was interrupted can be repeated. */
static void
test_create_again (Room *room, gconstpointer unused)
{
  g_autofree char *shards = path_in_case (room, "shards"), *temporary = path_in_case (room, ".tmp-1-1");
  g_autoptr (AssayCase) cas = NULL;

  (void) unused;
  g_mkdir (room->path, 0777);
  g_mkdir (shards, 0777);
  save (temporary, "x", 1);
  cas = new_case (room);
  g_assert_false (g_file_test (temporary, G_FILE_TEST_EXISTS));
}

static void
test_open_refuses (Room *room, gconstpointer unused)
{
  g_autofree char *marker = path_in_case (room, "assay-case.json");
  GError *error = NULL;
  const char *newer = "{\"format\":\"assay-case\",\"version\":2}", *other = "{\"format\":\"other\"}";

  (void) unused;
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_READ, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, room->path, "is not an Assay case");
  assay_case_free (new_case (room));
  save (marker, newer, strlen (newer));
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_READ, &error));
  expect_error (&error, ASSAY_ERROR_VERSION, "format 2", "up to 1");
  save (marker, other, strlen (other));
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_WRITE, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "assay-case.json", NULL);
}

static void
test_lookup (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) first = put_numbers (cas, "scores", "cg/a", 1, 4);
  g_autoptr (AssayObject) second = put_numbers (cas, "scores", "cg/a", 2, 5);
  g_autoptr (AssayObject) other = put_numbers (cas, "scores", "dot/a", 3, 6), found = NULL, old = NULL;
  g_autoptr (GPtrArray) all = assay_case_list (cas, "scores", NULL), history = assay_case_list_history (cas);
  g_autoptr (GPtrArray) prefixed = assay_case_list (cas, NULL, "cg/");
  GError *error = NULL;

  (void) unused;
  g_assert_true (first->complete);
  g_assert_cmpint (first->rows, ==, 4);
  g_assert_cmpuint (first->n_parts, ==, 1);
  g_assert_cmpuint (strlen (first->parts[0]->content_root), ==, 64);
  found = assay_case_lookup (cas, "scores", "cg/a", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (found->sequence, ==, second->sequence);
  old = assay_case_lookup_sequence (cas, first->sequence, &error);
  g_assert_cmpint (old->rows, ==, 4);
  g_assert_cmpuint (all->len, ==, 2);
  g_assert_cmpstr (((AssayObject *) g_ptr_array_index (all, 1))->name, ==, "dot/a");
  g_assert_cmpuint (prefixed->len, ==, 1);
  g_assert_cmpuint (history->len, ==, 3);
  g_assert_true (assay_case_has (cas, "scores", "dot/a"));
  g_assert_null (assay_case_lookup (cas, "scores", "cg/b", &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "cg/b", "cg/a, dot/a");
  g_assert_null (assay_case_lookup (cas, "model", "m", &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "no model", "nothing of that kind");
  g_assert_null (assay_case_lookup_sequence (cas, 99, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "99", NULL);
}

static void
test_reopen (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (AssayObject) a = put_numbers (cas, "data", "a", 1, 4), again = NULL;
  g_autoptr (AssayCase) reader = open_case (room, ASSAY_CASE_READ);
  GError *error = NULL;

  (void) unused;
  again = assay_case_lookup (reader, "data", "a", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->parts[0]->sha256, ==, a->parts[0]->sha256);
  g_assert_true (json_equal (again->meta, a->meta));
  g_assert_cmpfloat (first_number (reader, "data", "a"), ==, 1);
  g_assert_null (assay_shard_writer_new (reader, "data", "b", NULL, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "for reading", NULL);
}

static void
test_refresh (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room), reader = open_case (room, ASSAY_CASE_READ);
  GError *error = NULL;

  (void) unused;
  assay_object_unref (put_numbers (cas, "data", "a", 1, 4));
  g_assert_false (assay_case_has (reader, "data", "a"));
  g_assert_true (assay_case_refresh (reader, &error));
  g_assert_cmpfloat (first_number (reader, "data", "a"), ==, 1);
  assay_object_unref (put_numbers (cas, "data", "a", 2, 4));
  g_assert_cmpfloat (first_number (reader, "data", "a"), ==, 1);
  g_assert_true (assay_case_refresh (reader, &error));
  g_assert_cmpfloat (first_number (reader, "data", "a"), ==, 2);
}

static void
test_lock (Room *room, gconstpointer unused)
{
  g_autofree char *who = g_strdup_printf ("process %d on host", (int) getpid ());
  AssayCase *cas = new_case (room);
  GError *error = NULL;

  (void) unused;
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_WRITE, &error));
  expect_error (&error, ASSAY_ERROR_BUSY, room->path, who);
  assay_case_free (open_case (room, ASSAY_CASE_READ));
  assay_case_free (cas);
  assay_case_free (open_case (room, ASSAY_CASE_WRITE));
}

/* The writer is killed; its lock goes with it. */
static void
test_dead_owner (Room *room, gconstpointer unused)
{
  int ready[2], status;
  pid_t child;
  char byte;
  GError *error = NULL;

  (void) unused;
  assay_case_free (new_case (room));
  g_assert_cmpint (pipe (ready), ==, 0);
  child = fork ();
  if (child == 0)
    {
      AssayCase *cas = assay_case_open (room->path, ASSAY_CASE_WRITE, NULL);

      if (cas == NULL || write (ready[1], "x", 1) != 1)
        _exit (1);
      for (;;)
        pause ();
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_WRITE, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_BUSY);
  g_clear_error (&error);
  kill (child, SIGKILL);
  waitpid (child, &status, 0);
  assay_case_free (open_case (room, ASSAY_CASE_WRITE));
  close (ready[0]);
  close (ready[1]);
}

/* --- mending --------------------------------------------------------------------------------------------------------- */

/* The journal loses its last record, as if the writer had died between the shard's rename and the record. */
static void
forget_last_record (Room *room, const char *journal)
{
  g_autofree char *path = path_in_case (room, journal), *bytes = NULL;
  char *last = NULL;
  gsize n;

  load (path, &bytes, &n);
  for (char *at = bytes; at + 4 <= bytes + n; at++)
    if (memcmp (at, "Jrec", 4) == 0)
      last = at;
  save (path, bytes, (gsize) (last - bytes) + 11);
}

static void
test_adopt (Room *room, gconstpointer unused)
{
  AssayCase *cas = new_case (room);
  g_autoptr (AssayObject) a = put_numbers (cas, "data", "a", 1, 4), b = put_numbers (cas, "data", "b", 2, 4), found = NULL;
  AssayCase *reader;
  const char *const *notes;

  (void) unused;
  assay_case_free (cas);
  forget_last_record (room, "journal/00000001.journal");
  reader = open_case (room, ASSAY_CASE_READ);           /* a reader leaves it alone and does not see it */
  g_assert_false (assay_case_has (reader, "data", "b"));
  g_assert_nonnull (strstr (assay_case_get_notes (reader)[0], "never completed"));
  assay_case_free (reader);
  cas = open_case (room, ASSAY_CASE_WRITE);
  found = assay_case_lookup (cas, "data", "b", NULL);
  g_assert_nonnull (found);
  g_assert_cmpstr (found->parts[0]->sha256, ==, b->parts[0]->sha256);
  g_assert_cmpstr (found->parts[0]->content_root, ==, b->parts[0]->content_root);
  g_assert_true (json_equal (found->meta, b->meta));
  g_assert_true (found->complete);
  notes = assay_case_get_notes (cas);
  g_assert_nonnull (strstr (notes[1], "adopted"));
  assay_object_unref (put_numbers (cas, "data", "c", 3, 4));
  assay_case_free (cas);
  reader = open_case (room, ASSAY_CASE_READ);
  g_assert_cmpfloat (first_number (reader, "data", "b"), ==, 2);
  g_assert_cmpfloat (first_number (reader, "data", "c"), ==, 3);
  assay_case_free (reader);
}

/* What does not fit is kept, but out of the way. */
static void
test_set_aside (Room *room, gconstpointer unused)
{
  AssayCase *cas = new_case (room);
  g_autoptr (AssayObject) a = put_numbers (cas, "data", "a", 1, 4), b = put_numbers (cas, "data", "b", 2, 4);
  g_autofree char *shard = path_in_case (room, b->parts[0]->file), *bytes = NULL, *aside = NULL, *kept = NULL;
  g_autofree char *stranger = path_in_case (room, "shards/00000009-0123456789abcdef.h5");
  g_autofree char *name = g_path_get_basename (shard);
  gsize n, m;

  (void) unused;
  assay_case_free (cas);
  forget_last_record (room, "journal/00000001.journal");
  load (shard, &bytes, &n);
  bytes[n / 2] ^= 1;
  save (shard, bytes, n);
  save (stranger, "not a shard", 11);
  cas = open_case (room, ASSAY_CASE_WRITE);
  g_assert_false (assay_case_has (cas, "data", "b"));
  g_assert_true (assay_case_has (cas, "data", "a"));
  g_assert_false (g_file_test (shard, G_FILE_TEST_EXISTS));
  aside = g_build_filename (room->path, "aside", name, NULL);
  load (aside, &kept, &m);
  g_assert_cmpmem (kept, m, bytes, n);
  g_assert_false (g_file_test (stranger, G_FILE_TEST_EXISTS));
  assay_case_free (cas);
}

/* A whole shard with the right name whose record the catalogue could not read: recording it would close the case for ever. */
static void
test_unreadable_record (Room *room, gconstpointer unused)
{
  g_autofree char *made = g_build_filename (room->directory, "made.h5", NULL), *sha256 = NULL, *name = NULL, *shard = NULL, *bytes = NULL;
  json_t *meta = json_array ();
  double value = 1;
  AssayShardWriter *writer;
  AssayCase *cas = new_case (room);
  GError *error = NULL;
  gsize n;

  (void) unused;
  assay_case_free (cas);
  writer = assay_shard_writer_new_file ("data", "a", meta, &error);
  json_decref (meta);
  g_assert_true (assay_shard_writer_put (writer, &(AssayArraySpec) { .path = "/data/value", .type = ASSAY_STORE_F64, .rank = 1,
                                         .dims = { 1 } }, ASSAY_STORE_F64, &value, &error));
  g_assert_true (assay_shard_writer_write_file (writer, made, &error));
  assay_shard_writer_free (writer);
  sha256 = assay_file_sha256 (made, NULL, &error);
  name = g_strdup_printf ("shards/00000001-%.16s.h5", sha256);
  shard = path_in_case (room, name);
  load (made, &bytes, &n);
  save (shard, bytes, n);
  cas = open_case (room, ASSAY_CASE_WRITE);
  g_assert_false (assay_case_has (cas, "data", "a"));
  g_assert_nonnull (strstr (assay_case_get_notes (cas)[0], "set aside"));
  assay_object_unref (put_numbers (cas, "data", "b", 2, 4));
  assay_case_free (cas);
  assay_case_free (open_case (room, ASSAY_CASE_READ));
}

static void
test_temporaries (Room *room, gconstpointer unused)
{
  g_autofree char *litter = path_in_case (room, "shards/.tmp-99999-0"), *more = path_in_case (room, "journal/.tmp-99999-1");

  (void) unused;
  assay_case_free (new_case (room));
  save (litter, "half a shard", 12);
  save (more, "half a journal", 14);
  assay_case_free (open_case (room, ASSAY_CASE_READ));
  g_assert_true (g_file_test (litter, G_FILE_TEST_EXISTS));
  assay_case_free (open_case (room, ASSAY_CASE_WRITE));
  g_assert_false (g_file_test (litter, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (more, G_FILE_TEST_EXISTS));
}

static void
test_damaged_journal (Room *room, gconstpointer unused)
{
  AssayCase *cas = new_case (room);
  g_autofree char *path = path_in_case (room, "journal/00000001.journal"), *bytes = NULL;
  GError *error = NULL;
  gsize n;

  (void) unused;
  assay_object_unref (put_numbers (cas, "data", "a", 1, 4));
  assay_object_unref (put_numbers (cas, "data", "b", 1, 4));
  assay_case_free (cas);
  load (path, &bytes, &n);
  bytes[100] ^= 1;
  save (path, bytes, n);
  g_assert_null (assay_case_open (room->path, ASSAY_CASE_READ, &error));
  expect_error (&error, ASSAY_ERROR_DAMAGED, "00000001.journal, byte 16", "assay verify");
}

static void
test_log (Room *room, gconstpointer unused)
{
  AssayCase *cas = new_case (room);
  json_t *body = json_pack ("{s:s}", "job", "train");
  g_autofree char *path = path_in_case (room, "journal/00000001.journal"), *bytes = NULL;
  GError *error = NULL;
  gsize n;

  (void) unused;
  assay_case_set_command_line (cas, "assay train CASE --model mlp");
  g_assert_true (assay_case_log (cas, "start", body, &error));
  assay_case_set_command_line (cas, "assay import people.assay \xff.csv");    /* a file's name need not be UTF-8, a record must be */
  g_assert_true (assay_case_log (cas, "import", body, &error));
  json_decref (body);
  assay_case_free (cas);
  load (path, &bytes, &n);
  g_assert_nonnull (memmem (bytes, n, "\"action\":\"start\"", 16));
  g_assert_nonnull (memmem (bytes, n, "assay train CASE --model mlp", 28));
  g_assert_nonnull (memmem (bytes, n, "assay import people.assay \xef\xbf\xbd.csv", 33));
  assay_case_free (open_case (room, ASSAY_CASE_WRITE));
}

static void
test_pseudonym (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree char *first = assay_case_dup_pseudonym (cas, "train:1"), *again = NULL, *other = assay_case_dup_pseudonym (cas, "train:2");
  g_autofree char *salt = path_in_case (room, "salt.key");
  g_autoptr (AssayCase) reader = NULL, blind = NULL;
  char key[32] = { 1 };

  (void) unused;
  reader = open_case (room, ASSAY_CASE_READ);
  again = assay_case_dup_pseudonym (reader, "train:1");
  g_assert_cmpuint (strlen (first), ==, 16);
  g_assert_cmpstr (first, ==, again);
  g_assert_cmpstr (first, !=, other);
  save (salt, key, sizeof key);
  g_clear_pointer (&reader, assay_case_free);
  reader = open_case (room, ASSAY_CASE_READ);
  g_free (g_steal_pointer (&again));
  again = assay_case_dup_pseudonym (reader, "train:1");
  g_assert_cmpstr (first, !=, again);
  g_assert_cmpint (unlink (salt), ==, 0);
  blind = open_case (room, ASSAY_CASE_READ);
  g_assert_null (assay_case_dup_pseudonym (blind, "train:1"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/case/a dead writer's lock is free again", test_dead_owner);
  ADD ("/case/a case is made once", test_create);
  ADD ("/case/a new case takes nobody's directory", test_create_refuses);
  ADD ("/case/an interrupted creation can be repeated", test_create_again);
  ADD ("/case/no case, a newer format and another file are refused", test_open_refuses);
  ADD ("/case/a newer object supersedes, the older stays readable", test_lookup);
  ADD ("/case/another process finds what was committed", test_reopen);
  ADD ("/case/a reader sees new commits when it asks", test_refresh);
  ADD ("/case/a second writer is refused with the first one's process", test_lock);
  ADD ("/case/a finished shard without a record is adopted", test_adopt);
  ADD ("/case/a shard that does not fit is set aside, unchanged", test_set_aside);
  ADD ("/case/a shard that no commit can have made is set aside", test_unreadable_record);
  ADD ("/case/the next writer removes a dead one's temporary files", test_temporaries);
  ADD ("/case/a damaged journal is refused with file and byte", test_damaged_journal);
  ADD ("/case/a pseudonym is the same while the salt is, and missing without it", test_pseudonym);
  ADD ("/case/an action is recorded with its command line", test_log);
  return g_test_run ();
}
