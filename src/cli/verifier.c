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
  const char  *directory;       /* of the words that were given */
} Arguments;

static void
tell (const char *text)
{
  g_autofree char *safe = assay_text_escape (text, FALSE);

  fprintf (stderr, PROGRAM ": %s\n", safe);
}

/* --- command line ---------------------------------------------------------------------------------------------------- */

/* Of every option: into the table that declares it. */
static gboolean
take_option (const char *name, const char *value, gpointer data, GError **error)
{
  Arguments *arguments = data;
  AssayValues *values[] = { arguments->bundle_options, arguments->own };

  name += strlen ("--");
  for (gsize k = 0; k < G_N_ELEMENTS (values); k++)
    for (const AssayParam *p = assay_values_get_table (values[k]); p->name != NULL; p++)
      if (strcmp (p->name, name) == 0)
        return assay_values_set_text (values[k], name, value ? value : "true", error);
  g_assert_not_reached ();
}

/* GLib takes --content=no for --content. */
static gboolean
refuse_values (const AssayParam *table, const char *const *words, GError **error)
{
  for (; table->name != NULL; table++)
    for (const char *const *word = words; table->type == ASSAY_PARAM_BOOL && *word != NULL && strcmp (*word, "--") != 0; word++)
      if (g_str_has_prefix (*word, "--") && g_str_has_prefix (*word + 2, table->name) && (*word)[2 + strlen (table->name)] == '=')
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--%s takes no value; " PROGRAM " --help lists the options", table->name);
          return FALSE;
        }
  return TRUE;
}

static void
add_entries (GArray *entries, const AssayParam *table)
{
  for (; table->name != NULL; table++)
    {
      GOptionEntry entry = { .long_name = table->name, .flags = table->type == ASSAY_PARAM_BOOL ? G_OPTION_FLAG_NO_ARG : G_OPTION_FLAG_FILENAME,
                             .arg = G_OPTION_ARG_CALLBACK, .arg_data = (gpointer) take_option };

      g_array_append_val (entries, entry);
    }
}

/* words: the arguments, of which those that are no options are left. */
static gboolean
parse (Arguments *arguments, char ***words, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionGroup *group;
  g_autoptr (GArray) entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  g_autoptr (GError) fault = NULL;
  guint first = 1;

  if (!refuse_values (assay_bundle_params, (const char *const *) *words, error) || !refuse_values (own_options, (const char *const *) *words, error))
    return FALSE;
  add_entries (entries, assay_bundle_params);
  add_entries (entries, own_options);
  group = g_option_group_new (NULL, NULL, NULL, arguments, NULL);
  g_option_group_add_entries (group, (const GOptionEntry *) entries->data);
  g_option_context_set_main_group (context, group);
  g_option_context_set_help_enabled (context, FALSE);
  if (!g_option_context_parse_strv (context, words, &fault))
    {
      if (fault->domain == ASSAY_ERROR)
        g_propagate_error (error, g_steal_pointer (&fault));
      else
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s; " PROGRAM " --help lists the options", fault->message);
      return FALSE;
    }
  first += (*words)[1] != NULL && strcmp ((*words)[1], "--") == 0;
  arguments->directory = (*words)[first];
  if (arguments->directory != NULL && (*words)[first + 1] != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "one bundle is checked at a time; %s is one too many", (*words)[first + 1]);
  else if (arguments->directory == NULL && !assay_values_get_bool (arguments->own, "help") && !assay_values_get_bool (arguments->own, "version"))
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "the directory of a bundle is needed; " PROGRAM " --help lists the options");
  else
    return TRUE;
  return FALSE;
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
run (Arguments *arguments, char ***words, GError **error)
{
  if (!parse (arguments, words, error))
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
  g_auto (GStrv) words = g_strdupv (argv);
  g_autoptr (GError) error = NULL;
  int status;

  (void) argc;
  assay_output_prepare ();
  status = run (&arguments, &words, &error);
  if (status < 0)
    {
      status = assay_error_exit_status (error);
      tell (error->message);
    }
  assay_values_free (arguments.bundle_options);
  assay_values_free (arguments.own);
  return status;
}
