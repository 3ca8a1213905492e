/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_intervals.c: a symbol with whiskers: an estimate and its interval. */
#include "report/figure_private.h"

#include <math.h>

static void
extend_intervals (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    {
      assay_range_add (position, assay_series_number (series, k, ASSAY_FIELD_POSITION));
      assay_range_add (value, series->value[k]);
      assay_range_add (value, series->lo[k]);
      assay_range_add (value, series->hi[k]);
    }
}

void
assay_mark_whisker (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayColour *colour, double position, double lo, double hi, double cap)
{
  const AssayScale *scale = &plan->scale[plan->sideways ? ASSAY_AXIS_X : ASSAY_AXIS_Y];
  AssayStroke stroke = { .width = 1.1 * plan->unit * plan->palette->weight };
  double ends[2], x[2], y[2], c = cap * plan->unit;
  gboolean inside[2];

  if (!isfinite (position) || isnan (lo) || isnan (hi) || !assay_scale_holds (&plan->scale[assay_figure_plan_position_axis (plan)], position))
    return;
  inside[0] = assay_scale_holds (scale, lo);
  inside[1] = assay_scale_holds (scale, hi);
  ends[0] = CLAMP (lo, scale->lo, scale->hi);
  ends[1] = CLAMP (hi, scale->lo, scale->hi);
  for (int k = 0; k < 2; k++)
    (void) assay_figure_plan_point (plan, position, ends[k], &x[k], &y[k]);
  assay_canvas_line (canvas, x[0], y[0], x[1], y[1], colour, &stroke);
  /* An end beyond the axis has no cap. */
  for (int k = 0; k < 2; k++)
    if (inside[k] && plan->sideways)
      assay_canvas_line (canvas, x[k], y[k] - c, x[k], y[k] + c, colour, &stroke);
    else if (inside[k])
      assay_canvas_line (canvas, x[k] - c, y[k], x[k] + c, y[k], colour, &stroke);
}

static void
draw_intervals (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  for (gsize k = 0; k < series->n; k++)
    {
      double position = assay_figure_plan_position (plan, series, k), x, y;

      assay_mark_whisker (plan, canvas, assay_figure_plan_colour (plan, series), position, series->lo[k], series->hi[k], series->n > 80 ? 0 : 2.2);
      if (assay_figure_plan_point (plan, position, series->value[k], &x, &y))
        assay_mark_symbol (plan, canvas, series->role, x, y, series->n > 80 ? 1.6 : 2.6);
    }
}

static gboolean
place_intervals (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  double x, y, r = 2.6 * plan->unit;

  if (!assay_figure_plan_point (plan, assay_figure_plan_position (plan, series, k), series->value[k], &x, &y))
    return FALSE;
  *box = (AssayBox) { x - r, y - r, 2 * r, 2 * r };
  return TRUE;
}

static void
key_intervals (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  AssayStroke stroke = { .width = 1.1 * plan->unit * plan->palette->weight };
  double x = box->x + box->width / 2, y = box->y + box->height / 2, half = 0.42 * box->width;

  assay_canvas_line (canvas, x - half, y, x + half, y, assay_figure_plan_colour (plan, series), &stroke);
  assay_mark_symbol (plan, canvas, series->role, x, y, 2.6);
}

const AssayMark assay_mark_intervals = {
  .name = "intervals",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE | 1 << ASSAY_FIELD_LO | 1 << ASSAY_FIELD_HI,
  .layer = ASSAY_LAYER_MARK,
  .slots = ASSAY_SLOTS_MARKS,
  .extend = extend_intervals,
  .draw = draw_intervals,
  .place = place_intervals,
  .key = key_intervals,
};
