/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.c: usage, options in columns, examples. */
#include "cli/help.h"

#include "cli/text.h"
#include "job/command.h"
#include "job/describe.h"
#include "job/spec.h"

#define WIDTH 79
#define INDENT 28

static void
append_entry (GString *out, const char *head, const char *help)
{
  g_string_append_printf (out, "  %-*s", INDENT - 2, head);
  if (assay_text_width (head) + 3 > INDENT)
    g_string_append_printf (out, "\n%*s", INDENT, "");
  assay_text_wrap (out, help, INDENT, WIDTH);
  g_string_append_c (out, '\n');
}

static void
append_option (GString *out, const AssayParam *p)
{
  const char *metavar = assay_describe_metavar (p);
  g_autofree char *help = assay_describe_param (p), *head = NULL;
  char letter[] = { '-', p->short_name, ',', ' ', '\0' };

  head = g_strdup_printf ("%s--%s%s%s", p->short_name ? letter : "    ", p->name, metavar ? " " : "", metavar ? metavar : "");
  append_entry (out, head, help);
}

static void
append_options (GString *out, const char *title, const AssayJobKind *command, const AssayParam *table)
{
  gboolean titled = FALSE;

  for (; table->name != NULL; table++)
    {
      if (table->flags & ASSAY_PARAM_POSITIONAL || (command != NULL && assay_job_hides (command, table)))
        continue;
      if (!titled)
        {
          g_string_append_c (out, '\n');
          assay_text_wrap (out, title, 0, WIDTH);
          g_string_append_c (out, '\n');
        }
      titled = TRUE;
      append_option (out, table);
    }
}

static void
append_arguments (GString *out, const AssayJobKind *command)
{
  gboolean titled = command->access != ASSAY_JOB_NO_CASE;

  if (titled)
    {
      g_string_append (out, "\nArguments\n");
      append_entry (out, "CASE", command->access == ASSAY_JOB_MAKES_CASE ? "directory of the new case" : "directory of the case");
    }
  for (const AssayParam *p = command->params; p->name != NULL; p++)
    if (p->flags & ASSAY_PARAM_POSITIONAL)
      {
        g_autofree char *help = assay_describe_param (p);

        if (!titled)
          g_string_append (out, "\nArguments\n");
        titled = TRUE;
        append_entry (out, assay_describe_metavar (p), help);
      }
}

static void
append_examples (GString *out, const AssayJobExample *examples)
{
  if (examples == NULL || examples->command == NULL)
    return;
  g_string_append (out, "\nExamples\n");
  for (; examples->command != NULL; examples++)
    {
      g_autofree char *command = assay_describe_example (examples->command, 6, WIDTH - 2);
      g_autoptr (GString) what = g_string_new (NULL);
      g_auto (GStrv) lines = NULL;

      assay_text_wrap (what, examples->what, 0, WIDTH - 4);
      lines = g_strsplit (what->str, "\n", -1);
      for (guint k = 0; lines[k] != NULL; k++)
        g_string_append_printf (out, "  # %s\n", lines[k]);
      g_string_append_printf (out, "  %s\n", command);
    }
}

static char *
command_help (const AssayJobKind *command)
{
  GString *out = g_string_new (NULL);
  g_autofree char *synopsis = assay_describe_synopsis (command);
  g_auto (GStrv) paragraphs = g_strsplit (command->description, "\n\n", -1);

  g_string_append_printf (out, "Usage: assay %s %s\n", command->name, synopsis);
  for (guint k = 0; paragraphs[k] != NULL; k++)
    {
      g_string_append_c (out, '\n');
      assay_text_wrap (out, paragraphs[k], 0, WIDTH);
      g_string_append_c (out, '\n');
    }
  append_arguments (out, command);
  append_options (out, "Options", command, command->params);
  for (const AssayJobSection *s = assay_describe_sections (command); s->params != NULL; s++)
    {
      g_autofree char *title = assay_describe_section (command, s);

      append_options (out, title, command, s->params);
    }
  append_options (out, "General options", NULL, assay_command_globals);
  append_examples (out, command->examples);
  return g_string_free (out, FALSE);
}

static char *
program_help (void)
{
  GString *out = g_string_new ("Usage: assay COMMAND [ARGUMENT]... [OPTION]...\n\n");

  assay_text_wrap (out, "Assay says which training examples caused a behaviour of a model, and how sure that is. Everything about one question lives in "
                   "one directory, a case.", 0, WIDTH);
  g_string_append (out, "\n\nCommands\n");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    append_entry (out, (*command)->name, (*command)->help);
  append_options (out, "General options", NULL, assay_command_globals);
  g_string_append (out, "\nExit status\n");
  for (const AssayExitStatus *status = assay_command_exit_statuses; status->meaning != NULL; status++)
    {
      g_autofree char *number = g_strdup_printf ("%d", status->status);

      append_entry (out, number, status->meaning);
    }
  g_string_append (out, "\nassay COMMAND --help says more about a command.\n");
  return g_string_free (out, FALSE);
}

char *
assay_help_text (const AssayJobKind *command)
{
  return command ? command_help (command) : program_help ();
}
