/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-content-root.c: the root follows the values, not the bytes: chunking, compression and repacking keep it, one altered element,
 * attribute or name does not. */
#include <hdf5.h>

#include "store/hdf5_door.h"
#include "store/io_thread.h"
#include "store/shard_digest.h"
#include "store_test.h"

typedef struct {
  const char   *path;
  const guint8 *key;
  AssayDigest   root;
} Task;

static gboolean
compute (gpointer data, GError **error)
{
  Task *task = data;
  hid_t file = assay_hdf5_open_file (task->path, error);
  gboolean ok = file >= 0 && assay_shard_digest (file, "scores/x", task->key, task->path, &task->root, error);

  if (file >= 0)
    H5Fclose (file);
  return ok;
}

static AssayDigest
root_of (const char *path, const guint8 *key)
{
  Task task = { .path = path, .key = key };
  GError *error = NULL;

  assay_store_call (compute, &task, &error);
  g_assert_no_error (error);
  return task.root;
}

/* A shard with a redactable text and two arrays that share an axis. */
static char *
make_shard (Room *room)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autofree double *values = g_new (double, 300 * 300);
  const char *texts[300];
  GError *error = NULL;
  g_autoptr (AssayShardWriter) w = assay_shard_writer_new (cas, "scores", "x", NULL, &error);
  g_autoptr (AssayObject) object = NULL;

  for (int i = 0; i < 300 * 300; i++)
    values[i] = i;
  for (int i = 0; i < 300; i++)
    texts[i] = i % 2 != 0 ? "odd" : "even";
  assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/g/wide", .type = ASSAY_STORE_F32, .rank = 2, .dims = { 300, 300 },
                          .axes = { "query", "example" }, .bulk = TRUE }, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  assay_shard_writer_put (w, &(AssayArraySpec) { .path = "/g/loss", .type = ASSAY_STORE_F64, .rank = 1, .dims = { 300 },
                          .axes = { "example" } }, ASSAY_STORE_F64, values, &error);
  g_assert_no_error (error);
  assay_shard_writer_put_text (w, &(AssayArraySpec) { .path = "/h/id", .type = ASSAY_STORE_TEXT, .rank = 1, .dims = { 300 },
                               .axes = { "example" }, .redactable = TRUE }, texts, &error);
  g_assert_no_error (error);
  object = assay_shard_writer_commit (w, &error);
  g_assert_no_error (error);
  return path_in_case (room, object->parts[0]->file);
}

static void
read_key (Room *room, guint8 key[32])
{
  g_autofree char *path = path_in_case (room, "salt.key"), *bytes = NULL;
  gsize n;

  load (path, &bytes, &n);
  g_assert_cmpuint (n, ==, 32);
  memcpy (key, bytes, 32);
}

static void
test_repack (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_shard (room), *other = g_build_filename (room->directory, "repacked.h5", NULL);
  const char *ways[] = { "-l /g/wide:CHUNK=7x100 -f /g/wide:GZIP=1", "-l CONTI", "-f SHUF -f GZIP=1 -f FLET" };
  g_autofree char *program = g_find_program_in_path ("h5repack");
  guint8 key[32];
  AssayDigest want, got;

  (void) unused;
  if (program == NULL)
    {
      g_test_skip ("h5repack is not installed");
      return;
    }
  read_key (room, key);
  want = root_of (path, key);
  for (gsize i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *command = g_strdup_printf ("%s %s %s %s", program, ways[i], path, other);
      g_autofree char *errors = NULL, *a = NULL, *b = NULL;
      gsize n, m;
      int status;

      g_assert_true (g_spawn_command_line_sync (command, NULL, &errors, &status, NULL));
      g_test_message ("%s", errors);
      g_assert_true (g_spawn_check_wait_status (status, NULL));
      load (path, &a, &n);
      load (other, &b, &m);
      g_assert_true (n != m || memcmp (a, b, n) != 0);
      got = root_of (other, key);
      g_assert_true (assay_digest_equal (&want, &got));
      g_remove (other);
    }
}

/* On the store's thread: one change to the open file. */
typedef struct {
  const char *path;
  int         which;
} Change;

static gboolean
change (gpointer data, GError **error)
{
  Change *c = data;
  hid_t fapl = H5Pcreate (H5P_FILE_ACCESS), file, object;
  float one = 1;
  hsize_t at[2] = { 299, 299 };
  hid_t point = H5Screate (H5S_SCALAR), space;

  (void) error;
  H5Pset_file_locking (fapl, 0, 1);
  file = H5Fopen (c->path, H5F_ACC_RDWR, fapl);
  g_assert_cmpint (file, >=, 0);
  switch (c->which)
    {
    case 0:                             /* the last element */
      object = H5Dopen2 (file, "/g/wide", H5P_DEFAULT);
      space = H5Dget_space (object);
      H5Sselect_elements (space, H5S_SELECT_SET, 1, at);
      g_assert_cmpint (H5Dwrite (object, H5T_NATIVE_FLOAT, point, space, H5P_DEFAULT, &one), >=, 0);
      H5Sclose (space);
      break;
    case 1:                             /* an attribute's value */
      object = H5Dopen2 (file, "/g/loss", H5P_DEFAULT);
      g_assert_true (assay_hdf5_set_text (object, "units", "bits"));
      break;
    case 2:                             /* one more attribute */
      object = H5Gopen2 (file, "/g", H5P_DEFAULT);
      g_assert_true (assay_hdf5_set_i64 (object, "extra", 1));
      break;
    default:                            /* a name */
      object = H5Gopen2 (file, "/g", H5P_DEFAULT);
      g_assert_cmpint (H5Lmove (object, "loss", object, "lost", H5P_DEFAULT, H5P_DEFAULT), >=, 0);
    }
  assay_hid_close (object);
  H5Sclose (point);
  H5Pclose (fapl);
  return H5Fclose (file) >= 0;
}

static void
test_changes (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_shard (room), *bytes = NULL;
  guint8 key[32];
  AssayDigest want, got;
  gsize n;

  (void) unused;
  read_key (room, key);
  want = root_of (path, key);
  load (path, &bytes, &n);
  for (int which = 0; which < 4; which++)
    {
      Change c = { path, which };

      save (path, bytes, n);
      g_assert_true (assay_store_call (change, &c, NULL));
      got = root_of (path, key);
      g_assert_false (assay_digest_equal (&want, &got));
    }
}

/* On the store's thread: an array whose bytes 64 bits cannot count. */
static gboolean
add_vast (gpointer path, GError **error)
{
  hid_t fapl = H5Pcreate (H5P_FILE_ACCESS), settings = H5Pcreate (H5P_DATASET_CREATE), file, space, array;
  hsize_t dims[3] = { 1, G_GUINT64_CONSTANT (1) << 33, (G_GUINT64_CONSTANT (1) << 31) + 1 }, chunk[3] = { 1, 1, 1 };

  (void) error;
  H5Pset_file_locking (fapl, 0, 1);
  H5Pset_chunk (settings, 3, chunk);
  file = H5Fopen (path, H5F_ACC_RDWR, fapl);
  space = H5Screate_simple (3, dims, NULL);
  array = H5Dcreate2 (file, "/g/vast", H5T_STD_U8LE, space, H5P_DEFAULT, settings, H5P_DEFAULT);
  g_assert_cmpint (array, >=, 0);
  H5Dclose (array);
  H5Sclose (space);
  H5Pclose (settings);
  H5Pclose (fapl);
  return H5Fclose (file) >= 0;
}

static void
test_vast (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_shard (room);
  guint8 key[32];
  Task task = { .path = path, .key = key };
  GError *error = NULL;

  (void) unused;
  read_key (room, key);
  g_assert_true (assay_store_call (add_vast, path, NULL));
  g_assert_false (assay_store_call (compute, &task, &error));
  expect_error (&error, ASSAY_ERROR_UNSUPPORTED, "/g/vast", "size");
}

/* On the store's thread: what Assay never writes, and what would lead a walk astray. */
typedef struct {
  const char *path;
  int         which;
} Trap;

static gboolean
set_trap (gpointer data, GError **error)
{
  Trap *trap = data;
  hid_t fapl = H5Pcreate (H5P_FILE_ACCESS), file, group;

  (void) error;
  H5Pset_file_locking (fapl, 0, 1);
  file = H5Fopen (trap->path, H5F_ACC_RDWR, fapl);
  group = H5Gopen2 (file, "/g", H5P_DEFAULT);
  switch (trap->which)
    {
    case 0:                             /* a group that holds itself */
      g_assert_cmpint (H5Lcreate_hard (file, "/g", group, "self", H5P_DEFAULT, H5P_DEFAULT), >=, 0);
      break;
    case 1:
      g_assert_cmpint (H5Lcreate_soft ("/g/loss", group, "soft", H5P_DEFAULT, H5P_DEFAULT), >=, 0);
      break;
    case 2:
      g_assert_cmpint (H5Lcreate_external ("/etc/passwd", "/", group, "external", H5P_DEFAULT, H5P_DEFAULT), >=, 0);
      break;
    default:                            /* 30 groups that each hold the next twice: 2^30 ways */
      for (int k = 0; k < 30; k++)
        {
          hid_t next = H5Gcreate2 (group, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

          g_assert_cmpint (H5Lcreate_hard (group, "a", group, "b", H5P_DEFAULT, H5P_DEFAULT), >=, 0);
          H5Gclose (group);
          group = next;
        }
    }
  H5Gclose (group);
  H5Pclose (fapl);
  return H5Fclose (file) >= 0;
}

static void
test_traps (Room *room, gconstpointer unused)
{
  static const char *const words[] = { "nested", "/g/soft", "/g/external", "hold more" };
  g_autofree char *path = make_shard (room), *bytes = NULL;
  guint8 key[32];
  gsize n;

  (void) unused;
  read_key (room, key);
  load (path, &bytes, &n);
  for (int which = 0; which < 4; which++)
    {
      Trap trap = { path, which };
      Task task = { .path = path, .key = key };
      GError *error = NULL;

      save (path, bytes, n);
      g_assert_true (assay_store_call (set_trap, &trap, NULL));
      g_assert_false (assay_store_call (compute, &task, &error));
      g_assert_nonnull (strstr (error->message, words[which]));
      g_clear_error (&error);
    }
}

/* Arrays of different groups share an axis through hard links, and a reference may be called by any of the names. */
static void
test_shared_axes (Room *room, gconstpointer unused)
{
  static const char *const paths[] = { "/b/one", "/a/two", "/c/d/three", "/a/four" };
  g_autofree char *path = g_build_filename (room->directory, "shared.h5", NULL), *other = g_build_filename (room->directory, "again.h5", NULL);
  g_autofree char *program = g_find_program_in_path ("h5repack"), *command = NULL;
  GError *error = NULL;
  g_autoptr (AssayShardWriter) w = assay_shard_writer_new_file ("scores", "x", NULL, &error);
  double values[3] = { 1, 2, 3 };
  AssayDigest want, got;
  int status;

  (void) unused;
  if (program == NULL)
    {
      g_test_skip ("h5repack is not installed");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      assay_shard_writer_put (w, &(AssayArraySpec) { .path = paths[i], .type = ASSAY_STORE_F64, .rank = 1, .dims = { 3 }, .axes = { "row" } },
                              ASSAY_STORE_F64, values, &error);
      g_assert_no_error (error);
    }
  g_assert_true (assay_shard_writer_write_file (w, path, &error));
  want = root_of (path, NULL);
  command = g_strdup_printf ("%s -f GZIP=1 %s %s", program, path, other);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  got = root_of (other, NULL);
  g_assert_true (assay_digest_equal (&want, &got));
}

static void
test_salt (Room *room, gconstpointer unused)
{
  g_autofree char *path = make_shard (room);
  guint8 key[32];
  AssayDigest want, got;
  Task task = { .path = path };
  GError *error = NULL;

  (void) unused;
  read_key (room, key);
  want = root_of (path, key);
  key[31] ^= 1;
  got = root_of (path, key);
  g_assert_false (assay_digest_equal (&want, &got));
  g_assert_false (assay_store_call (compute, &task, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "salt.key", "/h/id");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/content-root/repacking, rechunking and compressing keep it", test_repack);
  ADD ("/content-root/an element, an attribute and a name change it", test_changes);
  ADD ("/content-root/an array of more bytes than 63 bits count is refused", test_vast);
  ADD ("/content-root/links out of a file and groups without end are refused", test_traps);
  ADD ("/content-root/an axis that several groups share keeps its name when repacked", test_shared_axes);
  ADD ("/content-root/redactable texts depend on the case's salt", test_salt);
  return g_test_run ();
}
