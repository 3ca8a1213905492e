/* SPDX-License-Identifier: GPL-3.0-or-later */
/* people.c: names of examples for those who may know them, and for those who may not. */
#include "report/people.h"

#include "base/json.h"

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
