/* SPDX-License-Identifier: GPL-3.0-or-later */
/* withheld.c: texts that give a value away, and sections that speak of it. */
#include "report/withheld.h"

#include <string.h>

#define LEAST_DIGITS 16         /* of a digest, in hexadecimal */

/* --- texts that give a value away -------------------------------------------------------------------------------------- */

/* "people.csv", but neither "0.25" nor "test." */
static gboolean
is_file_name (const char *word)
{
  const char *dot = strrchr (word, '.');
  gboolean has_letter = FALSE;

  for (const char *c = word; *c != '\0'; c++)
    has_letter |= g_ascii_isalpha (*c) != 0;
  return dot != NULL && dot > word && dot[1] != '\0' && has_letter && strlen (word) >= 5;
}

static gboolean
is_digest (const char *word)
{
  return strlen (word) >= LEAST_DIGITS && strspn (word, "0123456789abcdef") == strlen (word);
}

/* Times are no secret by themselves: the state of the case has one. */
static gboolean
is_time (const char *word)
{
  return g_ascii_isdigit (word[0]) && g_str_has_suffix (word, "Z") && strchr (word, ':') != NULL;
}

static gboolean
is_telling (const char *word)
{
  return !is_time (word) && (is_file_name (word) || is_digest (word));
}

/* Words that are found nowhere else but where the value is told. */
static void
collect (GPtrArray *secrets, const char *text)
{
  g_auto (GStrv) words = text ? g_strsplit_set (text, " \t\n,;:()\"'/", -1) : NULL;

  for (char **word = words; word != NULL && *word != NULL; word++)
    if (is_telling (*word) && !g_ptr_array_find_with_equal_func (secrets, *word, g_str_equal, NULL))
      g_ptr_array_add (secrets, g_strdup (*word));
}

/* One may be the end of another. */
static int
longest_first (gconstpointer a, gconstpointer b)
{
  gsize x = strlen (*(const char *const *) a), y = strlen (*(const char *const *) b);

  return x < y ? 1 : x > y ? -1 : 0;
}

static char *
replace (GPtrArray *secrets, const char *text)
{
  char *now = g_strdup (text);

  for (guint k = 0; k < secrets->len; k++)
    if (strstr (now, secrets->pdata[k]) != NULL)
      {
        g_auto (GStrv) parts = g_strsplit (now, secrets->pdata[k], -1);

        g_free (now);
        now = g_strjoinv (ASSAY_WITHHELD_TEXT, parts);
      }
  return now;
}

static void
replace_in (GPtrArray *secrets, char **text)
{
  char *now = *text ? replace (secrets, *text) : NULL;

  g_free (*text);
  *text = now;
}

static void
replace_in_json (GPtrArray *secrets, json_t *value)
{
  const char *key;
  json_t *member;
  gsize k;

  if (json_is_string (value))
    {
      g_autofree char *now = replace (secrets, json_string_value (value));

      json_string_set (value, now);
    }
  json_array_foreach (value, k, member)
    replace_in_json (secrets, member);
  json_object_foreach (value, key, member)
    replace_in_json (secrets, member);
}

static void
replace_in_field (GPtrArray *secrets, AssayField *field)
{
  if (!assay_field_is_withheld (field))
    replace_in (secrets, &field->reason);
  replace_in (secrets, &field->text);
  replace_in (secrets, &field->method);
  for (guint k = 0; k < field->cells->len; k++)
    replace_in (secrets, &g_array_index (field->cells, AssayValueCell, k).text);
  for (guint k = 0; k < field->evidence->len; k++)
    {
      AssayFieldEvidence *evidence = field->evidence->pdata[k];

      replace_in (secrets, &evidence->digest);
      replace_in (secrets, &evidence->file);
      replace_in (secrets, &evidence->command);
    }
}

static void
replace_in_source (GPtrArray *secrets, const AssayReportSource *source)
{
  for (guint k = 0; k < source->answers->len; k++)
    {
      AssayReportAnswer *answer = source->answers->pdata[k];

      replace_in (secrets, &answer->command);
      replace_in (secrets, &answer->stale);
      replace_in (secrets, &answer->content_root);
      replace_in_json (secrets, answer->document);
    }
}

/* Commands are the settings of what they made. */
static void
forget_commands (const AssayReportSource *source)
{
  for (guint k = 0; k < source->answers->len; k++)
    g_clear_pointer (&((AssayReportAnswer *) source->answers->pdata[k])->command, g_free);
}

void
assay_report_hide_withheld (AssayReport *report)
{
  g_autoptr (GPtrArray) secrets = g_ptr_array_new_with_free_func (g_free);
  guint n = report->fields ? assay_field_set_get_n (report->fields) : 0;

  for (guint k = 0; k < n; k++)
    {
      AssayField *field = assay_field_set_get (report->fields, k);

      for (guint s = 0; assay_field_is_withheld (field) && s < field->withheld->len; s++)
        collect (secrets, field->withheld->pdata[s]);
    }
  if (n > 0 && assay_field_is_withheld (assay_field_set_find (report->fields, "evaluation.reproduction")))
    forget_commands (report->source);
  if (secrets->len == 0)
    return;
  g_ptr_array_sort (secrets, longest_first);
  for (guint k = 0; k < n; k++)
    replace_in_field (secrets, assay_field_set_get (report->fields, k));
  replace_in_source (secrets, report->source);
}

/* --- sections ---------------------------------------------------------------------------------------------------------- */

static const AssayField *
find_withheld (const AssayReport *report, const char *fields)
{
  g_auto (GStrv) ids = g_strsplit (fields, " ", -1);

  for (char **id = ids; report->fields != NULL && *id != NULL; id++)
    {
      const AssayField *field = assay_field_set_find (report->fields, *id);

      if (assay_field_is_withheld (field))
        return field;
    }
  return NULL;
}

gboolean
assay_report_leaves_out (AssayReport *report, const char *fields, const char *what)
{
  const AssayField *field = find_withheld (report, fields);
  g_autofree char *why = NULL;

  if (field == NULL)
    return FALSE;
  why = g_strdup_printf ("it would tell \"%s\", which is withheld: %s", field->declaration->title, field->reason);
  assay_report_add_not_done (report, what, why, NULL);
  return TRUE;
}

const char *
assay_report_get_withheld (const AssayReport *report, const char *fields)
{
  const AssayField *field = find_withheld (report, fields);

  return field ? field->reason : NULL;
}

void
assay_report_set_unsaid (AssayReport *report, const char *name)
{
  g_ptr_array_add (report->unsaid, g_strdup (name));
}

gboolean
assay_report_is_unsaid (const AssayReport *report, const char *claim)
{
  for (guint k = 0; k < report->unsaid->len; k++)
    {
      const char *name = report->unsaid->pdata[k];

      if (g_str_has_prefix (claim, name) && claim[strlen (name)] == '/')
        return TRUE;
    }
  return FALSE;
}
