/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_heat.c: a matrix of tinted cells. Cells that are large enough hold their number too; missing ones have a cross. */
#include "report/figure_private.h"

#include <math.h>

static gsize
n_rows_of (const AssaySeries *series)
{
  return series->n_columns > 0 ? series->n / series->n_columns : 0;
}

static void
extend_heat (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  if (series->n == 0)
    return;
  assay_range_add (position, -0.5);
  assay_range_add (position, (double) series->n_columns - 0.5);
  assay_range_add (value, -0.5);
  assay_range_add (value, (double) n_rows_of (series) - 0.5);
}

static AssayBox
cell_box (const AssayFigurePlan *plan, double row, double column)
{
  double x0 = assay_scale_place (&plan->scale[ASSAY_AXIS_X], column - 0.5), x1 = assay_scale_place (&plan->scale[ASSAY_AXIS_X], column + 0.5);
  double y0 = assay_scale_place (&plan->scale[ASSAY_AXIS_Y], row - 0.5), y1 = assay_scale_place (&plan->scale[ASSAY_AXIS_Y], row + 0.5);

  return (AssayBox) { MIN (x0, x1), MIN (y0, y1), fabs (x1 - x0), fabs (y1 - y0) };
}

static guint32
pixel (const AssayColour *colour)
{
  return 0xff000000u | (guint32) lround (colour->red * 255) << 16 | (guint32) lround (colour->green * 255) << 8 | (guint32) lround (colour->blue * 255);
}

/* The matrix as an image, thinned by means where it has more cells than a page has dots. */
static void
draw_cells (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, gsize n_rows)
{
  gsize limit = 2000, by_row = (n_rows + limit - 1) / limit, by_column = (series->n_columns + limit - 1) / limit;
  guint rows = (guint) ((n_rows + by_row - 1) / by_row), columns = (guint) ((series->n_columns + by_column - 1) / by_column);
  g_autofree guint32 *pixels = g_new (guint32, (gsize) rows * columns);
  AssayBox first = cell_box (plan, 0, 0), box = { first.x, first.y, first.width * (double) series->n_columns, first.height * (double) n_rows };

  for (guint row = 0; row < rows; row++)
    for (guint column = 0; column < columns; column++)
      {
        double sum = 0;
        gsize n = 0;
        AssayColour colour = plan->palette->grid;        /* of nothing: the paper is the colour of zero */

        for (gsize r = row * by_row; r < MIN ((row + 1) * by_row, n_rows); r++)
          for (gsize c = column * by_column; c < MIN ((column + 1) * by_column, series->n_columns); c++)
            if (isfinite (series->value[r * series->n_columns + c]))
              {
                sum += series->value[r * series->n_columns + c];
                n++;
              }
        if (n > 0)
          colour = assay_figure_plan_tint (plan, sum / (double) n);
        pixels[(gsize) row * columns + column] = pixel (&colour);
      }
  assay_canvas_cells (canvas, &box, columns, rows, pixels);
}

/* Digits behind the point that all numbers of the matrix share: three that count in the largest. */
static guint
shared_decimals (const AssayFigurePlan *plan)
{
  double largest = MAX (fabs (plan->colour_lo), fabs (plan->colour_hi));

  return largest > 0 && largest < 1e5 ? (guint) CLAMP (2 - (int) floor (log10 (largest)), 0, 6) : 0;
}

/* The number of each cell, where all of them have room; a cross where there is none. */
static void
draw_numbers (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  AssayTypeset how = { .size = ASSAY_NOTE_SIZE * plan->unit };
  AssayStroke thin = { .width = 0.7 * plan->unit };
  g_autoptr (GPtrArray) layouts = g_ptr_array_new_with_free_func (g_object_unref);
  AssayBox one = cell_box (plan, 0, 0);
  guint decimals = shared_decimals (plan);
  gboolean all_fit = TRUE;

  for (gsize k = 0; k < series->n; k++)
    {
      g_autofree char *text = assay_figure_decimals (series->value[k], decimals);
      double width, height;

      g_ptr_array_add (layouts, assay_typeset_new (isfinite (series->value[k]) ? text : "", &how));
      assay_typeset_size (g_ptr_array_index (layouts, k), &width, &height);
      all_fit &= width <= one.width - 2 * plan->unit && height <= one.height;
    }
  for (gsize k = 0; k < series->n; k++)
    {
      AssayBox box = cell_box (plan, (double) (k / series->n_columns), (double) (k % series->n_columns));
      double width, height, x = box.x + box.width / 2, y = box.y + box.height / 2, r = MIN (0.2 * MIN (box.width, box.height), 3 * plan->unit);

      if (!isfinite (series->value[k]))
        {
          assay_canvas_line (canvas, x - r, y - r, x + r, y + r, &plan->palette->muted, &thin);
          assay_canvas_line (canvas, x - r, y + r, x + r, y - r, &plan->palette->muted, &thin);
        }
      else if (all_fit)
        {
          AssayColour ground = assay_figure_plan_tint (plan, series->value[k]), ink = assay_colour_text_on (&ground);

          assay_typeset_size (g_ptr_array_index (layouts, k), &width, &height);
          assay_canvas_text (canvas, g_ptr_array_index (layouts, k), x - width / 2, y - height / 2, &ink);
        }
    }
}

static void
draw_heat (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  gsize n_rows = n_rows_of (series);
  AssayBox one;
  AssayStroke line = { .width = 0.8 * plan->unit };

  if (series->n == 0)
    return;
  one = cell_box (plan, 0, 0);
  draw_cells (plan, series, canvas, n_rows);
  if (MIN (one.width, one.height) >= 8 * plan->unit)
    {
      for (gsize r = 1; r < n_rows; r++)
        {
          double y = cell_box (plan, (double) r, 0).y;

          assay_canvas_line (canvas, plan->plot.x, y, plan->plot.x + plan->plot.width, y, &plan->palette->paper, &line);
        }
      for (gsize c = 1; c < series->n_columns; c++)
        {
          double x = cell_box (plan, 0, (double) c).x;

          assay_canvas_line (canvas, x, plan->plot.y, x, plan->plot.y + plan->plot.height, &plan->palette->paper, &line);
        }
    }
  if (one.height >= 9 * plan->unit && one.width >= 12 * plan->unit)
    draw_numbers (plan, series, canvas);
}

static gboolean
place_heat (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  *box = cell_box (plan, (double) (k / series->n_columns), (double) (k % series->n_columns));
  return TRUE;
}

const AssayMark assay_mark_heat = {
  .name = "cells",
  .fields = 1 << ASSAY_FIELD_ROW | 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_AREA,
  .extend = extend_heat,
  .draw = draw_heat,
  .place = place_heat,
};
