/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec_command.c: a job as the command line that a person would type for it. */
#include "job/spec.h"

#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%"

char *
assay_job_quote_word (const char *word)
{
  if (word[0] != '\0' && strspn (word, PLAIN) == strlen (word))
    return g_strdup (word);
  return strpbrk (word, "\"$`\\!") == NULL ? g_strdup_printf ("\"%s\"", word) : g_shell_quote (word);
}

static void
append_word (GString *out, const char *word)
{
  g_autofree char *quoted = assay_job_quote_word (word);

  g_string_append_printf (out, " %s", quoted);
}

/* The fewest digits that read back as the same number. */
static char *
number_text (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE], format[8];

  for (int digits = 1; digits <= 17; digits++)
    {
      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      if (g_ascii_strtod (text, NULL) == value)
        break;
    }
  return g_strdup (text);
}

static void
append_value (GString *out, const AssayParam *p, const char *text)
{
  if (!(p->flags & ASSAY_PARAM_POSITIONAL))
    g_string_append_printf (out, " --%s", p->name);
  append_word (out, text);
}

static void
append_param (GString *out, const AssayParam *p, const AssayValues *values)
{
  g_autofree char *text = NULL;

  switch (p->type)
    {
    case ASSAY_PARAM_BOOL:
      g_string_append_printf (out, assay_values_get_bool (values, p->name) ? " --%s" : " --no-%s", p->name);
      return;
    case ASSAY_PARAM_INT:
      text = g_strdup_printf ("%" G_GINT64_FORMAT, assay_values_get_int (values, p->name));
      break;
    case ASSAY_PARAM_DOUBLE:
      text = number_text (assay_values_get_double (values, p->name));
      break;
    case ASSAY_PARAM_LIST:
      for (const char *const *item = assay_values_get_list (values, p->name); *item != NULL; item++)
        append_value (out, p, *item);
      return;
    case ASSAY_PARAM_JSON:
      text = json_dumps (assay_values_get_json (values, p->name), JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
      break;
    case ASSAY_PARAM_STRING:
    case ASSAY_PARAM_CHOICE:
      text = g_strdup (assay_values_get_string (values, p->name));
      break;
    }
  append_value (out, p, text);
}

static void
append_table (GString *out, const AssayParam *table, const AssayValues *values, gboolean positional)
{
  for (const AssayParam *p = table; p->name != NULL; p++)
    if (((p->flags & ASSAY_PARAM_POSITIONAL) != 0) == positional && assay_values_is_set (values, p->name))
      append_param (out, p, values);
}

char *
assay_job_describe_command (const AssayJob *job)
{
  const AssayJobKind *kind = assay_job_get_kind (job);
  GString *out = g_string_new ("assay ");

  g_string_append (out, kind->name);
  if (assay_job_get_case (job) != NULL)
    append_word (out, assay_job_get_case (job));
  append_table (out, kind->params, assay_job_get_values (job), TRUE);
  append_table (out, kind->params, assay_job_get_values (job), FALSE);
  for (const AssayJobSection *s = kind->get_sections ? kind->get_sections () : NULL; s != NULL && s->params != NULL; s++)
    if (s->chooser == NULL || g_strcmp0 (assay_values_get_string (assay_job_get_values (job), s->chooser), s->value) == 0)
      append_table (out, s->params, assay_job_get_table (job, s->params), FALSE);
  return g_string_free (out, FALSE);
}
