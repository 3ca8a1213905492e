/* SPDX-License-Identifier: GPL-3.0-or-later */
/* manual.c: mdoc(7) source. */
#include "cli/manual.h"

#include "cli/command.h"
#include "cli/describe.h"
#include "config.h"
#include "job/spec.h"

#include <string.h>

/* Text that roff must not take for its own: backslashes, and a leading point or quote. */
static void
append_text (GString *out, const char *text)
{
  for (gboolean at_start = TRUE; *text != '\0'; text++)
    {
      if (at_start && (*text == '.' || *text == '\''))
        g_string_append (out, "\\&");
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
  append_text (out, text);
  g_string_append_c (out, '\n');
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
    {
      g_autofree char *intro = assay_describe_section (command, s);

      if (s->params->name == NULL)
        continue;
      g_string_append (out, ".Pp\n");
      append_line (out, intro);
      append_items (out, command, s->params);
    }
}

static void
append_commands_and_globals (GString *out)
{
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    append_command (out, *command);
  g_string_append (out, ".Ss General options\n");
  append_line (out, "Every command takes them, before or after its own arguments.");
  append_items (out, NULL, assay_cli_globals);
}

static void
append_examples (GString *out)
{
  g_string_append (out, ".Sh EXAMPLES\n");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    for (const AssayJobExample *example = (*command)->examples; example != NULL && example->command != NULL; example++)
      {
        g_autofree char *what = g_strconcat (example->what, ":", NULL);

        g_string_append (out, ".Pp\n");
        what[0] = g_ascii_toupper (what[0]);
        append_line (out, what);
        g_string_append (out, ".Bd -literal -offset indent\n");
        append_line (out, example->command);
        g_string_append (out, ".Ed\n");
      }
}

static void
append_exit_statuses (GString *out)
{
  g_string_append (out, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n");
  for (const AssayExitStatus *status = assay_cli_exit_statuses; status->meaning != NULL; status++)
    {
      g_string_append_printf (out, ".It %d\n", status->status);
      append_line (out, status->meaning);
    }
  g_string_append (out, ".El\n");
}

static const char settings_text[] =
  "Options may be kept in a settings file. Later wins: the built-in value, assay.conf in the directory assay of XDG_CONFIG_HOME (or ~/.config), "
  "the file of --config, the environment, the command line. The file has a group [general] for the general options and one for each command, "
  "with lines name=value; a value that may be repeated has several, separated by semicolons. In the environment the option --threads is ASSAY_THREADS, and --damping of "
  "influence is ASSAY_INFLUENCE_DAMPING. What was in force is kept with each result.";

char *
assay_manual_page (const char *date)
{
  GString *out = g_string_new (".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.\\\" Made by assay documentation man from the declared parameters.\n");

  g_string_append_printf (out, ".Dd %s\n.Dt ASSAY 1\n.Os\n.Sh NAME\n.Nm assay\n", date);
  g_string_append (out, ".Nd which training examples caused a behaviour of a model, and how sure that is\n");
  g_string_append (out, ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar argument ...\n.Op Ar option ...\n.Sh DESCRIPTION\n");
  append_line (out, "Everything about one question lives in one directory, a case: data, models, recordings, scores, and how each was made. Each command "
               "builds a job, which is answered from the case when it was done before, goes on when it was interrupted, and is run otherwise. "
               "Standard output carries results only.");
  g_string_append (out, ".Sh COMMANDS\n");
  append_commands_and_globals (out);
  append_exit_statuses (out);
  g_string_append (out, ".Sh FILES AND ENVIRONMENT\n");
  append_line (out, settings_text);
  append_examples (out);
  g_string_append (out, ".Sh SEE ALSO\n");
  append_line (out, "The files in the documentation directory of Assay: store-format.md, from-python.md.");
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
