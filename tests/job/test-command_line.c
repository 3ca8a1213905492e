/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-command_line.c: command lines as they are understood, and typed again. */
#include "job/command_line.h"

#include "base/error.h"

#include <string.h>

static gboolean
parse (AssayCommandLine *line, const char *text, GError **error)
{
  g_auto (GStrv) argv = NULL;

  g_assert_true (g_shell_parse_argv (text, NULL, &argv, NULL));
  memset (line, 0, sizeof *line);
  return assay_command_line_parse (line, (int) g_strv_length (argv), (const char *const *) argv, error);
}

static void
test_forms (void)
{
  static const char *const forms[] = { "assay influence c.assay --query train:0 --top 7 --json -q", "assay --json influence --top=7 -q c.assay --query=train:0",
                                       "assay -q influence -k7 c.assay --query train:0 --json=true", "assay influence c.assay -k 7 -qk 7 --query train:0 --json",
                                       "assay influence --query train:0 --no-json --json --top 3 --top 7 --quiet -- c.assay" };

  for (gsize k = 0; k < G_N_ELEMENTS (forms); k++)
    {
      g_auto (AssayCommandLine) line = { 0 };
      g_autoptr (GError) error = NULL;

      parse (&line, forms[k], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (line.command->name, ==, "influence");
      g_assert_cmpstr (assay_job_get_case (line.job), ==, "c.assay");
      g_assert_cmpint (assay_values_get_int (assay_job_get_values (line.job), "top"), ==, 7);
      g_assert_cmpstr (assay_values_get_list (assay_job_get_values (line.job), "query")[0], ==, "train:0");
      g_assert_null (assay_values_get_list (assay_job_get_values (line.job), "query")[1]);
      g_assert_true (assay_values_get_bool (line.globals, "json"));
      g_assert_true (assay_values_get_bool (line.globals, "quiet"));
      g_assert_false (assay_values_get_bool (line.globals, "verbose"));
    }
}

static void
test_lists (void)
{
  g_auto (AssayCommandLine) line = { 0 };
  const char *const *files;

  g_assert_true (parse (&line, "assay import c.assay data a.csv --id key b.csv -- --c.csv", NULL));
  files = assay_values_get_list (assay_job_get_values (line.job), "file");
  g_assert_cmpuint (g_strv_length ((char **) files), ==, 3);
  g_assert_cmpstr (files[1], ==, "b.csv");
  g_assert_cmpstr (files[2], ==, "--c.csv");
  g_assert_cmpstr (assay_values_get_string (assay_job_get_values (line.job), "what"), ==, "data");
}

static void
refuse (const char *text, const char *words)
{
  g_auto (AssayCommandLine) line = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (parse (&line, text, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" expected in: %s", words, error->message);
}

static void
test_refused (void)
{
  refuse ("assay trian c.assay", "did you mean \"train\"");
  refuse ("assay zzzzzzzz", "assay --help lists them");
  refuse ("assay train c.assay --epochz 3", "did you mean --epochs");
  refuse ("assay train c.assay --qqqqqqqq", "assay train --help lists them");
  refuse ("assay train c.assay --jsonn", "did you mean --json");
  refuse ("assay --epochs 3 train c.assay", "options of a command come after its name");
  refuse ("assay train c.assay -Z", "no option -Z");
  refuse ("assay influence c.assay --top", "the command line ends");
  refuse ("assay influence c.assay -k", "the command line ends");
  refuse ("assay influence c.assay --top seven", "top");
  refuse ("assay influence c.assay --top=", "top");
  refuse ("assay influence c.assay --mean=perhaps", "true or false");
  refuse ("assay influence c.assay --no-mean=yes", "no-mean");
  refuse ("assay influence c.assay --no-top", "no-top");
  refuse ("assay influence c.assay --what data", "what");
  refuse ("assay verify c.assay d.assay", "one argument too many");
  refuse ("assay import c.assay picture x", "what");
}

/* An error is told in the form that was asked for, so what was understood before it is kept. */
static void
test_kept_on_failure (void)
{
  g_auto (AssayCommandLine) line = { 0 };

  g_assert_false (parse (&line, "assay influence --json c.assay --unknown", NULL));
  g_assert_cmpstr (line.command->name, ==, "influence");
  g_assert_true (assay_values_get_bool (line.globals, "json"));
}

static void
test_quote (void)
{
  const char *const argv[] = { "/usr/bin/assay", "train", "my case", "--target", "score in ('Medium', 'High')", "--terms=a,b", "", "*" };
  g_autofree char *quoted = assay_command_line_quote (G_N_ELEMENTS (argv), argv);
  g_auto (GStrv) again = NULL;

  g_assert_true (g_str_has_prefix (quoted, "assay train 'my case' --target "));
  g_assert_nonnull (strstr (quoted, " --terms=a,b "));
  g_assert_true (g_shell_parse_argv (quoted, NULL, &again, NULL));
  g_assert_cmpuint (g_strv_length (again), ==, G_N_ELEMENTS (argv));
  for (gsize k = 1; k < G_N_ELEMENTS (argv); k++)
    g_assert_cmpstr (again[k], ==, argv[k]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/option/all forms of an option mean the same, wherever it stands", test_forms);
  g_test_add_func ("/option/a list takes all arguments that follow, and -- makes any word one", test_lists);
  g_test_add_func ("/option/what is not understood is told by name, with the nearest", test_refused);
  g_test_add_func ("/option/what was understood before an error is kept", test_kept_on_failure);
  g_test_add_func ("/option/a quoted command line reads back as it was", test_quote);
  return g_test_run ();
}
