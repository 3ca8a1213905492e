/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts_case.c: what happened in the case, and what did not. */
#include "report/facts_private.h"

#include <string.h>

/* What the program offers to measure, and what of it says that it was done. */
static const struct { const char *kind, *what, *command; } measurements[] = {
  { "train", "a training with its metrics", "assay train" },
  { "influence", "influence of training examples", "assay influence" },
  { "validate", "predicted influence against retraining", "assay validate" },
  { "retrain", "training again without chosen examples", "assay retrain" },
  { "audit", "performance and errors by group", "assay audit" },
  { "units", "what single units respond to, and what taking them away does", "assay units" },
  { "cot", "whether written reasoning is used", "assay cot" },
};

static gboolean
fill_not_measured (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "what", "not measured", NULL, ASSAY_VALUE_TEXT }, { "command", "command", NULL, ASSAY_VALUE_TEXT } };
  gboolean any = FALSE;

  (void) error;
  for (gsize k = 0; k < G_N_ELEMENTS (measurements); k++)
    if (assay_report_source_find_newest (facts->source, measurements[k].kind) == NULL)
      {
        if (!any)
          assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
        any = TRUE;
        assay_field_add_text (field, measurements[k].what);
        assay_field_add_text (field, measurements[k].command);
      }
  assay_field_set_method (field, "kinds of job without a current answer in the case", 1);
  if (!any)
    assay_field_set_not_applicable (field, "every measurement that the program offers has a result in the case");
  return TRUE;
}

static gboolean
fill_unfinished (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = { { "object", "object", NULL, ASSAY_VALUE_TEXT }, { "state", "state", NULL, ASSAY_VALUE_TEXT } };
  g_autoptr (GPtrArray) objects = assay_case_list (facts->cas, NULL, NULL);

  (void) error;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];
      g_autofree char *name = g_strconcat (object->kind, "/", object->name, NULL);

      if (object->complete || strcmp (object->kind, "retraining") == 0)         /* a bank of retrainings grows with every question */
        continue;
      assay_field_add_text (field, name);
      assay_field_add_text (field, "begun, not finished");
    }
  for (guint k = 0; k < facts->source->answers->len; k++)
    {
      const AssayReportAnswer *answer = facts->source->answers->pdata[k];

      if (answer->stale == NULL)
        continue;
      assay_field_add_text (field, answer->object);
      assay_field_add_text (field, answer->stale);
    }
  if (assay_field_get_n_rows (field) == 0)
    assay_field_set_not_applicable (field, "everything in the case is complete and current");
  return TRUE;
}

/* Checkpoints come and go while something is made; what is made counts. */
static gboolean
is_change (const AssayObject *object)
{
  return strcmp (object->kind, "checkpoint") != 0 && strcmp (object->kind, "job") != 0;
}

static gboolean
fill_changes (const AssayFacts *facts, AssayField *field, GError **error)
{
  static const AssayValueColumn columns[] = {
    { "utc", "when (UTC)", NULL, ASSAY_VALUE_TEXT }, { "change", "change", NULL, ASSAY_VALUE_TEXT }, { "sequence", "object", NULL, ASSAY_VALUE_COUNT },
  };
  g_autoptr (GPtrArray) objects = assay_case_list_history (facts->cas);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  (void) error;
  assay_field_begin_rows (field, ASSAY_FIELD_MEASURED, columns, G_N_ELEMENTS (columns));
  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];
      g_autofree char *name = g_strconcat (object->kind, "/", object->name, NULL), *change = NULL;

      if (!is_change (object))
        continue;
      change = g_strdup_printf ("%s %s", name, g_hash_table_contains (seen, name) ? "replaced" : "added");
      g_hash_table_add (seen, g_steal_pointer (&name));
      assay_field_add_text (field, object->parts[0]->utc);
      assay_field_add_text (field, change);
      assay_field_add_count (field, (gint64) object->sequence);
    }
  assay_field_set_method (field, "the journal of the case, to which records are only added", 1);
  if (assay_field_get_n_rows (field) == 0)
    assay_field_set_not_applicable (field, "nothing has been put into the case yet");
  return TRUE;
}

const AssayFact assay_facts_of_case[] = {
  { "audit.not_measured", fill_not_measured },
  { "audit.unfinished", fill_unfinished },
  { "case.changes", fill_changes },
  { NULL, NULL }
};
