/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-text.c: widths, wrapping, tables, examples and the progress line keep to the columns they are given. */
#include "job/describe.h"
#include "cli/progress_bar.h"
#include "cli/table.h"
#include "cli/text.h"

#include <string.h>

static void
assert_taken (char *found, const char *expected)
{
  g_assert_cmpstr (found, ==, expected);
  g_free (found);
}

static void
test_width (void)
{
  g_assert_cmpuint (assay_text_width ("abc"), ==, 3);
  g_assert_cmpuint (assay_text_width ("日本"), ==, 4);
  g_assert_cmpuint (assay_text_width ("e\u0301"), ==, 1);
}

static void
test_wrap (void)
{
  g_autoptr (GString) out = g_string_new ("ab");

  assay_text_wrap (out, "one two three four", 2, 9);
  g_assert_cmpstr (out->str, ==, "abone two\n  three\n  four");
  g_string_truncate (out, 0);
  assay_text_wrap (out, "averyveryverylongword x", 0, 8);                                /* a word is never broken */
  g_assert_cmpstr (out->str, ==, "averyveryverylongword\nx");
}

/* A shell joins the lines to the command again. */
static void
test_example (void)
{
  static const char command[] = "assay train people.assay --target \"score in ('Medium', 'High') --no option\" --terms a,b -k 3 > out";

  for (guint width = 1; width < 120; width += 3)
    {
      g_autofree char *lines = assay_describe_example (command, 4, width);
      g_auto (GStrv) expected = NULL, found = NULL;
      g_auto (GStrv) each = g_strsplit (lines, "\n", -1);

      g_assert_true (g_shell_parse_argv (command, NULL, &expected, NULL));
      g_assert_true (g_shell_parse_argv (lines, NULL, &found, NULL));
      g_assert_true (g_strv_equal ((const char *const *) expected, (const char *const *) found));
      for (guint k = 0; each[k] != NULL; k++)
        g_assert_true (width < 64 || strlen (each[k]) <= width);                         /* enough for the longest piece */
    }
  assert_taken (assay_describe_example (command, 4, 200), command);
}

static void
test_table (void)
{
  g_autoptr (AssayView) view = assay_view_new ();
  g_autofree char *text = NULL;

  assay_view_add_field (view, "model", "%s", "a\033b");
  assay_view_begin_table (view, "name|>loss");
  assay_view_add_cell (view, "日本");
  assay_view_add_cell (view, "1.5");
  assay_view_add_cell (view, "x");
  assay_view_add_cell (view, "10.25");
  text = assay_table_render_view (view);
  g_assert_cmpstr (text, ==, "model  a\\x1bb\n\nname   loss\n----  -----\n日本    1.5\nx     10.25\n");
}

static void
test_progress (void)
{
  const AssayProgressState half = { .stage = "training", .unit = "steps", .first = 0, .done = 50, .total = 100, .seconds = 5 };
  const AssayProgressState resumed = { .stage = "training", .unit = "steps", .first = 40, .done = 50, .total = 100, .seconds = 5 };
  const AssayProgressState unknown = { .stage = "reading", .unit = "rows", .done = 7, .seconds = 0.1, .note = "\033[2Jnote" };
  const AssayProgressState beyond = { .stage = "training", .done = 200, .total = 100 };

  assert_taken (assay_progress_bar_format (&half, 100), "training [##########..........]  50 %  50/100 steps, 10/s, 5.0 s left");
  assert_taken (assay_progress_bar_format (&resumed, 100), "training [##########..........]  50 %  50/100 steps, 2/s, 25 s left");
  assert_taken (assay_progress_bar_format (&unknown, 100), "reading  7 rows  \\x1b[2Jnote");
  assert_taken (assay_progress_bar_format (&beyond, 100), "training [####################] 100 %");
  for (guint columns = 1; columns < 80; columns++)
    {
      g_autofree char *line = assay_progress_bar_format (&half, columns);

      g_assert_cmpuint (assay_text_width (line), <, columns);                            /* the last column would wrap */
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/width counts columns", test_width);
  g_test_add_func ("/text/lines are wrapped between words", test_wrap);
  g_test_add_func ("/text/an example broken into lines is the same command to a shell", test_example);
  g_test_add_func ("/text/a table lines up, and shows control characters", test_table);
  g_test_add_func ("/text/the progress line says share, rate and time left, and fits the terminal", test_progress);
  return g_test_run ();
}
