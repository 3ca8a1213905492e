/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manual.c: mdoc(7) source. */
#include "cli/manual.h"

#include "base/error.h"
#include "config.h"
#include "job/command.h"
#include "job/describe.h"
#include "job/spec.h"

#include <string.h>

/* What a page of 80 columns leaves to an indented example. */
#define EXAMPLE_WIDTH 66

/* Names of options, variables and files must be found as they are. */
static gboolean
is_name (const char *word)
{
  gsize n = strcspn (word, " \n");

  return memchr (word, '-', n) || memchr (word, '_', n) || memchr (word, '/', n);
}

/* Text that roff must not take for its own, backslashes and a leading point or quote, or break within a name. */
static void
append_text (GString *out, const char *text)
{
  gboolean in_word = FALSE;

  for (gboolean at_start = TRUE; *text != '\0'; text++)
    {
      if (at_start && (*text == '.' || *text == '\''))
        g_string_append (out, "\\&");
      if (!in_word && is_name (text))
        g_string_append (out, "\\%");
      in_word = *text != ' ' && *text != '\n';
      if (*text == '\\')
        g_string_append (out, "\\e");
      else if (*text == '-')
        g_string_append (out, "\\-");
      else
        g_string_append_c (out, *text);
      at_start = *text == '\n';
    }
}

static void
append_line (GString *out, const char *text)
{
  g_autoptr (GRegex) end = g_regex_new ("(?<=[.?!]) (?=[A-Z])", 0, 0, NULL);
  g_auto (GStrv) sentences = g_regex_split (end, text, 0);        /* each on a line: that is how roff knows where one ends */

  for (char **sentence = sentences; *sentence != NULL; sentence++)
    {
      append_text (out, *sentence);
      g_string_append_c (out, '\n');
    }
}

/* A word as an argument of a macro: quoted, so that no part of it is taken for a macro. */
static void
append_word (GString *out, const char *word)
{
  g_auto (GStrv) parts = g_strsplit (word, "\"", -1);
  g_autofree char *doubled = g_strjoinv ("\"\"", parts);

  g_string_append (out, " \"");
  append_text (out, doubled);
  g_string_append_c (out, '"');
}

static void
append_item (GString *out, const AssayParam *p)
{
  const char *metavar = assay_describe_metavar (p);
  g_autofree char *help = assay_describe_param (p);

  g_string_append (out, ".It");
  if (p->flags & ASSAY_PARAM_POSITIONAL)
    {
      g_string_append (out, " Ar");
      append_word (out, metavar);
    }
  else
    {
      g_autofree char *name = g_strconcat ("-", p->name, NULL);         /* Fl prints the first dash */

      if (p->short_name)
        g_string_append_printf (out, " Fl %c ,", p->short_name);
      g_string_append (out, " Fl");
      append_word (out, name);
      if (metavar != NULL)
        {
          g_string_append (out, " Ar");
          append_word (out, metavar);
        }
    }
  g_string_append_c (out, '\n');
  append_line (out, help);
}

static void
append_items (GString *out, const AssayJobKind *command, const AssayParam *table)
{
  if (table->name == NULL)
    return;
  g_string_append (out, ".Bl -tag -width Ds\n");
  for (; table->name != NULL; table++)
    if (command == NULL || !assay_job_hides (command, table))
      append_item (out, table);
  g_string_append (out, ".El\n");
}

static void
append_paragraphs (GString *out, const char *text)
{
  g_auto (GStrv) paragraphs = g_strsplit (text, "\n\n", -1);

  for (guint k = 0; paragraphs[k] != NULL; k++)
    {
      if (k > 0)
        g_string_append (out, ".Pp\n");
      append_line (out, paragraphs[k]);
    }
}

/* The command before `command` whose sections print that table, or NULL: it is printed once. */
static const AssayJobKind *
find_printed (const AssayJobKind *command, const AssayParam *table)
{
  for (const AssayJobKind *const *k = assay_command_list (); *k != command; k++)
    for (const AssayJobSection *s = assay_describe_sections (*k); s->params != NULL; s++)
      if (s->params == table)
        return *k;
  return NULL;
}

/* Names the options of a table that another command describes. */
static void
append_names (GString *out, const AssayJobKind *command, const AssayParam *table, const AssayJobKind *described)
{
  const char *between = "";

  g_string_append_printf (out, "those of\n.Nm Cm %s :\n", described->name);
  for (; table->name != NULL; table++)
    if (!assay_job_hides (command, table))
      {
        g_string_append (out, between);
        append_text (out, "--");
        append_text (out, table->name);
        between = ",\n";
      }
  g_string_append (out, ".\n");
}

static void
append_section (GString *out, const AssayJobKind *command, const AssayJobSection *section)
{
  const AssayJobKind *described = find_printed (command, section->params);
  g_autofree char *intro = assay_describe_section (command, section), *title = g_strconcat (intro, described ? "," : ":", NULL);

  if (section->params->name == NULL)
    return;
  g_string_append (out, ".Pp\n");
  append_line (out, title);
  if (described != NULL)
    append_names (out, command, section->params, described);
  else
    append_items (out, command, section->params);
}

static void
append_command (GString *out, const AssayJobKind *command)
{
  g_autofree char *synopsis = assay_describe_synopsis (command);

  g_string_append_printf (out, ".Ss assay %s\n", command->name);
  g_string_append_printf (out, ".Nm Cm %s\n", command->name);
  append_line (out, synopsis);
  g_string_append (out, ".Pp\n");
  append_paragraphs (out, command->description);
  append_items (out, command, command->params);
  for (const AssayJobSection *s = assay_describe_sections (command); s->params != NULL; s++)
    append_section (out, command, s);
}

static void
append_commands_and_globals (GString *out)
{
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    append_command (out, *command);
  g_string_append (out, ".Ss General options\n");
  append_line (out, "Every command takes them, before or after its own arguments.");
  append_items (out, NULL, assay_command_globals);
}

static void
append_examples (GString *out)
{
  gboolean is_first = TRUE;

  g_string_append (out, ".Sh EXAMPLES\n");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    for (const AssayJobExample *example = (*command)->examples; example != NULL && example->command != NULL; example++)
      {
        g_autofree char *what = g_strconcat (example->what, g_str_has_suffix (example->what, "?") ? "" : ":", NULL);
        g_autofree char *lines = assay_describe_example (example->command, 4, EXAMPLE_WIDTH);

        g_string_append (out, is_first ? "" : ".Pp\n");
        is_first = FALSE;
        what[0] = g_ascii_toupper (what[0]);
        append_line (out, what);
        g_string_append (out, ".Bd -literal -offset indent\n");
        append_line (out, lines);
        g_string_append (out, ".Ed\n");
      }
}

static void
append_exit_statuses (GString *out)
{
  g_string_append (out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
  for (const AssayExitStatus *status = assay_command_exit_statuses; status->meaning != NULL; status++)
    {
      g_string_append_printf (out, ".It %d\n", status->status);
      append_line (out, status->meaning);
    }
  g_string_append (out, ".El\n");
}

static void
append_environment_and_files (GString *out)
{
  g_string_append (out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n");
  g_string_append (out, ".It Ev ASSAY_OPTION\n");
  append_line (out, "value of a general option, in capitals and with _ for each dash: --threads is ASSAY_THREADS");
  g_string_append (out, ".It Ev ASSAY_COMMAND_OPTION\n");
  append_line (out, "value of a command's option: --damping of influence is ASSAY_INFLUENCE_DAMPING; a value that may be repeated has several, "
               "separated by semicolons");
  g_string_append (out, ".It Ev XDG_CONFIG_HOME\n");
  append_line (out, "directory of settings (default: ~/.config)");
  g_string_append (out, ".It Ev TERM\n");
  append_line (out, "on a terminal called dumb no progress is drawn");
  g_string_append (out, ".El\n.Sh FILES\n.Bl -tag -width Ds\n.It Pa ~/.config/assay/assay.conf\n");
  append_line (out, "settings: a group [general] for the general options and a group for each command, with lines name=value. For example");
  g_string_append (out, ".Bd -literal -offset indent\n[general]\nthreads=2\n\n[influence]\nmethod=exact\n.Ed\n.El\n.Pp\n");
  append_line (out, "Later wins: the built-in value, assay.conf, the file of --config, the environment, the command line. What was in force is kept "
               "with each result.");
}

static void
append_diagnostics (GString *out)
{
  g_string_append (out, ".Sh DIAGNOSTICS\n");
  append_line (out, "A message is one line on standard error: what is wrong, where, what was expected, what was found, and what to do. With --json a "
               "command that fails also prints a document whose schema is assay.error: error.message has the message, exit_status the exit "
               "status, and error.cause one of");
  for (int code = 0; code < ASSAY_ERROR_N_CODES; code++)
    {
      append_text (out, assay_error_cause (&(GError) { .domain = ASSAY_ERROR, .code = code }));
      g_string_append (out, code + 1 < ASSAY_ERROR_N_CODES ? ",\n" : ".\n");
    }
}

static const char *const documents[] = { "README.md", "from-python.md", "influence.md", "validity.md", "exact-products.md", "store-format.md", NULL };

static void
append_see_also (GString *out)
{
  g_string_append (out, ".Sh SEE ALSO\n.Xr h5dump 1\n.Pp\n");
  append_line (out, "In the documentation directory of Assay:");
  for (const char *const *name = documents; *name != NULL; name++)
    g_string_append_printf (out, ".Pa %s%s\n", *name, name[1] ? " ," : " .");
}

char *
assay_manual_page (const char *date)
{
  GString *out = g_string_new (".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" Made by assay documentation man from the declared parameters.\n");

  g_string_append_printf (out, ".Dd %s\n.Dt ASSAY 1\n.Os " PACKAGE_NAME " " PACKAGE_VERSION "\n.Sh NAME\n.Nm assay\n", date);
  g_string_append (out, ".Nd which training examples caused a behaviour of a model, and how sure that is\n");
  g_string_append (out, ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar argument ...\n.Op Ar option ...\n.Sh DESCRIPTION\n");
  append_line (out, "Everything about one question lives in one directory, a case: data, models, recordings, scores, and how each was made. Each command "
               "builds a job, which is answered from the case when it was done before, goes on when it was interrupted, and is run otherwise. "
               "Standard output carries results only.");
  g_string_append (out, ".Sh COMMANDS\n");
  append_commands_and_globals (out);
  append_environment_and_files (out);
  append_exit_statuses (out);
  append_examples (out);
  append_diagnostics (out);
  append_see_also (out);
  return g_string_free (out, FALSE);
}

char *
assay_manual_examples (void)
{
  GString *out = g_string_new (NULL);

  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    for (const AssayJobExample *example = (*command)->examples; example != NULL && example->command != NULL; example++)
      g_string_append_printf (out, "%s\n", example->command);
  return g_string_free (out, FALSE);
}
