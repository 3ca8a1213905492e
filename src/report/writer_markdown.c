/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_markdown.c: report.md, for mail, wikis and version control: CommonMark with pipe tables; figures are their data. */
#include "report/markdown.h"
#include "report/writer.h"

static void
append_fact (GString *out, const char *what, const char *value)
{
  g_string_append_printf (out, "* %s: ", what);
  assay_markdown_append (out, value ? value : "none");
  g_string_append_c (out, '\n');
}

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  GString *out = g_string_new ("# ");

  (void) error;
  assay_markdown_append (out, document->title);
  g_string_append (out, document->fingerprint ? "\n\n" : "\n\n**UNSIGNED**\n\n");
  append_fact (out, "status", document->status);
  append_fact (out, "report", document->report_id);
  append_fact (out, "for", document->profile);
  append_fact (out, "state of the case (UTC)", document->created_utc);
  append_fact (out, "evidence root", document->evidence_root);
  append_fact (out, "key that is to sign", document->fingerprint);
  g_string_append_c (out, '\n');
  for (guint k = 0; k < document->warnings->len; k++)
    {
      g_string_append (out, "> **Warning.** ");
      assay_markdown_append (out, document->warnings->pdata[k]);
      g_string_append (out, "\n\n");
    }
  for (guint s = 0; s < document->sections->len; s++)
    {
      const AssaySection *section = document->sections->pdata[s];

      g_string_append_printf (out, "## %u\\. ", section->number);
      assay_markdown_append (out, section->title);
      g_string_append (out, "\n\n");
      for (guint b = 0; b < section->blocks->len; b++)
        assay_markdown_append_block (out, section->blocks->pdata[b]);
    }
  assay_written_files_add_text (files, "report.md", out);
  return TRUE;
}

ASSAY_WRITER_DEFINE (markdown) = { .name = "markdown", .help = "report.md: CommonMark with tables", .write = write_document };
