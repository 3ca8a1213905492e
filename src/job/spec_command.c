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

void
assay_job_append_option (GString *out, const AssayParam *p, const char *const *texts)
{
  if (p->type == ASSAY_PARAM_BOOL)
    {
      g_string_append_printf (out, strcmp (texts[0], "true") == 0 ? " --%s" : " --no-%s", p->name);
      return;
    }
  for (; *texts != NULL; texts++)
    {
      if (!(p->flags & ASSAY_PARAM_POSITIONAL))
        g_string_append_printf (out, " --%s", p->name);
      append_word (out, *texts);
    }
}

static void
append_param (GString *out, const AssayParam *p, const AssayValues *values)
{
  g_auto (GStrv) texts = assay_values_dup_texts (values, p->name);

  assay_job_append_option (out, p, (const char *const *) texts);
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
