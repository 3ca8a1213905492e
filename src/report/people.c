/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c: names of examples for those who may know them, and for those who may not. */
#include "report/people.h"

#include "base/json.h"

#include <string.h>

/* What identifies an example in its case: the split and the place in it. */
static char *
dup_place (const json_t *example)
{
  const char *split = assay_json_get_text (example, "split");
  const json_t *index = json_object_get (example, split[0] != '\0' ? "index" : "example");

  return g_strdup_printf ("%s:%" G_GINT64_FORMAT, split[0] != '\0' ? split : "train", (gint64) json_integer_value (index));
}

static char *
dup_full_name (const json_t *example, const char *place)
{
  const char *id = assay_json_get_text (example, "id"), *file = assay_json_get_text (example, "file");
  GString *name = g_string_new (place);

  if (id[0] != '\0')
    g_string_append_printf (name, ", id %s", id);
  if (file[0] != '\0')
    g_string_append_printf (name, ", %s row %" G_GINT64_FORMAT, file, (gint64) json_integer_value (json_object_get (example, "row")));
  return g_string_free (name, FALSE);
}

char *
assay_report_name_example (const AssayReport *report, const json_t *example)
{
  g_autofree char *place = dup_place (example), *pseudonym = NULL;

  if (report->audience == ASSAY_AUDIENCE_INTERNAL)
    return dup_full_name (example, place);
  pseudonym = assay_case_dup_pseudonym (report->source->cas, place);
  return pseudonym ? g_strconcat ("record ", pseudonym, NULL) : g_strdup ("record withheld (the case's salt.key is missing)");
}

/* Options whose value names a record: "train:17", "id:4711". */
static gboolean
is_of_record (const char *word)
{
  static const char *const options[] = { "--example", "--query", "--without", "--against", NULL };

  return g_strv_contains (options, word);
}

/* Behind a word as a shell reads it: quotes and backslashes hold it together. */
static const char *
skip_word (const char *at)
{
  char quote = '\0';

  for (; *at != '\0' && (quote != '\0' || *at != ' '); at++)
    if (*at == '\\' && quote != '\'' && at[1] != '\0')
      at++;
    else if (quote != '\0')
      quote = *at == quote ? '\0' : quote;
    else if (*at == '\'' || *at == '"')
      quote = *at;
  return at;
}

/* The name of a file without the folders that it lies in on somebody's machine: they are nobody's business. */
static char *
dup_base (const char *word)
{
  const char *path = word + (*word == '\'' || *word == '"'), *slash = strrchr (path, '/');
  gboolean is_path = *path == '/' && slash[1] != '\0';

  return is_path ? g_strdup_printf ("%.*s%s", (int) (path - word), word, slash + 1) : g_strdup (word);
}

/* A command line as those outside may read it. */
static char *
hide_records (const char *command)
{
  GString *text = g_string_new (NULL);
  g_autofree char *last = g_strdup ("");

  while (*command != '\0')
    {
      const char *end = skip_word (command);
      char *word = g_strndup (command, (gsize) (end - command));
      g_autofree char *base = dup_base (word);

      g_string_append (text, is_of_record (last) && strchr (word, ':') != NULL ? "RECORD" : base);
      g_free (last);
      last = word;
      for (command = end; *command == ' '; command++)
        g_string_append_c (text, ' ');
    }
  return g_string_free (text, FALSE);
}

static void
hide (char **command)
{
  char *hidden = *command && strstr (*command, "assay ") ? hide_records (*command) : g_strdup (*command);

  g_free (*command);
  *command = hidden;
}

static void
hide_in_field (AssayField *field)
{
  hide (&field->text);
  for (guint k = 0; k < field->cells->len; k++)
    hide (&g_array_index (field->cells, AssayValueCell, k).text);
  for (guint k = 0; k < field->evidence->len; k++)
    hide (&((AssayFieldEvidence *) field->evidence->pdata[k])->command);
}

void
assay_report_hide_people (const AssayReport *report)
{
  for (guint k = 0; k < report->source->answers->len; k++)
    hide (&((AssayReportAnswer *) report->source->answers->pdata[k])->command);
  for (guint k = 0; report->fields != NULL && k < assay_field_set_get_n (report->fields); k++)
    hide_in_field (assay_field_set_get (report->fields, k));
}
