/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-source.c: opening one input file. */
#include "fixture.h"

#include "base/error.h"
#include "dataset/source.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zstd.h>

static void
test_plain (void)
{
  g_autofree char *path = fixture_write ("plain.txt", "abc", 3);
  g_autoptr (AssaySource) source = NULL;
  g_autoptr (GError) error = NULL;

  source = assay_source_open (path, ASSAY_SOURCE_EXPANSION, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (source->bytes, source->size, "abc", 3);
  g_assert_cmpint (source->bytes[3], ==, 0);
  g_assert_cmpstr (source->name, ==, "plain.txt");
  g_assert_cmpstr (source->sha256, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");   /* FIPS 180-2, B.1 */
}

static void
test_gzip (void)
{
  g_autofree guint8 *zeros = g_malloc0 (1 << 20);
  gsize first, second;
  g_autofree char *one = fixture_gzip ("zeros.gz", zeros, 1 << 20, &first), *two = fixture_gzip ("abc.gz", "abc", 3, &second);
  g_autofree char *a = NULL, *b = NULL, *both = NULL, *path = NULL;
  g_autoptr (AssaySource) source = NULL, members = NULL;
  GError *error = NULL;

  source = assay_source_open (one, ASSAY_SOURCE_EXPANSION, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (source->bytes, source->size, zeros, 1 << 20);
  g_assert_cmpint (source->file_size, ==, first);
  g_assert_true (g_file_get_contents (one, &a, NULL, NULL) && g_file_get_contents (two, &b, NULL, NULL));
  both = g_malloc (first + second);
  memcpy (both, b, second);
  memcpy (both + second, a, first);
  path = fixture_write ("both.gz", both, first + second);
  members = assay_source_open (path, ASSAY_SOURCE_EXPANSION, &error);                     /* members of a gzip file follow each other */
  g_assert_no_error (error);
  g_assert_cmpint (members->size, ==, 3 + (1 << 20));
  g_assert_cmpmem (members->bytes, 3, "abc", 3);
}

static void
test_bad_gzip (void)
{
  char text[4096];
  gsize n;
  g_autofree char *path = NULL, *bytes = NULL;
  GError *error = NULL;

  for (guint i = 0; i < sizeof text; i++)
    text[i] = 'a' + (i * i + i / 7) % 23;
  path = fixture_gzip ("good.gz", text, sizeof text, &n);
  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  for (gsize cut = 2; cut < n; cut++)                             /* truncated anywhere */
    {
      g_autofree char *short_path = fixture_write ("short.gz", bytes, cut);

      g_assert_null (assay_source_open (short_path, ASSAY_SOURCE_EXPANSION, &error));
      fixture_refused (&error, ASSAY_ERROR_INPUT, "short.gz", "truncated gzip", NULL);
    }
  bytes[n / 2] ^= 0x40;
  {
    g_autofree char *flipped = fixture_write ("flipped.gz", bytes, n);

    g_assert_null (assay_source_open (flipped, ASSAY_SOURCE_EXPANSION, &error));
    fixture_refused (&error, ASSAY_ERROR_INPUT, "flipped.gz", "gzip", "get the file again", NULL);
  }
  bytes[n / 2] ^= 0x40;
  {
    g_autofree char *longer = g_malloc0 (n + 5), *trailing = NULL;

    memcpy (longer, bytes, n);
    trailing = fixture_write ("trailing.gz", longer, n + 5);
    g_assert_null (assay_source_open (trailing, ASSAY_SOURCE_EXPANSION, &error));
    fixture_refused (&error, ASSAY_ERROR_INPUT, "trailing.gz", "5 bytes after the end", NULL);
  }
}

/* A scratch file of one zstd frame. */
static char *
write_zstd (const char *name, const void *bytes, gsize n, gsize *size)
{
  gsize room = ZSTD_compressBound (n);
  g_autofree char *out = g_malloc (room);

  *size = ZSTD_compress (out, room, bytes, n, 3);
  g_assert_false (ZSTD_isError (*size));
  return fixture_write (name, out, (gssize) *size);
}

static void
test_zstd (void)
{
  static const guint8 note[] = { 0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'h', 'i' };
  char text[4096];
  gsize n;
  g_autofree char *path = NULL, *bytes = NULL, *twice = NULL, *both = NULL;
  g_autoptr (AssaySource) source = NULL, frames = NULL;
  GError *error = NULL;

  for (guint i = 0; i < sizeof text; i++)
    text[i] = 'a' + (i * i + i / 7) % 23;
  path = write_zstd ("good.zst", text, sizeof text, &n);
  source = assay_source_open (path, ASSAY_SOURCE_EXPANSION, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (source->bytes, source->size, text, sizeof text);
  g_assert_true (g_file_get_contents (path, &bytes, NULL, NULL));
  twice = g_malloc (2 * n + sizeof note);                         /* a frame, a note of the writer, a frame */
  memcpy (twice, bytes, n);
  memcpy (twice + n, note, sizeof note);
  memcpy (twice + n + sizeof note, bytes, n);
  both = fixture_write ("both.zst", twice, (gssize) (2 * n + sizeof note));
  frames = assay_source_open (both, ASSAY_SOURCE_EXPANSION, &error);
  g_assert_no_error (error);
  g_assert_cmpint (frames->size, ==, 2 * sizeof text);
  for (gsize cut = 4; cut < n; cut++)                             /* truncated anywhere */
    {
      g_autofree char *short_path = fixture_write ("short.zst", bytes, (gssize) cut);

      g_assert_null (assay_source_open (short_path, ASSAY_SOURCE_EXPANSION, &error));
      fixture_refused (&error, ASSAY_ERROR_INPUT, "short.zst", "truncated zstd", NULL);
    }
  g_free (twice);
  twice = g_malloc0 (n + 5);
  memcpy (twice, bytes, n);
  g_free (both);
  both = fixture_write ("trailing.zst", twice, (gssize) n + 5);
  g_assert_null (assay_source_open (both, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "trailing.zst", "5 bytes after the end", NULL);
}

/* What fills a memory is refused before it does. */
static void
test_bomb (void)
{
  const gsize size = 66u << 20;
  g_autofree guint8 *zeros = g_malloc0 (size);
  gsize n;
  g_autofree char *gzip = fixture_gzip ("bomb.gz", zeros, size, &n), *zstd = write_zstd ("bomb.zst", zeros, size, &n);
  g_autoptr (AssaySource) source = NULL;
  GError *error = NULL;

  g_assert_null (assay_source_open (gzip, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "bomb.gz", "--max-expansion", NULL);
  g_assert_null (assay_source_open (zstd, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "bomb.zst", "--max-expansion", NULL);
  source = assay_source_open (zstd, 100000, &error);
  g_assert_no_error (error);
  g_assert_cmpint (source->size, ==, size);
}

static void
test_no_file (void)
{
  g_autofree char *empty = fixture_write ("empty", "", 0), *folder = g_path_get_dirname (empty);
  g_autofree char *absent = g_build_filename (folder, "absent", NULL), *pipe = g_build_filename (folder, "pipe", NULL);
  GError *error = NULL;

  g_assert_null (assay_source_open (absent, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_NOT_FOUND, "absent", NULL);
  g_assert_null (assay_source_open (empty, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "empty", NULL);
  g_assert_null (assay_source_open (folder, ASSAY_SOURCE_EXPANSION, &error));
  fixture_refused (&error, ASSAY_ERROR_INPUT, "a regular file expected", "directory", NULL);
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_null (assay_source_open (pipe, ASSAY_SOURCE_EXPANSION, &error));               /* and it does not wait for a writer */
  fixture_refused (&error, ASSAY_ERROR_INPUT, "a regular file expected", NULL);
  g_unlink (pipe);
}

static void
test_text (void)
{
  static const struct { const char *bytes; gsize n; const char *fragment; } faults[] = {
    { "ab\ncd\0e", 7, "line 2: a NUL byte at byte offset 5" },
    { "ab\n\xff", 4, "line 2: not UTF-8 at byte offset 3 (byte 0xff)" },
    { "\xed\xa0\x80", 3, "not UTF-8 at byte offset 0" },          /* a surrogate */
    { "\xc0\xaf", 2, "not UTF-8 at byte offset 0" },              /* longer than need be */
    { "a\xe2\x82", 3, "not UTF-8 at byte offset 1" },             /* cut short */
  };

  for (gsize k = 0; k < G_N_ELEMENTS (faults); k++)
    {
      AssaySource source = { .name = (char *) "t", .bytes = (guint8 *) faults[k].bytes, .size = faults[k].n };
      GError *error = NULL;

      g_assert_false (assay_source_check_text (&source, &error));
      fixture_refused (&error, ASSAY_ERROR_INPUT, faults[k].fragment, NULL);
    }
}

static void
test_excerpt (void)
{
  g_autofree char *plain = assay_source_excerpt ("a\xc3\xa9", 3), *odd = assay_source_excerpt ("\033[1m\xff", 5);
  g_autofree char *bidi = assay_source_excerpt ("\xe2\x80\xae", 3), *dots = assay_source_excerpt ("0123456789012345678901234567890123456789x", 41);

  g_assert_cmpstr (plain, ==, "\"a\xc3\xa9\"");
  g_assert_cmpstr (odd, ==, "\"\\x1b[1m\\xff\"");
  g_assert_cmpstr (bidi, ==, "\"\\x202e\"");
  g_assert_cmpstr (dots, ==, "\"0123456789012345678901234567890123456789...\"");
}

static void
test_extension (void)
{
  AssaySource source = { .name = (char *) "Data.CSV.gz" }, other = { .name = (char *) "data.csv.zst" };

  g_assert_true (assay_source_has_extension (&source, "csv"));
  g_assert_true (assay_source_has_extension (&other, "csv"));
  g_assert_false (assay_source_has_extension (&source, "gz"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/a plain file is read whole and hashed", test_plain);
  g_test_add_func ("/source/gzip is inflated, member after member", test_gzip);
  g_test_add_func ("/source/truncated, damaged and trailing gzip is refused", test_bad_gzip);
  g_test_add_func ("/source/zstd is inflated, frame after frame; truncated and trailing is refused", test_zstd);
  g_test_add_func ("/source/what would fill the memory is refused by a limit that can be raised", test_bomb);
  g_test_add_func ("/source/what is no regular file with content is refused", test_no_file);
  g_test_add_func ("/source/the first byte that is no text is named", test_text);
  g_test_add_func ("/source/excerpts are visible text", test_excerpt);
  g_test_add_func ("/source/extensions are found before gz in any case", test_extension);
  return g_test_run ();
}
