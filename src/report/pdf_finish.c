/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pdf_finish.c: the door of qpdf: reads what cairo wrote and adds to it. */
#include "report/pdf_finish.h"

#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

typedef struct {
  qpdf_data qpdf;
  const AssayPdfNotes *notes;
  guint n_figures, n_links, n_heads;    /* how many were met */
} Finish;

/* --- the tree of tags ----------------------------------------------------------------------------------------------------------- */

static void
set_text (Finish *self, qpdf_oh object, const char *key, const char *text)
{
  qpdf_oh_replace_key (self->qpdf, object, key, qpdf_oh_new_unicode_string (self->qpdf, text));
}

/* The text of a link belongs to its annotation. */
static void
set_link_text (Finish *self, qpdf_oh kid, const char *text)
{
  qpdf_data q = self->qpdf;

  if (qpdf_oh_is_array (q, kid))
    {
      for (int k = 0; k < qpdf_oh_get_array_n_items (q, kid); k++)
        set_link_text (self, qpdf_oh_get_array_item (q, kid, k), text);
    }
  else if (qpdf_oh_is_dictionary (q, kid) && qpdf_oh_has_key (q, kid, "/Obj"))
    {
      qpdf_oh annotation = qpdf_oh_get_key (q, kid, "/Obj");

      set_text (self, annotation, "/Contents", text);
      qpdf_oh_replace_key (q, annotation, "/F", qpdf_oh_new_integer (q, 4));          /* printed */
    }
}

static void
set_box (Finish *self, qpdf_oh figure, const AssayBox *box)
{
  qpdf_data q = self->qpdf;
  qpdf_oh attributes = qpdf_oh_parse (q, "<< /O /Layout /Placement /Block >>"), corners = qpdf_oh_new_array (q);
  double at[4] = { box->x, box->y, box->x + box->width, box->y + box->height };

  for (int k = 0; k < 4; k++)
    qpdf_oh_append_item (q, corners, qpdf_oh_new_real_from_double (q, at[k], 2));
  qpdf_oh_replace_key (q, attributes, "/BBox", corners);
  qpdf_oh_replace_key (q, figure, "/A", attributes);
}

static void walk (Finish *self, qpdf_oh element);

static void
walk_kids (Finish *self, qpdf_oh kids)
{
  qpdf_data q = self->qpdf;

  if (qpdf_oh_is_array (q, kids))
    {
      for (int k = 0; k < qpdf_oh_get_array_n_items (q, kids); k++)
        walk_kids (self, qpdf_oh_get_array_item (q, kids, k));
    }
  else if (qpdf_oh_is_dictionary (q, kids) && qpdf_oh_has_key (q, kids, "/S"))
    walk (self, kids);
}

/* Elements come in the order in which they were begun. */
static void
walk (Finish *self, qpdf_oh element)
{
  qpdf_data q = self->qpdf;
  qpdf_oh kind = qpdf_oh_get_key (q, element, "/S"), kids = qpdf_oh_get_key (q, element, "/K");

  if (qpdf_oh_is_name_and_equals (q, kind, "/Figure") && self->n_figures < self->notes->alternatives->len)
    {
      set_box (self, element, &g_array_index (self->notes->boxes, AssayBox, self->n_figures));
      set_text (self, element, "/Alt", g_ptr_array_index (self->notes->alternatives, self->n_figures++));
    }
  else if (qpdf_oh_is_name_and_equals (q, kind, "/Link") && self->n_links < self->notes->links->len)
    set_link_text (self, kids, g_ptr_array_index (self->notes->links, self->n_links++));
  else if (qpdf_oh_is_name_and_equals (q, kind, "/TH") && self->n_heads < self->notes->row_heads->len)
    qpdf_oh_replace_key (q, element, "/A",
                         qpdf_oh_parse (q, g_array_index (self->notes->row_heads, gboolean, self->n_heads++) ? "<< /O /Table /Scope /Row >>"
                                                                                                             : "<< /O /Table /Scope /Column >>"));
  walk_kids (self, kids);
}

/* --- pages ---------------------------------------------------------------------------------------------------------------------- */

static void
finish_page (Finish *self, qpdf_oh page)
{
  qpdf_data q = self->qpdf;
  unsigned char *content = NULL;
  size_t length = 0;
  g_autoptr (GString) marked = NULL;
  qpdf_oh stream;

  if (qpdf_oh_has_key (q, page, "/Annots"))
    qpdf_oh_replace_key (q, page, "/Tabs", qpdf_oh_new_name (q, "/S"));
  if (qpdf_oh_get_page_content_data (q, page, &content, &length) & QPDF_ERRORS)
    return;
  marked = assay_pdf_mark_artifacts ((const char *) content, length);
  free (content);
  stream = qpdf_oh_new_stream (q);
  qpdf_oh_replace_stream_data (q, stream, (const unsigned char *) marked->str, marked->len, qpdf_oh_new_null (q), qpdf_oh_new_null (q));
  qpdf_oh_replace_key (q, page, "/Contents", stream);
}

/* --- the catalogue -------------------------------------------------------------------------------------------------------------- */

static char *
info_text (Finish *self, const char *key)
{
  qpdf_data q = self->qpdf;
  qpdf_oh info = qpdf_oh_get_key (q, qpdf_get_trailer (q), "/Info");

  return g_strdup (qpdf_oh_is_dictionary (q, info) && qpdf_oh_has_key (q, info, key) ? qpdf_oh_get_utf8_value (q, qpdf_oh_get_key (q, info, key)) : "");
}

static void
add_metadata (Finish *self, const AssayDocument *document)
{
  qpdf_data q = self->qpdf;
  g_autofree char *title = info_text (self, "/Title"), *creator = info_text (self, "/Creator"), *producer = info_text (self, "/Producer");
  g_autofree char *time = assay_pdf_time (document);
  g_autofree char *xmp = g_markup_printf_escaped (
    "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
    "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
    "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
    " xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\">\n"
    "<dc:format>application/pdf</dc:format>\n"
    "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">%s</rdf:li></rdf:Alt></dc:title>\n"
    "<dc:language><rdf:Bag><rdf:li>en</rdf:li></rdf:Bag></dc:language>\n"
    "<xmp:CreatorTool>%s</xmp:CreatorTool>\n"
    "<xmp:CreateDate>%s</xmp:CreateDate>\n"
    "<xmp:ModifyDate>%s</xmp:ModifyDate>\n"
    "<pdf:Producer>%s</pdf:Producer>\n"
    "<pdfaid:part>2</pdfaid:part>\n"
    "<pdfaid:conformance>U</pdfaid:conformance>\n"
    "<pdfuaid:part>1</pdfuaid:part>\n"
    "</rdf:Description>\n"
    /* PDF/A wants to be told what PDF/UA's property is. */
    "<rdf:Description rdf:about=\"\" xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\""
    " xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\n"
    "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">\n"
    "<pdfaSchema:schema>PDF/UA Universal Accessibility Schema</pdfaSchema:schema>\n"
    "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\n"
    "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>\n"
    "<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType=\"Resource\">\n"
    "<pdfaProperty:name>part</pdfaProperty:name>\n"
    "<pdfaProperty:valueType>Integer</pdfaProperty:valueType>\n"
    "<pdfaProperty:category>internal</pdfaProperty:category>\n"
    "<pdfaProperty:description>The part of ISO 14289 to which the file conforms</pdfaProperty:description>\n"
    "</rdf:li></rdf:Seq></pdfaSchema:property>\n"
    "</rdf:li></rdf:Bag></pdfaExtension:schemas>\n"
    "</rdf:Description>\n"
    "</rdf:RDF>\n"
    "</x:xmpmeta>\n"
    "<?xpacket end=\"r\"?>\n", title, creator, time, time, producer);
  qpdf_oh stream = qpdf_oh_new_stream (q);

  qpdf_oh_replace_stream_data (q, stream, (const unsigned char *) xmp, strlen (xmp), qpdf_oh_new_null (q), qpdf_oh_new_null (q));
  qpdf_oh_replace_key (q, qpdf_oh_get_dict (q, stream), "/Type", qpdf_oh_new_name (q, "/Metadata"));
  qpdf_oh_replace_key (q, qpdf_oh_get_dict (q, stream), "/Subtype", qpdf_oh_new_name (q, "/XML"));
  qpdf_oh_replace_key (q, qpdf_get_root (q), "/Metadata", stream);
}

static void
add_colour_profile (Finish *self)
{
  qpdf_data q = self->qpdf;
  g_autoptr (GByteArray) profile = assay_pdf_srgb_profile ();
  qpdf_oh stream = qpdf_oh_new_stream (q);
  qpdf_oh intent = qpdf_oh_parse (q, "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB IEC61966-2-1) /Info (sRGB IEC61966-2-1) >>");
  qpdf_oh intents = qpdf_oh_new_array (q);

  qpdf_oh_replace_stream_data (q, stream, profile->data, profile->len, qpdf_oh_new_null (q), qpdf_oh_new_null (q));
  qpdf_oh_replace_key (q, qpdf_oh_get_dict (q, stream), "/N", qpdf_oh_new_integer (q, 3));
  qpdf_oh_replace_key (q, intent, "/DestOutputProfile", stream);
  qpdf_oh_append_item (q, intents, intent);
  qpdf_oh_replace_key (q, qpdf_get_root (q), "/OutputIntents", intents);
}

/* cairo leaves out what is the default everywhere but in an archive. */
static void
map_glyphs (Finish *self)
{
  qpdf_data q = self->qpdf;
  int n = qpdf_oh_get_int_value_as_int (q, qpdf_oh_get_key (q, qpdf_get_trailer (q), "/Size"));

  for (int k = 1; k < n; k++)
    {
      qpdf_oh object = qpdf_get_object_by_id (q, k, 0);

      if (qpdf_oh_is_dictionary (q, object) && qpdf_oh_has_key (q, object, "/Subtype") && !qpdf_oh_has_key (q, object, "/CIDToGIDMap")
          && qpdf_oh_is_name_and_equals (q, qpdf_oh_get_key (q, object, "/Subtype"), "/CIDFontType2"))
        qpdf_oh_replace_key (q, object, "/CIDToGIDMap", qpdf_oh_new_name (q, "/Identity"));
    }
}

static void
finish_document (Finish *self, const AssayDocument *document)
{
  qpdf_data q = self->qpdf;
  qpdf_oh root = qpdf_get_root (q), tree = qpdf_oh_get_key (q, root, "/StructTreeRoot");
  int n_pages = qpdf_get_num_pages (q);

  qpdf_oh_replace_key (q, root, "/Lang", qpdf_oh_new_string (q, "en"));
  qpdf_oh_replace_key (q, root, "/ViewerPreferences", qpdf_oh_parse (q, "<< /DisplayDocTitle true >>"));
  map_glyphs (self);
  add_metadata (self, document);
  add_colour_profile (self);
  if (qpdf_oh_is_dictionary (q, tree))
    walk_kids (self, qpdf_oh_get_key (q, tree, "/K"));
  for (int k = 0; k < n_pages; k++)
    finish_page (self, qpdf_get_page_n (q, (size_t) k));
}

static gboolean
check (qpdf_data qpdf, GError **error)
{
  if (!qpdf_has_error (qpdf))
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_IO, "report.pdf: qpdf says: %s", qpdf_get_error_full_text (qpdf, qpdf_get_error (qpdf)));
  return FALSE;
}

GBytes *
assay_pdf_finish (GByteArray *set, const AssayDocument *document, const AssayPdfNotes *notes, GError **error)
{
  Finish self = { qpdf_init (), notes, 0, 0, 0 };
  GBytes *finished = NULL;

  qpdf_silence_errors (self.qpdf);
  qpdf_set_suppress_warnings (self.qpdf, QPDF_TRUE);
  (void) qpdf_read_memory (self.qpdf, "report.pdf", (const char *) set->data, set->len, NULL);
  if (check (self.qpdf, error))
    {
      finish_document (&self, document);
      if (check (self.qpdf, error))
        {
          (void) qpdf_init_write_memory (self.qpdf);
          qpdf_set_deterministic_ID (self.qpdf, QPDF_TRUE);
          qpdf_set_object_stream_mode (self.qpdf, qpdf_o_generate);
          qpdf_set_minimum_pdf_version (self.qpdf, "1.7");
          (void) qpdf_write (self.qpdf);
          if (check (self.qpdf, error))
            finished = g_bytes_new (qpdf_get_buffer (self.qpdf), qpdf_get_buffer_length (self.qpdf));
        }
    }
  qpdf_cleanup (&self.qpdf);
  return finished;
}
