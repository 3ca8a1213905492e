/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_draw.c: a laid-out figure onto a canvas, and the surfaces that it can be had on. */
#include "report/figure_private.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* --- places and colours that marks ask for -------------------------------------------------------------------------------------- */

gboolean
assay_figure_plan_point (const AssayFigurePlan *plan, double position, double value, double *x, double *y)
{
  double px = plan->sideways ? value : position, py = plan->sideways ? position : value;

  *x = assay_scale_place (&plan->scale[ASSAY_AXIS_X], px);
  *y = assay_scale_place (&plan->scale[ASSAY_AXIS_Y], py);
  return isfinite (px) && isfinite (py) && assay_scale_holds (&plan->scale[ASSAY_AXIS_X], px) && assay_scale_holds (&plan->scale[ASSAY_AXIS_Y], py);
}

double
assay_figure_plan_position (const AssayFigurePlan *plan, const AssaySeries *series, gsize k)
{
  double at = assay_series_number (series, k, ASSAY_FIELD_POSITION);
  guint n = plan->n_slots[series->mark->slots];

  if (n > 1)
    at += plan->bar_step[series->index] * 0.76 * ((plan->slot[series->index] + 0.5) / n - 0.5);
  return at;
}

const AssayColour *
assay_figure_plan_colour (const AssayFigurePlan *plan, const AssaySeries *series)
{
  return &plan->palette->role[series->role];
}

AssayStroke
assay_figure_plan_stroke (const AssayFigurePlan *plan, double weight, gboolean dashed, AssayRole role)
{
  static const double dashes[ASSAY_ROLE_N][4] = {
    [ASSAY_ROLE_SECOND] = { 6, 2.5 }, [ASSAY_ROLE_THIRD] = { 2, 2 }, [ASSAY_ROLE_FOURTH] = { 7, 2, 1.5, 2 },
    [ASSAY_ROLE_CONTROL] = { 3.5, 2.5 }, [ASSAY_ROLE_REFERENCE] = { 1.2, 1.8 }, [ASSAY_ROLE_NEGATIVE] = { 6, 2.5 }
  };
  AssayStroke stroke = { .width = weight * plan->unit * plan->palette->weight };

  for (guint k = 0; dashed && k < 4 && dashes[role][k] > 0; k++)
    stroke.dash[stroke.n_dash++] = dashes[role][k] * plan->unit;
  stroke.round = stroke.n_dash == 0;
  return stroke;
}

AssayColour
assay_figure_plan_tint (const AssayFigurePlan *plan, double value)
{
  double share = (value - plan->colour_lo) / (plan->colour_hi - plan->colour_lo);

  if (plan->figure->colours == ASSAY_COLOURS_SIGNED)
    return assay_colour_signed (plan->palette, CLAMP (2 * share - 1, -1.0, 1.0));
  if (plan->is_strip)
    {
      /* Text stands on it: from the paper to a strong blue. */
      AssayColour tint = assay_colour_signed (plan->palette, CLAMP (share, 0.0, 1.0));

      return tint;
    }
  return assay_colour_one_sided (share);
}

/* --- the frame ------------------------------------------------------------------------------------------------------------------ */

static void
draw_grid (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  const AssayBox *plot = &plan->plot;
  AssayStroke thin = { .width = 0.6 * plan->unit * plan->palette->weight };
  AssayAxis values = plan->sideways ? ASSAY_AXIS_X : ASSAY_AXIS_Y;
  const AssayTickList *list = &plan->ticks[values];

  for (guint k = 0; list->ticks != NULL && k < list->ticks->len; k++)
    {
      double at = assay_scale_place (&plan->scale[values], g_array_index (list->ticks, AssayTick, k).value);

      if (values == ASSAY_AXIS_Y)
        assay_canvas_line (canvas, plot->x, at, plot->x + plot->width, at, &plan->palette->grid, &thin);
      else
        assay_canvas_line (canvas, at, plot->y, at, plot->y + plot->height, &plan->palette->grid, &thin);
    }
}

static void
draw_axes (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  const AssayBox *plot = &plan->plot;
  double u = plan->unit, bottom = plot->y + plot->height;
  AssayStroke line = { .width = 0.8 * u * plan->palette->weight };
  AssayAxis values = plan->sideways ? ASSAY_AXIS_X : ASSAY_AXIS_Y;
  const AssayScale *scale = &plan->scale[values];

  if (plan->colour_bar.height > 0)
    return;
  /* Signed values have their line at zero, the others at the edge. */
  if (scale->kind == ASSAY_SCALE_LINEAR && scale->lo < 0 && scale->hi > 0 && !plan->is_empty)
    {
      double zero = assay_scale_place (scale, 0);

      if (values == ASSAY_AXIS_Y)
        assay_canvas_line (canvas, plot->x, zero, plot->x + plot->width, zero, &plan->palette->axis, &line);
      else
        assay_canvas_line (canvas, zero, plot->y, zero, bottom, &plan->palette->axis, &line);
    }
  else if (values == ASSAY_AXIS_X)
    assay_canvas_line (canvas, plot->x, plot->y, plot->x, bottom, &plan->palette->axis, &line);
  if (values == ASSAY_AXIS_Y || scale->kind == ASSAY_SCALE_LOG)
    assay_canvas_line (canvas, plot->x, bottom, plot->x + plot->width, bottom, &plan->palette->axis, &line);
  for (guint k = 0; values == ASSAY_AXIS_Y && plan->ticks[ASSAY_AXIS_X].ticks != NULL && k < plan->ticks[ASSAY_AXIS_X].ticks->len; k++)
    {
      double at = assay_scale_place (&plan->scale[ASSAY_AXIS_X], g_array_index (plan->ticks[ASSAY_AXIS_X].ticks, AssayTick, k).value);

      assay_canvas_line (canvas, at, bottom, at, bottom + 3 * u, &plan->palette->axis, &line);
    }
}

static void
draw_colour_bar (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  enum { N = 64 };
  const AssayBox *bar = &plan->colour_bar;
  double u = plan->unit;
  gboolean upright = bar->height > bar->width;
  guint32 pixels[N];
  AssayStroke thin = { .width = 0.5 * u };

  if (bar->height <= 0)
    return;
  for (guint k = 0; k < N; k++)
    {
      double share = (k + 0.5) / N, value;
      AssayColour colour;

      value = plan->colour_lo + (upright ? 1 - share : share) * (plan->colour_hi - plan->colour_lo);
      colour = assay_figure_plan_tint (plan, value);
      pixels[k] = 0xff000000u | (guint32) lround (colour.red * 255) << 16 | (guint32) lround (colour.green * 255) << 8
                  | (guint32) lround (colour.blue * 255);
    }
  assay_canvas_cells (canvas, bar, upright ? 1 : N, upright ? N : 1, pixels);
  assay_canvas_begin (canvas);
  assay_canvas_box (canvas, bar->x, bar->y, bar->width, bar->height);
  assay_canvas_stroke (canvas, &plan->palette->axis, &thin);
  for (guint k = 0; plan->colour_ticks.ticks != NULL && k < plan->colour_ticks.ticks->len; k++)
    {
      const AssayTick *tick = &g_array_index (plan->colour_ticks.ticks, AssayTick, k);
      AssayTypeset how = { .size = ASSAY_LABEL_SIZE * u };
      g_autoptr (PangoLayout) layout = assay_typeset_new (tick->label, &how);
      double height, at = bar->y + bar->height * (1 - (tick->value - plan->colour_lo) / (plan->colour_hi - plan->colour_lo));

      assay_typeset_size (layout, NULL, &height);
      assay_canvas_line (canvas, bar->x + bar->width, at, bar->x + bar->width + 2 * u, at, &plan->palette->axis, &thin);
      assay_canvas_text (canvas, layout, bar->x + bar->width + 4 * u, at - height / 2, &plan->palette->ink);
    }
}

/* Below a strip: what the least, the middle and the largest tint stand for. */
static void
draw_strip_scale (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  const AssayFigure *figure = plan->figure;
  const AssayBox *bar = &plan->colour_bar;
  double u = plan->unit, x = bar->x + bar->width + 10 * u, ends[2] = { plan->colour_lo, plan->colour_hi };
  AssayTypeset how = { .size = ASSAY_LABEL_SIZE * u };

  draw_colour_bar (plan, canvas);
  for (int k = 0; k < 2; k++)
    {
      g_autofree char *text = assay_figure_number (ends[k], 3);
      g_autoptr (PangoLayout) layout = assay_typeset_new (text, &how);
      double width;

      assay_typeset_size (layout, &width, NULL);
      assay_canvas_text (canvas, layout, k == 0 ? bar->x : bar->x + bar->width - width, bar->y + bar->height + 2 * u, &plan->palette->ink);
    }
  if (figure->colour_name != NULL)
    {
      g_autofree char *name = figure->colour_unit != NULL ? g_strdup_printf ("%s (%s)", figure->colour_name, figure->colour_unit)
                                                          : g_strdup (figure->colour_name);
      g_autoptr (PangoLayout) layout = NULL;

      how.width = MAX (plan->width - x, 1);
      how.lines = 1;
      layout = assay_typeset_new (name, &how);
      assay_canvas_text (canvas, layout, x, bar->y - 2 * u, &plan->palette->muted);
    }
}

static void
draw_keys (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  AssayStroke thin = { .width = 0.6 * plan->unit };

  for (guint k = 0; k < plan->keys->len; k++)
    {
      const AssayKey *key = &g_array_index (plan->keys, AssayKey, k);

      if (!isnan (key->anchor))
        {
          AssayColour faint = assay_colour_faint (assay_figure_plan_colour (plan, key->series[0]), 0.6);

          assay_canvas_line (canvas, key->key.x + 1 * plan->unit, key->anchor, key->key.x + 6 * plan->unit, key->key.y, &faint, &thin);
          continue;
        }
      for (int s = 0; s < 2; s++)
        if (key->series[s] != NULL)
          key->series[s]->mark->key (plan, key->series[s], canvas, &key->key);
    }
}

static const AssayColour *
tint_colour (const AssayFigurePlan *plan, AssayTint tint)
{
  switch (tint)
    {
    case ASSAY_TINT_PAPER: return &plan->palette->paper;
    case ASSAY_TINT_NONE:
    case ASSAY_TINT_INK: return &plan->palette->ink;
    case ASSAY_TINT_MUTED: return &plan->palette->muted;
    case ASSAY_TINT_AXIS: return &plan->palette->axis;
    case ASSAY_TINT_GRID: return &plan->palette->grid;
    default: return &plan->palette->role[tint - ASSAY_TINT_ROLE];
    }
}

void
assay_figure_plan_draw (const AssayFigurePlan *plan, AssayCanvas *canvas)
{
  const AssayFigure *figure = plan->figure;

  if (!plan->is_strip && plan->colour_bar.height <= 0)
    draw_grid (plan, canvas);
  for (AssayLayer layer = ASSAY_LAYER_GROUND; layer <= ASSAY_LAYER_MARK; layer++)
    {
      for (guint s = 0; s < figure->series->len; s++)
        {
          const AssaySeries *series = assay_figure_get_series (figure, s);

          if (series->mark->layer == layer && (plan->is_strip || series->mark != &assay_mark_tokens))
            series->mark->draw (plan, series, canvas);
        }
      /* The line of zero lies on areas and bars, and below lines and points. */
      if (layer == ASSAY_LAYER_AREA && !plan->is_strip)
        draw_axes (plan, canvas);
    }
  if (plan->is_strip)
    draw_strip_scale (plan, canvas);
  else
    draw_colour_bar (plan, canvas);
  draw_keys (plan, canvas);
  for (guint k = 0; k < plan->texts->len; k++)
    {
      const AssayPlacedText *text = &g_array_index (plan->texts, AssayPlacedText, k);

      assay_canvas_text (canvas, text->layout, text->x, text->y, tint_colour (plan, text->tint));
    }
}

/* --- surfaces ------------------------------------------------------------------------------------------------------------------- */

void
assay_figure_draw (AssayFigure *figure, cairo_t *cr, double width, double height, const AssayFigureLook *look)
{
  AssayFigurePlan *plan = assay_figure_plan_new (figure, width, height, look);
  AssayCanvas canvas;

  cairo_save (cr);
  assay_canvas_open_cairo (&canvas, cr);
  assay_figure_plan_draw (plan, &canvas);
  assay_canvas_close (&canvas);
  cairo_restore (cr);
  assay_figure_plan_free (plan);
}

static void
append_length (GString *svg, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.6g", value);
  g_string_append_printf (svg, " %s=\"%s\"", name, text);
}

GBytes *
assay_figure_write_svg (AssayFigure *figure, double width, double height, const AssayFigureLook *look)
{
  AssayFigurePlan *plan = assay_figure_plan_new (figure, width, height, look);
  GString *svg = g_string_new ("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
  g_autofree char *reading = assay_text_escape (assay_figure_get_reading (figure), FALSE), *said = g_markup_escape_text (reading, -1);
  char w[G_ASCII_DTOSTR_BUF_SIZE], h[G_ASCII_DTOSTR_BUF_SIZE];
  AssayCanvas canvas;
  gsize length;

  append_length (svg, "width", plan->width);
  append_length (svg, "height", plan->height);
  g_string_append_printf (svg, " viewBox=\"0 0 %s %s\"", g_ascii_formatd (w, sizeof w, "%.6g", plan->width),
                          g_ascii_formatd (h, sizeof h, "%.6g", plan->height));
  g_string_append_printf (svg, " aria-label=\"%s\">\n<title>%s</title>\n", said, said);
  assay_canvas_open_svg (&canvas, svg);
  assay_figure_plan_draw (plan, &canvas);
  assay_canvas_close (&canvas);
  g_string_append (svg, "</svg>\n");
  assay_figure_plan_free (plan);
  length = svg->len;
  return g_bytes_new_take (g_string_free (svg, FALSE), length);
}

static cairo_status_t
append_bytes (void *closure, const unsigned char *data, unsigned int length)
{
  g_byte_array_append (closure, data, length);
  return CAIRO_STATUS_SUCCESS;
}

GBytes *
assay_figure_write_png (AssayFigure *figure, double width, double height, const AssayFigureLook *look, double pixels, GError **error)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) CLAMP (ceil (width * pixels), 1, 40000),
                                                         (int) CLAMP (ceil (height * pixels), 1, 40000));
  GByteArray *png = g_byte_array_new ();
  cairo_t *cr = cairo_create (surface);
  const AssayColour *paper = &assay_palette_get (look->theme)->paper;
  cairo_status_t status;

  cairo_set_source_rgb (cr, paper->red, paper->green, paper->blue);
  cairo_paint (cr);
  cairo_scale (cr, pixels, pixels);
  assay_figure_draw (figure, cr, width, height, look);
  status = cairo_status (cr);
  cairo_destroy (cr);
  if (status == CAIRO_STATUS_SUCCESS)
    status = cairo_surface_write_to_png_stream (surface, append_bytes, png);
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    {
      g_byte_array_unref (png);
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "figure '%s' as PNG of %.0f by %.0f units at %g pixels: %s", figure->id, width, height,
                   pixels, cairo_status_to_string (status));
      return NULL;
    }
  return g_byte_array_free_to_bytes (png);
}
