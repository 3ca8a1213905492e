/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_pdf.c: report.pdf: the document on paper, tagged, with the same bytes whenever and wherever it is made. */
#include "report/pdf_blocks.h"
#include "report/pdf_finish.h"
#include "report/writer.h"

#include <cairo-pdf.h>

static void
set_section (AssayPdf *pdf, const AssaySection *section)
{
  g_autofree char *title = g_strdup_printf ("%u  %s", section->number, section->title);
  int entry;

  assay_pdf_heading (pdf, "H2", section->id, title, 15.5, 30, 9);
  entry = assay_pdf_outline (pdf, CAIRO_PDF_OUTLINE_ROOT, section->id, title);
  for (guint k = 0; k < section->blocks->len; k++)
    {
      const AssayBlock *block = section->blocks->pdata[k];

      assay_pdf_block (pdf, block);
      if (block->type == ASSAY_BLOCK_HEADING)
        {
          g_autofree char *heading = assay_prose_dup_plain (block->text);

          assay_pdf_outline (pdf, entry, block->id, heading);
        }
    }
}

static void
set_document (AssayPdf *pdf)
{
  assay_pdf_front (pdf);
  assay_pdf_break (pdf);
  for (guint k = 0; k < pdf->document->sections->len; k++)
    set_section (pdf, pdf->document->sections->pdata[k]);
}

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  g_autoptr (AssayPdfNotes) unused = assay_pdf_notes_new (), notes = assay_pdf_notes_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GHashTable) places = NULL;
  GBytes *finished;
  AssayPdf pdf;

  assay_pdf_open (&pdf, document, NULL, NULL, 0, unused);
  set_document (&pdf);
  places = g_hash_table_ref (pdf.places);
  if (!assay_pdf_close (&pdf, error))
    return FALSE;
  assay_pdf_open (&pdf, document, bytes, places, pdf.page, notes);
  set_document (&pdf);
  if (!assay_pdf_close (&pdf, error))
    return FALSE;
  finished = assay_pdf_finish (bytes, document, notes, error);
  if (finished == NULL)
    return FALSE;
  assay_written_files_add (files, "report.pdf", finished);
  return TRUE;
}

ASSAY_WRITER_DEFINE (pdf) = { .name = "pdf", .help = "report.pdf: tagged pages for print and archive", .write = write_document };
