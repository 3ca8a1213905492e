/* SPDX-License-Identifier: GPL-3.0-or-later */
/* case_state.c: warnings about the case. */
#include "report/case_state.h"

#include <string.h>

static void
add_stale (AssayReport *report)
{
  for (guint k = 0; k < report->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = report->source->answers->pdata[k];
      g_autofree char *what = NULL;

      if (answer->stale == NULL)
        continue;
      what = g_strdup_printf ("%s of %s", answer->kind, answer->utc ? answer->utc : "an unknown time");
      assay_document_add_warning (report->document, "The result of %s is not in this report: %s", what, answer->stale);
      assay_report_add_not_done (report, what, answer->stale, answer->command);
    }
}

static void
add_unfinished (AssayReport *report)
{
  g_autoptr (GPtrArray) objects = assay_case_list (report->source->cas, NULL, NULL);

  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];

      if (object->complete || strcmp (object->kind, "retraining") == 0)         /* a bank of retrainings grows with every question */
        continue;
      assay_document_add_warning (report->document, "%s/%s is unfinished: the job that makes it was stopped, or still runs.", object->kind, object->name);
    }
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Shards of which the journal says nothing: what recorded them was cut off. */
static GPtrArray *
list_strangers (AssayCase *cas)
{
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) objects = assay_case_list_history (cas);
  g_autofree char *path = g_build_filename (assay_case_get_path (cas), "shards", NULL);
  GPtrArray *strangers = g_ptr_array_new_with_free_func (g_free);
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;

  for (guint k = 0; k < objects->len; k++)
    for (guint p = 0; p < ((const AssayObject *) objects->pdata[k])->n_parts; p++)
      g_hash_table_add (known, (gpointer) ((const AssayObject *) objects->pdata[k])->parts[p]->file);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename ("shards", name, NULL);

      if (g_str_has_suffix (name, ".h5") && !g_hash_table_contains (known, file))
        g_ptr_array_add (strangers, g_steal_pointer (&file));
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_ptr_array_sort (strangers, compare_names);
  return strangers;
}

static void
add_lost (AssayReport *report)
{
  g_autoptr (GPtrArray) strangers = list_strangers (report->source->cas);

  for (const char *const *note = assay_case_get_notes (report->source->cas); *note != NULL; note++)
    assay_document_add_warning (report->document, "The journal of the case is not whole: %s. What it recorded there is not in this report.", *note);
  for (guint k = 0; k < strangers->len; k++)
    assay_document_add_warning (report->document, "%s is in the case, and no record of the journal speaks of it: a job writes it now, or its record was lost. "
                                "It is not in this report.", (const char *) strangers->pdata[k]);
}

static void
add_nameless (AssayReport *report)
{
  g_autofree char *pseudonym = assay_case_dup_pseudonym (report->source->cas, "train:0");

  if (pseudonym == NULL && report->audience != ASSAY_AUDIENCE_INTERNAL)
    assay_document_add_warning (report->document, "The case's salt.key is missing: people have no pseudonyms in this report and cannot be told apart.");
}

void
assay_report_add_case_state (AssayReport *report)
{
  add_stale (report);
  add_unfinished (report);
  add_lost (report);
  add_nameless (report);
}
