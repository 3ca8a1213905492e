/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_band.c: the area between two values at each position: the interval around a line. */
#include "report/figure_private.h"

#include <math.h>

static void
extend_band (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    if (isfinite (series->lo[k]) && isfinite (series->hi[k]))
      {
        assay_range_add (position, series->position[k]);
        assay_range_add (value, series->lo[k]);
        assay_range_add (value, series->hi[k]);
      }
}

static gboolean
place_ends (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, double *x0, double *y0, double *x1, double *y1)
{
  (void) assay_figure_plan_point (plan, series->position[k], series->lo[k], x0, y0);
  (void) assay_figure_plan_point (plan, series->position[k], series->hi[k], x1, y1);
  return isfinite (*x0) && isfinite (*y0) && isfinite (*x1) && isfinite (*y1);
}

/* Along the upper ends, and back along the lower ones. */
static void
trace (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, gsize from, gsize to)
{
  double x0, y0, x1, y1;
  gsize stride = MAX (1, (gsize) ((double) (to - from) / (8 * plan->plot.width / plan->unit)));

  for (gsize k = from; k < to; k += stride)
    {
      gsize last = MIN (k + stride, to);

      for (gsize i = k; i < last; i += MAX (1, stride - 1))
        {
          place_ends (plan, series, i, &x0, &y0, &x1, &y1);
          if (k == from && i == k)
            assay_canvas_move_to (canvas, x1, y1);
          else
            assay_canvas_line_to (canvas, x1, y1);
        }
    }
  for (gsize k = to; k-- > from;)
    if (k == from || k + 1 == to || (k - from) % stride == 0)
      {
        place_ends (plan, series, k, &x0, &y0, &x1, &y1);
        assay_canvas_line_to (canvas, x0, y0);
      }
  assay_canvas_close_path (canvas);
}

static void
draw_band (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  AssayColour faint = assay_colour_faint (assay_figure_plan_colour (plan, series), 0.18);
  gsize from = 0;

  assay_canvas_clip (canvas, &plan->plot);
  assay_canvas_begin (canvas);
  for (gsize k = 0; k <= series->n; k++)
    {
      double x0, y0, x1, y1;

      if (k < series->n && place_ends (plan, series, k, &x0, &y0, &x1, &y1))
        continue;
      if (k - from >= 2)
        trace (plan, series, canvas, from, k);
      from = k + 1;
    }
  assay_canvas_fill (canvas, &faint);
  assay_canvas_unclip (canvas);
}

static gboolean
place_band (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  double x0, y0, x1, y1;

  if (!place_ends (plan, series, k, &x0, &y0, &x1, &y1) || !assay_scale_holds (&plan->scale[assay_figure_plan_position_axis (plan)], series->position[k]))
    return FALSE;
  *box = (AssayBox) { MIN (x0, x1) - plan->unit, MIN (y0, y1), fabs (x1 - x0) + 2 * plan->unit, fabs (y1 - y0) };
  return TRUE;
}

static void
key_band (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  AssayColour faint = assay_colour_faint (assay_figure_plan_colour (plan, series), 0.22);

  assay_canvas_begin (canvas);
  assay_canvas_box (canvas, box->x, box->y + 0.1 * box->height, box->width, 0.8 * box->height);
  assay_canvas_fill (canvas, &faint);
}

const AssayMark assay_mark_band = {
  .name = "bands",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_LO | 1 << ASSAY_FIELD_HI,
  .layer = ASSAY_LAYER_AREA,
  .extend = extend_band,
  .draw = draw_band,
  .place = place_band,
  .key = key_band,
};
