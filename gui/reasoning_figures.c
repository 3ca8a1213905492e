/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reasoning_figures.c: numbers of a chain as curves, bars and a distribution. */
#include "gui/reasoning_figures.h"

#include "base/json.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define MOST_ANSWERS 16         /* that are drawn side by side */

static json_t *
find_curve (const json_t *whole, const char *probe)
{
  gsize k;
  json_t *curve;

  json_array_foreach (json_object_get (whole, "curves"), k, curve)
    if (strcmp (assay_json_get_text (curve, "probe"), probe) == 0)
      return curve;
  return NULL;
}

static json_t *
find_probe (const json_t *whole, const char *probe)
{
  gsize k;
  json_t *one;

  json_array_foreach (json_object_get (whole, "probes"), k, one)
    if (strcmp (assay_json_get_text (one, "name"), probe) == 0)
      return one;
  return NULL;
}

char *
assay_reasoning_write (const json_t *object, const char *key)
{
  double value = assay_json_get_number (object, key);

  return isfinite (value) ? g_strdup_printf ("%.2f", fabs (value) < 0.005 ? 0.0 : value) : g_strdup ("–");
}

typedef struct { GArray *point, *value, *control; } Points;

static void
points_clear (Points *points)
{
  g_clear_pointer (&points->point, g_array_unref);
  g_clear_pointer (&points->value, g_array_unref);
  g_clear_pointer (&points->control, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Points, points_clear)

static void
append (GArray *array, double value)
{
  g_array_append_val (array, value);
}

static double *
data_of (GArray *array)
{
  return (double *) (gpointer) array->data;
}

/* Where a control knows no points (a change of the prompt has none), its mean stands for all of them. */
static void
points_read (Points *points, const json_t *whole, const char *probe)
{
  double mean = assay_json_get_number (find_probe (whole, probe), "control");
  gsize k;
  json_t *point;

  *points = (Points) { g_array_new (FALSE, FALSE, sizeof (double)), g_array_new (FALSE, FALSE, sizeof (double)), g_array_new (FALSE, FALSE, sizeof (double)) };
  json_array_foreach (json_object_get (find_curve (whole, probe), "points"), k, point)
    {
      double control = assay_json_get_number (point, "control");

      append (points->point, assay_json_get_number (point, "point"));
      append (points->value, assay_json_get_number (point, "value"));
      append (points->control, isnan (control) ? mean : control);
    }
}

/* Single edits of the chain on a curve, in their order. */
static GArray *
list_edits (const json_t *whole, const char *probe)
{
  GArray *edits = g_array_new (FALSE, FALSE, sizeof (gint64));
  gsize k;
  json_t *edit;

  json_array_foreach (json_object_get (whole, "edits"), k, edit)
    if (strcmp (assay_json_get_text (edit, "probe"), probe) == 0 && strcmp (assay_json_get_text (edit, "arm"), "chain") == 0
        && json_is_integer (json_object_get (edit, "point")))
      {
        gint64 number = json_integer_value (json_object_get (edit, "edit"));

        g_array_append_val (edits, number);
      }
  return edits;
}

static const char *
name_effect (const AssayProbe *probe)
{
  return strcmp (probe->name, "follow") == 0 ? _("probability of what the edited chain implies") : _("drop of the answer's probability");
}

static char *
describe_mean (const json_t *whole, const AssayProbe *probe)
{
  const json_t *one = find_probe (whole, probe->name);

  g_autofree char *value = assay_reasoning_write (one, "value"), *lo = assay_reasoning_write (one, "lo"), *hi = assay_reasoning_write (one, "hi");
  g_autofree char *control = assay_reasoning_write (one, "control");

  return g_strdup_printf (_("Over all of its %d edits: %s, 95 %% interval %s to %s; control %s (%s)."),
                          (int) json_integer_value (json_object_get (one, "edits")), value, lo, hi, control, probe->control_help);
}

static void
add_edits (AssayFigure *figure, const AssayReasoningAnswer *answer, const json_t *whole, const char *probe)
{
  g_autoptr (GArray) edits = list_edits (whole, probe), at = g_array_new (FALSE, FALSE, sizeof (double)), effect = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GPtrArray) label = g_ptr_array_new_with_free_func (g_free);
  guint series;

  for (guint k = 0; k < edits->len; k++)
    {
      gint64 e = g_array_index (edits, gint64, k);
      AssayChainWalk walk = assay_cot_record_get_walk (answer->record, e);

      append (at, (double) answer->record->edit_point[e]);
      append (effect, assay_cot_record_get_effect (answer->record, e));
      g_ptr_array_add (label, assay_organism_decode (&answer->organism, walk.tokens, walk.read + 1));
    }
  series = assay_figure_add_points (figure, _("single edits"), ASSAY_ROLE_SECOND, edits->len, data_of (at), data_of (effect));
  assay_figure_set_labels (figure, series, (const char *const *) label->pdata);
}

AssayFigure *
assay_reasoning_figure_curve (const AssayReasoningAnswer *answer, const json_t *whole, const char *name)
{
  const AssayProbe *probe = assay_probe_find (name, NULL);
  g_auto (Points) points = { 0 };
  g_autofree char *id = g_strdup_printf ("chain-%s", name), *reading = NULL, *title = NULL;
  AssayFigure *figure;

  points_read (&points, whole, name);
  if (probe == NULL || points.point->len == 0)
    return NULL;
  title = g_strdup (probe->title);
  title[0] = g_ascii_toupper (title[0]);
  figure = assay_figure_new (id, title);
  reading = describe_mean (whole, probe);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, probe->point_name, NULL);
  assay_figure_set_ticks (figure, ASSAY_AXIS_X, ASSAY_TICKS_COUNT);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, name_effect (probe), NULL);
  assay_figure_set_limits (figure, ASSAY_AXIS_Y, -0.1, 1.1);
  assay_figure_set_reading (figure, reading);
  assay_figure_add_line (figure, _("mean"), ASSAY_ROLE_MAIN, points.point->len, data_of (points.point), data_of (points.value));
  assay_figure_add_line (figure, _("control"), ASSAY_ROLE_CONTROL, points.point->len, data_of (points.point), data_of (points.control));
  add_edits (figure, answer, whole, name);
  return figure;
}

gint64
assay_reasoning_figure_get_point (const AssayReasoningAnswer *answer, const json_t *whole, const char *probe, guint series, gsize datum)
{
  g_auto (Points) points = { 0 };
  g_autoptr (GArray) edits = NULL;

  if (series == 2)
    {
      edits = list_edits (whole, probe);
      return datum < edits->len ? answer->record->edit_point[g_array_index (edits, gint64, datum)] : -1;
    }
  points_read (&points, whole, probe);
  return datum < points.point->len ? (gint64) g_array_index (points.point, double, datum) : -1;
}

/* --- steps ----------------------------------------------------------------------------------------------------------- */

AssayFigure *
assay_reasoning_figure_steps (const AssayReasoningAnswer *answer, const json_t *whole, const char *name)
{
  const AssayProbe *probe = assay_probe_find (name, NULL);
  g_auto (GStrv) steps = assay_reasoning_answer_list_steps (answer, json_integer_value (json_object_get (whole, "instance")));
  g_auto (Points) points = { 0 };
  guint n = g_strv_length (steps);
  g_autofree double *value = g_new (double, n + 1), *control = g_new (double, n + 1), *at = g_new (double, n + 1);
  g_autofree char *title = NULL, *reading = NULL;
  AssayFigure *figure;

  points_read (&points, whole, name);
  if (probe == NULL || points.point->len == 0)
    return NULL;
  for (guint j = 0; j < n; j++)
    {
      value[j] = control[j] = (double) NAN;
      at[j] = j;
    }
  for (guint k = 0; k < points.point->len; k++)
    {
      double j = g_array_index (points.point, double, k);

      if (j < 1 || j > n)
        continue;
      value[(guint) j - 1] = g_array_index (points.value, double, k);
      control[(guint) j - 1] = g_array_index (points.control, double, k);
    }
  title = g_strdup_printf (_("Step by step: %s"), probe->title);
  reading = describe_mean (whole, probe);
  figure = assay_figure_new ("chain-steps", title);
  assay_figure_set_reading (figure, reading);
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_LINEAR, name_effect (probe), NULL);
  assay_figure_set_limits (figure, ASSAY_AXIS_X, -0.1, 1.1);
  assay_figure_add_steps (figure, probe->title, ASSAY_ROLE_MAIN, n, (const char *const *) steps, value, NULL, NULL);
  assay_figure_add_bars (figure, _("control"), ASSAY_ROLE_CONTROL, n, at, control, NULL, NULL);
  return figure;
}

/* --- answers --------------------------------------------------------------------------------------------------------- */

typedef struct { gint32 token; double most; } Shown;

static int
compare_most (gconstpointer a, gconstpointer b)
{
  const Shown *x = a, *y = b;

  return x->most > y->most ? -1 : x->most < y->most ? 1 : x->token - y->token;
}

static int
compare_token (gconstpointer a, gconstpointer b)
{
  return ((const Shown *) a)->token - ((const Shown *) b)->token;
}

/* Those that matter before or now, in the order of the vocabulary. */
static GArray *
choose_answers (const AssayChainAnswer *before, const AssayChainAnswer *now)
{
  GArray *chosen = g_array_new (FALSE, FALSE, sizeof (Shown));

  for (gint64 a = 0; a < before->A; a++)
    {
      Shown shown = { (gint32) a, MAX (before->p[a], now->p[a]) };

      g_array_append_val (chosen, shown);
    }
  g_array_sort (chosen, compare_most);
  if (chosen->len > MOST_ANSWERS)
    g_array_set_size (chosen, MOST_ANSWERS);
  g_array_sort (chosen, compare_token);
  return chosen;
}

AssayFigure *
assay_reasoning_figure_answers (const AssayReasoningAnswer *answer, const AssayChainAnswer *before, const AssayChainAnswer *now)
{
  const AssayChainAnswer *after = now ? now : before;
  g_autoptr (GArray) chosen = choose_answers (before, after);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree double *at = g_new (double, chosen->len), *old = g_new (double, chosen->len), *new = g_new (double, chosen->len);
  g_autofree char *first = assay_organism_decode (&answer->organism, &before->answer, 1), *second = assay_organism_decode (&answer->organism, &after->answer, 1);
  g_autofree char *written = g_strdup_printf (_("As written the model answers %s with probability %.3f"), first, before->p[before->answer]);
  g_autofree char *reading = now ? g_strdup_printf (_("%s; now %s with %.3f."), written, second, now->p[now->answer]) : g_strconcat (written, ".", NULL);
  AssayFigure *figure = assay_figure_new ("bench-answers", _("What the model answers"));

  for (guint k = 0; k < chosen->len; k++)
    {
      gint32 token = g_array_index (chosen, Shown, k).token;

      at[k] = k;
      old[k] = before->p[token];
      new[k] = after->p[token];
      g_ptr_array_add (names, assay_organism_decode (&answer->organism, &token, 1));
    }
  assay_figure_set_axis (figure, ASSAY_AXIS_X, ASSAY_SCALE_CATEGORY, _("answer"), NULL);
  assay_figure_set_categories (figure, ASSAY_AXIS_X, chosen->len, (const char *const *) names->pdata);
  assay_figure_set_axis (figure, ASSAY_AXIS_Y, ASSAY_SCALE_LINEAR, _("probability"), NULL);
  assay_figure_set_limits (figure, ASSAY_AXIS_Y, 0, 1);
  assay_figure_set_reading (figure, reading);
  if ((gint64) chosen->len < before->A)
    assay_figure_set_note (figure, _("Only the likeliest answers are drawn."));
  assay_figure_add_bars (figure, _("as written"), ASSAY_ROLE_CONTROL, chosen->len, at, old, NULL, NULL);
  assay_figure_add_bars (figure, _("as edited"), ASSAY_ROLE_MAIN, chosen->len, at, new, NULL, NULL);
  return figure;
}
