/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_hit.c: which datum is where, and how large a figure should be. */
#include "report/figure_private.h"

#include <math.h>

static double
distance_to (const AssayBox *box, double x, double y)
{
  double dx = MAX (MAX (box->x - x, x - box->x - box->width), 0), dy = MAX (MAX (box->y - y, y - box->y - box->height), 0);

  return hypot (dx, dy);
}

gboolean
assay_figure_hit (AssayFigure *figure, double width, double height, const AssayFigureLook *look, double x, double y, AssayFigureHit *hit)
{
  AssayFigurePlan *plan = assay_figure_plan_new (figure, width, height, look);
  double nearest = 10 * plan->unit, area = INFINITY;
  gboolean found = FALSE;

  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      for (gsize k = 0; k < series->n; k++)
        {
          AssayBox box;
          double distance, own;

          if (!series->mark->place (plan, series, k, &box))
            continue;
          distance = distance_to (&box, x, y);
          own = box.width * box.height;
          /* Of things on each other the smaller one is meant: a point before the bar that it stands on. */
          if (distance < nearest || (distance == nearest && own < area && found))
            {
              nearest = distance;
              area = own;
              found = TRUE;
              *hit = (AssayFigureHit) { s, k, box.x, box.y, box.width, box.height, NULL };
            }
        }
    }
  if (found)
    hit->text = assay_figure_dup_text (figure, assay_figure_get_series (figure, hit->series), hit->datum);
  assay_figure_plan_free (plan);
  return found;
}

void
assay_figure_hit_clear (AssayFigureHit *hit)
{
  g_clear_pointer (&hit->text, g_free);
}

gboolean
assay_figure_locate (AssayFigure *figure, double width, double height, const AssayFigureLook *look, guint series, gsize datum, AssayFigureHit *hit)
{
  AssayFigurePlan *plan = assay_figure_plan_new (figure, width, height, look);
  const AssaySeries *of = assay_figure_get_series (figure, series);
  AssayBox box = { 0, 0, 0, 0 };
  gboolean placed = of->mark->place (plan, of, datum, &box);

  *hit = (AssayFigureHit) { series, datum, box.x, box.y, box.width, box.height, assay_figure_dup_text (figure, of, datum) };
  assay_figure_plan_free (plan);
  return placed;
}

void
assay_figure_draw_highlight (AssayFigure *figure, cairo_t *cr, double width, double height, const AssayFigureLook *look, guint series, gsize datum)
{
  AssayFigurePlan *plan = assay_figure_plan_new (figure, width, height, look);
  const AssaySeries *of = assay_figure_get_series (figure, series);
  AssayStroke stroke = { .width = 1.4 * plan->unit * plan->palette->weight, .round = TRUE };
  AssayCanvas canvas;
  AssayBox box;

  if (of->mark->place (plan, of, datum, &box))
    {
      cairo_save (cr);
      assay_canvas_open_cairo (&canvas, cr);
      assay_canvas_begin (&canvas);
      if (box.width < 12 * plan->unit && box.height < 12 * plan->unit)
        assay_canvas_circle (&canvas, box.x + box.width / 2, box.y + box.height / 2, 5.5 * plan->unit);
      else
        assay_canvas_box (&canvas, box.x - plan->unit, box.y - plan->unit, box.width + 2 * plan->unit, box.height + 2 * plan->unit);
      assay_canvas_stroke (&canvas, &plan->palette->ink, &stroke);
      assay_canvas_close (&canvas);
      cairo_restore (cr);
    }
  assay_figure_plan_free (plan);
}

/* --- size ----------------------------------------------------------------------------------------------------------------------- */

void
assay_figure_measure (AssayFigure *figure, const AssayFigureLook *look, double width, double *min_width, double *height)
{
  double u = look->scale > 0 ? look->scale : 1, w = MAX (width, 1), tall;
  AssayFigurePlan *plan;
  gsize rows = figure->axis[ASSAY_AXIS_Y].n_categories;
  guint slots;

  if (min_width != NULL)
    *min_width = 160 * u;
  if (height == NULL)
    return;
  /* A plan with room to spare says how much the parts around the plot take. */
  plan = assay_figure_plan_new (figure, w, 10000 * u, look);
  slots = MAX (plan->n_slots[ASSAY_SLOTS_BARS], plan->n_slots[ASSAY_SLOTS_MARKS]);
  tall = 10000 * u - plan->plot.height;
  if (plan->is_strip)
    *height = tall + plan->row_height;
  else if (figure->axis[ASSAY_AXIS_Y].kind == ASSAY_SCALE_CATEGORY && rows > 0)
    {
      double row = plan->sideways ? 8 * u + 8 * u * slots : 17 * u;

      for (guint s = 0; s < figure->series->len; s++)
        if (assay_figure_get_series (figure, s)->is_steps)
          row = 25 * u;
      *height = tall + CLAMP (row * (double) rows, 40 * u, 560 * u);
    }
  else
    *height = tall + CLAMP (0.45 * w, 90 * u, 190 * u);
  assay_figure_plan_free (plan);
}
