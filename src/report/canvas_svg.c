/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canvas_svg.c: the backend that writes SVG: presentation attributes only, so that it may stand inside a page whose policy forbids style
 * attributes; no identifiers, so that any number of drawings share a page; text stays text, and keeps the width that it was given.
 */
#include "report/canvas.h"

#include <math.h>
#include <pango/pango.h>
#include <stdio.h>
#include <string.h>

#include "report/figure_theme.h"

/* Two decimals are a hundredth of a point. */
static void
append_number (GString *svg, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  char *point;

  g_ascii_formatd (text, sizeof text, "%.2f", CLAMP (value, -1e6, 1e6));
  if ((point = strchr (text, '.')) != NULL)
    {
      char *end = text + strlen (text);

      while (end[-1] == '0')
        *--end = '\0';
      if (end - 1 == point)
        *point = '\0';
    }
  g_string_append (svg, strcmp (text, "-0") == 0 ? "0" : text);
}

static void
append_attribute (GString *svg, const char *name, double value)
{
  g_string_append_printf (svg, " %s=\"", name);
  append_number (svg, value);
  g_string_append_c (svg, '"');
}

static void
append_pair (GString *svg, char letter, double x, double y)
{
  g_string_append_c (svg, letter);
  append_number (svg, x);
  g_string_append_c (svg, ' ');
  append_number (svg, y);
}

static void
append_path (AssayCanvas *canvas)
{
  GString *svg = canvas->svg;

  g_string_append (svg, " d=\"");
  for (guint k = 0; k < canvas->path->len; k++)
    {
      const AssayPathStep *step = &g_array_index (canvas->path, AssayPathStep, k);

      switch (step->verb)
        {
        case ASSAY_PATH_MOVE: append_pair (svg, 'M', step->x, step->y); break;
        case ASSAY_PATH_LINE: append_pair (svg, 'L', step->x, step->y); break;
        case ASSAY_PATH_CLOSE: g_string_append_c (svg, 'Z'); break;
        case ASSAY_PATH_BOX:
          append_pair (svg, 'M', step->x, step->y);
          g_string_append_c (svg, 'h');
          append_number (svg, step->a);
          g_string_append_c (svg, 'v');
          append_number (svg, step->b);
          g_string_append_c (svg, 'h');
          append_number (svg, -step->a);
          g_string_append_c (svg, 'Z');
          break;
        case ASSAY_PATH_CIRCLE:
          append_pair (svg, 'M', step->x - step->a, step->y);
          for (int half = 0; half < 2; half++)
            {
              append_pair (svg, 'a', step->a, step->a);
              g_string_append (svg, " 0 1 1 ");
              append_number (svg, half == 0 ? 2 * step->a : -2 * step->a);
              g_string_append (svg, " 0");
            }
          g_string_append_c (svg, 'Z');
          break;
        }
    }
  g_string_append_c (svg, '"');
}

static void
append_paint (GString *svg, const char *property, const AssayColour *colour)
{
  g_string_append_printf (svg, " %s=\"#%02x%02x%02x\"", property, (guint) lround (colour->red * 255),
                          (guint) lround (colour->green * 255), (guint) lround (colour->blue * 255));
  if (colour->alpha < 1)
    {
      g_string_append_printf (svg, " %s-opacity=\"", property);
      append_number (svg, colour->alpha);
      g_string_append_c (svg, '"');
    }
  if (colour->tint != ASSAY_TINT_NONE)
    g_string_append_printf (svg, " class=\"assay-%s-%s\"", property, assay_tint_name (colour->tint));
}

static void
append_escaped (GString *svg, const char *text, gsize length)
{
  g_autofree char *escaped = g_markup_escape_text (text, (gssize) length);

  g_string_append (svg, escaped);
}

static void
fill_svg (AssayCanvas *canvas, const AssayColour *colour)
{
  g_string_append (canvas->svg, "<path");
  append_paint (canvas->svg, "fill", colour);
  append_path (canvas);
  g_string_append (canvas->svg, "/>\n");
}

static void
stroke_svg (AssayCanvas *canvas, const AssayColour *colour, const AssayStroke *stroke)
{
  GString *svg = canvas->svg;

  g_string_append (svg, "<path fill=\"none\"");
  append_paint (svg, "stroke", colour);
  append_attribute (svg, "stroke-width", stroke->width);
  if (stroke->n_dash > 0)
    {
      g_string_append (svg, " stroke-dasharray=\"");
      for (guint k = 0; k < stroke->n_dash; k++)
        {
          if (k > 0)
            g_string_append_c (svg, ' ');
          append_number (svg, stroke->dash[k]);
        }
      g_string_append_c (svg, '"');
    }
  if (stroke->round)
    g_string_append (svg, " stroke-linecap=\"round\" stroke-linejoin=\"round\"");
  append_path (canvas);
  g_string_append (svg, "/>\n");
}

/* One element for each line as it is laid out: where it begins, and how wide it is. */
static void
text_svg (AssayCanvas *canvas, PangoLayout *layout, double x, double y, const AssayColour *colour)
{
  GString *svg = canvas->svg;
  const PangoFontDescription *font = pango_layout_get_font_description (layout);
  const char *text = pango_layout_get_text (layout);
  const char *family = pango_font_description_get_family (font);
  PangoLayoutIter *iter = pango_layout_get_iter (layout);
  guint k = 0;

  do
    {
      PangoLayoutLine *line = pango_layout_iter_get_line_readonly (iter);
      PangoRectangle box;
      gsize length = (gsize) line->length;
      gboolean cut = FALSE;

      pango_layout_iter_get_line_extents (iter, NULL, &box);
      for (GSList *item = line->runs; item != NULL; item = item->next)
        {
          PangoGlyphItem *run = item->data;

          /* The ellipsis stands for the rest of the text. */
          if (run->item->analysis.flags & PANGO_ANALYSIS_FLAG_IS_ELLIPSIS)
            {
              length = (gsize) (run->item->offset - line->start_index);
              cut = TRUE;
            }
        }
      if (length > 0 || cut)
        {
          g_string_append (svg, "<text");
          append_attribute (svg, "x", x + (double) box.x / PANGO_SCALE);
          append_attribute (svg, "y", y + (double) pango_layout_iter_get_baseline (iter) / PANGO_SCALE);
          append_attribute (svg, "textLength", (double) box.width / PANGO_SCALE);
          g_string_append (svg, " lengthAdjust=\"spacingAndGlyphs\"");
          append_attribute (svg, "font-size", (double) pango_font_description_get_size (font) / PANGO_SCALE);
          g_string_append_printf (svg, " font-family=\"%s, Tahoma, Verdana, sans-serif\" font-stretch=\"condensed\"", family);
          if (pango_font_description_get_weight (font) >= PANGO_WEIGHT_BOLD)
            g_string_append (svg, " font-weight=\"bold\"");
          append_paint (svg, "fill", colour);
          g_string_append_c (svg, '>');
          append_escaped (svg, text + line->start_index, length);
          g_string_append (svg, cut ? "\xe2\x80\xa6</text>\n" : "</text>\n");
        }
      k++;
    }
  while (pango_layout_iter_next_line (iter));
  pango_layout_iter_free (iter);
}

static cairo_status_t
append_png (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

static void
cells_svg (AssayCanvas *canvas, const AssayBox *box, guint n_columns, guint n_rows, const guint32 *pixels)
{
  GString *svg = canvas->svg;
  cairo_surface_t *image = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int) n_columns, (int) n_rows);
  g_autoptr (GByteArray) png = g_byte_array_new ();
  g_autofree char *base64 = NULL;

  if (cairo_surface_status (image) == CAIRO_STATUS_SUCCESS)
    {
      cairo_surface_flush (image);
      for (guint row = 0; row < n_rows; row++)
        memcpy (cairo_image_surface_get_data (image) + (gsize) row * cairo_image_surface_get_stride (image),
                pixels + (gsize) row * n_columns, n_columns * sizeof *pixels);
      cairo_surface_mark_dirty (image);
      cairo_surface_write_to_png_stream (image, append_png, png);
      base64 = g_base64_encode (png->data, png->len);
      g_string_append (svg, "<image");
      append_attribute (svg, "x", box->x);
      append_attribute (svg, "y", box->y);
      append_attribute (svg, "width", box->width);
      append_attribute (svg, "height", box->height);
      g_string_append_printf (svg, " preserveAspectRatio=\"none\" image-rendering=\"pixelated\" href=\"data:image/png;base64,%s\"/>\n", base64);
    }
  cairo_surface_destroy (image);
}

/* An inner <svg> clips by itself, where a clip path would need an identifier. */
static void
clip_svg (AssayCanvas *canvas, const AssayBox *box)
{
  GString *svg = canvas->svg;

  g_string_append (svg, "<svg overflow=\"hidden\"");
  append_attribute (svg, "x", box->x);
  append_attribute (svg, "y", box->y);
  append_attribute (svg, "width", MAX (box->width, 0));
  append_attribute (svg, "height", MAX (box->height, 0));
  g_string_append (svg, " viewBox=\"");
  append_number (svg, box->x);
  g_string_append_c (svg, ' ');
  append_number (svg, box->y);
  g_string_append_c (svg, ' ');
  append_number (svg, MAX (box->width, 0));
  g_string_append_c (svg, ' ');
  append_number (svg, MAX (box->height, 0));
  g_string_append (svg, "\">\n");
}

static void
unclip_svg (AssayCanvas *canvas)
{
  g_string_append (canvas->svg, "</svg>\n");
}

void
assay_canvas_open_svg (AssayCanvas *canvas, GString *svg)
{
  static const AssayCanvasClass class = { fill_svg, stroke_svg, text_svg, cells_svg, clip_svg, unclip_svg };

  *canvas = (AssayCanvas) { &class, g_array_new (FALSE, FALSE, sizeof (AssayPathStep)), NULL, svg };
}
