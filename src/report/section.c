/* SPDX-License-Identifier: GPL-3.0-or-later */
/* section.c: the registry of sections, and the order in which they write. */
#include "report/section.h"

#include "report/withheld.h"

#define ASSAY_REGISTER(name) extern const AssaySectionKind assay_section_kind_##name;
#include "report/sections.def"
#undef ASSAY_REGISTER

static const AssaySectionKind *const kinds[] = {
#define ASSAY_REGISTER(name) &assay_section_kind_##name,
#include "report/sections.def"
#undef ASSAY_REGISTER
  NULL
};

const AssaySectionKind *const *
assay_section_kind_list (void)
{
  return kinds;
}

void
assay_report_add_not_done (AssayReport *report, const char *what, const char *why, const char *command)
{
  AssayNotDone *entry = g_new0 (AssayNotDone, 1);

  entry->what = g_strdup (what);
  entry->why = g_strdup (why);
  entry->command = g_strdup (command);
  g_ptr_array_add (report->not_done, entry);
}

static void
not_done_free (gpointer data)
{
  AssayNotDone *entry = data;

  g_free (entry->what);
  g_free (entry->why);
  g_free (entry->command);
  g_free (entry);
}

/* Sections that had nothing to say go; the others are numbered. */
static void
drop_empty (AssayDocument *document)
{
  for (guint k = document->sections->len; k-- > 0;)
    if (((const AssaySection *) document->sections->pdata[k])->blocks->len == 0)
      g_ptr_array_remove_index (document->sections, k);
  for (guint k = 0; k < document->sections->len; k++)
    ((AssaySection *) document->sections->pdata[k])->number = k + 1;
}

static gboolean
write_one (AssayReport *report, const AssaySectionKind *kind, AssaySection *section, GError **error)
{
  if (kind->write == NULL)
    return TRUE;
  if (kind->tells != NULL && assay_report_leaves_out (report, kind->tells, kind->title))
    {
      assay_report_set_unsaid (report, kind->name);
      return TRUE;
    }
  return kind->write (report, section, error);
}

gboolean
assay_report_write (AssayReport *report, GError **error)
{
  g_autoptr (GPtrArray) not_done = g_ptr_array_new_with_free_func (not_done_free), unsaid = g_ptr_array_new_with_free_func (g_free);
  AssaySection *sections[G_N_ELEMENTS (kinds)];

  report->not_done = not_done;
  report->unsaid = unsaid;
  for (gsize k = 0; kinds[k] != NULL; k++)
    {
      sections[k] = assay_document_add_section (report->document, kinds[k]->name, kinds[k]->title);
      if (!write_one (report, kinds[k], sections[k], error))
        return FALSE;
    }
  for (gsize k = 0; kinds[k] != NULL; k++)
    if (kinds[k]->finish != NULL && !kinds[k]->finish (report, sections[k], error))
      return FALSE;
  report->not_done = report->unsaid = NULL;
  drop_empty (report->document);
  return TRUE;
}

AssayResultSource
assay_report_answer_as_source (const AssayReportAnswer *answer, const char *method)
{
  return (AssayResultSource) { .object = answer->object, .content_root = answer->content_root, .command = answer->command, .method = method };
}
