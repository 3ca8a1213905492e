/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-bundle.c: the directory that a bundle becomes: whole or not at all, of plain names, never in the place of something else. */
#include "report/bundle.h"

#include "../store/store_test.h"
#include "report/bundle_directory.h"
#include "report/sums.h"

static AssayBundle *
make_bundle (void)
{
  AssayBundle *bundle = assay_bundle_new ();
  g_autofree char *sums = NULL;
  GError *error = NULL;

  assay_bundle_add_text (bundle, "report.json", "{}\n", &error);
  g_assert_no_error (error);
  assay_bundle_add_text (bundle, "figures/a/b.svg", "<svg/>\n", &error);
  g_assert_no_error (error);
  sums = assay_sums_of_bundle (bundle);
  assay_bundle_add_text (bundle, ASSAY_BUNDLE_SUMS, sums, &error);
  g_assert_no_error (error);
  return bundle;
}

static guint
count_entries (const char *directory)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

static void
test_write (Room *room, gconstpointer unused)
{
  g_autoptr (AssayBundle) bundle = make_bundle ();
  g_autofree char *out = g_build_filename (room->directory, "out", NULL), *file = g_build_filename (out, "figures/a/b.svg", NULL), *bytes = NULL;
  g_autoptr (AssayBundleDirectory) there = NULL;
  g_autoptr (GBytes) read = NULL;
  GError *error = NULL;
  AssayDigest digest, want = assay_digest_of_bytes ("<svg/>\n", 7);
  guint64 size;
  gsize n;

  (void) unused;
  g_assert_true (assay_bundle_write (bundle, out, &error));
  g_assert_cmpuint (count_entries (room->directory), ==, 1);            /* nothing temporary stays */
  load (file, &bytes, &n);
  g_assert_cmpstr (bytes, ==, "<svg/>\n");
  there = assay_bundle_directory_open (out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_bundle_directory_list (there)->len, ==, 3);
  g_assert_nonnull (assay_bundle_directory_find (there, "figures/a/b.svg"));
  g_assert_null (assay_bundle_directory_find (there, "figures/a"));
  g_assert_true (assay_bundle_directory_digest (there, "figures/a/b.svg", 0, NULL, &digest, &size, &error));
  g_assert_true (assay_digest_equal (&digest, &want));
  g_assert_cmpuint (size, ==, 7);
  read = assay_bundle_directory_read (there, "report.json", 3, &error);
  g_assert_no_error (error);
  g_assert_null (assay_bundle_directory_read (there, "report.json", 2, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "report.json", "at most 2");
}

static void
test_replace (Room *room, gconstpointer unused)
{
  g_autoptr (AssayBundle) bundle = make_bundle ();
  g_autofree char *out = g_build_filename (room->directory, "out", NULL), *mine = g_build_filename (out, "notes.txt", NULL);
  GError *error = NULL;

  (void) unused;
  g_assert_cmpint (g_mkdir (out, 0777), ==, 0);                         /* an empty directory may be used */
  g_assert_true (assay_bundle_write (bundle, out, &error));
  g_assert_true (assay_bundle_write (bundle, out, &error));             /* and a bundle replaced */
  g_assert_cmpuint (count_entries (room->directory), ==, 1);
  save (mine, "mine", 4);
  g_assert_false (assay_bundle_write (bundle, out, &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "notes.txt", "another directory");
  g_assert_true (g_file_test (mine, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_entries (room->directory), ==, 1);
  g_assert_false (assay_bundle_write (bundle, mine, &error));           /* a file */
  g_clear_error (&error);
}

static void
test_names (void)
{
  static const char *const bad[] = { "", "/etc/passwd", "..", "a/../b", "a//b", "a/", ".hidden", "-x", "a\nb", "a b", "a\\b", "\303\244", "a/b/c/d/e/f/g/h/i" };
  g_autoptr (AssayBundle) bundle = make_bundle ();
  GError *error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_false (assay_bundle_add_text (bundle, bad[i], "", &error));
      expect_error (&error, ASSAY_ERROR_USAGE, "no name", NULL);
    }
  g_assert_false (assay_bundle_add_text (bundle, "Report.json", "", &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "Report.json", NULL);
  g_assert_false (assay_bundle_add_text (bundle, "figures", "", &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "figures", NULL);
  g_assert_false (assay_bundle_add_text (bundle, "report.json/x", "", &error));
  expect_error (&error, ASSAY_ERROR_USAGE, "report.json/x", NULL);
}

static void
test_links (Room *room, gconstpointer unused)
{
  g_autofree char *out = g_build_filename (room->directory, "out", NULL), *link = g_build_filename (out, "link", NULL);
  g_autofree char *inside = g_build_filename (out, "inside", NULL), *secret = g_build_filename (room->directory, "secret", NULL);
  g_autoptr (AssayBundleDirectory) there = NULL;
  GError *error = NULL;

  (void) unused;
  save (secret, "secret", 6);
  g_assert_cmpint (g_mkdir (out, 0777), ==, 0);
  g_assert_cmpint (symlink (secret, link), ==, 0);
  g_assert_cmpint (symlink (room->directory, inside), ==, 0);
  there = assay_bundle_directory_open (out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (assay_bundle_directory_list (there)->len, ==, 2);
  g_assert_cmpstr (assay_bundle_directory_find (there, "link")->fault, ==, "a symbolic link");
  g_assert_cmpstr (assay_bundle_directory_find (there, "inside")->fault, ==, "a symbolic link");
  g_assert_null (assay_bundle_directory_read (there, "link", 100, &error));
  g_clear_error (&error);
  g_assert_null (assay_bundle_directory_read (there, "inside/secret", 100, &error));
  g_clear_error (&error);
  g_assert_null (assay_bundle_directory_read (there, "../secret", 100, &error));
  g_clear_error (&error);
}

static void
test_sums (void)
{
  static const char good[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n"
                             "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b/c\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (good, sizeof good - 1);
  g_autoptr (AssaySums) sums = assay_sums_parse (bytes, "SHA256SUMS", NULL);
  guint accepted = 0;

  g_assert_cmpuint (assay_sums_get_n (sums), ==, 2);
  g_assert_cmpuint (assay_sums_find (sums, "b/c")->line, ==, 2);
  g_assert_null (assay_sums_find (sums, "b"));
  for (gsize i = 0; i < sizeof good - 1; i++)           /* every flipped bit is refused, or changes a digest or a name */
    for (int bit = 0; bit < 8; bit++)
      {
        g_autofree char *other = g_memdup2 (good, sizeof good - 1);
        g_autoptr (GBytes) flipped = NULL;
        g_autoptr (AssaySums) parsed = NULL;

        other[i] ^= (char) (1 << bit);
        flipped = g_bytes_new (other, sizeof good - 1);
        parsed = assay_sums_parse (flipped, "SHA256SUMS", NULL);
        if (parsed != NULL && assay_sums_get_n (parsed) == 2 && assay_sums_find (parsed, "a") != NULL && assay_sums_find (parsed, "b/c") != NULL
            && assay_digest_equal (&assay_sums_get (sums, 0)->digest, &assay_sums_get (parsed, 0)->digest)
            && assay_digest_equal (&assay_sums_get (sums, 1)->digest, &assay_sums_get (parsed, 1)->digest))
          accepted++;
      }
  g_assert_cmpuint (accepted, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/bundle/a bundle becomes a directory, and nothing else is left", test_write);
  ADD ("/bundle/a bundle is replaced, anything else is left alone", test_replace);
  g_test_add_func ("/bundle/only plain names are taken, each once", test_names);
  ADD ("/bundle/links in somebody else's directory are named, never followed", test_links);
  g_test_add_func ("/bundle/a list of digests has one spelling", test_sums);
  return g_test_run ();
}
