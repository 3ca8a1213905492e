/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figure_data.c: what a figure says without being drawn: its table, its reading, the text of a datum. */
#include "report/figure_private.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

void
assay_range_add (AssayRange *range, double value)
{
  if (!isfinite (value))
    return;
  range->lo = MIN (range->lo, value);
  range->hi = MAX (range->hi, value);
}

const AssaySeries *
assay_figure_get_series (const AssayFigure *figure, guint series)
{
  return g_ptr_array_index (figure->series, series);
}

const char *
assay_figure_get_id (const AssayFigure *figure)
{
  return figure->id;
}

const char *
assay_figure_get_title (const AssayFigure *figure)
{
  return figure->title;
}

const char *
assay_figure_get_note (const AssayFigure *figure)
{
  return figure->note;
}

guint
assay_figure_get_n_series (const AssayFigure *figure)
{
  return figure->series->len;
}

const char *
assay_figure_get_series_name (const AssayFigure *figure, guint series)
{
  return assay_figure_get_series (figure, series)->name;
}

gsize
assay_figure_get_n_data (const AssayFigure *figure, guint series)
{
  return assay_figure_get_series (figure, series)->n;
}

/* --- numbers of a datum --------------------------------------------------------------------------------------------------------- */

double
assay_series_number (const AssaySeries *series, gsize k, AssayField field)
{
  gboolean is_heat = series->n_columns > 0;

  switch (field)
    {
    case ASSAY_FIELD_ROW: return is_heat ? (double) (k / series->n_columns) : NAN;
    case ASSAY_FIELD_POSITION: return is_heat ? (double) (k % series->n_columns) : series->position != NULL ? series->position[k] : (double) k;
    case ASSAY_FIELD_FROM: return series->position[k];
    case ASSAY_FIELD_TO: return series->position[k + 1];
    case ASSAY_FIELD_VALUE:
    case ASSAY_FIELD_MEASURED: return series->value != NULL ? series->value[k] : NAN;
    case ASSAY_FIELD_PREDICTED:
    case ASSAY_FIELD_LO: return series->lo != NULL ? series->lo[k] : NAN;
    case ASSAY_FIELD_HI: return series->hi != NULL ? series->hi[k] : NAN;
    default: return NAN;
    }
}

static gboolean
has_field (const AssaySeries *series, AssayField field)
{
  switch (field)
    {
    case ASSAY_FIELD_SERIES: return series->name != NULL;
    case ASSAY_FIELD_LABEL: return series->labels != NULL;
    case ASSAY_FIELD_LO:
    case ASSAY_FIELD_HI: return (series->mark->fields >> field & 1) && series->lo != NULL;
    default: return series->mark->fields >> field & 1;
    }
}

/* The axis that positions run along. */
static AssayAxis
position_axis (const AssayFigure *figure)
{
  return figure->axis[ASSAY_AXIS_Y].kind == ASSAY_SCALE_CATEGORY && figure->axis[ASSAY_AXIS_X].kind != ASSAY_SCALE_CATEGORY ? ASSAY_AXIS_Y
                                                                                                                            : ASSAY_AXIS_X;
}

/* The axis whose values the field holds, or NULL: those of the colour scale. */
static const AssayAxisSpec *
axis_of (const AssayFigure *figure, const AssaySeries *series, AssayField field)
{
  AssayAxis along = position_axis (figure);

  if (series->mark == &assay_mark_heat || series->mark == &assay_mark_tokens)
    return field == ASSAY_FIELD_ROW ? &figure->axis[ASSAY_AXIS_Y] : field == ASSAY_FIELD_POSITION ? &figure->axis[ASSAY_AXIS_X] : NULL;
  if (series->mark == &assay_mark_rule)
    return &figure->axis[series->axis];
  if (field == ASSAY_FIELD_POSITION || field == ASSAY_FIELD_FROM || field == ASSAY_FIELD_TO)
    return &figure->axis[along];
  return &figure->axis[along == ASSAY_AXIS_X ? ASSAY_AXIS_Y : ASSAY_AXIS_X];
}

/* The name of the category at a position, or NULL. */
static const char *
category (const AssayAxisSpec *axis, double position)
{
  if (axis == NULL || axis->kind != ASSAY_SCALE_CATEGORY || !(position >= 0) || position != floor (position) || position >= (double) axis->n_categories)
    return NULL;
  return axis->categories[(gsize) position];
}

/* --- the table ------------------------------------------------------------------------------------------------------------------ */

static AssayField
column_field (const AssayFigure *figure, guint column)
{
  for (AssayField field = 0; field < ASSAY_FIELD_N; field++)
    for (guint s = 0; s < figure->series->len; s++)
      if (has_field (assay_figure_get_series (figure, s), field))
        {
          if (column-- == 0)
            return field;
          break;
        }
  return ASSAY_FIELD_N;
}

gsize
assay_figure_get_n_rows (const AssayFigure *figure)
{
  gsize n = 0;

  for (guint s = 0; s < figure->series->len; s++)
    n += assay_figure_get_series (figure, s)->n;
  return n;
}

guint
assay_figure_get_n_columns (const AssayFigure *figure)
{
  guint n = 0;

  while (column_field (figure, n) != ASSAY_FIELD_N)
    n++;
  return n;
}

/* Whether a column holds the names of categories. */
static gboolean
is_named (const AssayFigure *figure, AssayField field)
{
  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      if (has_field (series, field) && (field == ASSAY_FIELD_ROW || field == ASSAY_FIELD_POSITION))
        {
          const AssayAxisSpec *axis = axis_of (figure, series, field);

          if (axis != NULL && axis->kind == ASSAY_SCALE_CATEGORY && axis->categories != NULL)
            return TRUE;
        }
    }
  return FALSE;
}

const char *
assay_figure_get_column (const AssayFigure *figure, guint column, gboolean *is_number)
{
  static const char *const names[] = { "series", "label", "row", "position", "from", "to", "value", "predicted", "measured", "low", "high" };
  AssayField field = column_field (figure, column);
  const AssayAxisSpec *axis = NULL;
  const char *name = NULL;

  if (field == ASSAY_FIELD_N)
    return NULL;
  if (is_number != NULL)
    *is_number = field > ASSAY_FIELD_LABEL && !is_named (figure, field);
  if (field != ASSAY_FIELD_ROW && field != ASSAY_FIELD_POSITION && field != ASSAY_FIELD_VALUE)
    return names[field];
  for (guint s = 0; s < figure->series->len && name == NULL; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      if (!has_field (series, field) || series->mark == &assay_mark_rule)
        continue;
      axis = axis_of (figure, series, field);
      name = axis != NULL ? axis->name : figure->colour_name;
    }
  return name != NULL ? name : names[field];
}

/* The series that has the row, and its datum. */
static const AssaySeries *
find_row (const AssayFigure *figure, gsize row, gsize *k)
{
  for (guint s = 0; s < figure->series->len; s++)
    {
      const AssaySeries *series = assay_figure_get_series (figure, s);

      if (row < series->n)
        {
          *k = row;
          return series;
        }
      row -= series->n;
    }
  return NULL;
}

double
assay_figure_get_number (const AssayFigure *figure, gsize row, guint column)
{
  AssayField field = column_field (figure, column);
  gsize k;
  const AssaySeries *series = find_row (figure, row, &k);

  if (series == NULL || field <= ASSAY_FIELD_LABEL || field == ASSAY_FIELD_N || !has_field (series, field) || is_named (figure, field))
    return NAN;
  return assay_series_number (series, k, field);
}

char *
assay_figure_dup_cell (const AssayFigure *figure, gsize row, guint column)
{
  AssayField field = column_field (figure, column);
  gsize k;
  const AssaySeries *series = find_row (figure, row, &k);
  const char *name;
  double value;

  if (series == NULL || field == ASSAY_FIELD_N || !has_field (series, field))
    return g_strdup ("");
  if (field == ASSAY_FIELD_SERIES)
    return g_strdup (series->name);
  if (field == ASSAY_FIELD_LABEL)
    return g_strdup (series->labels[k]);
  value = assay_series_number (series, k, field);
  name = field == ASSAY_FIELD_ROW || field == ASSAY_FIELD_POSITION ? category (axis_of (figure, series, field), value) : NULL;
  return name != NULL ? g_strdup (name) : isnan (value) ? g_strdup ("") : assay_text_number (value);
}

/* --- words ---------------------------------------------------------------------------------------------------------------------- */

/* "training loss 0.31 nats", where the axis has a name. */
static void
say_value (GString *out, const AssayFigure *figure, const AssayAxisSpec *axis, const char *otherwise, double value)
{
  const char *name = axis != NULL ? axis->name : figure->colour_name;
  const char *named = category (axis, value);
  g_autofree char *quantity = assay_figure_quantity (value, axis != NULL ? axis->ticks : ASSAY_TICKS_NUMBER, axis != NULL ? axis->unit : figure->colour_unit);

  if (named != NULL)
    g_string_append (out, named);
  else
    g_string_append_printf (out, "%s %s", name != NULL ? name : otherwise, quantity);
}

char *
assay_figure_dup_text (const AssayFigure *figure, const AssaySeries *series, gsize k)
{
  g_autoptr (GString) out = g_string_new (NULL);
  static const struct { AssayField field; const char *word; } parts[] = {
    { ASSAY_FIELD_ROW, "row" }, { ASSAY_FIELD_POSITION, "position" }, { ASSAY_FIELD_FROM, "from" }, { ASSAY_FIELD_TO, "to" },
    { ASSAY_FIELD_VALUE, "value" }, { ASSAY_FIELD_PREDICTED, "predicted" }, { ASSAY_FIELD_MEASURED, "measured" }
  };

  if (series->labels != NULL)
    g_string_append (out, series->labels[k]);
  if (series->name != NULL)
    g_string_append_printf (out, out->len > 0 ? " \xc2\xb7 %s" : "%s", series->name);
  for (guint p = 0; p < G_N_ELEMENTS (parts); p++)
    if (has_field (series, parts[p].field))
      {
        const AssayAxisSpec *axis = axis_of (figure, series, parts[p].field);
        gboolean own_word = parts[p].field == ASSAY_FIELD_PREDICTED || parts[p].field == ASSAY_FIELD_MEASURED
                            || parts[p].field == ASSAY_FIELD_TO || parts[p].field == ASSAY_FIELD_FROM;

        if (out->len > 0)
          g_string_append (out, p == 0 || parts[p].field != ASSAY_FIELD_TO ? ", " : " ");
        if (own_word)
          {
            g_autofree char *quantity = assay_figure_quantity (assay_series_number (series, k, parts[p].field), axis->ticks, axis->unit);

            g_string_append_printf (out, "%s %s", parts[p].word, quantity);
          }
        else
          say_value (out, figure, axis, parts[p].word, assay_series_number (series, k, parts[p].field));
      }
  if (has_field (series, ASSAY_FIELD_LO) && series->mark != &assay_mark_dumbbells)
    {
      const AssayAxisSpec *axis = axis_of (figure, series, ASSAY_FIELD_VALUE);
      g_autofree char *lo = assay_figure_quantity (series->lo[k], axis->ticks, NULL), *hi = assay_figure_quantity (series->hi[k], axis->ticks, axis->unit);

      g_string_append_printf (out, ", from %s to %s", lo, hi);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* "lines and bands of training loss against epoch: fitted, control". */
static char *
make_reading (const AssayFigure *figure)
{
  GString *out = g_string_new (figure->title);
  const AssayAxisSpec *x = &figure->axis[ASSAY_AXIS_X], *y = &figure->axis[ASSAY_AXIS_Y];
  guint named = 0;

  if (out->len > 0)
    g_string_append (out, ": ");
  if (figure->series->len == 0)
    {
      g_string_append (out, "nothing to show.");
      return g_string_free (out, FALSE);
    }
  for (guint s = 0; s < figure->series->len; s++)
    {
      const char *word = assay_figure_get_series (figure, s)->mark->name;
      gboolean said = FALSE;

      for (guint before = 0; before < s; before++)
        said |= assay_figure_get_series (figure, before)->mark->name == word;
      if (!said)
        g_string_append_printf (out, "%s%s", s > 0 ? " and " : "", word);
    }
  if (y->name != NULL)
    g_string_append_printf (out, " of %s", y->name);
  if (x->name != NULL)
    g_string_append_printf (out, " against %s", x->name);
  for (guint s = 0; s < figure->series->len; s++)
    if (assay_figure_get_series (figure, s)->name != NULL)
      g_string_append_printf (out, "%s%s", named++ == 0 ? "; " : ", ", assay_figure_get_series (figure, s)->name);
  g_string_append_c (out, '.');
  return g_string_free (out, FALSE);
}

const char *
assay_figure_get_reading (const AssayFigure *figure)
{
  AssayFigure *own = (AssayFigure *) figure;

  if (figure->reading != NULL)
    return figure->reading;
  g_mutex_lock (&own->lock);
  if (own->spoken == NULL)
    own->spoken = make_reading (figure);
  g_mutex_unlock (&own->lock);
  return own->spoken;
}
