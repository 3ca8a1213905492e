/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure.c: building a figure. */
#include "report/figure_private.h"

#include <math.h>
#include <string.h>

static void
free_series (gpointer data)
{
  AssaySeries *series = data;

  g_free (series->name);
  g_free (series->position);
  g_free (series->value);
  g_free (series->lo);
  g_free (series->hi);
  g_free (series->from);
  g_strfreev (series->labels);
  g_free (series);
}

AssayFigure *
assay_figure_new (const char *id, const char *title)
{
  AssayFigure *figure = g_new0 (AssayFigure, 1);

  g_atomic_ref_count_init (&figure->references);
  g_mutex_init (&figure->lock);
  figure->id = g_strdup (id);
  figure->title = g_strdup (title != NULL ? title : "");
  figure->series = g_ptr_array_new_with_free_func (free_series);
  figure->colour_lo = figure->colour_hi = NAN;
  for (int k = 0; k < 2; k++)
    figure->axis[k].lo = figure->axis[k].hi = NAN;
  return figure;
}

AssayFigure *
assay_figure_ref (AssayFigure *figure)
{
  g_atomic_ref_count_inc (&figure->references);
  return figure;
}

void
assay_figure_unref (AssayFigure *figure)
{
  if (figure == NULL || !g_atomic_ref_count_dec (&figure->references))
    return;
  g_free (figure->id);
  g_free (figure->title);
  g_free (figure->reading);
  g_free (figure->spoken);
  g_free (figure->note);
  for (int k = 0; k < 2; k++)
    {
      g_free (figure->axis[k].name);
      g_free (figure->axis[k].unit);
      g_strfreev (figure->axis[k].categories);
    }
  g_free (figure->colour_name);
  g_free (figure->colour_unit);
  g_ptr_array_unref (figure->series);
  g_mutex_clear (&figure->lock);
  g_free (figure);
}

static void
set_text (char **member, const char *text)
{
  g_free (*member);
  *member = g_strdup (text != NULL && *text != '\0' ? text : NULL);
}

/* (n) strings, each at least "". */
static char **
copy_texts (gsize n, const char *const *texts)
{
  char **copy = g_new0 (char *, n + 1);

  for (gsize k = 0; k < n; k++)
    copy[k] = g_strdup (texts[k] != NULL ? texts[k] : "");
  return copy;
}

void
assay_figure_set_axis (AssayFigure *figure, AssayAxis axis, AssayScaleKind kind, const char *name, const char *unit)
{
  figure->axis[axis].kind = kind;
  set_text (&figure->axis[axis].name, name);
  set_text (&figure->axis[axis].unit, unit);
}

void
assay_figure_set_ticks (AssayFigure *figure, AssayAxis axis, AssayTicks ticks)
{
  figure->axis[axis].ticks = ticks;
}

void
assay_figure_set_limits (AssayFigure *figure, AssayAxis axis, double lo, double hi)
{
  g_return_if_fail (lo < hi && isfinite (lo) && isfinite (hi));
  figure->axis[axis].lo = lo;
  figure->axis[axis].hi = hi;
}

void
assay_figure_set_categories (AssayFigure *figure, AssayAxis axis, gsize n, const char *const *names)
{
  g_strfreev (figure->axis[axis].categories);
  figure->axis[axis].kind = ASSAY_SCALE_CATEGORY;
  figure->axis[axis].n_categories = n;
  figure->axis[axis].categories = copy_texts (n, names);
}

void
assay_figure_set_colours (AssayFigure *figure, AssayColours colours, const char *name, const char *unit, double lo, double hi)
{
  figure->colours = colours;
  set_text (&figure->colour_name, name);
  set_text (&figure->colour_unit, unit);
  figure->colour_lo = lo;
  figure->colour_hi = hi;
}

void
assay_figure_set_stacked (AssayFigure *figure, gboolean stacked)
{
  figure->stacked = stacked;
}

void
assay_figure_set_reading (AssayFigure *figure, const char *sentence)
{
  set_text (&figure->reading, sentence);
}

void
assay_figure_set_note (AssayFigure *figure, const char *note)
{
  set_text (&figure->note, note);
}

/* --- series --------------------------------------------------------------------------------------------------------------------- */

static double *
copy_numbers (gsize n, const double *numbers)
{
  return numbers != NULL ? g_memdup2 (numbers, n * sizeof *numbers) : NULL;
}

static AssaySeries *
add_series (AssayFigure *figure, const AssayMark *mark, const char *name, AssayRole role, gsize n, const double *position, const double *value,
            const double *lo, const double *hi)
{
  AssaySeries *series = g_new0 (AssaySeries, 1);

  series->mark = mark;
  series->index = figure->series->len;
  series->name = g_strdup (name);
  series->role = (guint) role < ASSAY_ROLE_N ? role : ASSAY_ROLE_MAIN;
  series->n = n;
  series->position = copy_numbers (n, position);
  series->value = copy_numbers (n, value);
  series->lo = copy_numbers (n, lo);
  series->hi = copy_numbers (n, hi);
  g_ptr_array_add (figure->series, series);
  return series;
}

guint
assay_figure_add_line (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value)
{
  return add_series (figure, &assay_mark_line, name, role, n, position, value, NULL, NULL)->index;
}

guint
assay_figure_add_band (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *lo, const double *hi)
{
  return add_series (figure, &assay_mark_band, name, role, n, position, NULL, lo, hi)->index;
}

guint
assay_figure_add_points (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value)
{
  return add_series (figure, &assay_mark_points, name, role, n, position, value, NULL, NULL)->index;
}

guint
assay_figure_add_intervals (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value,
                            const double *lo, const double *hi)
{
  return add_series (figure, &assay_mark_intervals, name, role, n, position, value, lo, hi)->index;
}

guint
assay_figure_add_bars (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *value,
                       const double *lo, const double *hi)
{
  return add_series (figure, &assay_mark_bars, name, role, n, position, value, lo, hi)->index;
}

void
assay_figure_add_waterfall (AssayFigure *figure, const char *up, const char *down, gsize n, const double *value)
{
  g_autofree double *place = g_new (double, n + 1), *from = g_new (double, n + 1), *rise = g_new (double, n + 1), *fall = g_new (double, n + 1);

  from[0] = 0;
  for (gsize k = 0; k < n; k++)
    {
      place[k] = (double) k;
      from[k + 1] = isfinite (value[k]) ? from[k] + value[k] : from[k];         /* the next bar goes on where the last one ended */
      rise[k] = value[k] < 0 ? (double) NAN : value[k];
      fall[k] = value[k] < 0 ? value[k] : (double) NAN;
    }
  add_series (figure, &assay_mark_bars, up, ASSAY_ROLE_POSITIVE, n, place, rise, NULL, NULL)->from = copy_numbers (n, from);
  add_series (figure, &assay_mark_bars, down, ASSAY_ROLE_NEGATIVE, n, place, fall, NULL, NULL)->from = copy_numbers (n, from);
}

guint
assay_figure_add_histogram (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *edges, const double *count)
{
  AssaySeries *series = add_series (figure, &assay_mark_histogram, name, role, n, NULL, count, NULL, NULL);

  series->position = copy_numbers (n + 1, edges);
  return series->index;
}

guint
assay_figure_add_rule (AssayFigure *figure, const char *name, AssayRole role, AssayAxis axis, double value)
{
  AssaySeries *series = add_series (figure, &assay_mark_rule, name, role, 1, NULL, &value, NULL, NULL);

  series->axis = axis;
  return series->index;
}

guint
assay_figure_add_heat (AssayFigure *figure, const char *name, gsize n_rows, gsize n_columns, const double *values, const char *const *row_names,
                       const char *const *column_names)
{
  AssaySeries *series = add_series (figure, &assay_mark_heat, name, ASSAY_ROLE_MAIN, n_rows * n_columns, NULL, values, NULL, NULL);

  series->n_columns = n_columns;
  if (column_names != NULL)
    assay_figure_set_categories (figure, ASSAY_AXIS_X, n_columns, column_names);
  if (row_names != NULL)
    assay_figure_set_categories (figure, ASSAY_AXIS_Y, n_rows, row_names);
  return series->index;
}

guint
assay_figure_add_tokens (AssayFigure *figure, const char *name, gsize n, const char *const *tokens, const double *values)
{
  AssaySeries *series = add_series (figure, &assay_mark_tokens, name, ASSAY_ROLE_MAIN, n, NULL, values, NULL, NULL);

  series->labels = copy_texts (n, tokens);
  return series->index;
}

guint
assay_figure_add_steps (AssayFigure *figure, const char *name, AssayRole role, gsize n, const char *const *steps, const double *value,
                        const double *lo, const double *hi)
{
  AssaySeries *series = add_series (figure, &assay_mark_bars, name, role, n, NULL, value, lo, hi);

  series->is_steps = TRUE;
  assay_figure_set_categories (figure, ASSAY_AXIS_Y, n, steps);
  return series->index;
}

guint
assay_figure_add_dumbbells (AssayFigure *figure, const char *name, AssayRole role, gsize n, const double *position, const double *predicted,
                            const double *measured)
{
  return add_series (figure, &assay_mark_dumbbells, name, role, n, position, measured, predicted, NULL)->index;
}

void
assay_figure_set_labels (AssayFigure *figure, guint series, const char *const *labels)
{
  AssaySeries *of = g_ptr_array_index (figure->series, series);

  g_strfreev (of->labels);
  of->labels = copy_texts (of->n, labels);
}
