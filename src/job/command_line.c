/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command_line.c: the parser of command lines. */
#include "job/command_line.h"

#include "base/error.h"
#include "job/command.h"
#include "job/describe.h"

#include <string.h>

typedef struct {
  AssayCommandLine *line;
  int argc, next;
  const char *const *argv;
  const AssayParam *positional; /* the next positional entry of the command */
  gboolean case_given;
} Parser;

void
assay_command_line_clear (AssayCommandLine *line)
{
  g_clear_pointer (&line->globals, assay_values_free);
  g_clear_pointer (&line->job, assay_job_free);
}

static const AssayParam *
find_global (const char *name)
{
  for (const AssayParam *p = assay_command_globals; p->name != NULL; p++)
    if (strcmp (p->name, name) == 0)
      return p;
  return NULL;
}

/* Positional entries have no option form. */
static const AssayParam *
find_option (const Parser *parser, const char *name, gboolean *global)
{
  const AssayParam *p = find_global (name);

  *global = p != NULL;
  if (p == NULL && parser->line->command != NULL)
    p = assay_job_find_param (parser->line->command, name);
  return p != NULL && !(p->flags & ASSAY_PARAM_POSITIONAL) ? p : NULL;
}

static const AssayParam *
find_short (const Parser *parser, char letter, gboolean *global)
{
  *global = TRUE;
  for (const AssayParam *p = assay_command_globals; p->name != NULL; p++)
    if (p->short_name == letter)
      return p;
  *global = FALSE;
  if (parser->line->command != NULL)
    for (const AssayParam *p = parser->line->command->params; p->name != NULL; p++)
      if (p->short_name == letter && !(p->flags & ASSAY_PARAM_POSITIONAL))
        return p;
  return NULL;
}

static gboolean
unknown_option (const Parser *parser, const char *name, GError **error)
{
  const AssayJobKind *command = parser->line->command;
  const char *globals[32] = { NULL }, *near = command ? assay_job_nearest_param (command, name) : NULL;
  guint n = 0;

  for (const AssayParam *p = assay_command_globals; p->name != NULL && n + 2 < G_N_ELEMENTS (globals); p++)
    globals[n++] = p->name;
  if (near != NULL)
    globals[n++] = near;
  near = assay_param_nearest (name, globals);
  if (near != NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "there is no option --%s; did you mean --%s?", name, near);
  else if (command == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "there is no general option --%s; options of a command come after its name", name);
  else
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "there is no option --%s; assay %s --help lists them", name, command->name);
  return FALSE;
}

static gboolean
set_option (Parser *parser, const AssayParam *p, gboolean global, const char *text, GError **error)
{
  gboolean ok = global ? assay_values_set_text (parser->line->globals, p->name, text, error)
                       : assay_job_set_text (parser->line->job, p->name, text, error);

  if (!ok)
    g_prefix_error (error, "--");
  return ok;
}

/* The value of an option: after "=" or glued to a letter, or else the next argument. */
static gboolean
set_with_value (Parser *parser, const AssayParam *p, gboolean global, const char *glued, GError **error)
{
  if (glued == NULL && p->type == ASSAY_PARAM_BOOL)
    return set_option (parser, p, global, "true", error);
  if (glued == NULL && parser->next >= parser->argc)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "--%s: %s expected, the command line ends: %s", p->name, assay_describe_metavar (p),
                   p->help);
      return FALSE;
    }
  return set_option (parser, p, global, glued ? glued : parser->argv[parser->next++], error);
}

static gboolean
parse_long (Parser *parser, const char *arg, GError **error)
{
  const char *equals = strchr (arg, '=');
  g_autofree char *name = equals ? g_strndup (arg, equals - arg) : g_strdup (arg);
  gboolean global;
  const AssayParam *p = find_option (parser, name, &global);

  if (p != NULL)
    return set_with_value (parser, p, global, equals ? equals + 1 : NULL, error);
  p = g_str_has_prefix (name, "no-") ? find_option (parser, name + 3, &global) : NULL;
  if (p != NULL && p->type == ASSAY_PARAM_BOOL && equals == NULL)
    return set_option (parser, p, global, "false", error);
  return unknown_option (parser, name, error);
}

/* -q, -qv, -oFILE, -o FILE */
static gboolean
parse_short (Parser *parser, const char *letters, GError **error)
{
  for (; *letters != '\0'; letters++)
    {
      gboolean global;
      const AssayParam *p = find_short (parser, *letters, &global);

      if (p == NULL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "there is no option -%c; assay%s%s --help lists them", *letters,
                       parser->line->command ? " " : "", parser->line->command ? parser->line->command->name : "");
          return FALSE;
        }
      if (p->type != ASSAY_PARAM_BOOL)
        return set_with_value (parser, p, global, letters[1] ? letters + 1 : NULL, error);
      if (!set_option (parser, p, global, "true", error))
        return FALSE;
    }
  return TRUE;
}

static void
skip_to_positional (Parser *parser)
{
  while (parser->positional->name != NULL && !(parser->positional->flags & ASSAY_PARAM_POSITIONAL))
    parser->positional++;
}

static gboolean
parse_word (Parser *parser, const char *word, GError **error)
{
  AssayCommandLine *line = parser->line;
  const AssayParam *p;

  if (line->command == NULL)
    {
      line->command = assay_command_find (word, error);
      if (line->command == NULL)
        return FALSE;
      line->job = assay_job_new (line->command);
      parser->positional = line->command->params;
      return TRUE;
    }
  if (line->command->access != ASSAY_JOB_NO_CASE && !parser->case_given)
    {
      parser->case_given = TRUE;
      if (!g_utf8_validate (word, -1, NULL))                      /* it will stand in JSON */
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "CASE: a path in UTF-8 expected, \"%s\" found; rename the directory", word);
          return FALSE;
        }
      assay_job_set_case (line->job, word);
      return TRUE;
    }
  skip_to_positional (parser);
  p = parser->positional;
  if (p->name == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "\"%s\" is one argument too many; assay %s --help shows the form", word,
                   line->command->name);
      return FALSE;
    }
  if (p->type != ASSAY_PARAM_LIST)                                /* a list takes all that follow */
    parser->positional++;
  return assay_job_set_text (line->job, p->name, word, error);
}

gboolean
assay_command_line_parse (AssayCommandLine *line, int argc, const char *const *argv, GError **error)
{
  Parser parser = { .line = line, .argc = argc, .next = 1, .argv = argv };
  gboolean options = TRUE;

  line->globals = assay_values_new (assay_command_globals);
  while (parser.next < argc)
    {
      const char *arg = argv[parser.next++];
      gboolean ok;

      if (options && strcmp (arg, "--") == 0)
        {
          options = FALSE;
          continue;
        }
      if (options && g_str_has_prefix (arg, "--"))
        ok = parse_long (&parser, arg + 2, error);
      else if (options && arg[0] == '-' && arg[1] != '\0')
        ok = parse_short (&parser, arg + 1, error);
      else
        ok = parse_word (&parser, arg, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

char *
assay_command_line_quote (int argc, const char *const *argv)
{
  GString *out = g_string_new ("assay");

  for (int k = 1; k < argc; k++)
    {
      g_autofree char *quoted = g_shell_quote (argv[k]);
      gboolean plain = argv[k][0] != '\0' && strspn (argv[k], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") == strlen (argv[k]);

      g_string_append_printf (out, " %s", plain ? argv[k] : quoted);
    }
  return g_string_free (out, FALSE);
}
