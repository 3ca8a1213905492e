/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_pages.h: the pages of report.pdf: where the next thing goes, what runs along the top and bottom of each page, tags and places.
 *
 * A document is set twice: the first time to learn on which page everything stands, the second time for good. Texts go onto the page as glyphs,
 * never as markup. Everything inside a tag is content; everything outside (running lines, rules, grounds) becomes an artifact.
 *
 * cairo marks only the innermost tags: a tag with another inside must hold no text of its own.
 * Thread rule: one thread at a time.
 */
#pragma once

#include "report/canvas.h"
#include "report/document.h"
#include "report/figure_theme.h"
#include "report/typeset.h"

#define ASSAY_PAGE_WIDTH 595.276          /* A4, in points */
#define ASSAY_PAGE_HEIGHT 841.89
#define ASSAY_PAGE_LEFT 72.0
#define ASSAY_PAGE_TOP 80.0
#define ASSAY_PAGE_BOTTOM (ASSAY_PAGE_HEIGHT - 76.0)
#define ASSAY_TEXT_WIDTH (ASSAY_PAGE_WIDTH - 2 * ASSAY_PAGE_LEFT)
#define ASSAY_TEXT_HEIGHT (ASSAY_PAGE_BOTTOM - ASSAY_PAGE_TOP)

#define ASSAY_BODY_SIZE 9.5
#define ASSAY_SMALL_SIZE 8.25
#define ASSAY_BODY_LEADING 1.24

typedef struct {
  guint number;                 /* of the destination, from 1 */
  guint page;
} AssayPdfPlace;

/* What cairo cannot say and the last pass adds, in the order of the elements in the document. */
typedef struct {
  GPtrArray *alternatives;      /* texts of figures */
  GArray *boxes;                /* AssayBox: where each figure is, from the bottom left of its page */
  GPtrArray *links;             /* what each link reads */
  GArray *row_heads;            /* gboolean: whether the header cell is that of a row */
} AssayPdfNotes;

typedef struct _AssayPdf AssayPdf;

struct _AssayPdf {
  const AssayDocument *document;
  const AssayPalette *palette;
  cairo_surface_t *surface;
  cairo_t *cr;
  AssayPdfNotes *notes;
  double y;                     /* where the next thing goes */
  guint page;                   /* from 1 */
  guint n_pages;                /* 0 the first time */
  GHashTable *places;           /* id -> AssayPdfPlace; filled the first time */
  guint n_tables, n_figures;
  void (*at_break) (AssayPdf *pdf, gpointer data);      /* what a table repeats on each page; NULL: nothing */
  gpointer break_data;
};

/* When the document was made, to the second: "2026-01-02T03:04:05Z". Owns: the caller. */
char        *assay_pdf_time       (const AssayDocument *document);
/* places: NULL the first time, then what the first time found. bytes: what is written; NULL: nothing is kept. */
void         assay_pdf_open       (AssayPdf *pdf, const AssayDocument *document, GByteArray *bytes, GHashTable *places, guint n_pages, AssayPdfNotes *notes);
/* Ends the last page. Errors: IO, when cairo could not write. */
gboolean     assay_pdf_close      (AssayPdf *pdf, GError **error);

double       assay_pdf_room       (const AssayPdf *pdf);
void         assay_pdf_break      (AssayPdf *pdf);
/* A new page, unless so much room is left or the page is empty. */
void         assay_pdf_reserve    (AssayPdf *pdf, double height);
/* White space, which a page does not begin with. */
void         assay_pdf_skip       (AssayPdf *pdf, double height);

void         assay_pdf_begin      (AssayPdf *pdf, const char *tag);
void         assay_pdf_end        (AssayPdf *pdf, const char *tag);
/* Around the thing that has the id: links to the id come here. */
void         assay_pdf_begin_place (AssayPdf *pdf, const char *id);
void         assay_pdf_end_place  (AssayPdf *pdf);
/* A link to the id that reads so; FALSE, and none begun, where the document has no such place. */
gboolean     assay_pdf_begin_link (AssayPdf *pdf, const char *id, const char *reads);
void         assay_pdf_end_link   (AssayPdf *pdf);
/* The page of the id; 0 where it is not known yet. */
guint        assay_pdf_page_of    (const AssayPdf *pdf, const char *id);
/* An entry of the outline, below parent (0: at the top). */
int          assay_pdf_outline    (AssayPdf *pdf, int parent, const char *id, const char *name);

void         assay_pdf_fill       (AssayPdf *pdf, const AssayColour *colour, double x, double y, double width, double height);
void         assay_pdf_rule       (AssayPdf *pdf, const AssayColour *colour, double x0, double x1, double y, double weight);
/* A layout at its top left corner. */
void         assay_pdf_layout     (AssayPdf *pdf, PangoLayout *layout, double x, double y, const AssayColour *colour);

AssayPdfNotes *assay_pdf_notes_new  (void);
void           assay_pdf_notes_free (AssayPdfNotes *notes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AssayPdfNotes, assay_pdf_notes_free)
