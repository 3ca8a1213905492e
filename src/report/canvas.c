/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canvas.c: paths, and the backend that puts them down by cairo. */
#include "report/canvas.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* --- paths ---------------------------------------------------------------------------------------------------------------------- */

static void
add_step (AssayCanvas *canvas, AssayPathVerb verb, double x, double y, double a, double b)
{
  AssayPathStep step = { verb, x, y, a, b };

  g_array_append_val (canvas->path, step);
}

void
assay_canvas_begin (AssayCanvas *canvas)
{
  g_array_set_size (canvas->path, 0);
}

void
assay_canvas_move_to (AssayCanvas *canvas, double x, double y)
{
  add_step (canvas, ASSAY_PATH_MOVE, x, y, 0, 0);
}

void
assay_canvas_line_to (AssayCanvas *canvas, double x, double y)
{
  add_step (canvas, ASSAY_PATH_LINE, x, y, 0, 0);
}

void
assay_canvas_close_path (AssayCanvas *canvas)
{
  add_step (canvas, ASSAY_PATH_CLOSE, 0, 0, 0, 0);
}

void
assay_canvas_circle (AssayCanvas *canvas, double x, double y, double radius)
{
  add_step (canvas, ASSAY_PATH_CIRCLE, x, y, radius, 0);
}

void
assay_canvas_box (AssayCanvas *canvas, double x, double y, double width, double height)
{
  add_step (canvas, ASSAY_PATH_BOX, x, y, width, height);
}

void
assay_canvas_fill (AssayCanvas *canvas, const AssayColour *colour)
{
  if (canvas->path->len > 0)
    canvas->class->fill (canvas, colour);
}

void
assay_canvas_stroke (AssayCanvas *canvas, const AssayColour *colour, const AssayStroke *stroke)
{
  if (canvas->path->len > 0)
    canvas->class->stroke (canvas, colour, stroke);
}

void
assay_canvas_line (AssayCanvas *canvas, double x0, double y0, double x1, double y1, const AssayColour *colour, const AssayStroke *stroke)
{
  assay_canvas_begin (canvas);
  assay_canvas_move_to (canvas, x0, y0);
  assay_canvas_line_to (canvas, x1, y1);
  assay_canvas_stroke (canvas, colour, stroke);
}

void
assay_canvas_text (AssayCanvas *canvas, PangoLayout *layout, double x, double y, const AssayColour *colour)
{
  canvas->class->text (canvas, layout, x, y, colour);
}

void
assay_canvas_cells (AssayCanvas *canvas, const AssayBox *box, guint n_columns, guint n_rows, const guint32 *pixels)
{
  if (n_columns > 0 && n_rows > 0 && box->width > 0 && box->height > 0)
    canvas->class->cells (canvas, box, n_columns, n_rows, pixels);
}

void
assay_canvas_clip (AssayCanvas *canvas, const AssayBox *box)
{
  canvas->class->clip (canvas, box);
}

void
assay_canvas_unclip (AssayCanvas *canvas)
{
  canvas->class->unclip (canvas);
}

void
assay_canvas_close (AssayCanvas *canvas)
{
  g_array_unref (canvas->path);
}

/* --- cairo ---------------------------------------------------------------------------------------------------------------------- */

static void
lay_path (AssayCanvas *canvas)
{
  cairo_t *cr = canvas->cr;

  cairo_new_path (cr);
  for (guint k = 0; k < canvas->path->len; k++)
    {
      const AssayPathStep *step = &g_array_index (canvas->path, AssayPathStep, k);

      switch (step->verb)
        {
        case ASSAY_PATH_MOVE: cairo_move_to (cr, step->x, step->y); break;
        case ASSAY_PATH_LINE: cairo_line_to (cr, step->x, step->y); break;
        case ASSAY_PATH_CLOSE: cairo_close_path (cr); break;
        case ASSAY_PATH_BOX: cairo_rectangle (cr, step->x, step->y, step->a, step->b); break;
        case ASSAY_PATH_CIRCLE:
          cairo_new_sub_path (cr);
          cairo_arc (cr, step->x, step->y, step->a, 0, 2 * G_PI);
          cairo_close_path (cr);
          break;
        }
    }
}

static void
set_colour (cairo_t *cr, const AssayColour *colour)
{
  if (colour->alpha >= 1)
    cairo_set_source_rgb (cr, colour->red, colour->green, colour->blue);
  else
    cairo_set_source_rgba (cr, colour->red, colour->green, colour->blue, colour->alpha);
}

static void
fill_cairo (AssayCanvas *canvas, const AssayColour *colour)
{
  lay_path (canvas);
  set_colour (canvas->cr, colour);
  cairo_fill (canvas->cr);
}

static void
stroke_cairo (AssayCanvas *canvas, const AssayColour *colour, const AssayStroke *stroke)
{
  cairo_t *cr = canvas->cr;

  lay_path (canvas);
  set_colour (cr, colour);
  cairo_set_line_width (cr, stroke->width);
  cairo_set_dash (cr, stroke->dash, (int) stroke->n_dash, 0);
  cairo_set_line_cap (cr, stroke->round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  cairo_set_line_join (cr, stroke->round ? CAIRO_LINE_JOIN_ROUND : CAIRO_LINE_JOIN_MITER);
  cairo_stroke (cr);
}

static void
text_cairo (AssayCanvas *canvas, PangoLayout *layout, double x, double y, const AssayColour *colour)
{
  set_colour (canvas->cr, colour);
  cairo_move_to (canvas->cr, x, y);
  pango_cairo_show_layout (canvas->cr, layout);
  cairo_new_path (canvas->cr);
}

static void
cells_cairo (AssayCanvas *canvas, const AssayBox *box, guint n_columns, guint n_rows, const guint32 *pixels)
{
  cairo_surface_t *image = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int) n_columns, (int) n_rows);
  guchar *data = cairo_image_surface_get_data (image);
  int stride = cairo_image_surface_get_stride (image);
  cairo_pattern_t *pattern;

  if (cairo_surface_status (image) != CAIRO_STATUS_SUCCESS)
    {
      cairo_surface_destroy (image);
      return;
    }
  cairo_surface_flush (image);
  for (guint row = 0; row < n_rows; row++)
    memcpy (data + (gsize) row * stride, pixels + (gsize) row * n_columns, n_columns * sizeof *pixels);
  cairo_surface_mark_dirty (image);
  cairo_save (canvas->cr);
  cairo_rectangle (canvas->cr, box->x, box->y, box->width, box->height);
  cairo_clip (canvas->cr);
  cairo_translate (canvas->cr, box->x, box->y);
  cairo_scale (canvas->cr, box->width / n_columns, box->height / n_rows);
  cairo_set_source_surface (canvas->cr, image, 0, 0);
  pattern = cairo_get_source (canvas->cr);
  cairo_pattern_set_filter (pattern, CAIRO_FILTER_NEAREST);
  cairo_pattern_set_extend (pattern, CAIRO_EXTEND_PAD);
  cairo_paint (canvas->cr);
  cairo_restore (canvas->cr);
  cairo_surface_destroy (image);
}

static void
clip_cairo (AssayCanvas *canvas, const AssayBox *box)
{
  cairo_save (canvas->cr);
  cairo_new_path (canvas->cr);
  cairo_rectangle (canvas->cr, box->x, box->y, box->width, box->height);
  cairo_clip (canvas->cr);
}

static void
unclip_cairo (AssayCanvas *canvas)
{
  cairo_restore (canvas->cr);
}

void
assay_canvas_open_cairo (AssayCanvas *canvas, cairo_t *cr)
{
  static const AssayCanvasClass class = { fill_cairo, stroke_cairo, text_cairo, cells_cairo, clip_cairo, unclip_cairo };

  *canvas = (AssayCanvas) { &class, g_array_new (FALSE, FALSE, sizeof (AssayPathStep)), cr, NULL };
}
