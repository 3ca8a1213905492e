/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-csv-writer.c: quoting, formula guard, numbers that read back to the same bits, no locale. */
#include "store/csv_writer.h"

#include <locale.h>
#include <math.h>

#include "base/rng.h"
#include "store_test.h"

static void
test_bytes (Room *room, gconstpointer unused)
{
  static const char *const texts[] = { "plain", "a,b", "say \"x\"", "two\nlines", "", "=1+1", "-x", "@cmd", "+", "\ttab", "\303\244", "\357\274\2351", "\033[2J", "\342\200\256=1",
                                       "\r\n=1" };
  g_autofree char *path = g_build_filename (room->directory, "a.csv", NULL), *bytes = NULL;
  g_autoptr (AssayCsvWriter) csv = assay_csv_writer_new (path, NULL);
  GError *error = NULL;
  gsize n;

  (void) unused;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assay_csv_writer_text (csv, texts[i]);
  g_assert_true (assay_csv_writer_end_row (csv, &error));
  assay_csv_writer_int (csv, -5);
  assay_csv_writer_double (csv, -0.5);
  assay_csv_writer_double (csv, NAN);
  assay_csv_writer_double (csv, -INFINITY);
  assay_csv_writer_empty (csv);
  g_assert_true (assay_csv_writer_end_row (csv, &error));
  g_assert_true (assay_csv_writer_commit (csv, &error));
  load (path, &bytes, &n);
  g_assert_cmpstr (bytes, ==, "plain,\"a,b\",\"say \"\"x\"\"\",two\\x0alines,\"\",\"'=1+1\",\"'-x\",\"'@cmd\",\"'+\",\\x09tab,\303\244,\"'\357\274\2351\",\\x1b[2J,\\u{202e}=1,"
                              "\\x0d\\x0a=1\r\n"
                              "-5,-0.5,nan,-inf,\r\n");
}

static void
test_numbers (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "a.csv", NULL), *bytes = NULL, *before = g_strdup (setlocale (LC_ALL, NULL));
  g_autoptr (AssayCsvWriter) csv = NULL;
  g_auto (GStrv) lines = NULL;
  AssayRng rng = assay_rng_new (9, 9), again = rng;
  gsize n;

  (void) unused;
  if (setlocale (LC_ALL, "de_DE.UTF-8") == NULL)
    g_test_message ("locale de_DE.UTF-8 is not installed; the C locale is used");
  csv = assay_csv_writer_new (path, NULL);
  for (int i = 0; i < 20000; i++)
    {
      assay_csv_writer_double (csv, ldexp (assay_rng_normal (&rng), (int) assay_rng_below (&rng, 600) - 300));
      g_assert_true (assay_csv_writer_end_row (csv, NULL));
    }
  g_assert_true (assay_csv_writer_commit (csv, NULL));
  setlocale (LC_ALL, before);
  load (path, &bytes, &n);
  lines = g_strsplit (bytes, "\r\n", -1);
  for (int i = 0; i < 20000; i++)
    {
      double want = ldexp (assay_rng_normal (&again), (int) assay_rng_below (&again, 600) - 300);

      g_assert_true (g_ascii_strtod (lines[i], NULL) == want);
    }
}

static void
test_abandoned (Room *room, gconstpointer unused)
{
  g_autofree char *path = g_build_filename (room->directory, "a.csv", NULL);
  AssayCsvWriter *csv = assay_csv_writer_new (path, NULL);

  (void) unused;
  assay_csv_writer_int (csv, 1);
  assay_csv_writer_end_row (csv, NULL);
  assay_csv_writer_free (csv);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/csv-writer/fields are quoted and guarded as they must be", test_bytes);
  ADD ("/csv-writer/numbers read back to the same bits in any locale", test_numbers);
  ADD ("/csv-writer/nothing appears before the commit", test_abandoned);
  return g_test_run ();
}
