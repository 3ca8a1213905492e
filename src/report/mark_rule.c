/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_rule.c: a straight line across the figure: chance, zero, a threshold. Its name stands at its end, outside the plot. */
#include "report/figure_private.h"

static void
draw_rule (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  const AssayBox *plot = &plan->plot;
  const AssayScale *scale = &plan->scale[series->axis];
  AssayStroke stroke = assay_figure_plan_stroke (plan, 1.0, TRUE, series->role);
  double at = assay_scale_place (scale, series->value[0]);

  if (!assay_scale_holds (scale, series->value[0]))
    return;
  if (series->axis == ASSAY_AXIS_Y)
    assay_canvas_line (canvas, plot->x, at, plot->x + plot->width + (series->name != NULL ? 5 * plan->unit : 0), at, assay_figure_plan_colour (plan, series), &stroke);
  else
    assay_canvas_line (canvas, at, plot->y - (series->name != NULL ? 1.5 * plan->unit : 0), at, plot->y + plot->height, assay_figure_plan_colour (plan, series), &stroke);
}

static gboolean
place_rule (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  const AssayBox *plot = &plan->plot;
  double at = assay_scale_place (&plan->scale[series->axis], series->value[0]);

  (void) k;
  if (!assay_scale_holds (&plan->scale[series->axis], series->value[0]))
    return FALSE;
  *box = series->axis == ASSAY_AXIS_Y ? (AssayBox) { plot->x, at, plot->width, 0 } : (AssayBox) { at, plot->y, 0, plot->height };
  return TRUE;
}

const AssayMark assay_mark_rule = {
  .name = "rules",
  .fields = 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_LINE,
  .draw = draw_rule,
  .place = place_rule,
};
