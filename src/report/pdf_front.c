/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_front.c: the first pages: what this is, of what state of the case, signed by whom, how to check it, and what stands where. */
#include "report/pdf_blocks.h"

/* On the first page, so that the contents stand there too. */
#define MOST_FINDINGS 5
#define FINDING_HEIGHT 31.0
#define ENTRY_HEIGHT 15.2       /* of the contents */
#define AROUND_CONTENTS 155.0   /* headings, how to check it */

void
assay_pdf_fact (AssayPdf *pdf, const char *what, const char *value, double x, double value_x, gboolean code)
{
  AssayTypeset name = { .size = ASSAY_SMALL_SIZE + 0.25, .width = value_x - x - 8, .leading = 1.15 };
  AssayTypeset text = { .size = code ? 7.6 : ASSAY_SMALL_SIZE + 0.25, .width = ASSAY_PAGE_LEFT + ASSAY_TEXT_WIDTH - value_x, .leading = code ? 1.25 : 1.15,
                        .face = code ? ASSAY_FACE_CODE : ASSAY_FACE_TEXT };
  AssayPdfRow row = { .below = 3 };
  AssayPdfCell cells[2];

  if (value == NULL)
    return;
  cells[0] = assay_pdf_cell (what, &name, x, "P", &pdf->palette->muted);
  cells[1] = assay_pdf_cell (value, &text, value_x, "P", &pdf->palette->ink);
  assay_pdf_flow (pdf, cells, 2, &row);
  assay_pdf_cell_clear (&cells[0]);
  assay_pdf_cell_clear (&cells[1]);
}

static void
flow_stamp (AssayPdf *pdf)
{
  AssayTypeset style = { .size = 9.5, .bold = TRUE };
  AssayPdfCell cell = assay_pdf_cell ("UNSIGNED", &style, ASSAY_PAGE_LEFT + 8, "P", &pdf->palette->role[ASSAY_ROLE_SECOND]);
  AssayPdfRow row = { .above = 3.5, .below = 3.5 };
  double width, height = assay_pdf_row_height (&cell, 1, &row);

  assay_typeset_size (cell.layout, &width, NULL);
  cairo_set_source_rgb (pdf->cr, cell.colour->red, cell.colour->green, cell.colour->blue);
  cairo_set_line_width (pdf->cr, 1.2);
  cairo_rectangle (pdf->cr, ASSAY_PAGE_LEFT + 0.6, pdf->y, width + 16, height);
  cairo_stroke (pdf->cr);
  assay_pdf_flow (pdf, &cell, 1, &row);
  assay_pdf_cell_clear (&cell);
  pdf->y += 14;
}

/* --- contents ------------------------------------------------------------------------------------------------------------------- */

static void
flow_entry (AssayPdf *pdf, const AssaySection *section)
{
  AssayTypeset style = { .size = ASSAY_BODY_SIZE, .lines = 1, .width = ASSAY_TEXT_WIDTH - 60 };
  AssayTypeset right = { .size = ASSAY_BODY_SIZE, .width = 40, .align = PANGO_ALIGN_RIGHT };
  guint page = assay_pdf_page_of (pdf, section->id);
  g_autofree char *number = g_strdup_printf ("%u ", section->number), *title = g_strconcat (section->title, " ", NULL), *where = page > 0 ? g_strdup_printf ("%u", page) : g_strdup ("");
  AssayPdfCell cells[3] = { assay_pdf_cell (number, &style, ASSAY_PAGE_LEFT, NULL, &pdf->palette->muted),
                            assay_pdf_cell (title, &style, ASSAY_PAGE_LEFT + 20, NULL, &pdf->palette->ink),
                            assay_pdf_cell (where, &right, ASSAY_PAGE_LEFT + ASSAY_TEXT_WIDTH - 40, NULL, &pdf->palette->ink) };
  double width, digits, height = assay_pdf_cell_height (&cells[1]), base = pdf->y + assay_typeset_baseline (cells[1].layout);
  gboolean linked;

  assay_pdf_reserve (pdf, height + 4);
  base = pdf->y + assay_typeset_baseline (cells[1].layout);
  assay_typeset_size (cells[1].layout, &width, NULL);
  assay_typeset_size (cells[2].layout, &digits, NULL);
  assay_pdf_begin (pdf, "TOCI");
  linked = assay_pdf_begin_link (pdf, section->id, section->title);
  if (!linked)
    assay_pdf_begin (pdf, "Reference");
  for (guint k = 0; k < 3; k++)
    assay_pdf_layout (pdf, cells[k].layout, cells[k].x, pdf->y, cells[k].colour);
  if (linked)
    assay_pdf_end_link (pdf);
  else
    assay_pdf_end (pdf, "Reference");
  assay_pdf_end (pdf, "TOCI");
  /* Dots at the same places on every line. */
  for (double x = ASSAY_PAGE_LEFT + ASSAY_TEXT_WIDTH - 26; x > cells[1].x + width + 6; x -= 4.5)
    assay_pdf_fill (pdf, &pdf->palette->axis, x, base - 0.8, 0.8, 0.8);
  pdf->y += height + 4;
  for (guint k = 0; k < 3; k++)
    assay_pdf_cell_clear (&cells[k]);
}

static void
flow_contents (AssayPdf *pdf)
{
  assay_pdf_heading (pdf, "H2", "contents", "Contents", 13, 16, 6);
  assay_pdf_begin (pdf, "TOC");
  for (guint k = 0; k < pdf->document->sections->len; k++)
    flow_entry (pdf, pdf->document->sections->pdata[k]);
  assay_pdf_end (pdf, "TOC");
}

/* --- in short ------------------------------------------------------------------------------------------------------------------- */

static const AssayBlock *
find_findings (const AssayDocument *document)
{
  for (guint k = 0; k < document->sections->len; k++)
    {
      const AssaySection *section = document->sections->pdata[k];

      for (guint b = 0; b < section->blocks->len; b++)
        if (g_strcmp0 (((const AssayBlock *) section->blocks->pdata[b])->id, "findings/table") == 0)
          return section->blocks->pdata[b];
    }
  return NULL;
}

/* The first findings of the summary, as it words them: whoever reads one page only reads these. */
static void
flow_findings (AssayPdf *pdf)
{
  const AssayBlock *table = find_findings (pdf->document);
  guint n = table != NULL ? table->cells->len / table->heads->len : 0;
  double contents = AROUND_CONTENTS + ENTRY_HEIGHT * pdf->document->sections->len;
  guint shown = (guint) CLAMP ((assay_pdf_room (pdf) - contents) / FINDING_HEIGHT, 1, MIN (n, MOST_FINDINGS));
  g_autoptr (GPtrArray) items = g_ptr_array_new ();

  if (n == 0)
    return;
  for (guint k = 0; k < shown; k++)
    g_ptr_array_add (items, table->cells->pdata[k * table->heads->len]);
  assay_pdf_heading (pdf, "H2", "in-short", "In short", 13, 10, 6);
  assay_pdf_list (pdf, items);
  if (n > shown)
    {
      g_autoptr (AssayProse) more = assay_prose_new ();

      assay_prose_add_format (more, "and %u more, ", n - shown);
      assay_prose_add_reference (more, "findings/table", "all with interval and check");
      assay_pdf_paragraph (pdf, more);
    }
}

void
assay_pdf_front (AssayPdf *pdf)
{
  const AssayDocument *document = pdf->document;
  double value = ASSAY_PAGE_LEFT + 122;
  g_autoptr (AssayProse) how = assay_prose_new_plain ("This document cannot vouch for itself. To check it, in the directory that it came in:");

  pdf->y += 8;
  assay_pdf_heading (pdf, "H1", "title", document->title, 23, 0, document->subtitle != NULL ? 4 : 14);
  if (document->subtitle != NULL)
    {
      AssayTypeset style = { .size = 11, .width = ASSAY_TEXT_WIDTH, .leading = 1.2 };
      AssayPdfCell cell = assay_pdf_cell (document->subtitle, &style, ASSAY_PAGE_LEFT, "P", &pdf->palette->muted);
      AssayPdfRow row = { .below = 14 };

      assay_pdf_flow (pdf, &cell, 1, &row);
      assay_pdf_cell_clear (&cell);
    }
  if (document->fingerprint == NULL)
    flow_stamp (pdf);
  assay_pdf_fact (pdf, "status", document->status, ASSAY_PAGE_LEFT, value, FALSE);
  assay_pdf_fact (pdf, "report", document->report_id, ASSAY_PAGE_LEFT, value, TRUE);
  assay_pdf_fact (pdf, "for", document->profile, ASSAY_PAGE_LEFT, value, FALSE);
  assay_pdf_fact (pdf, "state of the case (UTC)", document->created_utc, ASSAY_PAGE_LEFT, value, FALSE);
  assay_pdf_fact (pdf, "made by", document->program, ASSAY_PAGE_LEFT, value, FALSE);
  assay_pdf_fact (pdf, "evidence root", document->evidence_root, ASSAY_PAGE_LEFT, value, TRUE);
  assay_pdf_fact (pdf, "key that is to sign", document->fingerprint != NULL ? document->fingerprint : "none", ASSAY_PAGE_LEFT, value,
                  document->fingerprint != NULL);
  pdf->y += 8;
  for (guint k = 0; k < document->warnings->len; k++)
    {
      g_autoptr (AssayProse) warning = assay_prose_new_plain (document->warnings->pdata[k]);

      assay_pdf_callout (pdf, ASSAY_CALLOUT_WARNING, warning);
    }
  flow_findings (pdf);
  pdf->y += 6;
  assay_pdf_paragraph (pdf, how);
  assay_pdf_code (pdf, "assay verify .\nsha256sum --check SHA256SUMS\nless VERIFY.md");
  flow_contents (pdf);
}
