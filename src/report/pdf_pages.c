/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_pages.c: pages and what surrounds their text. */
#include "report/pdf_pages.h"

#include <cairo-pdf.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* --- running lines -------------------------------------------------------------------------------------------------------------- */

static void
running_text (AssayPdf *pdf, const char *text, double y, gboolean at_right, double most)
{
  AssayTypeset how = { .size = 7.5, .width = most, .lines = 1, .align = at_right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT };
  g_autoptr (PangoLayout) layout = assay_typeset_new (text, &how);

  assay_pdf_layout (pdf, layout, at_right ? ASSAY_PAGE_WIDTH - ASSAY_PAGE_LEFT - most : ASSAY_PAGE_LEFT, y, &pdf->palette->muted);
}

static void
draw_running_lines (AssayPdf *pdf)
{
  const AssayDocument *document = pdf->document;
  double right = ASSAY_PAGE_WIDTH - ASSAY_PAGE_LEFT, foot = ASSAY_PAGE_HEIGHT - 48;
  g_autofree char *number = pdf->n_pages > 0 ? g_strdup_printf ("page %u of %u", pdf->page, pdf->n_pages) : g_strdup_printf ("page %u", pdf->page);
  g_autofree char *report = g_strdup_printf ("Report %s", document->report_id != NULL ? document->report_id : "without id");
  g_autofree char *key = document->fingerprint != NULL ? g_strdup_printf ("key %s", document->fingerprint) : g_strdup ("UNSIGNED");

  if (pdf->page > 1)
    {
      running_text (pdf, document->title, 44, FALSE, 0.7 * ASSAY_TEXT_WIDTH);
      if (document->fingerprint == NULL)
        running_text (pdf, key, 44, TRUE, 0.28 * ASSAY_TEXT_WIDTH);
      assay_pdf_rule (pdf, &pdf->palette->grid, ASSAY_PAGE_LEFT, right, 58, 0.6);
    }
  assay_pdf_rule (pdf, &pdf->palette->grid, ASSAY_PAGE_LEFT, right, foot - 6, 0.6);
  running_text (pdf, report, foot, FALSE, 0.7 * ASSAY_TEXT_WIDTH);
  running_text (pdf, number, foot, TRUE, 0.28 * ASSAY_TEXT_WIDTH);
  if (document->fingerprint != NULL)
    running_text (pdf, key, foot + 10, FALSE, ASSAY_TEXT_WIDTH);
}

static void
begin_page (AssayPdf *pdf)
{
  pdf->page++;
  pdf->y = ASSAY_PAGE_TOP;
  draw_running_lines (pdf);
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------ */

static cairo_status_t
append_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

char *
assay_pdf_time (const AssayDocument *document)
{
  g_autoptr (GDateTime) time = document->created_utc != NULL ? g_date_time_new_from_iso8601 (document->created_utc, NULL) : NULL;
  g_autoptr (GDateTime) utc = time != NULL ? g_date_time_to_utc (time) : g_date_time_new_from_unix_utc (0);

  return g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02dZ", g_date_time_get_year (utc), g_date_time_get_month (utc), g_date_time_get_day_of_month (utc),
                          g_date_time_get_hour (utc), g_date_time_get_minute (utc), g_date_time_get_second (utc));
}

static void
set_metadata (AssayPdf *pdf)
{
  const AssayDocument *document = pdf->document;
  g_autofree char *title = assay_text_escape (document->title, FALSE), *time = assay_pdf_time (document);

  cairo_pdf_surface_restrict_to_version (pdf->surface, CAIRO_PDF_VERSION_1_5);
  cairo_pdf_surface_set_metadata (pdf->surface, CAIRO_PDF_METADATA_TITLE, title);
  cairo_pdf_surface_set_metadata (pdf->surface, CAIRO_PDF_METADATA_CREATOR, document->program != NULL ? document->program : "Assay");
  cairo_pdf_surface_set_metadata (pdf->surface, CAIRO_PDF_METADATA_CREATE_DATE, time);
  cairo_pdf_surface_set_metadata (pdf->surface, CAIRO_PDF_METADATA_MOD_DATE, time);
}

void
assay_pdf_open (AssayPdf *pdf, const AssayDocument *document, GByteArray *bytes, GHashTable *places, guint n_pages, AssayPdfNotes *notes)
{
  *pdf = (AssayPdf) { .document = document, .palette = assay_palette_get (ASSAY_THEME_LIGHT), .notes = notes, .n_pages = n_pages };
  pdf->places = places != NULL ? g_hash_table_ref (places) : g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  pdf->surface = cairo_pdf_surface_create_for_stream (bytes != NULL ? append_bytes : NULL, bytes, ASSAY_PAGE_WIDTH, ASSAY_PAGE_HEIGHT);
  set_metadata (pdf);
  pdf->cr = cairo_create (pdf->surface);
  assay_pdf_begin (pdf, "Document");
  begin_page (pdf);
}

gboolean
assay_pdf_close (AssayPdf *pdf, GError **error)
{
  cairo_status_t status;

  assay_pdf_end (pdf, "Document");
  cairo_show_page (pdf->cr);
  status = cairo_status (pdf->cr);
  cairo_destroy (pdf->cr);
  cairo_surface_finish (pdf->surface);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_status (pdf->surface);
  cairo_surface_destroy (pdf->surface);
  g_hash_table_unref (pdf->places);
  if (status == CAIRO_STATUS_SUCCESS)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, status == CAIRO_STATUS_NO_MEMORY ? ASSAY_ERROR_NO_MEMORY : ASSAY_ERROR_IO, "report.pdf, page %u: cairo says: %s",
               pdf->page, cairo_status_to_string (status));
  return FALSE;
}

double
assay_pdf_room (const AssayPdf *pdf)
{
  return ASSAY_PAGE_BOTTOM - pdf->y;
}

void
assay_pdf_break (AssayPdf *pdf)
{
  cairo_show_page (pdf->cr);
  begin_page (pdf);
  if (pdf->at_break != NULL)
    pdf->at_break (pdf, pdf->break_data);
}

void
assay_pdf_reserve (AssayPdf *pdf, double height)
{
  if (height > assay_pdf_room (pdf) && pdf->y > ASSAY_PAGE_TOP)
    assay_pdf_break (pdf);
}

void
assay_pdf_skip (AssayPdf *pdf, double height)
{
  if (pdf->y > ASSAY_PAGE_TOP)
    pdf->y += height;
}

/* --- tags and places ------------------------------------------------------------------------------------------------------------ */

void
assay_pdf_begin (AssayPdf *pdf, const char *tag)
{
  cairo_tag_begin (pdf->cr, tag, NULL);
}

void
assay_pdf_end (AssayPdf *pdf, const char *tag)
{
  cairo_tag_end (pdf->cr, tag);
}

/* Names of destinations are numbers of our own: no data gets into them. */
void
assay_pdf_begin_place (AssayPdf *pdf, const char *id)
{
  AssayPdfPlace *place = g_hash_table_lookup (pdf->places, id);
  g_autofree char *attributes = NULL;

  if (place == NULL)
    {
      place = g_new (AssayPdfPlace, 1);
      place->number = g_hash_table_size (pdf->places) + 1;
      g_hash_table_insert (pdf->places, g_strdup (id), place);
    }
  place->page = pdf->page;
  attributes = g_strdup_printf ("name='d%u' internal", place->number);
  cairo_tag_begin (pdf->cr, CAIRO_TAG_DEST, attributes);
}

void
assay_pdf_end_place (AssayPdf *pdf)
{
  cairo_tag_end (pdf->cr, CAIRO_TAG_DEST);
}

gboolean
assay_pdf_begin_link (AssayPdf *pdf, const char *id, const char *reads)
{
  const AssayPdfPlace *place = g_hash_table_lookup (pdf->places, id);
  g_autofree char *attributes = NULL;

  if (place == NULL || pdf->n_pages == 0)
    return FALSE;
  attributes = g_strdup_printf ("dest='d%u'", place->number);
  cairo_tag_begin (pdf->cr, CAIRO_TAG_LINK, attributes);
  g_ptr_array_add (pdf->notes->links, g_strdup (reads));
  return TRUE;
}

void
assay_pdf_end_link (AssayPdf *pdf)
{
  cairo_tag_end (pdf->cr, CAIRO_TAG_LINK);
}

guint
assay_pdf_page_of (const AssayPdf *pdf, const char *id)
{
  const AssayPdfPlace *place = g_hash_table_lookup (pdf->places, id);

  return place != NULL && pdf->n_pages > 0 ? place->page : 0;
}

int
assay_pdf_outline (AssayPdf *pdf, int parent, const char *id, const char *name)
{
  const AssayPdfPlace *place = g_hash_table_lookup (pdf->places, id);
  g_autofree char *attributes = NULL, *shown = assay_text_escape (name, FALSE);

  if (place == NULL)
    return 0;
  attributes = g_strdup_printf ("dest='d%u'", place->number);
  return cairo_pdf_surface_add_outline (pdf->surface, parent, shown, attributes, parent == CAIRO_PDF_OUTLINE_ROOT ? CAIRO_PDF_OUTLINE_FLAG_BOLD : 0);
}

/* --- marks on the page ---------------------------------------------------------------------------------------------------------- */

static void
set_colour (AssayPdf *pdf, const AssayColour *colour)
{
  cairo_set_source_rgb (pdf->cr, colour->red, colour->green, colour->blue);
}

void
assay_pdf_fill (AssayPdf *pdf, const AssayColour *colour, double x, double y, double width, double height)
{
  set_colour (pdf, colour);
  cairo_rectangle (pdf->cr, x, y, width, height);
  cairo_fill (pdf->cr);
}

void
assay_pdf_rule (AssayPdf *pdf, const AssayColour *colour, double x0, double x1, double y, double weight)
{
  assay_pdf_fill (pdf, colour, x0, y - weight / 2, x1 - x0, weight);
}

void
assay_pdf_layout (AssayPdf *pdf, PangoLayout *layout, double x, double y, const AssayColour *colour)
{
  set_colour (pdf, colour);
  cairo_move_to (pdf->cr, x, y);
  pango_cairo_show_layout (pdf->cr, layout);
  cairo_new_path (pdf->cr);
}

AssayPdfNotes *
assay_pdf_notes_new (void)
{
  AssayPdfNotes *notes = g_new (AssayPdfNotes, 1);

  notes->alternatives = g_ptr_array_new_with_free_func (g_free);
  notes->boxes = g_array_new (FALSE, FALSE, sizeof (AssayBox));
  notes->links = g_ptr_array_new_with_free_func (g_free);
  notes->row_heads = g_array_new (FALSE, FALSE, sizeof (gboolean));
  return notes;
}

void
assay_pdf_notes_free (AssayPdfNotes *notes)
{
  if (notes == NULL)
    return;
  g_ptr_array_unref (notes->alternatives);
  g_array_unref (notes->boxes);
  g_ptr_array_unref (notes->links);
  g_array_unref (notes->row_heads);
  g_free (notes);
}
