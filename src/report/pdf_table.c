/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_table.c: tables that may go over pages: a rule above and below, thin lines between, the header again on each page. */
#include "report/pdf_blocks.h"

#include <math.h>

#define CELL_GAP 9.0

typedef struct {
  const AssayBlock *block;
  guint n;
  double x[64], width[64];
  double size;
} Layout;

/* --- the width of columns ------------------------------------------------------------------------------------------------------- */

/* What the column would like, and what its longest word needs. */
static void
measure_cell (const char *text, double size, gboolean bold, double *natural, double *least)
{
  AssayTypeset style = { .size = size, .bold = bold };
  g_auto (GStrv) words = g_strsplit (text, " ", 40);
  double width;

  assay_typeset_measure (text, &style, &width, NULL);
  *natural = MAX (*natural, width);
  for (guint k = 0; words[k] != NULL; k++)
    {
      assay_typeset_measure (words[k], &style, &width, NULL);
      *least = MAX (*least, MIN (width, 150));
    }
}

static char *
head_of (const AssayPdfCell *cell)
{
  const char *text = pango_layout_get_text (cell->layout), *end = text;

  for (guint n = 0; n < 200 && *end != '\0'; n++)
    end = g_utf8_next_char (end);
  return g_strndup (text, (gsize) (end - text));
}

static AssayPdfCell
make_cell (const Layout *layout, gint64 row, guint column, const AssayColour *colour, double width)
{
  const AssayTableHead *head = &g_array_index (layout->block->heads, AssayTableHead, column);
  AssayTypeset style = { .size = layout->size, .width = width, .leading = 1.14, .align = head->is_right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT };
  AssayPdfCell cell;

  if (row < 0)
    {
      style.bold = TRUE;
      return assay_pdf_cell (head->heading, &style, layout->x[column], "TH", colour);
    }
  cell = assay_pdf_cell_prose (assay_block_get_cell (layout->block, row, column), NULL, &style, layout->x[column], column == 0 ? "TH" : "TD", colour);
  cell.heads_row = column == 0;
  return cell;
}

/* What a column would like: least for its longest word, body for its cells, head for a heading on one line. */
typedef struct {
  double least, body, head;
} Wish;

static Wish
wish_of (AssayPdf *pdf, const Layout *layout, guint column)
{
  gint64 n_rows = assay_block_get_n_rows (layout->block);
  Wish wish = { 18, 18, 18 };

  for (gint64 r = -1; r < MIN (n_rows, 400); r++)
    {
      AssayPdfCell cell = make_cell (layout, r, column, &pdf->palette->ink, 0);
      g_autofree char *text = head_of (&cell);

      measure_cell (text, layout->size, r < 0, r < 0 ? &wish.head : &wish.body, &wish.least);
      assay_pdf_cell_clear (&cell);
    }
  wish.least = ceil (wish.least) + 1;
  wish.body = MAX (ceil (wish.body) + 1, wish.least);
  wish.head = MAX (ceil (wish.head) + 1, wish.body);
  return wish;
}

/* What column c gets of the room beyond what all need: columns that wish for little get it; the others share the rest by the roots of their wishes,
 * so that a column of sentences is wider than one of remarks, and not all that there is. */
static double
fill (const Wish *wish, guint n, guint c, double room)
{
  gboolean full[64] = { FALSE };
  double want[64], roots = 0;

  for (guint k = 0; k < n; k++)
    {
      want[k] = wish[k].body - wish[k].least;
      roots += sqrt (want[k]);
    }
  for (gboolean more = TRUE; more;)
    {
      more = FALSE;
      for (guint k = 0; k < n && !more; k++)
        if (!full[k] && want[k] * roots <= room * sqrt (want[k]))
          {
            full[k] = more = TRUE;
            room -= want[k];
            roots -= sqrt (want[k]);
          }
    }
  return full[c] ? want[c] : room * sqrt (want[c]) / roots;
}

/* From what is needed to what is wished for, as far as the page goes. */
static void
share_width (AssayPdf *pdf, Layout *layout)
{
  Wish wish[64];
  double available = ASSAY_TEXT_WIDTH - CELL_GAP * (layout->n - 1), least = 0, body = 0, head = 0, x = ASSAY_PAGE_LEFT;

  for (guint c = 0; c < layout->n; c++)
    {
      wish[c] = wish_of (pdf, layout, c);
      least += wish[c].least;
      body += wish[c].body;
      head += wish[c].head;
    }
  for (guint c = 0; c < layout->n; c++)
    {
      const Wish *w = &wish[c];

      if (head <= available)
        layout->width[c] = w->head;
      else if (body <= available)
        layout->width[c] = w->body + (available - body) * (w->head - w->body) / (head - body);
      else if (least <= available)
        layout->width[c] = w->least + fill (wish, layout->n, c, available - least);
      else
        layout->width[c] = w->least * available / least;
      layout->x[c] = x;
      x += layout->width[c] + CELL_GAP;
    }
}

/* --- rows ----------------------------------------------------------------------------------------------------------------------- */

static double
right_edge (const Layout *layout)
{
  return layout->x[layout->n - 1] + layout->width[layout->n - 1];
}

static void
flow_row (AssayPdf *pdf, const Layout *layout, gint64 row, gboolean as_artifact, gboolean last)
{
  g_autofree AssayPdfCell *cells = g_new (AssayPdfCell, layout->n);
  AssayPdfRow how = { .tag = as_artifact ? NULL : "TR", .above = 3, .below = 3, .ground_x = ASSAY_PAGE_LEFT,
                      .ground_width = right_edge (layout) - ASSAY_PAGE_LEFT, .rule = row < 0 || last ? NULL : &pdf->palette->grid };

  for (guint c = 0; c < layout->n; c++)
    {
      cells[c] = make_cell (layout, row, c, &pdf->palette->ink, layout->width[c]);
      if (as_artifact)
        cells[c].tag = NULL;
    }
  assay_pdf_flow (pdf, cells, layout->n, &how);
  for (guint c = 0; c < layout->n; c++)
    assay_pdf_cell_clear (&cells[c]);
}

static void
flow_head (AssayPdf *pdf, const Layout *layout, gboolean as_artifact)
{
  flow_row (pdf, layout, -1, as_artifact, FALSE);
  assay_pdf_rule (pdf, &pdf->palette->ink, ASSAY_PAGE_LEFT, right_edge (layout), pdf->y, 0.8);
}

static void
repeat_head (AssayPdf *pdf, gpointer data)
{
  void (*again) (AssayPdf *, gpointer) = pdf->at_break;

  pdf->at_break = NULL;
  flow_head (pdf, data, TRUE);
  pdf->at_break = again;
}

void
assay_pdf_table (AssayPdf *pdf, const AssayBlock *block)
{
  Layout layout = { .block = block, .n = MIN (assay_block_get_n_columns (block), 64), .size = ASSAY_SMALL_SIZE };
  gint64 n_rows = assay_block_get_n_rows (block);
  g_autofree char *lead = g_strdup_printf ("Table %u.", ++pdf->n_tables);
  AssayTypeset style = { .size = ASSAY_SMALL_SIZE, .width = ASSAY_TEXT_WIDTH, .leading = 1.2 };
  AssayPdfCell caption = assay_pdf_cell_prose (block->text, lead, &style, ASSAY_PAGE_LEFT, "Caption", &pdf->palette->muted);
  AssayPdfRow how = { .above = 0, .below = 4, .whole = TRUE };

  if (layout.n > 9)
    layout.size = 6.75;
  else if (layout.n > 6)
    layout.size = 7.5;
  if (layout.n == 0)
    {
      assay_pdf_cell_clear (&caption);
      return;
    }
  share_width (pdf, &layout);
  assay_pdf_skip (pdf, 12);
  assay_pdf_reserve (pdf, assay_pdf_row_height (&caption, 1, &how) + 62);
  assay_pdf_begin (pdf, "Table");
  assay_pdf_begin_place (pdf, block->id);
  assay_pdf_flow (pdf, &caption, 1, &how);
  assay_pdf_end_place (pdf);
  flow_head (pdf, &layout, FALSE);
  pdf->at_break = repeat_head;
  pdf->break_data = &layout;
  for (gint64 r = 0; r < n_rows; r++)
    flow_row (pdf, &layout, r, FALSE, r + 1 == n_rows);
  pdf->at_break = NULL;
  assay_pdf_end (pdf, "Table");
  assay_pdf_rule (pdf, &pdf->palette->axis, ASSAY_PAGE_LEFT, right_edge (&layout), pdf->y, 0.6);
  assay_pdf_cell_clear (&caption);
  pdf->y += 14;
}
