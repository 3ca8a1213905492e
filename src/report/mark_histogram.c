/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_histogram.c: counts between edges, as one area with a firm upper line. */
#include "report/figure_private.h"

#include <math.h>

static void
extend_histogram (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    {
      assay_range_add (position, series->position[k]);
      assay_range_add (position, series->position[k + 1]);
      assay_range_add (value, series->value[k]);
    }
}

static gboolean
bin_box (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  AssayAxis along = assay_figure_plan_position_axis (plan);
  const AssayScale *positions = &plan->scale[along], *values = &plan->scale[plan->sideways ? ASSAY_AXIS_X : ASSAY_AXIS_Y];
  double a, b, from, to;

  if (!isfinite (series->value[k]) || !(series->position[k + 1] > positions->lo) || !(series->position[k] < positions->hi))
    return FALSE;
  a = assay_scale_place (positions, CLAMP (series->position[k], positions->lo, positions->hi));
  b = assay_scale_place (positions, CLAMP (series->position[k + 1], positions->lo, positions->hi));
  from = values->kind == ASSAY_SCALE_LOG ? values->from : assay_scale_place (values, CLAMP (0, values->lo, values->hi));
  to = values->kind == ASSAY_SCALE_LOG && series->value[k] <= 0 ? from : assay_scale_place (values, CLAMP (series->value[k], values->lo, values->hi));
  if (!isfinite (a) || !isfinite (b) || !isfinite (to))
    return FALSE;
  if (plan->sideways)
    *box = (AssayBox) { MIN (from, to), MIN (a, b), fabs (to - from), fabs (b - a) };
  else
    *box = (AssayBox) { MIN (a, b), MIN (from, to), fabs (b - a), fabs (to - from) };
  return TRUE;
}

static void
draw_histogram (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  const AssayColour *colour = assay_figure_plan_colour (plan, series);
  gboolean overlaid = FALSE, open = FALSE;
  AssayStroke stroke;
  AssayColour area;

  for (guint s = 0; s < plan->figure->series->len; s++)
    overlaid |= s != series->index && assay_figure_get_series (plan->figure, s)->mark == &assay_mark_histogram;
  stroke = assay_figure_plan_stroke (plan, 1.2, overlaid, series->role);
  area = assay_colour_faint (colour, series->role == ASSAY_ROLE_CONTROL ? 0.12 : overlaid ? 0.25 : 0.32);
  assay_canvas_begin (canvas);
  for (gsize k = 0; k < series->n; k++)
    {
      AssayBox box;

      if (bin_box (plan, series, k, &box))
        assay_canvas_box (canvas, box.x, box.y, box.width, box.height);
    }
  assay_canvas_fill (canvas, &area);
  if (plan->sideways)
    return;
  assay_canvas_begin (canvas);
  for (gsize k = 0; k < series->n; k++)
    {
      AssayBox box;
      double ground = plan->plot.y + plan->plot.height;

      if (!bin_box (plan, series, k, &box))
        {
          open = FALSE;
          continue;
        }
      if (!open)
        assay_canvas_move_to (canvas, box.x, ground);
      open = TRUE;
      assay_canvas_line_to (canvas, box.x, box.y);
      assay_canvas_line_to (canvas, box.x + box.width, box.y);
      if (k + 1 == series->n)
        assay_canvas_line_to (canvas, box.x + box.width, ground);
    }
  stroke.round = FALSE;
  assay_canvas_stroke (canvas, colour, &stroke);
}

static void
key_histogram (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  const AssayColour *colour = assay_figure_plan_colour (plan, series);
  AssayColour area = assay_colour_faint (colour, 0.25);
  AssayStroke stroke = assay_figure_plan_stroke (plan, 1.2, TRUE, series->role);
  double side = 0.72 * box->height;

  assay_canvas_begin (canvas);
  assay_canvas_box (canvas, box->x + box->width - 1.6 * side, box->y + (box->height - side) / 2, 1.6 * side, side);
  assay_canvas_fill (canvas, &area);
  assay_canvas_stroke (canvas, colour, &stroke);
}

const AssayMark assay_mark_histogram = {
  .name = "histograms",
  .fields = 1 << ASSAY_FIELD_FROM | 1 << ASSAY_FIELD_TO | 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_AREA,
  .from_zero = TRUE,
  .extend = extend_histogram,
  .draw = draw_histogram,
  .place = bin_box,
  .key = key_histogram,
};
