/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_plan.c: where everything goes, for one size. From the top: title, legend, names of the axes, the plot, notes. */
#include "report/figure_private.h"

#include <math.h>
#include <string.h>

/* --- texts in their places ------------------------------------------------------------------------------------------------------ */

static void
clear_text (gpointer text)
{
  g_object_unref (((AssayPlacedText *) text)->layout);
}

/* Owns: the plan, the layout. */
static void
place_text (AssayFigurePlan *plan, PangoLayout *layout, double x, double y, AssayTint tint)
{
  AssayPlacedText text = { layout, x, y, tint };

  g_array_append_val (plan->texts, text);
}

static AssayTypeset
style (const AssayFigurePlan *plan, double size, double width, guint lines)
{
  return (AssayTypeset) { .size = size * plan->unit, .width = width, .lines = lines };
}

/* "loss (×10⁻³ nats)". NULL where the axis has no name and nothing to add. */
static char *
full_name (const char *name, const char *unit, AssayTicks ticks, int exponent)
{
  g_autoptr (GString) inner = g_string_new (NULL);
  g_autofree char *power = exponent != 0 && ticks != ASSAY_TICKS_PERCENT ? assay_figure_number (pow (10, exponent), 1) : NULL;

  if (power != NULL)
    g_string_append_printf (inner, "\xc3\x97%s", g_str_has_prefix (power, "1.00\xc3\x97") ? power + strlen ("1.00\xc3\x97") : power);
  if (ticks == ASSAY_TICKS_PERCENT)
    g_string_append (inner, "%");
  if (unit != NULL)
    g_string_append_printf (inner, "%s%s", inner->len > 0 ? " " : "", unit);
  if (name == NULL && inner->len == 0)
    return NULL;
  if (inner->len == 0)
    return g_strdup (name);
  return name != NULL ? g_strdup_printf ("%s (%s)", name, inner->str) : g_strdup (inner->str);
}

static char *
axis_name (const AssayFigurePlan *plan, AssayAxis axis)
{
  const AssayAxisSpec *spec = &plan->figure->axis[axis];
  gboolean by_percent = spec->ticks == ASSAY_TICKS_PERCENT && spec->kind == ASSAY_SCALE_LINEAR;

  return full_name (spec->name, spec->unit, by_percent ? ASSAY_TICKS_PERCENT : ASSAY_TICKS_NUMBER,
                    plan->ticks[axis].ticks != NULL && !by_percent ? plan->ticks[axis].exponent : 0);
}

/* --- legend --------------------------------------------------------------------------------------------------------------------- */

static void
collect_keys (AssayFigurePlan *plan)
{
  for (guint s = 0; s < plan->figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (plan->figure, s);
      AssayKey key = { { series, NULL }, { 0, 0, 0, 0 }, NAN };
      gboolean joined = FALSE;

      if ((series->name == NULL && series->mark != &assay_mark_dumbbells) || series->mark->key == NULL)
        continue;
      for (guint k = 0; k < plan->keys->len; k++)
        {
          AssayKey *earlier = &g_array_index (plan->keys, AssayKey, k);

          if (!joined && earlier->series[1] == NULL && earlier->series[0]->role == series->role && g_strcmp0 (earlier->series[0]->name, series->name) == 0)
            {
              earlier->series[1] = series;
              joined = TRUE;
            }
        }
      if (!joined)
        g_array_append_val (plan->keys, key);
    }
  /* A single series is what the title and the axes say it is; only two ends of a dumbbell need telling. */
  if (plan->keys->len == 1 && g_array_index (plan->keys, AssayKey, 0).series[0]->mark != &assay_mark_dumbbells)
    g_array_set_size (plan->keys, 0);
}

/* The series whose line ends at the right, or NULL where the key is no line. */
static const AssaySeries *
line_of (const AssayKey *key)
{
  for (int k = 0; k < 2; k++)
    if (key->series[k] != NULL && key->series[k]->mark->joins)
      return key->series[k];
  return NULL;
}

/* Whether the lines can be named at their ends. */
static gboolean
may_name_directly (const AssayFigurePlan *plan)
{
  if (plan->keys->len == 0 || plan->keys->len > 6 || plan->width < 230 * plan->unit)
    return FALSE;
  for (guint k = 0; k < plan->keys->len; k++)
    if (line_of (&g_array_index (plan->keys, AssayKey, k)) == NULL)
      return FALSE;
  return TRUE;
}

/* A pair is told by its symbols. Owns: the caller. */
static char *
key_text (const AssayFigurePlan *plan, const AssaySeries *series)
{
  static const char pair[] = "\xe2\x97\x8b predicted   \xe2\x97\x8f measured";

  if (series->mark != &assay_mark_dumbbells)
    return g_strdup (series->name);
  return plan->keys->len > 1 && series->name != NULL ? g_strdup_printf ("%s   %s", series->name, pair) : g_strdup (pair);
}

/* Rows of keys from the left; the height that they take. */
static double
lay_legend (AssayFigurePlan *plan, double top)
{
  double u = plan->unit, x = 0, y = top, row = 0;

  for (guint k = 0; k < plan->keys->len; k++)
    {
      AssayKey *key = &g_array_index (plan->keys, AssayKey, k);
      AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, 0, 0);
      g_autofree char *text = key_text (plan, key->series[0]);
      PangoLayout *layout = assay_typeset_new (text, &how);
      gboolean is_pair = key->series[0]->mark == &assay_mark_dumbbells;
      double width, height, swatch = (is_pair ? 24 : 18) * u;

      assay_typeset_size (layout, &width, &height);
      if (width > 0.6 * plan->width)
        {
          g_object_unref (layout);
          how.width = 0.6 * plan->width;
          how.lines = 1;
          layout = assay_typeset_new (text, &how);
          width = how.width;
        }
      if (x > 0 && x + swatch + 4 * u + width > plan->width)
        {
          x = 0;
          y += row + 2 * u;
          row = 0;
        }
      key->key = (AssayBox) { x, y, swatch, height };
      place_text (plan, layout, x + swatch + 4 * u, y, ASSAY_TINT_INK);
      x += swatch + 4 * u + width + 14 * u;
      row = MAX (row, height);
    }
  return plan->keys->len > 0 ? y + row - top : 0;
}

/* --- names at the right and at the top of the plot ------------------------------------------------------------------------------ */

typedef struct {
  const AssaySeries *series;
  guint key;                    /* of the legend; G_MAXUINT: a rule */
  PangoLayout *layout;
  double anchor, at, size;      /* the place that is named, that of the name's middle, and the room that it takes */
} SideName;

static int
compare_anchors (const void *a, const void *b)
{
  const SideName *x = a, *y = b;

  return x->anchor < y->anchor ? -1 : x->anchor > y->anchor;
}

/* Moves names apart, keeping their order, inside [lo, hi]. */
static void
spread (GArray *names, double lo, double hi, double gap)
{
  g_array_sort (names, compare_anchors);
  for (guint pass = 0; pass < 50; pass++)
    for (guint k = 0; k < names->len; k++)
      {
        SideName *name = &g_array_index (names, SideName, k), *next = k + 1 < names->len ? name + 1 : NULL;

        name->at = CLAMP (name->at, lo + name->size / 2, MAX (lo + name->size / 2, hi - name->size / 2));
        if (next != NULL)
          {
            double overlap = (name->size + next->size) / 2 + gap - (next->at - name->at);

            if (overlap > 0)
              {
                name->at -= overlap / 2;
                next->at += overlap / 2;
              }
          }
      }
}

/* The last value of a line that is drawn. */
static double
end_of_line (const AssayFigurePlan *plan, const AssaySeries *series)
{
  double x, y, rightmost = -INFINITY, end = NAN;

  for (gsize k = 0; k < series->n; k++)
    if (assay_figure_plan_point (plan, series->position[k], series->value[k], &x, &y) && x >= rightmost)
      {
        rightmost = x;
        end = y;
      }
  return end;
}

static GArray *
names_at_side (AssayFigurePlan *plan, AssayAxis axis, double max_width, gboolean with_lines)
{
  GArray *names = g_array_new (FALSE, FALSE, sizeof (SideName));
  AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, max_width, 1);

  for (guint s = 0; s < plan->figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (plan->figure, s);
      SideName name = { series, G_MAXUINT, NULL, 0, 0, 0 };

      if (series->mark == &assay_mark_rule && series->axis == axis && series->name != NULL && assay_scale_holds (&plan->scale[axis], series->value[0]))
        {
          name.layout = assay_typeset_new (series->name, &how);
          g_array_append_val (names, name);
        }
    }
  for (guint k = 0; with_lines && k < plan->keys->len; k++)
    {
      const AssaySeries *series = line_of (&g_array_index (plan->keys, AssayKey, k));
      SideName name = { series, k, assay_typeset_new (series->name, &how), 0, 0, 0 };

      g_array_append_val (names, name);
    }
  return names;
}

static double
widest (GArray *names)
{
  double most = 0;

  for (guint k = 0; k < names->len; k++)
    {
      double width;

      assay_typeset_size (g_array_index (names, SideName, k).layout, &width, NULL);
      most = MAX (most, width);
    }
  return most;
}

static AssayTint
tint_of (const AssaySeries *series)
{
  return ASSAY_TINT_ROLE + series->role;
}

/* To the right of the plot, each at the height of what it names. */
static void
place_right_names (AssayFigurePlan *plan, GArray *names)
{
  double u = plan->unit;

  for (guint k = 0; k < names->len; k++)
    {
      SideName *name = &g_array_index (names, SideName, k);

      name->anchor = name->key == G_MAXUINT ? assay_scale_place (&plan->scale[ASSAY_AXIS_Y], name->series->value[0]) : end_of_line (plan, name->series);
      if (!isfinite (name->anchor))
        name->anchor = plan->plot.y + plan->plot.height;
      assay_typeset_size (name->layout, NULL, &name->size);
      name->at = name->anchor;
    }
  spread (names, plan->plot.y - 6 * u, plan->plot.y + plan->plot.height + 6 * u, 0.5 * u);
  for (guint k = 0; k < names->len; k++)
    {
      SideName *name = &g_array_index (names, SideName, k);

      place_text (plan, name->layout, plan->plot.x + plan->plot.width + 8 * u, name->at - name->size / 2, tint_of (name->series));
      if (name->key != G_MAXUINT)
        {
          g_array_index (plan->keys, AssayKey, name->key).anchor = name->anchor;
          g_array_index (plan->keys, AssayKey, name->key).key = (AssayBox) { plan->plot.x + plan->plot.width, name->at, 0, 0 };
        }
    }
}

/* Above the plot, each over what it names. */
static void
place_top_names (AssayFigurePlan *plan, GArray *names, double y)
{
  for (guint k = 0; k < names->len; k++)
    {
      SideName *name = &g_array_index (names, SideName, k);

      name->anchor = name->at = assay_scale_place (&plan->scale[ASSAY_AXIS_X], name->series->value[0]);
      assay_typeset_size (name->layout, &name->size, NULL);
    }
  spread (names, 0, plan->width, 6 * plan->unit);
  for (guint k = 0; k < names->len; k++)
    {
      SideName *name = &g_array_index (names, SideName, k);

      place_text (plan, name->layout, name->at - name->size / 2, y, tint_of (name->series));
    }
}

/* --- axes ----------------------------------------------------------------------------------------------------------------------- */

static gboolean
has_names (const AssayFigurePlan *plan, AssayAxis axis)
{
  return plan->figure->axis[axis].kind == ASSAY_SCALE_CATEGORY && plan->figure->axis[axis].n_categories > 0;
}

static double
widest_label (const AssayFigurePlan *plan, const AssayTickList *list)
{
  AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, 0, 0);
  double most = 0;

  for (guint k = 0; list->ticks != NULL && k < list->ticks->len; k++)
    {
      double width;

      assay_typeset_measure (g_array_index (list->ticks, AssayTick, k).label, &how, &width, NULL);
      most = MAX (most, width);
    }
  return most;
}

static double
widest_category (const AssayFigurePlan *plan, AssayAxis axis, double limit)
{
  const AssayAxisSpec *spec = &plan->figure->axis[axis];
  AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, 0, 0);
  double most = 0;

  /* Thousands of names would not all be shown: the first tell how long they are. */
  for (gsize k = 0; k < MIN (spec->n_categories, 400) && most < limit; k++)
    {
      double width;

      assay_typeset_measure (spec->categories[k], &how, &width, NULL);
      most = MAX (most, width);
    }
  return MIN (most, limit);
}

static gboolean
has_steps (const AssayFigurePlan *plan)
{
  for (guint s = 0; s < plan->figure->series->len; s++)
    if (assay_figure_get_series (plan->figure, s)->is_steps)
      return TRUE;
  return FALSE;
}

/* Round values, as many as stand apart. */
static void
make_x_ticks (AssayFigurePlan *plan)
{
  AssayScale *scale = &plan->scale[ASSAY_AXIS_X];
  AssayTicks how = plan->figure->axis[ASSAY_AXIS_X].ticks;

  for (guint wanted = (guint) CLAMP (plan->plot.width / (48 * plan->unit), 2, 9); wanted >= 1; wanted--)
    {
      AssayTickList *list = &plan->ticks[ASSAY_AXIS_X];
      AssayTypeset label = style (plan, ASSAY_LABEL_SIZE, 0, 0);
      double end = -INFINITY;
      gboolean fits = TRUE;

      assay_tick_list_clear (list);
      assay_tick_list_make (list, scale, how, wanted);
      for (guint k = 0; k < list->ticks->len; k++)
        {
          double width, middle = assay_scale_place (scale, g_array_index (list->ticks, AssayTick, k).value);

          assay_typeset_measure (g_array_index (list->ticks, AssayTick, k).label, &label, &width, NULL);
          fits &= middle - width / 2 >= end + 6 * plan->unit;
          end = middle + width / 2;
        }
      if (fits || wanted == 1)
        return;
    }
}

/* The width that the longest word takes. */
static double
longest_word (const AssayFigurePlan *plan, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, 0, 0);
  double most = 0;

  for (guint k = 0; words[k] != NULL; k++)
    {
      double width;

      assay_typeset_measure (words[k], &how, &width, NULL);
      most = MAX (most, width);
    }
  return most;
}

/* Names below the axis, in up to two lines; where they are too many, only each such one. The height that they take. */
static double
place_x_categories (AssayFigurePlan *plan, double top, gboolean measure_only)
{
  const AssayAxisSpec *spec = &plan->figure->axis[ASSAY_AXIS_X];
  double u = plan->unit, band = assay_scale_step (&plan->scale[ASSAY_AXIS_X]), room, height = 0;
  double wanted = MIN (widest_category (plan, ASSAY_AXIS_X, 64 * u), 24 * u);

  plan->every[ASSAY_AXIS_X] = band >= wanted + 4 * u ? 1 : (gsize) ceil ((wanted + 8 * u) / band);
  room = MAX (band * (double) plan->every[ASSAY_AXIS_X] - 5 * u, 4 * u);
  for (gsize k = 0; k < spec->n_categories; k += plan->every[ASSAY_AXIS_X])
    {
      double own;
      AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, room, longest_word (plan, spec->categories[k]) <= room ? 2 : 1);
      PangoLayout *layout;

      how.align = PANGO_ALIGN_CENTER;
      layout = assay_typeset_new (spec->categories[k], &how);
      assay_typeset_size (layout, NULL, &own);
      height = MAX (height, own);
      if (measure_only)
        g_object_unref (layout);
      else
        place_text (plan, layout, assay_scale_place (&plan->scale[ASSAY_AXIS_X], (double) k) - room / 2, top, ASSAY_TINT_INK);
    }
  return height;
}

static void
place_y_categories (AssayFigurePlan *plan, double width)
{
  const AssayAxisSpec *spec = &plan->figure->axis[ASSAY_AXIS_Y];
  double u = plan->unit, band = assay_scale_step (&plan->scale[ASSAY_AXIS_Y]), line = 1.2 * ASSAY_LABEL_SIZE * u;
  gboolean steps = has_steps (plan);

  plan->every[ASSAY_AXIS_Y] = band >= line ? 1 : (gsize) ceil (line / band);
  for (gsize k = 0; k < spec->n_categories; k += plan->every[ASSAY_AXIS_Y])
    {
      AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, width, steps ? (guint) CLAMP ((band - 2 * u) / line, 1, 3) : 1);
      g_autofree char *numbered = steps ? g_strdup_printf ("%" G_GSIZE_FORMAT ".  %s", k + 1, spec->categories[k]) : NULL;
      PangoLayout *layout;
      double height;

      how.align = steps ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
      layout = assay_typeset_new (steps ? numbered : spec->categories[k], &how);
      assay_typeset_size (layout, NULL, &height);
      place_text (plan, layout, plan->plot.x - width - 6 * u, assay_scale_place (&plan->scale[ASSAY_AXIS_Y], (double) k) - height / 2, ASSAY_TINT_INK);
    }
}

static void
place_ticks (AssayFigurePlan *plan, AssayAxis axis)
{
  const AssayTickList *list = &plan->ticks[axis];
  double u = plan->unit;

  for (guint k = 0; list->ticks != NULL && k < list->ticks->len; k++)
    {
      const AssayTick *tick = &g_array_index (list->ticks, AssayTick, k);
      AssayTypeset how = style (plan, ASSAY_LABEL_SIZE, 0, 0);
      PangoLayout *layout = assay_typeset_new (tick->label, &how);
      double width, height, at = assay_scale_place (&plan->scale[axis], tick->value);

      assay_typeset_size (layout, &width, &height);
      if (axis == ASSAY_AXIS_X)
        place_text (plan, layout, CLAMP (at - width / 2, 0, MAX (plan->width - width, 0)), plan->plot.y + plan->plot.height + 5 * u, ASSAY_TINT_INK);
      else
        place_text (plan, layout, plan->plot.x - width - 6 * u, at - height / 2, ASSAY_TINT_INK);
    }
}

/* --- the whole ------------------------------------------------------------------------------------------------------------------ */

static gboolean
has_heat (const AssayFigurePlan *plan)
{
  for (guint s = 0; s < plan->figure->series->len; s++)
    if (assay_figure_get_series (plan->figure, s)->mark == &assay_mark_heat)
      return TRUE;
  return FALSE;
}

static void
set_ends (AssayFigurePlan *plan)
{
  gboolean downwards = plan->sideways || has_heat (plan);
  const AssayBox *plot = &plan->plot;

  plan->scale[ASSAY_AXIS_X].from = plot->x;
  plan->scale[ASSAY_AXIS_X].to = plot->x + plot->width;
  plan->scale[ASSAY_AXIS_Y].from = downwards ? plot->y : plot->y + plot->height;
  plan->scale[ASSAY_AXIS_Y].to = downwards ? plot->y + plot->height : plot->y;
}

/* Notes from the bottom up; the height that they take. */
static double
lay_notes (AssayFigurePlan *plan)
{
  g_autoptr (GPtrArray) notes = assay_figure_plan_notes (plan);
  g_autofree char *text = NULL;
  AssayTypeset how = style (plan, ASSAY_NOTE_SIZE, plan->width, 3);
  PangoLayout *layout;
  double height;

  if (notes->len == 0)
    return 0;
  g_ptr_array_add (notes, NULL);
  text = g_strjoinv (" ", (char **) notes->pdata);
  layout = assay_typeset_new (text, &how);
  assay_typeset_size (layout, NULL, &height);
  place_text (plan, layout, 0, plan->height - height, ASSAY_TINT_MUTED);
  return height + 6 * plan->unit;
}

static double
lay_title (AssayFigurePlan *plan)
{
  AssayTypeset how = style (plan, ASSAY_TITLE_SIZE, plan->width, 2);
  PangoLayout *layout;
  double height;

  if (!plan->look.titled || *plan->figure->title == '\0')
    return 0;
  how.bold = TRUE;
  layout = assay_typeset_new (plan->figure->title, &how);
  assay_typeset_size (layout, NULL, &height);
  place_text (plan, layout, 0, 0, ASSAY_TINT_INK);
  return height + 6 * plan->unit;
}

/* Room for the colour scale at the right of a heat map. */
static double
lay_colour_bar (AssayFigurePlan *plan, double top, double bottom)
{
  double u = plan->unit;
  AssayScale scale = { ASSAY_SCALE_LINEAR, plan->colour_lo, plan->colour_hi, bottom, top };

  assay_tick_list_make (&plan->colour_ticks, &scale, ASSAY_TICKS_NUMBER, (guint) CLAMP ((bottom - top) / (26 * u), 2, 7));
  /* A short bar names its ends. */
  if (plan->colour_ticks.ticks->len < 3)
    assay_tick_list_make_ends (&plan->colour_ticks, &scale, plan->figure->colours == ASSAY_COLOURS_SIGNED && bottom - top > 30 * u);
  plan->colour_bar = (AssayBox) { plan->width - widest_label (plan, &plan->colour_ticks) - 13 * u, top, 9 * u, MAX (bottom - top, 1) };
  return plan->width - plan->colour_bar.x + 10 * u;
}

static void
lay_chart (AssayFigurePlan *plan, double top)
{
  double u = plan->unit, line = 1.2 * ASSAY_LABEL_SIZE * u, bottom = plan->height - lay_notes (plan), left, right = 4 * u, x_labels = line;
  gboolean directly = may_name_directly (plan), steps = has_steps (plan);
  g_autoptr (GArray) right_names = NULL, top_names = NULL;
  g_autofree char *x_name = NULL, *y_name = NULL, *colour_name = NULL;
  double names_height = 0;

  if (plan->keys->len > 0 && !directly)
    top += lay_legend (plan, top) + 6 * u;
  right_names = names_at_side (plan, ASSAY_AXIS_Y, 0.28 * plan->width, directly);
  top_names = names_at_side (plan, ASSAY_AXIS_X, 0.5 * plan->width, FALSE);
  if (right_names->len > 0)
    right = widest (right_names) + 10 * u;

  if (steps)
    right = MAX (right, 34 * u);

  /* The heights first, then the widths that depend on them. */
  x_name = axis_name (plan, ASSAY_AXIS_X);
  y_name = axis_name (plan, ASSAY_AXIS_Y);
  if (y_name != NULL || plan->figure->colour_name != NULL)
    names_height = line + 5 * u;
  if (top_names->len > 0)
    names_height += line + 2 * u;
  plan->plot.y = top + names_height + 2 * u;
  if (names_height == 0)
    plan->plot.y += 4 * u;
  bottom -= x_name != NULL ? line + 4 * u : 0;
  plan->plot.height = MAX (bottom - 5 * u - x_labels - plan->plot.y, 4 * u);
  set_ends (plan);
  if (!has_names (plan, ASSAY_AXIS_Y) && !plan->is_empty)
    assay_tick_list_make (&plan->ticks[ASSAY_AXIS_Y], &plan->scale[ASSAY_AXIS_Y], plan->figure->axis[ASSAY_AXIS_Y].ticks,
                          (guint) CLAMP (plan->plot.height / (28 * u), 1, 8));
  if (has_names (plan, ASSAY_AXIS_Y))
    left = steps ? MIN (0.5 * plan->width, widest_category (plan, ASSAY_AXIS_Y, 0.5 * plan->width) + 16 * u)
                 : widest_category (plan, ASSAY_AXIS_Y, 0.38 * plan->width);
  else
    left = widest_label (plan, &plan->ticks[ASSAY_AXIS_Y]);
  if (has_heat (plan))
    right = lay_colour_bar (plan, plan->plot.y, plan->plot.y + plan->plot.height);
  plan->plot.x = left + 6 * u;
  plan->plot.width = MAX (plan->width - right - plan->plot.x, 4 * u);
  set_ends (plan);

  if (has_names (plan, ASSAY_AXIS_X))
    {
      x_labels = place_x_categories (plan, 0, TRUE);
      plan->plot.height = MAX (bottom - 5 * u - x_labels - plan->plot.y, 4 * u);
      plan->colour_bar.height = has_heat (plan) ? plan->plot.height : 0;
      set_ends (plan);
      place_x_categories (plan, plan->plot.y + plan->plot.height + 5 * u, FALSE);
    }
  else if (!plan->is_empty)
    {
      make_x_ticks (plan);
      place_ticks (plan, ASSAY_AXIS_X);
    }
  if (has_names (plan, ASSAY_AXIS_Y))
    place_y_categories (plan, left);
  else
    place_ticks (plan, ASSAY_AXIS_Y);

  /* What the ticks are multiples of is known by now. */
  g_free (x_name);
  g_free (y_name);
  x_name = axis_name (plan, ASSAY_AXIS_X);
  y_name = axis_name (plan, ASSAY_AXIS_Y);
  if (y_name != NULL)
    {
      AssayTypeset how = style (plan, ASSAY_NAME_SIZE, has_heat (plan) ? 0.6 * plan->width : plan->width, 1);

      place_text (plan, assay_typeset_new (y_name, &how), 0, top, ASSAY_TINT_MUTED);
    }
  if (x_name != NULL)
    {
      AssayTypeset how = style (plan, ASSAY_NAME_SIZE, plan->width, 1);
      PangoLayout *layout = assay_typeset_new (x_name, &how);
      double width;

      how.width = 0;
      assay_typeset_measure (x_name, &how, &width, NULL);
      place_text (plan, layout, CLAMP (plan->plot.x + plan->plot.width / 2 - width / 2, 0, MAX (plan->width - width, 0)), bottom + 3 * u, ASSAY_TINT_MUTED);
    }
  if (has_heat (plan))
    {
      colour_name = full_name (plan->figure->colour_name, plan->figure->colour_unit, ASSAY_TICKS_NUMBER, plan->colour_ticks.exponent);
      if (colour_name != NULL)
        {
          AssayTypeset how = style (plan, ASSAY_NAME_SIZE, 0.38 * plan->width, 1);

          how.align = PANGO_ALIGN_RIGHT;
          place_text (plan, assay_typeset_new (colour_name, &how), 0.62 * plan->width, top, ASSAY_TINT_MUTED);
        }
    }
  place_right_names (plan, right_names);
  place_top_names (plan, top_names, plan->plot.y - line - 2 * u);
}

static void
lay_strip (AssayFigurePlan *plan, double top)
{
  double u = plan->unit, bottom = plan->height - lay_notes (plan), bar = 32 * u;

  plan->plot = (AssayBox) { 0, top, plan->width, MAX (bottom - top - bar, 4 * u) };
  assay_figure_plan_flow (plan, 0, top, plan->width, plan->plot.height);
  plan->colour_bar = (AssayBox) { 0, MIN (plan->plot.y + plan->plot.height, top + plan->row_height) + 12 * u, MIN (110 * u, 0.5 * plan->width), 6 * u };
}

static void
say_empty (AssayFigurePlan *plan)
{
  AssayTypeset how = style (plan, ASSAY_NAME_SIZE, plan->plot.width, 1);
  PangoLayout *layout;
  double height;

  how.align = PANGO_ALIGN_CENTER;
  layout = assay_typeset_new ("no data", &how);
  assay_typeset_size (layout, NULL, &height);
  place_text (plan, layout, plan->plot.x, plan->plot.y + (plan->plot.height - height) / 2, ASSAY_TINT_MUTED);
}

AssayFigurePlan *
assay_figure_plan_new (const AssayFigure *figure, double width, double height, const AssayFigureLook *look)
{
  AssayFigurePlan *plan = g_new0 (AssayFigurePlan, 1);
  guint n = figure->series->len;

  plan->figure = figure;
  plan->look = *look;
  plan->palette = assay_palette_get (look->theme);
  plan->unit = look->scale > 0 ? look->scale : 1;
  plan->width = MAX (width, 1);
  plan->height = MAX (height, 1);
  plan->every[0] = plan->every[1] = 1;
  plan->texts = g_array_new (FALSE, FALSE, sizeof (AssayPlacedText));
  g_array_set_clear_func (plan->texts, clear_text);
  plan->keys = g_array_new (FALSE, FALSE, sizeof (AssayKey));
  plan->tokens = g_array_new (FALSE, FALSE, sizeof (AssayBox));
  plan->slot = g_new0 (guint, n + 1);
  plan->base = g_new0 (double *, n + 1);
  plan->bar_step = g_new0 (double, n + 1);
  plan->sideways = figure->axis[ASSAY_AXIS_Y].kind == ASSAY_SCALE_CATEGORY && figure->axis[ASSAY_AXIS_X].kind != ASSAY_SCALE_CATEGORY && !has_heat (plan);
  plan->is_strip = n == 1 && assay_figure_get_series (figure, 0)->mark == &assay_mark_tokens;
  assay_figure_plan_fit (plan);
  collect_keys (plan);
  if (plan->is_strip)
    lay_strip (plan, lay_title (plan));
  else
    lay_chart (plan, lay_title (plan));
  if (plan->is_empty)
    say_empty (plan);
  return plan;
}

void
assay_figure_plan_free (AssayFigurePlan *plan)
{
  if (plan == NULL)
    return;
  for (guint s = 0; s < plan->figure->series->len; s++)
    g_free (plan->base[s]);
  g_free (plan->base);
  g_free (plan->slot);
  g_free (plan->bar_step);
  for (int axis = 0; axis < 2; axis++)
    assay_tick_list_clear (&plan->ticks[axis]);
  assay_tick_list_clear (&plan->colour_ticks);
  g_array_unref (plan->texts);
  g_array_unref (plan->keys);
  g_array_unref (plan->tokens);
  g_free (plan);
}
