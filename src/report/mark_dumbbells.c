/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_dumbbells.c: what was predicted and what was measured, joined: the length of the bar is the error. */
#include "report/figure_private.h"

#include <math.h>

static void
extend_dumbbells (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    {
      assay_range_add (position, assay_series_number (series, k, ASSAY_FIELD_POSITION));
      assay_range_add (value, series->value[k]);
      assay_range_add (value, series->lo[k]);
    }
}

static void
ring (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayColour *colour, double x, double y, double r)
{
  AssayStroke stroke = { .width = 1.2 * plan->unit * plan->palette->weight };

  assay_canvas_begin (canvas);
  assay_canvas_circle (canvas, x, y, r);
  assay_canvas_fill (canvas, &plan->palette->paper);
  assay_canvas_stroke (canvas, colour, &stroke);
}

static void
draw_pair (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayColour *colour, double x0, double y0, double x1, double y1, double r)
{
  AssayStroke stroke = { .width = 1.4 * plan->unit * plan->palette->weight };
  AssayColour faint = assay_colour_faint (colour, 0.55);

  assay_canvas_line (canvas, x0, y0, x1, y1, &faint, &stroke);
  ring (plan, canvas, colour, x0, y0, r);
  assay_canvas_begin (canvas);
  assay_canvas_circle (canvas, x1, y1, r);
  assay_canvas_fill (canvas, colour);
}

static void
draw_dumbbells (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  const AssayColour *colour = assay_figure_plan_colour (plan, series);
  double r = (series->n > 60 ? 1.6 : 2.6) * plan->unit;

  for (gsize k = 0; k < series->n; k++)
    {
      double at = assay_figure_plan_position (plan, series, k), x0, y0, x1, y1;
      gboolean predicted = assay_figure_plan_point (plan, at, series->lo[k], &x0, &y0), measured = assay_figure_plan_point (plan, at, series->value[k], &x1, &y1);

      if (predicted && measured)
        draw_pair (plan, canvas, colour, x0, y0, x1, y1, r);
      else if (predicted)
        ring (plan, canvas, colour, x0, y0, r);
      else if (measured)
        {
          assay_canvas_begin (canvas);
          assay_canvas_circle (canvas, x1, y1, r);
          assay_canvas_fill (canvas, colour);
        }
    }
}

static gboolean
place_dumbbells (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  double at = assay_figure_plan_position (plan, series, k), x0, y0, x1, y1, r = 2.6 * plan->unit;

  if (!assay_figure_plan_point (plan, at, series->lo[k], &x0, &y0) || !assay_figure_plan_point (plan, at, series->value[k], &x1, &y1))
    return FALSE;
  *box = (AssayBox) { MIN (x0, x1) - r, MIN (y0, y1) - r, fabs (x1 - x0) + 2 * r, fabs (y1 - y0) + 2 * r };
  return TRUE;
}

static void
key_dumbbells (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  double y = box->y + box->height / 2, r = 2.6 * plan->unit;

  draw_pair (plan, canvas, assay_figure_plan_colour (plan, series), box->x + r + plan->unit, y, box->x + box->width - r, y, r);
}

const AssayMark assay_mark_dumbbells = {
  .name = "pairs",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_PREDICTED | 1 << ASSAY_FIELD_MEASURED,
  .layer = ASSAY_LAYER_MARK,
  .slots = ASSAY_SLOTS_MARKS,
  .extend = extend_dumbbells,
  .draw = draw_dumbbells,
  .place = place_dumbbells,
  .key = key_dumbbells,
};
