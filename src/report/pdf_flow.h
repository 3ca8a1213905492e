/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_flow.h: text that flows over pages: rows of cells, of which a paragraph is the simplest.
 *
 * Ownership: a cell owns its layout and links; assay_pdf_cell_clear releases them. Thread rule: that of the pages.
 */
#pragma once

#include "report/pdf_pages.h"

/* Bytes of a layout that read as a link. */
typedef struct {
  gsize from, to;
  const char *target;           /* an id of the document; borrowed */
} AssayPdfLink;

typedef struct {
  PangoLayout *layout;
  GArray *links;                /* AssayPdfLink, ascending; NULL: none */
  const char *tag;              /* "P", "TD", "TH"; NULL: an artifact */
  double x;                     /* from the left edge of the page; the layout has its width */
  const AssayColour *colour;
  gboolean heads_row;           /* of a "TH": it heads its row, not its column */
} AssayPdfCell;

typedef struct {
  const char *tag;              /* around the cells: "TR", "LI"; NULL: nothing */
  double above, below;          /* white space that belongs to the row and its ground */
  const AssayColour *ground;    /* NULL: none */
  double ground_x, ground_width;
  const AssayColour *bar;       /* a strong line along the left edge of the ground; NULL: none */
  const AssayColour *rule;      /* a thin line below; NULL: none */
  gboolean on_baseline;         /* first lines stand on one line, whatever their size; for rows that fit on a page */
  gboolean whole;               /* not broken unless it is higher than a page */
} AssayPdfRow;

/* The cell's text set in the style; plain: data. */
AssayPdfCell assay_pdf_cell       (const char *plain, const AssayTypeset *style, double x, const char *tag, const AssayColour *colour);
/* With code, numbers and links in their place. lead: a bold word before it, or NULL. */
AssayPdfCell assay_pdf_cell_prose (const AssayProse *prose, const char *lead, const AssayTypeset *style, double x, const char *tag,
                                   const AssayColour *colour);
void         assay_pdf_cell_clear (AssayPdfCell *cell);
double       assay_pdf_cell_height (const AssayPdfCell *cell);

/* The height that the row takes on one page. */
double       assay_pdf_row_height (const AssayPdfCell *cells, guint n, const AssayPdfRow *row);
/* Sets the row, over several pages where it must, and moves on below it. */
void         assay_pdf_flow       (AssayPdf *pdf, const AssayPdfCell *cells, guint n, const AssayPdfRow *row);
