/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mark_line.c: a line through its data, broken where a datum is missing. */
#include "report/figure_private.h"

#include <math.h>

static void
extend_line (const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  for (gsize k = 0; k < series->n; k++)
    {
      assay_range_add (position, series->position[k]);
      assay_range_add (value, series->value[k]);
    }
}

/* Data that share a column of half a unit: what can be seen of them is where they enter, how low and high they go, and where they leave. */
typedef struct {
  double column, first, last, lowest, highest, at;
  gsize n;
} Column;

static void
put_column (AssayCanvas *canvas, const Column *column, gboolean *open)
{
  double ys[4] = { column->first, column->lowest, column->highest, column->last };
  guint n = column->n > 1 ? 4 : 1;

  for (guint k = 0; k < n; k++)
    {
      if (k > 0 && ys[k] == ys[k - 1])
        continue;
      if (*open)
        assay_canvas_line_to (canvas, column->at, ys[k]);
      else
        assay_canvas_move_to (canvas, column->at, ys[k]);
      *open = TRUE;
    }
}

static void
trace (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  /* Thinning goes along x, in which lines of many data ascend. */
  gboolean thin = !plan->sideways && (double) series->n > 8 * plan->plot.width / plan->unit;
  Column column = { .n = 0 };
  gboolean open = FALSE;

  for (gsize k = 0; k < series->n; k++)
    {
      double x, y;
      double at;

      (void) assay_figure_plan_point (plan, series->position[k], series->value[k], &x, &y);
      if (!isfinite (x) || !isfinite (y))
        {
          if (column.n > 0)
            put_column (canvas, &column, &open);
          column.n = 0;
          open = FALSE;
          continue;
        }
      at = thin ? floor (2 * x / plan->unit) : 0;
      if (column.n > 0 && (!thin || at != column.column))
        {
          put_column (canvas, &column, &open);
          column.n = 0;
        }
      if (column.n++ == 0)
        column = (Column) { at, y, y, y, y, x, 1 };
      column.last = y;
      column.lowest = MIN (column.lowest, y);
      column.highest = MAX (column.highest, y);
    }
  if (column.n > 0)
    put_column (canvas, &column, &open);
}

/* Data with nothing beside them have no line: a dot. */
static void
dot_lonely (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  for (gsize k = 0; k < series->n; k++)
    {
      double x, y;
      gboolean before = k > 0 && isfinite (series->value[k - 1]) && isfinite (series->position[k - 1]);
      gboolean after = k + 1 < series->n && isfinite (series->value[k + 1]) && isfinite (series->position[k + 1]);

      if (!before && !after && assay_figure_plan_point (plan, series->position[k], series->value[k], &x, &y))
        assay_mark_symbol (plan, canvas, series->role, x, y, 2.4);
    }
}

static void
draw_line (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas)
{
  AssayStroke stroke = assay_figure_plan_stroke (plan, series->role == ASSAY_ROLE_REFERENCE ? 1.0 : 1.5, TRUE, series->role);
  double half = stroke.width;
  AssayBox clip = { plan->plot.x - half, plan->plot.y - half, plan->plot.width + 2 * half, plan->plot.height + 2 * half };

  assay_canvas_clip (canvas, &clip);
  assay_canvas_begin (canvas);
  trace (plan, series, canvas);
  assay_canvas_stroke (canvas, assay_figure_plan_colour (plan, series), &stroke);
  assay_canvas_unclip (canvas);
  dot_lonely (plan, series, canvas);
}

static gboolean
place_line (const AssayFigurePlan *plan, const AssaySeries *series, gsize k, AssayBox *box)
{
  double x, y, r = 2 * plan->unit;

  if (!assay_figure_plan_point (plan, series->position[k], series->value[k], &x, &y))
    return FALSE;
  *box = (AssayBox) { x - r, y - r, 2 * r, 2 * r };
  return TRUE;
}

static void
key_line (const AssayFigurePlan *plan, const AssaySeries *series, AssayCanvas *canvas, const AssayBox *box)
{
  AssayStroke stroke = assay_figure_plan_stroke (plan, 1.5, TRUE, series->role);
  double y = box->y + box->height / 2;

  assay_canvas_line (canvas, box->x, y, box->x + box->width, y, assay_figure_plan_colour (plan, series), &stroke);
}

const AssayMark assay_mark_line = {
  .name = "lines",
  .fields = 1 << ASSAY_FIELD_POSITION | 1 << ASSAY_FIELD_VALUE,
  .layer = ASSAY_LAYER_LINE,
  .joins = TRUE,
  .extend = extend_line,
  .draw = draw_line,
  .place = place_line,
  .key = key_line,
};
