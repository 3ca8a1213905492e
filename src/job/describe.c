/* SPDX-License-Identifier: GPL-3.0-or-later */
/* describe.c: parameters in words. */
#include "job/describe.h"

#include <math.h>
#include <string.h>

const char *
assay_describe_metavar (const AssayParam *p)
{
  if (p->metavar != NULL)
    return p->metavar;
  if (p->flags & ASSAY_PARAM_FILE)
    return "FILE";
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      return NULL;
    case ASSAY_PARAM_INT:
      return "N";
    case ASSAY_PARAM_DOUBLE:
      return "X";
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_LIST:
      return "TEXT";
    case ASSAY_PARAM_CHOICE:
      return "WORD";
    case ASSAY_PARAM_JSON:
      return "JSON";
    }
  g_assert_not_reached ();
}

static void
append_range (GString *out, const AssayParam *p)
{
  int digits = p->type == ASSAY_PARAM_INT ? 15 : 6;

  if ((p->type != ASSAY_PARAM_INT && p->type != ASSAY_PARAM_DOUBLE) || !(p->min < p->max))
    {
      if (p->unit != NULL)
        g_string_append_printf (out, ", in %s", p->unit);
      return;
    }
  if (isinf (p->max) || p->max >= 1e9)
    g_string_append_printf (out, "; at least %.*g", digits, p->min);
  else
    g_string_append_printf (out, "; %.*g to %.*g", digits, p->min, digits, p->max);
  if (p->unit != NULL)
    g_string_append_printf (out, " %s", p->unit);
}

static void
append_default (GString *out, const AssayParam *p)
{
  if (p->flags & (ASSAY_PARAM_REQUIRED | ASSAY_PARAM_OPTIONAL))
    return;
  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      if (p->def.b)
        g_string_append_printf (out, " (default: yes; --no-%s)", p->name);
      break;
    case ASSAY_PARAM_INT:
      g_string_append_printf (out, " (default: %" G_GINT64_FORMAT ")", p->def.i);
      break;
    case ASSAY_PARAM_DOUBLE:
      g_string_append_printf (out, " (default: %g)", p->def.d);
      break;
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
      if (p->def.s != NULL && p->def.s[0] != '\0')
        g_string_append_printf (out, " (default: %s)", p->def.s);
      break;
    case ASSAY_PARAM_LIST:
    case ASSAY_PARAM_JSON:
      break;
    }
}

char *
assay_describe_param (const AssayParam *p)
{
  GString *out = g_string_new (p->help);

  if (p->choices != NULL && (p->metavar == NULL || strchr (p->metavar, '|') == NULL))           /* "data|model" lists them itself */
    {
      g_autofree char *all = g_strjoinv (", ", (char **) p->choices);

      g_string_append_printf (out, "; one of %s", all);
    }
  append_range (out, p);
  append_default (out, p);
  if (p->type == ASSAY_PARAM_LIST && !(p->flags & ASSAY_PARAM_POSITIONAL))
    g_string_append (out, "; may be repeated");
  return g_string_free (out, FALSE);
}

char *
assay_describe_synopsis (const AssayJobKind *command)
{
  GString *out = g_string_new (NULL);

  if (command->access != ASSAY_JOB_NO_CASE)
    g_string_append (out, command->case_is_optional ? "[CASE] " : "CASE ");
  for (const AssayParam *p = command->params; p->name != NULL; p++)
    if (p->flags & ASSAY_PARAM_POSITIONAL)
      {
        gboolean needed = p->flags & ASSAY_PARAM_REQUIRED;

        g_string_append_printf (out, needed ? "%s%s " : "[%s]%s ", assay_describe_metavar (p), p->type == ASSAY_PARAM_LIST ? "..." : "");
      }
  for (const AssayParam *p = command->params; p->name != NULL; p++)
    if (p->flags & ASSAY_PARAM_REQUIRED && !(p->flags & ASSAY_PARAM_POSITIONAL))
      g_string_append_printf (out, "--%s %s ", p->name, assay_describe_metavar (p));
  g_string_append (out, "[OPTION]...");
  return g_string_free (out, FALSE);
}

char *
assay_describe_section (const AssayJobKind *command, const AssayJobSection *section)
{
  const AssayParam *chooser = command->params;

  if (section->chooser == NULL)
    return g_strconcat ("Options: ", section->help, NULL);
  while (chooser->name != NULL && g_strcmp0 (chooser->name, section->chooser) != 0)
    chooser++;
  if (chooser->flags & ASSAY_PARAM_POSITIONAL)
    return g_strdup_printf ("With %s (%s)", section->value, section->help);
  return g_strdup_printf ("With --%s %s (%s)", section->chooser, section->value, section->help);
}

/* The length of the command up to the next space that an option follows outside quotes, or of all of it. */
static gsize
piece_length (const char *command)
{
  char quote = '\0';
  gsize n = 0;

  for (; command[n] != '\0'; n++)
    if (quote == '\0' && n > 0 && command[n] == ' ' && command[n + 1] == '-')
      break;
    else if (quote == '\0' && (command[n] == '\'' || command[n] == '"'))
      quote = command[n];
    else if (command[n] == quote)
      quote = '\0';
  return n;
}

char *
assay_describe_example (const char *command, guint indent, guint width)
{
  GString *out = g_string_new (NULL);
  gsize column = 0;

  while (*command != '\0')
    {
      gsize n = piece_length (command);

      if (column > 0 && column + n + 2 > width)         /* a space and the backslash */
        {
          g_string_append_printf (out, " \\\n%*s", (int) indent, "");
          column = indent;
          command++;
          n--;
        }
      g_string_append_len (out, command, n);
      column += n;
      command += n;
    }
  return g_string_free (out, FALSE);
}

const AssayJobSection *
assay_describe_sections (const AssayJobKind *command)
{
  static const AssayJobSection none[] = { { .params = NULL } };

  return command->get_sections ? command->get_sections () : none;
}
