/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verifier.c: the program `assay-verify`: for a reader of reports who wants to check a bundle and nothing else. The checks are those of
 * `assay verify`; no model, no window and no code that writes a case is in it. */
#include <glib.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/text.h"
#include "config.h"
#include "report/bundle_answer.h"

#define PROGRAM "assay-verify"
#define WIDTH 79
#define INDENT 28

static const AssayParam own_options[] = {
  { "json", ASSAY_PARAM_BOOL, .help = "print one JSON document in place of sentences" },
  { "help", ASSAY_PARAM_BOOL, .help = "print this and end" },
  { "version", ASSAY_PARAM_BOOL, .help = "print the version and end" },
  { .name = NULL }
};

typedef struct {
  AssayValues *bundle_options, *own;
  const char  *directory;
} Arguments;

static void
tell (const char *text)
{
  g_autofree char *safe = assay_text_escape (text, FALSE);

  fprintf (stderr, PROGRAM ": %s\n", safe);
}

/* --- command line ---------------------------------------------------------------------------------------------------- */

static const AssayParam *
find (const AssayParam *table, const char *name)
{
  while (table->name != NULL && strcmp (table->name, name) != 0)
    table++;
  return table->name != NULL ? table : NULL;
}

static gboolean
usage (GError **error, const char *format, const char *what)
{
  g_autofree char *text = g_strdup_printf (format, what);

  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s; " PROGRAM " --help lists the options", text);
  return FALSE;
}

/* --name VALUE, --name=VALUE or --name. Moves *k on when the value is the next argument. */
static gboolean
take_option (Arguments *arguments, int argc, char **argv, int *k, GError **error)
{
  const char *equals = strchr (argv[*k], '='), *value = equals != NULL ? equals + 1 : NULL;
  g_autofree char *name = equals != NULL ? g_strndup (argv[*k] + 2, (gsize) (equals - argv[*k] - 2)) : g_strdup (argv[*k] + 2);
  AssayValues *values = find (own_options, name) != NULL ? arguments->own : arguments->bundle_options;
  const AssayParam *p = find (assay_values_get_table (values), name);

  if (p == NULL)
    return usage (error, "there is no option --%s", name);
  if (p->type == ASSAY_PARAM_BOOL)
    return value == NULL ? assay_values_set_text (values, name, "true", error) : usage (error, "--%s takes no value", name);
  if (value == NULL && *k + 1 < argc)
    value = argv[++*k];
  return value != NULL ? assay_values_set_text (values, name, value, error) : usage (error, "--%s needs a value", name);
}

static gboolean
parse (Arguments *arguments, int argc, char **argv, GError **error)
{
  gboolean options_ended = FALSE;

  for (int k = 1; k < argc; k++)
    {
      if (!options_ended && strcmp (argv[k], "--") == 0)
        options_ended = TRUE;
      else if (!options_ended && g_str_has_prefix (argv[k], "--"))
        {
          if (!take_option (arguments, argc, argv, &k, error))
            return FALSE;
        }
      else if (!options_ended && argv[k][0] == '-' && argv[k][1] != '\0')
        return usage (error, "there is no option %s", argv[k]);
      else if (arguments->directory != NULL)
        return usage (error, "one bundle is checked at a time; %s is one too many", argv[k]);
      else
        arguments->directory = argv[k];
    }
  if (arguments->directory == NULL && !assay_values_get_bool (arguments->own, "help") && !assay_values_get_bool (arguments->own, "version"))
    return usage (error, "%s of a bundle is needed", "the directory");
  return TRUE;
}

static void
append_options (GString *out, const AssayParam *table)
{
  for (; table->name != NULL; table++)
    {
      g_autofree char *head = g_strdup_printf ("--%s%s%s", table->name, table->metavar != NULL ? " " : "", table->metavar != NULL ? table->metavar : "");

      g_string_append_printf (out, "  %-*s", INDENT - 2, head);
      assay_text_wrap (out, g_str_has_prefix (table->help, "of a report: ") ? table->help + strlen ("of a report: ") : table->help, INDENT, WIDTH);
      g_string_append_c (out, '\n');
    }
}

static gboolean
print_help (GError **error)
{
  g_autoptr (GString) out = g_string_new ("Usage: " PROGRAM " [OPTION]... BUNDLE\n\n");

  assay_text_wrap (out, "Checks the directory that assay report wrote: every file, the way from every printed number to the evidence and from the evidence to "
                   "the signed statement. It prints three verdicts: unaltered or not, signer known or not, time attested by whom. Nothing in the "
                   "directory is trusted, nothing is changed, nothing is sent. That a report is unaltered does not show that its numbers are right.",
                   0, WIDTH);
  g_string_append (out, "\n\nOptions\n");
  append_options (out, assay_bundle_params);
  append_options (out, own_options);
  g_string_append (out, "\nExit status\n"
                   "  0  unaltered and signed, by the key where one was given\n"
                   "  1  altered, or not signed by the key that was given\n"
                   "  2  wrong usage\n"
                   "  3  no bundle, or it or the key cannot be read\n"
                   "  4  the machine's fault: no memory, no permission\n"
                   "  5  unaltered, but unsigned\n");
  return assay_output_text (out->str, error);
}

/* --- the check ------------------------------------------------------------------------------------------------------- */

static gboolean
print_sentences (const json_t *answer, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize k;
  json_t *sentence;

  json_array_foreach (json_object_get (answer, "sentences"), k, sentence)
    {
      g_autofree char *safe = assay_text_escape (json_string_value (sentence), FALSE);

      g_string_append_printf (out, "%s\n", safe);
    }
  return assay_output_text (out->str, error);
}

/* The exit status, or -1 with an error. */
static int
check (const Arguments *arguments, GError **error)
{
  int exit_status = 0;
  g_autofree char *reason = NULL;
  json_t *answer = assay_bundle_answer (arguments->directory, arguments->bundle_options, NULL, &exit_status, &reason, error);
  gboolean ok;

  if (answer == NULL)
    return -1;
  json_object_set_new (answer, "schema", json_string ("assay.verify"));
  json_object_set_new (answer, "version", json_integer (1));
  json_object_set_new (answer, "program", json_string (PACKAGE_NAME " " PACKAGE_VERSION));
  json_object_set_new (answer, "exit_status", json_integer (exit_status));
  ok = assay_values_get_bool (arguments->own, "json") ? assay_output_json (answer, error) : print_sentences (answer, error);
  json_decref (answer);
  if (ok && reason != NULL)
    tell (reason);
  return ok ? exit_status : -1;
}

static int
run (Arguments *arguments, int argc, char **argv, GError **error)
{
  if (!parse (arguments, argc, argv, error))
    return -1;
  if (assay_values_get_bool (arguments->own, "help"))
    return print_help (error) ? 0 : -1;
  if (assay_values_get_bool (arguments->own, "version"))
    return assay_output_text (PROGRAM " (" PACKAGE_NAME ") " PACKAGE_VERSION "\n", error) ? 0 : -1;
  return check (arguments, error);
}

int
main (int argc, char **argv)
{
  Arguments arguments = { assay_values_new (assay_bundle_params), assay_values_new (own_options), NULL };
  g_autoptr (GError) error = NULL;
  int status;

  assay_output_prepare ();
  status = run (&arguments, argc, argv, &error);
  if (status < 0)
    {
      status = assay_error_exit_status (error);
      tell (error->message);
    }
  assay_values_free (arguments.bundle_options);
  assay_values_free (arguments.own);
  return status;
}
