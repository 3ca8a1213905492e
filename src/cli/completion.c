/* SPDX-License-Identifier: GPL-3.0-or-later */
/* completion.c: completion for bash: commands, options, choices, file names. */
#include "cli/manual.h"

#include "job/command.h"
#include "job/describe.h"
#include "job/spec.h"

static void
append_option_names (GString *out, const AssayJobKind *command, const AssayParam *table)
{
  for (; table->name != NULL; table++)
    if (!(table->flags & ASSAY_PARAM_POSITIONAL) && (command == NULL || !assay_job_hides (command, table)))
      {
        g_string_append_printf (out, " --%s", table->name);
        if (table->type == ASSAY_PARAM_BOOL && table->def.b)
          g_string_append_printf (out, " --no-%s", table->name);
      }
}

/* One case branch for an option that takes a value. choosers: sections whose values complete it. */
static void
append_value_branch (GString *out, const char *command, const AssayParam *p, const AssayJobSection *sections)
{
  g_autoptr (GString) words = g_string_new (NULL);

  if (p->type == ASSAY_PARAM_BOOL || p->flags & ASSAY_PARAM_POSITIONAL)
    return;
  for (const char *const *choice = p->choices; choice != NULL && *choice != NULL; choice++)
    g_string_append_printf (words, " %s", *choice);
  if (p->choices == NULL)
    for (; sections->params != NULL; sections++)
      if (g_strcmp0 (sections->chooser, p->name) == 0)
        g_string_append_printf (words, " %s", sections->value);
  g_string_append_printf (out, "    \"%s --%s\"", command, p->name);
  if (p->short_name)
    g_string_append_printf (out, "|\"%s -%c\"", command, p->short_name);
  if (words->len > 0)
    g_string_append_printf (out, ") COMPREPLY=($(compgen -W \"%s\" -- \"$word\")); return ;;\n", words->str + 1);
  else if (p->flags & ASSAY_PARAM_FILE)
    g_string_append (out, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
  else
    g_string_append (out, ") return ;;\n");
}

static void
append_value_branches (GString *out, const AssayJobKind *command)
{
  const AssayJobSection *sections = assay_describe_sections (command);

  for (const AssayParam *p = command->params; p->name != NULL; p++)
    append_value_branch (out, command->name, p, sections);
  for (const AssayJobSection *s = sections; s->params != NULL; s++)
    for (const AssayParam *p = s->params; p->name != NULL; p++)
      if (!assay_job_hides (command, p))
        append_value_branch (out, command->name, p, sections);
}

static void
append_positional_words (GString *out, const AssayJobKind *command)
{
  for (const AssayParam *p = command->params; p->name != NULL; p++)
    for (const char *const *choice = p->flags & ASSAY_PARAM_POSITIONAL ? p->choices : NULL; choice != NULL && *choice != NULL; choice++)
      g_string_append_printf (out, " %s", *choice);
}

char *
assay_manual_completion (void)
{
  GString *out = g_string_new ("# SPDX-License-Identifier: GPL-3.0-or-later\n# Made by assay documentation completion from the declared parameters.\n\n"
                               "_assay ()\n{\n  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= options= words= k\n\n"
                               "  COMPREPLY=()\n  for ((k = 1; k < COMP_CWORD; k++)); do\n    case ${COMP_WORDS[k]} in\n      -*) ;;\n      *) command=${COMP_WORDS[k]}; break ;;\n    esac\n  done\n\n");

  g_string_append (out, "  # The value of the option before the cursor.\n  case \"$command $before\" in\n");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    append_value_branches (out, *command);
  g_string_append (out, "  esac\n  case $before in\n");
  for (const AssayParam *p = assay_command_globals; p->name != NULL; p++)
    if (p->type != ASSAY_PARAM_BOOL)
      g_string_append_printf (out, "    --%s) %s ;;\n", p->name,
                              p->flags & ASSAY_PARAM_FILE ? "COMPREPLY=($(compgen -f -- \"$word\")); return" : "return");
  g_string_append (out, "  esac\n\n  case $command in\n    '') words=\"");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    g_string_append_printf (out, "%s%s", command == assay_command_list () ? "" : " ", (*command)->name);
  g_string_append (out, "\" ;;\n");
  for (const AssayJobKind *const *command = assay_command_list (); *command != NULL; command++)
    {
      g_string_append_printf (out, "    %s)\n      options=\"", (*command)->name);
      append_option_names (out, *command, (*command)->params);
      for (const AssayJobSection *s = assay_describe_sections (*command); s->params != NULL; s++)
        append_option_names (out, *command, s->params);
      g_string_append (out, "\"\n      words=\"");
      append_positional_words (out, *command);
      g_string_append (out, "\" ;;\n");
    }
  g_string_append (out, "  esac\n  options=\"$options");
  append_option_names (out, NULL, assay_command_globals);
  g_string_append (out, "\"\n\n  if [[ $word == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n  elif [[ -z $command ]]; then\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n  else\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\"))\n  fi\n}\n\ncomplete -o filenames -F _assay assay\n");
  return g_string_free (out, FALSE);
}
