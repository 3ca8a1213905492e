/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_points.c: a symbol at each datum. Roles differ in shape, so that colour is not needed to tell them apart. */
#include "report/figure_private.h"

#include <math.h>

static void
polygon (AssayCanvas *canvas, double x, double y, double radius, guint n, double turn)
{
  for (guint k = 0; k < n; k++)
    {
      double angle = turn + 2 * G_PI * k / n;

      if (k == 0)
        assay_canvas_move_to (canvas, x + radius * cos (angle), y + radius * sin (angle));
      else
        assay_canvas_line_to (canvas, x + radius * cos (angle), y + radius * sin (angle));
    }
  assay_canvas_close_path (canvas);
}

static gboolean
is_hollow (AssayRole role)
{
  return role == ASSAY_ROLE_CONTROL || role == ASSAY_ROLE_NEGATIVE;
}

/* Adds the symbol's outline to the path; all have about the same area. */
static void
outline (AssayCanvas *canvas, AssayRole role, double x, double y, double r)
{
  switch (role)
    {
    case ASSAY_ROLE_SECOND: assay_canvas_box (canvas, x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r); break;
    case ASSAY_ROLE_THIRD: polygon (canvas, x, y + 0.2 * r, 1.35 * r, 3, -G_PI / 2); break;
    case ASSAY_ROLE_FOURTH: polygon (canvas, x, y, 1.3 * r, 4, 0); break;
    case ASSAY_ROLE_POSITIVE: polygon (canvas, x, y + 0.2 * r, 1.35 * r, 3, -G_PI / 2); break;
    case ASSAY_ROLE_NEGATIVE: polygon (canvas, x, y - 0.2 * r, 1.35 * r, 3, G_PI / 2); break;
    case ASSAY_ROLE_REFERENCE:
      assay_canvas_move_to (canvas, x - r, y - r);
      assay_canvas_line_to (canvas, x + r, y + r);
      assay_canvas_move_to (canvas, x - r, y + r);
      assay_canvas_line_to (canvas, x + r, y - r);
      break;
    default: assay_canvas_circle (canvas, x, y, r); break;
    }
}

void
assay_mark_symbol (const AssayFigurePlan *plan, AssayCanvas *canvas, AssayRole role, double x, double y, double size)
{
  const AssayColour *colour = &plan->palette->role[role];
  AssayStroke stroke = { .width = (role == ASSAY_ROLE_REFERENCE ? 1.2 : 1.1) * plan->unit * plan->palette->weight, .round = TRUE };

  assay_canvas_begin (canvas);
  outline (canvas, role, x, y, size * plan->unit);
  if (is_hollow (role) || role == ASSAY_ROLE_REFERENCE)
    {
      if (is_hollow (role))
        assay_canvas_fill (canvas, &plan->palette->paper);
      assay_canvas_stroke (canvas, colour, &stroke);
    }
  else
    assay_canvas_fill (canvas, colour);
}

static void
extend_points (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    {
      assay_range_add (position, assay_series_number (series, k, ASSAY_FIELD_POSITION));
      assay_range_add (value, series->value[k]);
    }
}

/* Symbols get smaller where there are many. */
static double
size_of (const AssaySeries *series)
{
  return series->n <= 60 ? 2.6 : series->n <= 400 ? 2.1 : series->n <= 3000 ? 1.5 : 1.0;
}

/* A drop of ink on each spot of a quarter unit that has a datum, drawn once however many lie there. */
static void
draw_crowd (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  double grain = 0.5 * plan->unit, r = size_of (series) * plan->unit;
  AssayColour colour = assay_colour_faint (assay_figure_plan_colour (plan, series), series->n > 3000 ? 0.55 : 0.8);

  assay_canvas_begin (canvas);
  for (gsize k = 0; k < series->n; k++)
    {
      double x, y;
      gint64 spot;

      if (!assay_figure_plan_point (plan, assay_figure_plan_position (plan, series, k), series->value[k], &x, &y))
        continue;
      spot = (gint64) floor (x / grain) << 32 | (guint32) (gint32) floor (y / grain);
      if (g_hash_table_add (seen, g_memdup2 (&spot, sizeof spot)))
        outline (canvas, series->role, x, y, r);
    }
  if (is_hollow (series->role) || series->role == ASSAY_ROLE_REFERENCE)
    {
      AssayStroke stroke = { .width = 0.8 * plan->unit * plan->palette->weight };

      assay_canvas_stroke (canvas, &colour, &stroke);
    }
  else
    assay_canvas_fill (canvas, &colour);
}

static void
draw_points (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  AssayStroke edge = { .width = 0.7 * plan->unit };

  if (series->n > 400)
    {
      draw_crowd (plan, series, canvas);
      return;
    }
  for (gsize k = 0; k < series->n; k++)
    {
      double x, y;

      if (!assay_figure_plan_point (plan, assay_figure_plan_position (plan, series, k), series->value[k], &x, &y))
        continue;
      assay_mark_symbol (plan, canvas, series->role, x, y, size_of (series));
      /* A thin edge of paper keeps neighbours apart. */
      if (!is_hollow (series->role) && series->role != ASSAY_ROLE_REFERENCE)
        assay_canvas_stroke (canvas, &plan->palette->paper, &edge);
    }
}

static gboolean
place_points (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  double x, y, r = size_of (series) * plan->unit;

  if (!assay_figure_plan_point (plan, assay_figure_plan_position (plan, series, k), series->value[k], &x, &y))
    return FALSE;
  *box = (AssayBox) { x - r, y - r, 2 * r, 2 * r };
  return TRUE;
}

static void
key_points (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  assay_mark_symbol (plan, canvas, series->role, box->x + box->width / 2, box->y + box->height / 2, 2.8);
}

const AssayMark assay_mark_points = {
  .name = "points",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_MARK,
  .slots = ASSAY_SLOTS_MARKS,
  .extend = extend_points,
  .draw = draw_points,
  .place = place_points,
  .key = key_points,
};
