/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_not_done.c: what this report does not say, and why: a report is never silently thinner. */
#include "report/section.h"

#include <string.h>

/* Once each, however many sections missed it. */
static gboolean
was_listed (const GPtrArray *not_done, guint k)
{
  const AssayNotDone *entry = not_done->pdata[k];

  for (guint i = 0; i < k; i++)
    {
      const AssayNotDone *other = not_done->pdata[i];

      if (strcmp (other->what, entry->what) == 0 && strcmp (other->why, entry->why) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Answers that can no longer be had, and recordings without an end, also belong on the first page. */
static void
add_state_of_case (AssayReport *report)
{
  g_autoptr (GPtrArray) objects = assay_case_list (report->source->cas, NULL, NULL);

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
  for (guint k = 0; k < objects->len; k++)
    {
      const AssayObject *object = objects->pdata[k];

      if (object->complete || strcmp (object->kind, "retraining") == 0)         /* a bank of retrainings grows with every question */
        continue;
      assay_document_add_warning (report->document, "%s/%s is unfinished: the job that makes it was stopped, or still runs.", object->kind, object->name);
    }
}

static gboolean
finish (AssayReport *report, AssaySection *section, GError **error)
{
  AssayProse *text = assay_prose_new_plain ("What was not computed, failed its check, or is withheld, and the command that would mend it. Nothing is left out in silence.");
  AssayBlock *table;

  (void) error;
  add_state_of_case (report);
  assay_section_add_paragraph (section, text);
  if (report->not_done->len == 0)
    {
      assay_section_add_paragraph (section, assay_prose_new_plain ("Nothing that this report has a section for is missing."));
      return TRUE;
    }
  table = assay_section_begin_table (section, "not-done/table", assay_prose_new_plain ("Not in this report"), "what|why|command");
  for (guint k = 0; k < report->not_done->len; k++)
    {
      const AssayNotDone *entry = report->not_done->pdata[k];
      AssayProse *command = assay_prose_new ();

      if (was_listed (report->not_done, k))
        {
          assay_prose_free (command);
          continue;
        }
      assay_block_add_cell_plain (table, entry->what);
      assay_block_add_cell_plain (table, entry->why);
      if (entry->command != NULL)
        assay_prose_add_code (command, entry->command);
      else
        assay_prose_add (command, "none");
      assay_block_add_cell (table, command);
    }
  return TRUE;
}

ASSAY_SECTION_DEFINE (not_done) = { .name = "not-done", .title = "What was not done", .finish = finish };
