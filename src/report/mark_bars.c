/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_bars.c: bars from zero, side by side or stacked, with intervals, and the bars beside the steps of a chain. */
#include "report/figure_private.h"

#include <math.h>

/* From where to where the bar of a datum goes along the position axis and the value axis; FALSE where it is not drawn. */
static gboolean
bar_box (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  AssayAxis along = assay_figure_plan_position_axis (plan);
  const AssayScale *positions = &plan->scale[along], *values = &plan->scale[plan->sideways ? ASSAY_AXIS_X : ASSAY_AXIS_Y];
  double base = plan->base[series->index] != NULL ? plan->base[series->index][k] : 0, value = base + series->value[k];
  double middle = assay_figure_plan_position (plan, series, k), from, to, centre, half;

  if (!isfinite (value) || !isfinite (middle) || !assay_scale_holds (positions, middle))
    return FALSE;
  half = 0.5 * 0.76 * plan->bar_step[series->index] / plan->n_slots[ASSAY_SLOTS_BARS];
  if (positions->kind == ASSAY_SCALE_LOG)
    half = 0;
  centre = assay_scale_place (positions, middle);
  half = MAX (fabs (assay_scale_place (positions, middle + half) - centre) - (plan->n_slots[ASSAY_SLOTS_BARS] > 1 ? 0.4 * plan->unit : 0), 0.5 * plan->unit);
  if (series->is_steps)
    half = MIN (half, 5 * plan->unit);
  from = values->kind == ASSAY_SCALE_LOG ? values->from : assay_scale_place (values, CLAMP (base, values->lo, values->hi));
  to = assay_scale_place (values, CLAMP (value, values->lo, values->hi));
  if (!isfinite (to))
    return FALSE;
  if (plan->sideways)
    *box = (AssayBox) { MIN (from, to), centre - half, fabs (to - from), 2 * half };
  else
    *box = (AssayBox) { centre - half, MIN (from, to), 2 * half, fabs (to - from) };
  return TRUE;
}

/* Bars of a control are hollow, so that they are known without colour; the sign is the side of zero. */
static void
fill_bar (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayBox *box, AssayRole role)
{
  const AssayColour *colour = &plan->palette->role[role];
  AssayStroke edge = { .width = 0.9 * plan->unit * plan->palette->weight };

  assay_canvas_begin (canvas);
  if (role == ASSAY_ROLE_CONTROL)
    {
      AssayColour faint = assay_colour_faint (colour, 0.16);
      double inset = edge.width / 2;

      assay_canvas_box (canvas, box->x + inset, box->y + inset, MAX (box->width - edge.width, 0.1), MAX (box->height - edge.width, 0.1));
      assay_canvas_fill (canvas, &faint);
      assay_canvas_stroke (canvas, colour, &edge);
      return;
    }
  assay_canvas_box (canvas, box->x, box->y, box->width, box->height);
  assay_canvas_fill (canvas, colour);
}

/* A thin line of paper between a bar and the one that it stands on. */
static void
draw_seam (const AssayFigurePlan *plan, AssayCanvas *canvas, const AssayBox *box, gboolean below)
{
  AssayStroke seam = { .width = 0.8 * plan->unit };
  double x = below ? box->x + box->width : box->x, y = below ? box->y : box->y + box->height;

  if (plan->sideways)
    assay_canvas_line (canvas, x, box->y, x, box->y + box->height, &plan->palette->paper, &seam);
  else
    assay_canvas_line (canvas, box->x, y, box->x + box->width, y, &plan->palette->paper, &seam);
}

/* Beyond the bar and its whisker, where the plan has left room. */
static void
draw_value (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, gsize k, const AssayBox *bar)
{
  const AssayScale *values = &plan->scale[ASSAY_AXIS_X];
  AssayTypeset how = { .size = ASSAY_LABEL_SIZE * plan->unit };
  g_autofree char *text = assay_figure_quantity (series->value[k], plan->figure->axis[ASSAY_AXIS_X].ticks, NULL);
  g_autoptr (PangoLayout) layout = assay_typeset_new (text, &how);
  double height, end = bar->x + bar->width;

  if (series->hi != NULL && isfinite (series->hi[k]))
    end = MAX (end, assay_scale_place (values, CLAMP (series->hi[k], values->lo, values->hi)));
  assay_typeset_size (layout, NULL, &height);
  assay_canvas_text (canvas, layout, end + 4 * plan->unit, bar->y + bar->height / 2 - height / 2, &plan->palette->ink);
}

static void
draw_bars (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  for (gsize k = 0; k < series->n; k++)
    {
      AssayBox box;

      if (!bar_box (plan, series, k, &box))
        continue;
      fill_bar (plan, canvas, &box, series->role);
      if (plan->base[series->index] != NULL && plan->base[series->index][k] != 0)
        draw_seam (plan, canvas, &box, series->value[k] < 0);
      if (series->lo != NULL && series->hi != NULL)
        {
          double base = plan->base[series->index] != NULL ? plan->base[series->index][k] : 0;

          assay_mark_whisker (plan, canvas, &plan->palette->ink, assay_figure_plan_position (plan, series, k), base + series->lo[k], base + series->hi[k],
                              MIN (2.2, 0.25 * (plan->sideways ? box.height : box.width) / plan->unit));
        }
      if (series->is_steps)
        draw_value (plan, series, canvas, k, &box);
    }
}

static gboolean
place_bars (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  return bar_box (plan, series, k, box);
}

static void
key_bars (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  double side = MIN (0.72 * box->height, 8 * plan->unit);
  AssayBox swatch = { box->x + box->width - 1.25 * side - 2 * plan->unit, box->y + (box->height - side) / 2, 1.25 * side, side };

  fill_bar (plan, canvas, &swatch, series->role);
}

const AssayMark assay_mark_bars = {
  .name = "bars",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE | 1 << ASSAY_FIELD_LO | 1 << ASSAY_FIELD_HI,
  .layer = ASSAY_LAYER_AREA,
  .slots = ASSAY_SLOTS_BARS,
  .from_zero = TRUE,
  .draw = draw_bars,
  .place = place_bars,
  .key = key_bars,
};
