/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section_not_done.c: what this report does not say, and why: a report is never silently thinner. */
#include "report/case_state.h"

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

static gboolean
finish (AssayReport *report, AssaySection *section, GError **error)
{
  AssayProse *text = assay_prose_new_plain ("What was not computed, failed its check, or is withheld, and the command that would mend it. Nothing is left out in silence.");
  AssayBlock *table;

  (void) error;
  assay_report_add_case_state (report);
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
