/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_flow.c: rows of cells over pages. A row that is broken is a row on each page that it is on; a broken paragraph stays one element. */
#include "report/pdf_flow.h"

#include <math.h>
#include <string.h>

/* A text of more characters than this is cut on paper; the other formats have it whole. */
#define LONGEST_TEXT 12000

/* --- cells ---------------------------------------------------------------------------------------------------------------------- */

static char *
cut_text (const char *visible)
{
  const char *end = visible;
  gsize n = 0;

  while (*end != '\0' && n < LONGEST_TEXT)
    {
      end = g_utf8_next_char (end);
      n++;
    }
  if (*end == '\0')
    return g_strdup (visible);
  return g_strdup_printf ("%.*s\xe2\x80\xa6 [%" G_GSIZE_FORMAT " more bytes: see report.json]", (int) (end - visible), visible, strlen (end));
}

AssayPdfCell
assay_pdf_cell (const char *plain, const AssayTypeset *style, double x, const char *tag, const AssayColour *colour)
{
  g_autofree char *visible = assay_typeset_visible (plain, style->face, style->face == ASSAY_FACE_CODE), *text = cut_text (visible);

  return (AssayPdfCell) { assay_typeset_new (text, style), NULL, tag, x, colour, FALSE };
}

static void
add_attribute (PangoAttrList *list, PangoAttribute *attribute, gsize from, gsize to)
{
  attribute->start_index = (guint) from;
  attribute->end_index = (guint) to;
  pango_attr_list_insert (list, attribute);
}

static void
append_number (GString *text, const AssayNumber *number)
{
  g_autofree char *display = assay_number_dup_display (number);
  const char *reason = assay_result_table_get_reason (number->table, number->column, number->row);

  g_string_append (text, display);
  if (reason != NULL && !assay_number_exists (number))
    {
      g_autofree char *visible = assay_typeset_visible (reason, ASSAY_FACE_TEXT, FALSE);

      g_string_append_printf (text, " (%s)", visible);
    }
}

/* Appends what the span says and says how it is set. */
static void
append_span (GString *text, const AssaySpan *span, double size, PangoAttrList *attributes, GArray *links)
{
  gsize from = text->len;
  g_autofree char *visible = NULL, *cut = NULL;

  if (span->type == ASSAY_SPAN_NUMBER)
    {
      append_number (text, &span->number);
      return;
    }
  visible = assay_typeset_visible (span->text, span->type == ASSAY_SPAN_CODE ? ASSAY_FACE_CODE : ASSAY_FACE_TEXT, FALSE);
  cut = cut_text (visible);
  g_string_append (text, cut);
  if (span->type == ASSAY_SPAN_CODE)
    {
      add_attribute (attributes, pango_attr_family_new (assay_typeset_family (ASSAY_FACE_CODE)), from, text->len);
      add_attribute (attributes, pango_attr_size_new_absolute ((int) (0.9 * size * PANGO_SCALE)), from, text->len);
    }
  else if (span->type == ASSAY_SPAN_REFERENCE)
    {
      AssayPdfLink link = { from, text->len, span->target };

      /* Makes a run of it; the colour that it is drawn in is known when its target is. */
      add_attribute (attributes, pango_attr_foreground_new (0, 0, 0), from, text->len);
      g_array_append_val (links, link);
    }
}

AssayPdfCell
assay_pdf_cell_prose (const AssayProse *prose, const char *lead, const AssayTypeset *style, double x, const char *tag, const AssayColour *colour)
{
  g_autoptr (GString) text = g_string_new (lead);
  PangoAttrList *own = pango_attr_list_new (), *attributes;
  AssayPdfCell cell = { NULL, g_array_new (FALSE, FALSE, sizeof (AssayPdfLink)), tag, x, colour, FALSE };

  if (lead != NULL)
    {
      add_attribute (own, pango_attr_weight_new (PANGO_WEIGHT_BOLD), 0, text->len);
      g_string_append (text, " ");
    }
  for (guint k = 0; prose != NULL && k < prose->spans->len; k++)
    append_span (text, &g_array_index (prose->spans, AssaySpan, k), style->size, own, cell.links);
  cell.layout = assay_typeset_new (text->str, style);
  attributes = pango_attr_list_copy (pango_layout_get_attributes (cell.layout));
  for (GSList *list = pango_attr_list_get_attributes (own), *item = list; item != NULL; item = list = g_slist_delete_link (list, list))
    pango_attr_list_insert (attributes, item->data);
  pango_layout_set_attributes (cell.layout, attributes);
  pango_attr_list_unref (attributes);
  pango_attr_list_unref (own);
  return cell;
}

void
assay_pdf_cell_clear (AssayPdfCell *cell)
{
  g_clear_object (&cell->layout);
  g_clear_pointer (&cell->links, g_array_unref);
}

double
assay_pdf_cell_height (const AssayPdfCell *cell)
{
  double height;

  assay_typeset_size (cell->layout, NULL, &height);
  return height;
}

/* How far the cell is moved down so that its first line stands with those of the others. */
static double
drop_of (const AssayPdfCell *cells, guint n, guint k, const AssayPdfRow *row)
{
  double lowest = 0;

  for (guint j = 0; row->on_baseline && j < n; j++)
    lowest = MAX (lowest, assay_typeset_baseline (cells[j].layout));
  return row->on_baseline ? lowest - assay_typeset_baseline (cells[k].layout) : 0;
}

double
assay_pdf_row_height (const AssayPdfCell *cells, guint n, const AssayPdfRow *row)
{
  double most = 0;

  for (guint k = 0; k < n; k++)
    most = MAX (most, drop_of (cells, n, k, row) + assay_pdf_cell_height (&cells[k]));
  return row->above + most + row->below;
}

/* --- lines ---------------------------------------------------------------------------------------------------------------------- */

typedef struct {
  double top, bottom, baseline, x;
  PangoLayoutLine *line;        /* borrowed from the layout */
} Line;

static GArray *
lines_of (const AssayPdfCell *cell)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (Line));
  PangoLayoutIter *iter = pango_layout_get_iter (cell->layout);

  do
    {
      Line line;
      PangoRectangle box;
      int top, bottom;

      pango_layout_iter_get_line_yrange (iter, &top, &bottom);
      pango_layout_iter_get_line_extents (iter, NULL, &box);
      line.top = (double) top / PANGO_SCALE;
      line.bottom = (double) bottom / PANGO_SCALE;
      line.baseline = (double) pango_layout_iter_get_baseline (iter) / PANGO_SCALE;
      line.x = (double) box.x / PANGO_SCALE;
      line.line = pango_layout_iter_get_line_readonly (iter);
      g_array_append_val (lines, line);
    }
  while (pango_layout_iter_next_line (iter));
  pango_layout_iter_free (iter);
  return lines;
}

static const AssayPdfLink *
link_at (const AssayPdfCell *cell, gsize offset)
{
  for (guint k = 0; cell->links != NULL && k < cell->links->len; k++)
    {
      const AssayPdfLink *link = &g_array_index (cell->links, AssayPdfLink, k);

      if (offset >= link->from && offset < link->to)
        return link;
    }
  return NULL;
}

static void
set_colour (AssayPdf *pdf, const AssayColour *colour)
{
  cairo_set_source_rgb (pdf->cr, colour->red, colour->green, colour->blue);
}

/* A real blank at the end of a line. Pango leaves the one that a line is broken at without a glyph, and a line feed never has one; who reads the
 * text without seeing it would find the words of two lines run together. */
static void
draw_blank (AssayPdf *pdf, PangoGlyphItem *run, double x, double y)
{
  cairo_scaled_font_t *font = pango_cairo_font_get_scaled_font (PANGO_CAIRO_FONT (run->item->analysis.font));
  cairo_glyph_t *glyphs = NULL;
  cairo_text_cluster_t *clusters = NULL;
  cairo_text_cluster_flags_t flags;
  int n_glyphs = 0, n_clusters = 0;

  if (cairo_scaled_font_text_to_glyphs (font, x, y, " ", 1, &glyphs, &n_glyphs, &clusters, &n_clusters, &flags) != CAIRO_STATUS_SUCCESS)
    return;
  cairo_set_scaled_font (pdf->cr, font);
  cairo_show_text_glyphs (pdf->cr, " ", 1, glyphs, n_glyphs, clusters, n_clusters, flags);
  cairo_glyph_free (glyphs);
  cairo_text_cluster_free (clusters);
}

/* Draws the run without the blank that the line was broken at; whether there was one. */
static gboolean
draw_run (AssayPdf *pdf, const char *text, PangoGlyphItem *run, double x, double y)
{
  const PangoGlyphString *glyphs = run->glyphs;
  int last = glyphs->num_glyphs - 1;
  gboolean is_broken = last >= 0 && run->item->analysis.level % 2 == 0 && glyphs->glyphs[last].glyph == PANGO_GLYPH_EMPTY
                       && text[run->item->offset + run->item->length - 1] == ' ';

  cairo_move_to (pdf->cr, x, y);
  if (!is_broken)
    pango_cairo_show_glyph_item (pdf->cr, text, run);
  else if (run->item->length > 1)
    {
      PangoGlyphItem *rest = pango_glyph_item_copy (run), *head = pango_glyph_item_split (rest, text, run->item->length - 1);

      pango_cairo_show_glyph_item (pdf->cr, text, head);
      pango_glyph_item_free (head);
      pango_glyph_item_free (rest);
    }
  cairo_new_path (pdf->cr);
  return is_broken;
}

/* Runs of a line one after the other. in_parts: those of a link in their own element, the others in spans. */
static void
draw_line (AssayPdf *pdf, const AssayPdfCell *cell, const Line *line, double x, double y, gboolean in_parts, gboolean is_last)
{
  const char *text = pango_layout_get_text (cell->layout);
  gsize end = (gsize) (line->line->start_index + line->line->length);
  gboolean fed = !is_last && text[end] == '\n';
  double at = x + line->x;

  for (GSList *item = line->line->runs; item != NULL;)
    {
      const AssayPdfLink *link = link_at (cell, (gsize) ((PangoGlyphItem *) item->data)->item->offset);
      g_autofree char *reads = link != NULL ? g_strndup (text + link->from, link->to - link->from) : NULL;
      gboolean linked = in_parts && link != NULL && assay_pdf_begin_link (pdf, link->target, reads);

      if (in_parts && !linked)
        assay_pdf_begin (pdf, "Span");
      set_colour (pdf, linked ? &pdf->palette->role[ASSAY_ROLE_MAIN] : cell->colour);
      for (; item != NULL && link_at (cell, (gsize) ((PangoGlyphItem *) item->data)->item->offset) == link; item = item->next)
        {
          PangoGlyphItem *run = item->data;
          gboolean broken = draw_run (pdf, text, run, at, y);

          at += (double) pango_glyph_string_get_width (run->glyphs) / PANGO_SCALE;
          if (broken || (fed && item->next == NULL))
            draw_blank (pdf, run, at, y);
        }
      if (linked)
        assay_pdf_end_link (pdf);
      else if (in_parts)
        assay_pdf_end (pdf, "Span");
    }
}

/* Lines [from, to) with the top of the first at y. in_spans: inside an element that holds more than these. */
static void
draw_lines (AssayPdf *pdf, const AssayPdfCell *cell, GArray *lines, guint from, guint to, double y, gboolean in_spans)
{
  double shift = from < to ? y - g_array_index (lines, Line, from).top : 0;
  gboolean in_parts = cell->tag != NULL && cell->links != NULL && cell->links->len > 0;
  gboolean in_span = in_spans && !in_parts && cell->tag != NULL;

  if (in_span)
    assay_pdf_begin (pdf, "Span");
  for (guint k = from; k < to; k++)
    {
      const Line *line = &g_array_index (lines, Line, k);

      draw_line (pdf, cell, line, cell->x, shift + line->baseline, in_parts, k + 1 == lines->len);
    }
  if (in_span)
    assay_pdf_end (pdf, "Span");
}

static void
begin_cell (AssayPdf *pdf, const AssayPdfCell *cell)
{
  if (cell->tag == NULL)
    return;
  assay_pdf_begin (pdf, cell->tag);
  if (strcmp (cell->tag, "TH") == 0)
    g_array_append_val (pdf->notes->row_heads, cell->heads_row);
}

static void
end_cell (AssayPdf *pdf, const AssayPdfCell *cell)
{
  if (cell->tag != NULL)
    assay_pdf_end (pdf, cell->tag);
}

/* --- rows ----------------------------------------------------------------------------------------------------------------------- */

static void
draw_ground (AssayPdf *pdf, const AssayPdfRow *row, double height)
{
  if (row->ground != NULL)
    assay_pdf_fill (pdf, row->ground, row->ground_x, pdf->y, row->ground_width, height);
  if (row->bar != NULL)
    assay_pdf_fill (pdf, row->bar, row->ground_x, pdf->y, 2.5, height);
}

static void
draw_rule (AssayPdf *pdf, const AssayPdfRow *row)
{
  if (row->rule != NULL)
    assay_pdf_rule (pdf, row->rule, row->ground_x, row->ground_x + row->ground_width, pdf->y, 0.5);
}

static void
draw_whole (AssayPdf *pdf, const AssayPdfCell *cells, guint n, const AssayPdfRow *row, double height)
{
  draw_ground (pdf, row, height);
  if (row->tag != NULL)
    assay_pdf_begin (pdf, row->tag);
  for (guint k = 0; k < n; k++)
    {
      g_autoptr (GArray) lines = lines_of (&cells[k]);

      begin_cell (pdf, &cells[k]);
      draw_lines (pdf, &cells[k], lines, 0, lines->len, pdf->y + row->above + drop_of (cells, n, k, row), FALSE);
      end_cell (pdf, &cells[k]);
    }
  if (row->tag != NULL)
    assay_pdf_end (pdf, row->tag);
  pdf->y += height;
  draw_rule (pdf, row);
}

/* How many lines from `from` fit into the height; at least one, so that there is an end. */
static guint
fitting (GArray *lines, guint from, double height)
{
  guint to = from;

  while (to < lines->len && g_array_index (lines, Line, to).bottom - g_array_index (lines, Line, from).top <= height)
    to++;
  return MAX (to, MIN (from + 1, lines->len));
}

/* No line alone at the foot or the head of a page, where that can be helped. */
static guint
without_orphans (guint from, guint to, guint n)
{
  if (to < n && n - to == 1 && to - from >= 3)
    return to - 1;
  return to;
}

static void
flow_paragraph (AssayPdf *pdf, const AssayPdfCell *cell, const AssayPdfRow *row)
{
  g_autoptr (GArray) lines = lines_of (cell);
  guint from = 0;

  if (row->tag != NULL)
    assay_pdf_begin (pdf, row->tag);
  begin_cell (pdf, cell);
  while (from < lines->len)
    {
      double above = from == 0 ? row->above : MIN (row->above, 6);
      guint to = without_orphans (from, fitting (lines, from, assay_pdf_room (pdf) - above - MIN (row->below, 6)), lines->len);
      double height = above + g_array_index (lines, Line, to - 1).bottom - g_array_index (lines, Line, from).top
                      + (to < lines->len ? MIN (row->below, 6) : row->below);

      draw_ground (pdf, row, height);
      draw_lines (pdf, cell, lines, from, to, pdf->y + above, TRUE);
      pdf->y += height;
      from = to;
      if (from < lines->len)
        assay_pdf_break (pdf);
    }
  end_cell (pdf, cell);
  if (row->tag != NULL)
    assay_pdf_end (pdf, row->tag);
  draw_rule (pdf, row);
}

/* A row of several cells that is higher than a page: what fits of each, page after page. */
static void
flow_cells (AssayPdf *pdf, const AssayPdfCell *cells, guint n, const AssayPdfRow *row)
{
  g_autofree GArray **lines = g_new (GArray *, n);
  g_autofree guint *from = g_new0 (guint, n);
  gboolean more = TRUE;

  for (guint k = 0; k < n; k++)
    lines[k] = lines_of (&cells[k]);
  while (more)
    {
      double room = assay_pdf_room (pdf) - row->above - row->below, height = 0;

      more = FALSE;
      for (guint k = 0; k < n; k++)
        if (from[k] < lines[k]->len)
          {
            guint to = fitting (lines[k], from[k], room);

            height = MAX (height, g_array_index (lines[k], Line, to - 1).bottom - g_array_index (lines[k], Line, from[k]).top);
            more |= to < lines[k]->len;
          }
      draw_ground (pdf, row, row->above + height + row->below);
      if (row->tag != NULL)
        assay_pdf_begin (pdf, row->tag);
      for (guint k = 0; k < n; k++)
        {
          guint to = fitting (lines[k], from[k], room);

          begin_cell (pdf, &cells[k]);
          draw_lines (pdf, &cells[k], lines[k], from[k], to, pdf->y + row->above, FALSE);
          end_cell (pdf, &cells[k]);
          from[k] = to;
        }
      if (row->tag != NULL)
        assay_pdf_end (pdf, row->tag);
      pdf->y += row->above + height + row->below;
      if (more)
        assay_pdf_break (pdf);
    }
  draw_rule (pdf, row);
  for (guint k = 0; k < n; k++)
    g_array_unref (lines[k]);
}

void
assay_pdf_flow (AssayPdf *pdf, const AssayPdfCell *cells, guint n, const AssayPdfRow *row)
{
  double height = assay_pdf_row_height (cells, n, row);
  gboolean short_text = n == 1 && pango_layout_get_line_count (cells[0].layout) < 4;

  if (height > assay_pdf_room (pdf) && height <= ASSAY_TEXT_HEIGHT && (n > 1 || row->whole || short_text || assay_pdf_room (pdf) < 40))
    assay_pdf_reserve (pdf, height);
  if (height <= assay_pdf_room (pdf))
    draw_whole (pdf, cells, n, row, height);
  else if (n == 1)
    flow_paragraph (pdf, &cells[0], row);
  else
    flow_cells (pdf, cells, n, row);
}
