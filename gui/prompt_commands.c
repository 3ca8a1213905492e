/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt_commands.c: options in the order in which one would say them; what is as it is anyway is left out. */
#include "gui/prompt_commands.h"

#include "base/text.h"
#include "job/spec.h"

/* " --prompt 'a b'" */
static void
add_text (GString *command, const char *option, const char *text)
{
  g_autofree char *quoted = assay_job_quote_word (text);

  g_string_append_printf (command, " %s %s", option, quoted);
}

/* The same in any locale. */
static void
add_number (GString *command, const char *option, double value)
{
  g_autofree char *number = assay_text_number (value);

  g_string_append_printf (command, " %s %s", option, number);
}

static GString *
begin (const char *command, const AssayPromptAsked *asked)
{
  GString *line = g_string_new (command);

  add_text (line, "--model", asked->path);
  add_text (line, "--model-name", asked->model);
  add_text (line, "--prompt", asked->prompt);
  return line;
}

char *
assay_prompt_command_generate (const AssayPromptAsked *asked, const AssayPromptDrawing *drawing)
{
  GString *line = begin ("assay generate", asked);

  g_string_append_printf (line, " --max-tokens %" G_GINT64_FORMAT, drawing->most);
  if (drawing->temperature > 0)
    {
      add_number (line, "--temperature", drawing->temperature);
      g_string_append_printf (line, " --seed %" G_GINT64_FORMAT, drawing->seed);
    }
  if (drawing->temperature > 0 && drawing->top_k > 0)
    g_string_append_printf (line, " --top-k %" G_GINT64_FORMAT, drawing->top_k);
  if (drawing->temperature > 0 && drawing->top_p < 1)
    add_number (line, "--top-p", drawing->top_p);
  return g_string_free (line, FALSE);
}

char *
assay_prompt_command_measure (const AssayPromptAsked *asked, const char *completion)
{
  GString *line = begin ("assay loss", asked);

  add_text (line, "--completion", completion);
  return g_string_free (line, FALSE);
}

char *
assay_prompt_command_influence (const AssayPromptAsked *asked, const char *completion)
{
  g_autofree char *path = assay_job_quote_word (asked->path);
  GString *line = g_string_new ("assay influence ");

  g_string_append (line, path);
  add_text (line, "--model-name", asked->model);
  add_text (line, "--prompt", asked->prompt);
  add_text (line, "--completion", completion);
  g_string_append (line, " --method ekfac");
  return g_string_free (line, FALSE);
}
