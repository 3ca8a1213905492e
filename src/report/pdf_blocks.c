/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_blocks.c: headings, paragraphs, lists, boxes, figures. */
#include "report/pdf_blocks.h"

#include "report/figure.h"

#define LEAST_BELOW 104.0       /* a heading: two more lines, or a table's caption, head and first rows */
#define LOWEST 0.62             /* of a figure's height, when that lets it stand on the page */

void
assay_pdf_heading (AssayPdf *pdf, const char *tag, const char *id, const char *text, double size, double above, double below)
{
  AssayTypeset style = { .size = size, .bold = TRUE, .width = ASSAY_TEXT_WIDTH, .leading = 1.1 };
  AssayPdfCell cell = assay_pdf_cell (text, &style, ASSAY_PAGE_LEFT, tag, &pdf->palette->ink);
  AssayPdfRow row = { .below = below, .whole = TRUE };

  assay_pdf_skip (pdf, above);
  /* Never the last thing on a page. */
  assay_pdf_reserve (pdf, assay_pdf_row_height (&cell, 1, &row) + LEAST_BELOW);
  assay_pdf_begin_place (pdf, id);
  assay_pdf_flow (pdf, &cell, 1, &row);
  assay_pdf_end_place (pdf);
  assay_pdf_cell_clear (&cell);
}

void
assay_pdf_paragraph (AssayPdf *pdf, const AssayProse *prose)
{
  AssayTypeset style = { .size = ASSAY_BODY_SIZE, .width = ASSAY_TEXT_WIDTH, .leading = ASSAY_BODY_LEADING };
  AssayPdfCell cell = assay_pdf_cell_prose (prose, NULL, &style, ASSAY_PAGE_LEFT, "P", &pdf->palette->ink);
  AssayPdfRow row = { .below = 7 };

  assay_pdf_flow (pdf, &cell, 1, &row);
  assay_pdf_cell_clear (&cell);
}

void
assay_pdf_list (AssayPdf *pdf, const GPtrArray *items)
{
  AssayTypeset style = { .size = ASSAY_BODY_SIZE, .width = ASSAY_TEXT_WIDTH - 14, .leading = ASSAY_BODY_LEADING };
  AssayTypeset label = { .size = ASSAY_BODY_SIZE, .width = 10, .leading = ASSAY_BODY_LEADING };

  assay_pdf_begin (pdf, "L");
  for (guint k = 0; k < items->len; k++)
    {
      AssayPdfCell cells[2] = { assay_pdf_cell ("\xe2\x80\xa2", &label, ASSAY_PAGE_LEFT + 3, "Lbl", &pdf->palette->muted),
                                assay_pdf_cell_prose (items->pdata[k], NULL, &style, ASSAY_PAGE_LEFT + 14, "LBody", &pdf->palette->ink) };
      AssayPdfRow row = { .tag = "LI", .below = 3 };

      assay_pdf_flow (pdf, cells, 2, &row);
      assay_pdf_cell_clear (&cells[0]);
      assay_pdf_cell_clear (&cells[1]);
    }
  assay_pdf_end (pdf, "L");
  pdf->y += 4;
}

/* A tinted box around one cell, which has its x and width inside. */
static void
flow_box (AssayPdf *pdf, AssayPdfCell *cell, const AssayColour *ground, const AssayColour *bar, double pad)
{
  AssayPdfRow row = { .above = pad, .below = pad, .ground = ground, .ground_x = ASSAY_PAGE_LEFT, .ground_width = ASSAY_TEXT_WIDTH, .bar = bar };

  assay_pdf_skip (pdf, 4);
  assay_pdf_flow (pdf, cell, 1, &row);
  pdf->y += 10;
}

void
assay_pdf_callout (AssayPdf *pdf, AssayCalloutLevel level, const AssayProse *prose)
{
  gboolean warns = level == ASSAY_CALLOUT_WARNING;
  const AssayColour *strong = warns ? &pdf->palette->role[ASSAY_ROLE_SECOND] : &pdf->palette->axis;
  AssayColour wash = assay_colour_mix (&pdf->palette->paper, strong, warns ? 0.09 : 0.08);
  AssayTypeset style = { .size = ASSAY_BODY_SIZE - 0.5, .width = ASSAY_TEXT_WIDTH - 28, .leading = ASSAY_BODY_LEADING };
  AssayPdfCell cell = assay_pdf_cell_prose (prose, warns ? "Warning." : "Note.", &style, ASSAY_PAGE_LEFT + 14, "P", &pdf->palette->ink);

  flow_box (pdf, &cell, &wash, strong, 7);
  assay_pdf_cell_clear (&cell);
}

void
assay_pdf_code (AssayPdf *pdf, const char *code)
{
  AssayColour wash = assay_colour_mix (&pdf->palette->paper, &pdf->palette->axis, 0.08);
  AssayTypeset style = { .size = 7.6, .width = ASSAY_TEXT_WIDTH - 24, .face = ASSAY_FACE_CODE, .leading = 1.25 };
  AssayPdfCell cell = assay_pdf_cell (code, &style, ASSAY_PAGE_LEFT + 12, "Code", &pdf->palette->ink);

  flow_box (pdf, &cell, &wash, NULL, 8);
  assay_pdf_cell_clear (&cell);
}

/* A command and its number, to which claims refer. */
static void
flow_command (AssayPdf *pdf, const AssayBlock *block)
{
  AssayColour wash = assay_colour_mix (&pdf->palette->paper, &pdf->palette->axis, 0.08);
  AssayTypeset style = { .size = 7.6, .width = ASSAY_TEXT_WIDTH - 24 - 58, .face = ASSAY_FACE_CODE, .leading = 1.25 };
  AssayTypeset label = { .size = ASSAY_SMALL_SIZE, .width = 54 };
  g_autofree char *words = assay_prose_dup_plain (block->text);
  AssayPdfCell cells[2] = { assay_pdf_cell (words, &label, ASSAY_PAGE_LEFT, "P", &pdf->palette->muted),
                            assay_pdf_cell (block->code, &style, ASSAY_PAGE_LEFT + 58 + 12, "Code", &pdf->palette->ink) };
  AssayPdfRow row = { .above = 5, .below = 5, .ground = &wash, .ground_x = ASSAY_PAGE_LEFT + 58, .ground_width = ASSAY_TEXT_WIDTH - 58 };

  assay_pdf_reserve (pdf, 30);
  assay_pdf_begin_place (pdf, block->id);
  assay_pdf_flow (pdf, cells, 2, &row);
  assay_pdf_end_place (pdf);
  pdf->y += 4;
  for (guint k = 0; k < 2; k++)
    assay_pdf_cell_clear (&cells[k]);
}

static void
flow_figure (AssayPdf *pdf, const AssayBlock *block)
{
  AssayFigureLook look = { .theme = ASSAY_THEME_LIGHT, .scale = 1, .titled = FALSE };
  g_autofree char *lead = g_strdup_printf ("Figure %u.", ++pdf->n_figures);
  AssayTypeset style = { .size = ASSAY_SMALL_SIZE, .width = ASSAY_TEXT_WIDTH, .leading = 1.2 };
  AssayPdfCell caption = assay_pdf_cell_prose (block->text, lead, &style, ASSAY_PAGE_LEFT, "Caption", &pdf->palette->muted);
  AssayPdfRow row = { .above = 6, .below = 12, .whole = TRUE };
  double height, text = assay_pdf_row_height (&caption, 1, &row);
  AssayBox box;

  assay_figure_measure (block->figure, &look, ASSAY_TEXT_WIDTH, NULL, &height);
  height = MIN (height, ASSAY_TEXT_HEIGHT - MIN (text, 0.3 * ASSAY_TEXT_HEIGHT));
  assay_pdf_skip (pdf, 10);
  /* Lower rather than on the next page, which would leave this one half empty. */
  if (height + text > assay_pdf_room (pdf) && assay_pdf_room (pdf) - text >= LOWEST * height)
    height = assay_pdf_room (pdf) - text;
  assay_pdf_reserve (pdf, height + text);
  assay_pdf_begin_place (pdf, block->id);
  assay_pdf_begin (pdf, "Figure");
  g_ptr_array_add (pdf->notes->alternatives, assay_typeset_visible (assay_figure_get_reading (block->figure), ASSAY_FACE_TEXT, FALSE));
  box = (AssayBox) { ASSAY_PAGE_LEFT, ASSAY_PAGE_HEIGHT - pdf->y - height, ASSAY_TEXT_WIDTH, height };
  g_array_append_val (pdf->notes->boxes, box);
  cairo_save (pdf->cr);
  cairo_translate (pdf->cr, ASSAY_PAGE_LEFT, pdf->y);
  assay_figure_draw (block->figure, pdf->cr, ASSAY_TEXT_WIDTH, height, &look);
  cairo_restore (pdf->cr);
  assay_pdf_end (pdf, "Figure");
  assay_pdf_end_place (pdf);
  pdf->y += height;
  assay_pdf_flow (pdf, &caption, 1, &row);
  assay_pdf_cell_clear (&caption);
}

void
assay_pdf_block (AssayPdf *pdf, const AssayBlock *block)
{
  switch (block->type)
    {
    case ASSAY_BLOCK_HEADING:
      {
        g_autofree char *text = assay_prose_dup_plain (block->text);

        assay_pdf_heading (pdf, "H3", block->id, text, 11, 12, 5);
        break;
      }
    case ASSAY_BLOCK_PARAGRAPH: assay_pdf_paragraph (pdf, block->text); break;
    case ASSAY_BLOCK_LIST: assay_pdf_list (pdf, block->items); break;
    case ASSAY_BLOCK_TABLE: assay_pdf_table (pdf, block); break;
    case ASSAY_BLOCK_FIGURE: flow_figure (pdf, block); break;
    case ASSAY_BLOCK_CLAIM: assay_pdf_claim (pdf, block->claim); break;
    case ASSAY_BLOCK_CODE:
      if (block->text != NULL)
        flow_command (pdf, block);
      else
        assay_pdf_code (pdf, block->code);
      break;
    case ASSAY_BLOCK_CALLOUT: assay_pdf_callout (pdf, block->level, block->text); break;
    }
}
