/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_range.c: what the axes cover, what stands on and beside what, and what cannot be shown. */
#include "report/figure_private.h"

#include <math.h>
#include <string.h>

AssayAxis
assay_figure_plan_position_axis (const AssayFigurePlan *plan)
{
  return plan->sideways ? ASSAY_AXIS_Y : ASSAY_AXIS_X;
}

/* --- side by side, one upon the other ------------------------------------------------------------------------------------------- */

/* Whether no two series of bars have a value at the same place: parts of one series, told apart by their role. */
static gboolean
are_disjoint (const AssayFigure *figure)
{
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_double_hash, g_double_equal, g_free, NULL);
  guint n = 0;

  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      if (series->mark != &assay_mark_bars)
        continue;
      n++;
      for (gsize k = 0; k < series->n; k++)
        {
          double at = assay_series_number (series, k, ASSAY_FIELD_POSITION);

          if (isfinite (series->value[k]) && !g_hash_table_add (taken, g_memdup2 (&at, sizeof at)))
            return FALSE;
        }
    }
  return n > 1;
}

static void
share_slots (AssayFigurePlan *plan)
{
  const AssayFigure *figure = plan->figure;
  gboolean named = figure->axis[assay_figure_plan_position_axis (plan)].kind == ASSAY_SCALE_CATEGORY;

  for (guint s = 0; s < figure->series->len; s++)
    {
      AssaySlots kind = assay_figure_get_series (figure, s)->mark->slots;

      if (kind == ASSAY_SLOTS_NONE || (kind == ASSAY_SLOTS_MARKS && !named) || (kind == ASSAY_SLOTS_BARS && plan->one_pile))
        continue;
      plan->slot[s] = plan->n_slots[kind]++;
    }
  for (int kind = 0; kind < 3; kind++)
    plan->n_slots[kind] = MAX (plan->n_slots[kind], 1);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/* The least distance between neighbours. */
static double
least_step (const AssaySeries *series)
{
  g_autofree double *sorted = g_new (double, series->n + 1);
  gsize n = 0;
  double least = INFINITY;

  for (gsize k = 0; k < series->n; k++)
    if (isfinite (series->position[k]))
      sorted[n++] = series->position[k];
  qsort (sorted, n, sizeof *sorted, compare_doubles);
  for (gsize k = 1; k < n; k++)
    if (sorted[k] > sorted[k - 1])
      least = MIN (least, sorted[k] - sorted[k - 1]);
  return isfinite (least) ? least : 1;
}

static void
measure_bars (AssayFigurePlan *plan)
{
  gboolean named = plan->figure->axis[assay_figure_plan_position_axis (plan)].kind == ASSAY_SCALE_CATEGORY;

  for (guint s = 0; s < plan->figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (plan->figure, s);

      plan->bar_step[s] = named || series->position == NULL || series->mark->slots != ASSAY_SLOTS_BARS ? 1 : least_step (series);
    }
}

/* Bars of one sign stand on those before them at the same position. */
static void
stack_bars (AssayFigurePlan *plan)
{
  g_autoptr (GHashTable) above = g_hash_table_new_full (g_double_hash, g_double_equal, g_free, g_free);
  g_autoptr (GHashTable) below = g_hash_table_new_full (g_double_hash, g_double_equal, g_free, g_free);

  for (guint s = 0; s < plan->figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (plan->figure, s);

      if (series->mark != &assay_mark_bars)
        continue;
      plan->base[s] = g_new0 (double, series->n);
      for (gsize k = 0; k < series->n; k++)
        {
          double at = assay_series_number (series, k, ASSAY_FIELD_POSITION), value = series->value[k];
          GHashTable *pile = value < 0 ? below : above;
          double *reached;

          if (!isfinite (value) || isnan (at))
            continue;
          reached = g_hash_table_lookup (pile, &at);
          if (reached == NULL)
            {
              reached = g_new0 (double, 1);
              g_hash_table_insert (pile, g_memdup2 (&at, sizeof at), reached);
            }
          plan->base[s][k] = *reached;
          *reached += value;
        }
    }
}

/* Bars that say themselves where they begin. */
static void
set_starts (AssayFigurePlan *plan)
{
  for (guint s = 0; s < plan->figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (plan->figure, s);

      if (series->from != NULL)
        plan->base[s] = g_memdup2 (series->from, series->n * sizeof *series->from);
    }
}

/* --- ranges --------------------------------------------------------------------------------------------------------------------- */

static void
extend_bars (const AssayFigurePlan *plan, const AssaySeries *series, AssayRange *position, AssayRange *value)
{
  double half = 0.5 * plan->bar_step[series->index];

  for (gsize k = 0; k < series->n; k++)
    {
      double at = assay_series_number (series, k, ASSAY_FIELD_POSITION), base = plan->base[series->index] != NULL ? plan->base[series->index][k] : 0;

      assay_range_add (position, at - half);
      assay_range_add (position, at + half);
      assay_range_add (value, base + series->value[k]);
      if (series->lo != NULL && series->hi != NULL)
        {
          assay_range_add (value, base + series->lo[k]);
          assay_range_add (value, base + series->hi[k]);
        }
    }
}

/* Without what a log axis cannot show. */
static void
extend_positive (const AssaySeries *series, AssayRange *range, gboolean values)
{
  *range = (AssayRange) { INFINITY, -INFINITY };
  for (AssayField field = ASSAY_FIELD_POSITION; field < ASSAY_FIELD_N; field++)
    if (series->mark->fields >> field & 1)
      for (gsize k = 0; k < series->n; k++)
        {
          double number = assay_series_number (series, k, field);

          if (number > 0 && (field >= ASSAY_FIELD_VALUE) == values)
            assay_range_add (range, number);
        }
}

static void
fit_axis (AssayFigurePlan *plan, AssayAxis axis, AssayRange range, gboolean with_zero, gboolean exact)
{
  const AssayAxisSpec *spec = &plan->figure->axis[axis];
  AssayScale *scale = &plan->scale[axis];

  scale->kind = spec->kind;
  if (spec->kind == ASSAY_SCALE_CATEGORY)
    {
      scale->lo = -0.5;
      scale->hi = spec->n_categories > 0 ? (double) spec->n_categories - 0.5 : range.hi >= 0 ? MIN (floor (range.hi), 1e6) + 0.5 : 0.5;
      return;
    }
  if (exact && range.hi > range.lo && (spec->kind == ASSAY_SCALE_LINEAR || range.lo > 0))
    {
      scale->lo = range.lo;
      scale->hi = range.hi;
    }
  else
    assay_scale_fit (scale, spec->ticks, range.lo, range.hi, with_zero);
  if (!isnan (spec->lo) && (spec->kind != ASSAY_SCALE_LOG || spec->lo > 0))
    {
      scale->lo = spec->lo;
      scale->hi = spec->hi;
    }
}

static void
fit_colours (AssayFigurePlan *plan)
{
  const AssayFigure *figure = plan->figure;
  AssayRange range = { INFINITY, -INFINITY };

  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      if (series->mark == &assay_mark_heat || series->mark == &assay_mark_tokens)
        for (gsize k = 0; k < series->n; k++)
          assay_range_add (&range, series->value[k]);
    }
  plan->is_empty = range.lo > range.hi;
  if (plan->is_empty)
    range = (AssayRange) { 0, 1 };
  plan->colour_lo = isnan (figure->colour_lo) ? range.lo : figure->colour_lo;
  plan->colour_hi = isnan (figure->colour_hi) ? range.hi : figure->colour_hi;
  if (figure->colours == ASSAY_COLOURS_SIGNED)
    {
      plan->colour_hi = MAX (fabs (plan->colour_lo), fabs (plan->colour_hi));
      plan->colour_lo = -plan->colour_hi;
    }
  if (!(plan->colour_hi > plan->colour_lo))
    {
      double half = plan->colour_lo != 0 ? 0.5 * fabs (plan->colour_lo) : 1;

      plan->colour_lo -= half;
      plan->colour_hi += half;
    }
}

void
assay_figure_plan_fit (AssayFigurePlan *plan)
{
  const AssayFigure *figure = plan->figure;
  AssayRange range[2] = { { INFINITY, -INFINITY }, { INFINITY, -INFINITY } };
  AssayAxis along = assay_figure_plan_position_axis (plan), across = along == ASSAY_AXIS_X ? ASSAY_AXIS_Y : ASSAY_AXIS_X;
  gboolean with_zero = FALSE, exact[2] = { FALSE, FALSE }, has_line = FALSE, has_symbols = FALSE;

  plan->one_pile = figure->stacked || are_disjoint (figure);
  share_slots (plan);
  measure_bars (plan);
  if (figure->stacked)
    stack_bars (plan);
  else
    set_starts (plan);
  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);
      AssayRange own[2] = { { INFINITY, -INFINITY }, { INFINITY, -INFINITY } };

      with_zero |= series->mark->from_zero;
      /* Lines go from edge to edge; symbols need air around them. */
      has_line |= series->mark->joins;
      has_symbols |= series->mark->layer == ASSAY_LAYER_MARK;
      exact[along] |= series->mark == &assay_mark_heat || series->mark->slots == ASSAY_SLOTS_BARS || series->mark == &assay_mark_histogram;
      exact[across] |= series->mark == &assay_mark_heat;
      if (series->mark == &assay_mark_bars)
        extend_bars (plan, series, &own[along], &own[across]);
      else if (series->mark == &assay_mark_rule)
        assay_range_add (&own[series->axis], series->value[0]);
      else
        series->mark->extend (series, &own[along], &own[across]);
      for (int axis = 0; axis < 2; axis++)
        {
          if (figure->axis[axis].kind == ASSAY_SCALE_LOG && series->mark != &assay_mark_rule)
            extend_positive (series, &own[axis], axis == (int) across);
          assay_range_add (&range[axis], own[axis].lo);
          assay_range_add (&range[axis], own[axis].hi);
        }
    }
  fit_colours (plan);
  plan->is_empty &= range[along].lo > range[along].hi && range[across].lo > range[across].hi;
  fit_axis (plan, along, range[along], FALSE, exact[along] || (has_line && !has_symbols));
  fit_axis (plan, across, range[across], with_zero, exact[across]);
}

/* --- what is not drawn ---------------------------------------------------------------------------------------------------------- */

typedef struct {
  gsize missing, beyond[2], not_positive, colour_beyond;
} Unseen;

static void
look_at (const AssayFigurePlan *plan, AssayAxis axis, double number, Unseen *unseen)
{
  if (!isfinite (number))
    /* Parts of one pile: where one has nothing another may have all. */
    unseen->missing += !plan->one_pile;
  else if (plan->scale[axis].kind == ASSAY_SCALE_LOG && number <= 0)
    unseen->not_positive++;
  else if (!assay_scale_holds (&plan->scale[axis], number))
    unseen->beyond[axis]++;
}

static void
count_unseen (const AssayFigurePlan *plan, const AssaySeries *series, Unseen *unseen)
{
  AssayAxis along = assay_figure_plan_position_axis (plan), across = along == ASSAY_AXIS_X ? ASSAY_AXIS_Y : ASSAY_AXIS_X;
  gboolean by_colour = series->mark == &assay_mark_heat || series->mark == &assay_mark_tokens;

  for (gsize k = 0; k < series->n; k++)
    {
      Unseen own = { 0 };

      if (by_colour)
        {
          if (!isfinite (series->value[k]))
            own.missing = series->mark == &assay_mark_heat;
          else if (series->value[k] < plan->colour_lo || series->value[k] > plan->colour_hi)
            own.colour_beyond = 1;
        }
      else if (series->mark == &assay_mark_rule)
        look_at (plan, series->axis, series->value[k], &own);
      else
        {
          if (series->mark != &assay_mark_histogram)
            look_at (plan, along, assay_series_number (series, k, ASSAY_FIELD_POSITION), &own);
          if (series->value != NULL)
            look_at (plan, across, series->value[k] + (plan->base[series->index] != NULL ? plan->base[series->index][k] : 0), &own);
          if (series->value == NULL || series->mark == &assay_mark_dumbbells)
            look_at (plan, across, series->lo[k], &own);
          if (series->value == NULL)
            look_at (plan, across, series->hi[k], &own);
        }
      /* A datum counts once, for the gravest reason. */
      if (own.missing > 0)
        unseen->missing++;
      else if (own.not_positive > 0)
        unseen->not_positive++;
      else
        for (int axis = 0; axis < 2; axis++)
          unseen->beyond[axis] += own.beyond[axis] > 0;
      unseen->colour_beyond += own.colour_beyond;
    }
}

static void
add_note (GPtrArray *notes, gsize n, const char *one, const char *many)
{
  g_autofree char *count = NULL;

  if (n == 0)
    return;
  count = assay_figure_number ((double) n, 4);
  g_ptr_array_add (notes, g_strdup_printf ("%s %s", count, n == 1 ? one : many));
}

GPtrArray *
assay_figure_plan_notes (const AssayFigurePlan *plan)
{
  GPtrArray *notes = g_ptr_array_new_with_free_func (g_free);
  Unseen unseen = { 0 };

  if (plan->figure->note != NULL)
    g_ptr_array_add (notes, g_strdup (plan->figure->note));
  for (guint s = 0; s < plan->figure->series->len; s++)
    count_unseen (plan, assay_figure_get_series (plan->figure, s), &unseen);
  add_note (notes, unseen.missing, "value is missing.", "values are missing.");
  add_note (notes, unseen.not_positive, "value is zero or less, which a log axis cannot show.", "values are zero or less, which a log axis cannot show.");
  add_note (notes, unseen.beyond[ASSAY_AXIS_X], "value lies beyond the horizontal axis.", "values lie beyond the horizontal axis.");
  add_note (notes, unseen.beyond[ASSAY_AXIS_Y], "value lies beyond the vertical axis.", "values lie beyond the vertical axis.");
  add_note (notes, unseen.colour_beyond, "value lies beyond the colour scale and has the colour of its end.",
            "values lie beyond the colour scale and have the colour of its end.");
  return notes;
}
