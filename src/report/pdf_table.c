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

#define STEP 3.0                /* points that are given away at a time */
#define MOST_WEIGHED 200        /* rows that have a say */

/* Widths of all cells on one line: row-major. */
static double *
measure_rows (AssayPdf *pdf, const Layout *layout, gint64 *n_rows)
{
  double *widths;

  *n_rows = MIN (assay_block_get_n_rows (layout->block), MOST_WEIGHED);
  widths = g_new (double, MAX (*n_rows, 1) * layout->n);
  for (gint64 r = 0; r < *n_rows; r++)
    for (guint c = 0; c < layout->n; c++)
      {
        AssayPdfCell cell = make_cell (layout, r, c, &pdf->palette->ink, 0);

        assay_typeset_size (cell.layout, &widths[r * layout->n + c], NULL);
        assay_pdf_cell_clear (&cell);
      }
  return widths;
}

static double
fourth_power (double x)
{
  return x * x * (x * x);
}

/* How much higher all rows would be without what the column gets next: a row is about as high as the cells' counts of lines to the fourth power,
 * added, so that the longest cell counts most and one that ties with it is not forgotten. */
static double
gain (const double *cells, gint64 n_rows, guint n, guint column, const double *width)
{
  double sum = 0;

  for (gint64 r = 0; r < n_rows; r++)
    {
      double before = 0, after = 0;

      for (guint c = 0; c < n; c++)
        {
          double natural = cells[r * n + c], lines = MAX (natural / width[c], 1), fewer = c == column ? MAX (natural / (width[c] + STEP), 1) : lines;

          before += fourth_power (lines);
          after += fourth_power (fewer);
        }
      sum += sqrt (sqrt (before)) - sqrt (sqrt (after));
    }
  return sum;
}

/* Gives the room beyond what all columns need, little by little, to the column that makes the table lower by most. */
static void
fill (AssayPdf *pdf, const Layout *layout, const Wish *wish, double room, double *width)
{
  gint64 n_rows;
  g_autofree double *cells = measure_rows (pdf, layout, &n_rows);

  for (guint c = 0; c < layout->n; c++)
    width[c] = wish[c].least;
  for (; room >= STEP; room -= STEP)
    {
      guint best = 0;
      double most = -1;

      for (guint c = 0; c < layout->n; c++)
        {
          double gained = width[c] + STEP <= wish[c].body + STEP ? gain (cells, n_rows, layout->n, c, width) : -1;

          if (gained > most)
            {
              most = gained;
              best = c;
            }
        }
      width[best] += STEP;
    }
}

/* From what is needed to what is wished for, as far as the page goes. */
static void
share_width (AssayPdf *pdf, Layout *layout)
{
  Wish wish[64];
  double filled[64];
  double available = ASSAY_TEXT_WIDTH - CELL_GAP * (layout->n - 1), least = 0, body = 0, head = 0, x = ASSAY_PAGE_LEFT;

  for (guint c = 0; c < layout->n; c++)
    {
      wish[c] = wish_of (pdf, layout, c);
      least += wish[c].least;
      body += wish[c].body;
      head += wish[c].head;
    }
  if (least <= available && body > available)
    fill (pdf, layout, wish, available - least, filled);
  for (guint c = 0; c < layout->n; c++)
    {
      const Wish *w = &wish[c];

      if (head <= available)
        layout->width[c] = w->head;
      else if (body <= available)
        layout->width[c] = w->body + (available - body) * (w->head - w->body) / (head - body);
      else if (least <= available)
        layout->width[c] = filled[c];
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
