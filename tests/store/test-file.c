/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-file.c: only regular files are read; files appear whole or not at all. */
#include "store/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_test.h"

static void
test_read (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "f", NULL), *link = g_build_filename (room->directory, "l", NULL);
  g_autoptr (GBytes) bytes = NULL, linked = NULL;
  GError *error = NULL;

  (void) unused;
  save (path, "four", 4);
  bytes = assay_file_read (path, 4, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4);
  g_assert_cmpstr (g_bytes_get_data (bytes, NULL), ==, "four");
  g_assert_null (assay_file_read (path, 3, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, path, "at most 3");
  g_assert_cmpint (symlink (path, link), ==, 0);
  linked = assay_file_read (link, 4, &error);           /* the user's own path may be a link */
  g_assert_no_error (error);
}

static void
test_not_regular (Room *room, gconstpointer unused)
{
  g_autofree char *fifo = g_build_filename (room->directory, "fifo", NULL);
  GError *error = NULL;

  (void) unused;
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_null (assay_file_read (fifo, 10, &error));   /* and does not wait for a writer */
  expect_error (&error, ASSAY_ERROR_INPUT, fifo, "FIFO");
  g_assert_null (assay_file_read ("/dev/zero", 10, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "/dev/zero", "device");
  g_assert_null (assay_file_read (room->directory, 10, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, room->directory, "directory");
  g_assert_null (assay_file_read ("/no/such/file", 10, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "/no/such/file", NULL);
}

static void
test_beneath (Room *room, gconstpointer unused)
{
  static const char *const outside[] = { "", ".", "..", "../f", "/etc/hostname", "sub/f" };
  g_autofree char *path = g_build_filename (room->directory, "f", NULL), *link = g_build_filename (room->directory, "l", NULL);
  g_autofree char *hard = g_build_filename (room->directory, "h", NULL);
  guint64 size;
  GError *error = NULL;
  int fd;

  (void) unused;
  save (path, "four", 4);
  fd = assay_file_open_beneath (room->directory, "f", &size, &error);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpuint (size, ==, 4);
  close (fd);
  for (gsize i = 0; i < G_N_ELEMENTS (outside); i++)
    {
      g_assert_cmpint (assay_file_open_beneath (room->directory, outside[i], NULL, &error), ==, -1);
      expect_error (&error, ASSAY_ERROR_INPUT, room->directory, "plain name");
    }
  g_assert_cmpint (symlink ("/etc/hostname", link), ==, 0);
  g_assert_cmpint (assay_file_open_beneath (room->directory, "l", NULL, &error), ==, -1);
  expect_error (&error, ASSAY_ERROR_INPUT, "symbolic link", NULL);
  g_assert_cmpint (linkat (AT_FDCWD, path, AT_FDCWD, hard, 0), ==, 0);
  g_assert_cmpint (assay_file_open_beneath (room->directory, "f", NULL, &error), ==, -1);
  expect_error (&error, ASSAY_ERROR_INPUT, "2 hard links", NULL);
}

static void
test_write (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "out", NULL), *bytes = NULL;
  g_autofree char *nowhere = g_build_filename (room->directory, "no", "out", NULL);
  g_autoptr (GDir) dir = NULL;
  gsize n;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_file_write (path, "old", 3, &error));
  {
    g_autoptr (AssayFileWriter) writer = assay_file_writer_new (path, &error);

    g_assert_true (assay_file_writer_add (writer, "half", 4, &error));
  }
  load (path, &bytes, &n);
  g_assert_cmpmem (bytes, n, "old", 3);
  g_assert_true (assay_file_write (path, "new!", 4, &error));
  g_free (bytes);
  load (path, &bytes, &n);
  g_assert_cmpmem (bytes, n, "new!", 4);
  g_assert_false (assay_file_write (nowhere, "x", 1, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, nowhere, NULL);
  dir = g_dir_open (room->directory, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "out");
  g_assert_null (g_dir_read_name (dir));
}

static void
test_write_new (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "out", NULL), *bytes = NULL;
  g_autoptr (AssayFileWriter) first = assay_file_writer_new (path, NULL), second = assay_file_writer_new (path, NULL);
  gsize n;
  GError *error = NULL;

  (void) unused;
  g_assert_true (assay_file_writer_add (first, "first", 5, NULL));
  g_assert_true (assay_file_writer_add (second, "second", 6, NULL));
  g_assert_true (assay_file_writer_commit_new (first, path, &error));
  g_assert_false (assay_file_writer_commit_new (second, path, &error));
  expect_error (&error, ASSAY_ERROR_IO, path, NULL);
  load (path, &bytes, &n);
  g_assert_cmpmem (bytes, n, "first", 5);
}

/* Whole pages past the cache, the rest behind them. */
static void
test_pages (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "out", NULL), *bytes = NULL;
  gsize size = (3 << 20) + 1234, n;
  g_autoptr (AssayFileWriter) writer = assay_file_writer_new (path, NULL);
  guint8 *pages = aligned_alloc (4096, (size + 4095) / 4096 * 4096);
  GError *error = NULL;

  (void) unused;
  for (gsize i = 0; i < size; i++)
    pages[i] = (guint8) (i * 31 >> 3);
  g_assert_true (assay_file_writer_add_pages (writer, pages, size, &error));
  g_assert_true (assay_file_writer_commit (writer, &error));
  load (path, &bytes, &n);
  g_assert_cmpmem (bytes, n, pages, size);
  free (pages);
}

static void
test_sha256 (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "f", NULL), *hex = NULL;
  guint64 size;
  GError *error = NULL;

  (void) unused;
  save (path, "abc", 3);                /* FIPS 180-2, B.1 */
  hex = assay_file_sha256 (path, &size, &error);
  g_assert_cmpstr (hex, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  g_assert_cmpuint (size, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/file/a regular file is read whole, within its limit", test_read);
  ADD ("/file/FIFOs, devices and directories are refused at once", test_not_regular);
  ADD ("/file/a name from a file stays in its directory", test_beneath);
  ADD ("/file/a file appears whole or stays as it was", test_write);
  ADD ("/file/a new file replaces nothing", test_write_new);
  ADD ("/file/pages and their rest arrive in order", test_pages);
  ADD ("/file/the SHA-256 is that of the standard", test_sha256);
  return g_test_run ();
}
