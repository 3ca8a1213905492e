/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job_form.c: texts by the name of their parameter, and the command line that they make. */
#include "gui/job_form.h"

#include "base/error.h"
#include "job/command.h"
#include "job/command_line.h"
#include "job/describe.h"

#include <glib/gi18n.h>
#include <string.h>

struct _AssayJobForm {
  const AssayJobKind *kind;
  char *path;
  GHashTable *texts;            /* name to GStrv */
};

AssayJobForm *
assay_job_form_new (const AssayJobKind *kind)
{
  AssayJobForm *form = g_new0 (AssayJobForm, 1);

  form->kind = kind;
  form->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_strfreev);
  return form;
}

void
assay_job_form_free (AssayJobForm *form)
{
  if (form == NULL)
    return;
  g_hash_table_unref (form->texts);
  g_free (form->path);
  g_free (form);
}

const AssayJobKind *
assay_job_form_get_kind (const AssayJobForm *form)
{
  return form->kind;
}

gboolean
assay_job_form_takes_case (const AssayJobForm *form)
{
  return form->kind->access != ASSAY_JOB_NO_CASE;
}

const char *
assay_job_form_get_case (const AssayJobForm *form)
{
  return form->path;
}

void
assay_job_form_set_case (AssayJobForm *form, const char *path)
{
  g_free (form->path);
  form->path = path != NULL && path[0] != '\0' ? g_strdup (path) : NULL;
}

const char *const *
assay_job_form_get_texts (const AssayJobForm *form, const char *name)
{
  return g_hash_table_lookup (form->texts, name);
}

void
assay_job_form_set_texts (AssayJobForm *form, const char *name, const char *const *texts)
{
  if (texts == NULL || texts[0] == NULL)
    g_hash_table_remove (form->texts, name);
  else
    g_hash_table_insert (form->texts, g_strdup (name), g_strdupv ((char **) texts));
}

/* --- from a command line ------------------------------------------------------------------------------------------- */

static void
take (AssayJobForm *form, const AssayJob *job, const AssayParam *table)
{
  for (; table->name != NULL; table++)
    {
      g_auto (GStrv) texts = assay_job_dup_given (job, table->name);

      if (texts != NULL)
        assay_job_form_set_texts (form, table->name, (const char *const *) texts);
    }
}

static gboolean
take_globals (AssayJobForm *form, const AssayValues *globals, GError **error)
{
  for (const AssayParam *p = assay_command_globals; p->name != NULL; p++)
    {
      g_auto (GStrv) texts = assay_values_dup_texts (globals, p->name);

      if (texts == NULL)
        continue;
      if (p->flags & ASSAY_PARAM_TERMINAL)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, _("--%s is for a terminal; leave it out here"), p->name);
          return FALSE;
        }
      assay_job_form_set_texts (form, p->name, (const char *const *) texts);
    }
  return TRUE;
}

AssayJobForm *
assay_job_form_parse (const char *command, GError **error)
{
  g_auto (AssayCommandLine) line = { 0 };
  g_auto (GStrv) words = NULL;
  g_autoptr (AssayJobForm) form = NULL;
  g_autoptr (GError) fault = NULL;

  if (!g_shell_parse_argv (command, NULL, &words, &fault) || strcmp (words[0], "assay") != 0 || words[1] == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, _("a command that begins with assay and a kind of job expected%s%s"), fault ? ": " : "",
                   fault ? fault->message : "");
      return NULL;
    }
  if (!assay_command_line_parse (&line, (int) g_strv_length (words), (const char *const *) words, error))
    return NULL;
  if (line.command == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, _("the kind of job is missing after assay"));
      return NULL;
    }
  form = assay_job_form_new (line.command);
  assay_job_form_set_case (form, assay_job_get_case (line.job));
  take (form, line.job, line.command->params);
  for (const AssayJobSection *s = assay_describe_sections (line.command); s->params != NULL; s++)
    take (form, line.job, s->params);
  return take_globals (form, line.globals, error) ? g_steal_pointer (&form) : NULL;
}

/* --- what is to be filled in --------------------------------------------------------------------------------------- */

static void
part_free (gpointer data)
{
  AssayJobFormPart *part = data;

  g_ptr_array_unref (part->params);
  g_free (part);
}

static gboolean
has_param (const GPtrArray *parts, const char *name)
{
  for (guint k = 0; k < parts->len; k++)
    for (guint i = 0; i < ((AssayJobFormPart *) parts->pdata[k])->params->len; i++)
      if (strcmp (((const AssayParam *) ((AssayJobFormPart *) parts->pdata[k])->params->pdata[i])->name, name) == 0)
        return TRUE;
  return FALSE;
}

static gboolean
is_in (const AssayParam *table, const char *name)
{
  while (table->name != NULL && strcmp (table->name, name) != 0)
    table++;
  return table->name != NULL;
}

/* Those of a table with or without the flag ADVANCED. A name that the kind itself has, or an earlier part, is theirs: so does the program read it. */
static void
add_part (GPtrArray *parts, const AssayJobForm *form, const char *title, const AssayJobSection *section, const AssayParam *table, guint advanced)
{
  AssayJobFormPart *part = g_new0 (AssayJobFormPart, 1);
  gboolean is_own = table == form->kind->params;

  part->title = title;
  part->chooser = section ? section->chooser : NULL;
  part->value = section ? section->value : NULL;
  part->params = g_ptr_array_new ();
  for (; table->name != NULL; table++)
    if (!(table->flags & ASSAY_PARAM_TERMINAL) && (table->flags & ASSAY_PARAM_ADVANCED) == advanced && !has_param (parts, table->name)
        && (is_own || !is_in (form->kind->params, table->name)))
      g_ptr_array_add (part->params, (gpointer) table);
  if (part->params->len > 0)
    g_ptr_array_add (parts, part);
  else
    part_free (part);
}

/* The text that counts: what was filled in, or the default. */
static const char *
get_value (const AssayJobForm *form, const char *name)
{
  const char *const *texts = assay_job_form_get_texts (form, name);
  const AssayParam *p = form->kind->params;

  while (p->name != NULL && strcmp (p->name, name) != 0)
    p++;
  return texts != NULL ? texts[0] : p->type == ASSAY_PARAM_STRING || p->type == ASSAY_PARAM_CHOICE ? p->def.s : NULL;
}

GPtrArray *
assay_job_form_list_parts (const AssayJobForm *form)
{
  GPtrArray *parts = g_ptr_array_new_with_free_func (part_free);

  add_part (parts, form, NULL, NULL, form->kind->params, 0);
  for (const AssayJobSection *s = assay_describe_sections (form->kind); s->params != NULL; s++)
    if (s->chooser == NULL || g_strcmp0 (get_value (form, s->chooser), s->value) == 0)
      add_part (parts, form, s->help, s, s->params, 0);
  add_part (parts, form, _("seldom needed"), NULL, form->kind->params, ASSAY_PARAM_ADVANCED);
  add_part (parts, form, _("how it is run"), NULL, assay_command_globals, 0);
  return parts;
}

char *
assay_job_form_check (const AssayJobForm *form, const AssayParam *param)
{
  const AssayParam table[] = { *param, { .name = NULL } };
  g_autoptr (AssayValues) values = assay_values_new (table);
  const char *const *text = assay_job_form_get_texts (form, param->name);
  g_autoptr (GError) fault = NULL;
  const char *rest;

  for (; text != NULL && *text != NULL && fault == NULL; text++)
    assay_values_set_text (values, param->name, *text, &fault);
  if (fault == NULL)
    return NULL;
  rest = strstr (fault->message, ": ");
  return g_strdup (rest ? rest + 2 : fault->message);
}

/* rest: what follows the word. */
static gboolean
begins_with_word (const char *message, const char *word, const char **rest)
{
  const char *after = message + strlen (word);

  if (!g_str_has_prefix (message, word) || (*after != ':' && *after != ' '))
    return FALSE;
  if (rest != NULL)
    *rest = after + strspn (after, ": ");
  return TRUE;
}

const char *
assay_job_form_find_subject (const AssayJobForm *form, const char *message, const char **rest)
{
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (form);

  if (begins_with_word (message, "CASE", rest))
    return "";
  for (guint k = 0; k < parts->len; k++)
    for (guint i = 0; i < ((AssayJobFormPart *) parts->pdata[k])->params->len; i++)
      {
        const AssayParam *p = ((AssayJobFormPart *) parts->pdata[k])->params->pdata[i];
        const char *said = p->flags & ASSAY_PARAM_POSITIONAL && p->metavar ? p->metavar : p->name;

        if (begins_with_word (g_str_has_prefix (message, "--") ? message + 2 : message, said, rest))
          return p->name;
      }
  return NULL;
}

/* --- to a command line --------------------------------------------------------------------------------------------- */

static void
append_word (GString *out, const char *word)
{
  g_autofree char *quoted = assay_job_quote_word (word);

  g_string_append_printf (out, " %s", quoted);
}

/* The case and what follows it without a name. An empty word stands for what is missing before another one. dashed: one begins with a dash. */
static char *
make_words (const AssayJobForm *form, gboolean *dashed)
{
  GString *out = g_string_new (NULL);
  guint missing = 0;

  *dashed = form->path != NULL && form->path[0] == '-';
  if (form->path != NULL)
    append_word (out, form->path);
  else if (assay_job_form_takes_case (form))
    missing++;
  for (const AssayParam *p = form->kind->params; p->name != NULL; p++)
    {
      const char *const *texts = assay_job_form_get_texts (form, p->name);

      if (!(p->flags & ASSAY_PARAM_POSITIONAL))
        continue;
      for (; texts != NULL && missing > 0; missing--)
        g_string_append (out, " \"\"");
      if (texts == NULL)
        missing++;
      else
        assay_job_append_option (out, p, texts);
      for (; texts != NULL && *texts != NULL; texts++)
        *dashed |= (*texts)[0] == '-';
    }
  return g_string_free (out, FALSE);
}

char *
assay_job_form_make_command (const AssayJobForm *form)
{
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (form);
  gboolean dashed;
  g_autofree char *words = make_words (form, &dashed);
  GString *out = g_string_new ("assay ");

  g_string_append (out, form->kind->name);
  if (!dashed)
    g_string_append (out, words);
  for (guint k = 0; k < parts->len; k++)
    for (guint i = 0; i < ((AssayJobFormPart *) parts->pdata[k])->params->len; i++)
      {
        const AssayParam *p = ((AssayJobFormPart *) parts->pdata[k])->params->pdata[i];
        const char *const *texts = assay_job_form_get_texts (form, p->name);

        if (texts != NULL && !(p->flags & ASSAY_PARAM_POSITIONAL))
          assay_job_append_option (out, p, texts);
      }
  if (dashed)
    g_string_append_printf (out, " --%s", words);
  return g_string_free (out, FALSE);
}

char *
assay_job_form_title (const char *name)
{
  char *title = g_strdelimit (g_strdup (name), "-", ' ');

  title[0] = g_ascii_toupper (title[0]);
  return title;
}

char *
assay_job_form_sentence (const char *help)
{
  g_autofree char *first = g_utf8_substring (help, 0, MIN (1, g_utf8_strlen (help, -1))), *upper = g_utf8_strup (first, -1);

  return g_strconcat (upper, help + strlen (first), NULL);
}
